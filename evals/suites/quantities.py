"""Answers that are a number or a day, by what they mean: 1.2 million is 1,200,000, and 3 May 1840 is 1840-05-03.

Whatever stands beside the number, its unit, has to be the same; other words make it no number, so that a year in a
title proves nothing.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_UNITS = {
    **dict.fromkeys(("percent", "per cent"), "%"),
    **dict.fromkeys(("kilometre", "kilometres", "kilometer", "kilometers"), "km"),
    **dict.fromkeys(("metre", "metres", "meter", "meters"), "m"),
    **dict.fromkeys(("kilogram", "kilograms", "kilogramme", "kilogrammes"), "kg"),
    **dict.fromkeys(("foot", "feet"), "ft"),
    **dict.fromkeys(("mile", "miles"), "mi"),
    **dict.fromkeys(("year", "years"), "year"),
}
_NUMBER = re.compile(
    r"(?:(?:about|around|approximately|roughly|circa|ca|c) )?"
    rf"([$€£]?)(-?)(\d{{1,30}})(?:\.(\d{{1,30}}))?(?: ({'|'.join(_SCALES)}))?((?: ?%| [^\W\d]+){{0,3}})"
)
_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name[:length]: n for n, name in enumerate(_MONTHS.split(), start=1) for length in (3, 4, len(name))}
_NAME = "|".join(sorted(_MONTH, key=len, reverse=True))
_TH = r"(?:st|nd|rd|th)?"
_ON = r"(?:(?:on )?(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day )?(?:the )?)?"
_DAYS = (
    re.compile(r"(?P<y>\d{4})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})"),
    re.compile(rf"{_ON}(?P<d>\d{{1,2}}){_TH} (?:of )?(?P<n>{_NAME}) (?P<y>\d{{4}})"),
    re.compile(rf"{_ON}(?P<n>{_NAME}) (?P<d>\d{{1,2}}){_TH} (?P<y>\d{{4}})"),
    re.compile(rf"(?:in )?(?P<n>{_NAME}) (?:of )?(?P<y>\d{{4}})"),
    re.compile(r"(?:in )?(?P<y>[12]\d{3})"),
)
_LEAST_DIGITS = 3
"""An answer that is rounded to fewer digits than this has to be the very number."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit. `step` is what its last digit stands for; 0 for a whole number, which was counted."""

    value: Decimal
    step: Decimal
    digits: int
    unit: str


def same_quantity(answer: str, expected: str) -> bool:
    """Whether two normalised texts are the same number, as far as the less exact one goes.

    >>> same_quantity("1200000", "about 1.2 million"), same_quantity("3.14", "3.1416"), same_quantity("1871", "1872")
    (True, True, False)
    """
    given, wanted = quantity_of(answer), quantity_of(expected)
    if given is None or wanted is None or given.unit != wanted.unit:
        return False
    rounded = given.step if given.digits >= _LEAST_DIGITS else Decimal(0)
    return abs(given.value - wanted.value) <= max(wanted.step, rounded) / 2


def quantity_of(text: str) -> Quantity | None:
    """The number that a normalised text is, None where it is something else."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    currency, minus, whole, decimals, scale, unit = found.groups(default="")
    factor = Decimal(_SCALES.get(scale, 1))
    value = Decimal(f"{minus}{whole}.{decimals or 0}") * factor
    step = factor.scaleb(-len(decimals)) if decimals or scale else Decimal(0)
    name = unit.strip()
    return Quantity(value, step, len((whole + decimals).lstrip("0")), currency + _UNITS.get(name, name))


def same_day(answer: str, expected: str) -> bool:
    """Whether an answer is the day that is expected, or lies in the month or year that is. It may not say less.

    >>> same_day("May 3, 1840", "3 May 1840"), same_day("3 May 1840", "May 1840"), same_day("1840", "3 May 1840")
    (True, True, False)
    """
    given, wanted = day_of(answer), day_of(expected)
    return bool(wanted) and given[: len(wanted)] == wanted


def day_of(text: str) -> tuple[int, ...]:
    """Year, month and day that a text is, as many of them as it says; nothing where it is something else."""
    plain = " ".join(re.sub(r"[.,]", " ", text).casefold().split())
    for form in _DAYS:
        if found := form.fullmatch(plain):
            parts = found.groupdict()
            month = int(parts["m"]) if parts.get("m") else _MONTH.get(parts.get("n") or "", 0)
            given = (int(parts["y"]), month, int(parts.get("d") or 0))
            return given[: 1 + bool(month) + bool(given[2])] if _exists(*given) else ()
    return ()


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return False
    return True
