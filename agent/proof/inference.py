"""Inferences that code can do again: comparisons, sums, differences and counts, from what the quotes say.

A model writes `28 March 1862 < 3 May 1871`, `1871 - 1862 = 9`, `count(Ada; Bo; Cy) = 3` or `American = American`.
Every operand must stand in a quote; the result must come out. Anything else is an inference that is only shown.
"""

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from .quotes import contains, normalise

NAMES = "january february march april may june july august september october november december"
MONTHS = {
    spelling: number for number, name in enumerate(NAMES.split(), start=1) for spelling in (name, name[:3], name[:4])
}
SIGNS = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "=": operator.eq, "==": operator.eq}
COMPARISON = re.compile(r"^(?P<left>.+?)\s*(?P<sign><=|>=|!=|==|=|<|>)\s*(?P<right>[^<>=]+)$")
ARITHMETIC = re.compile(r"^(?P<terms>.+?\s[+-]\s.+?)\s*=\s*(?P<result>[^=]+)$")
COUNT = re.compile(r"^count\s*\((?P<items>.+)\)\s*=\s*(?P<result>\d+)$", re.IGNORECASE)
GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
NUMBER = re.compile(r"^[^\d\w-]*(-?\d[\d,]*(?:\.\d+)?)\s*(\D*)$")


@dataclass(frozen=True, slots=True)
class Computed:
    """What came of doing an inference again. `result` is what it establishes, for an answer to name."""

    holds: bool
    why: str
    result: str = ""


def recompute(inference: str, quotes: Sequence[str], given: str = "") -> Computed:
    """Do an inference again. `holds` is True only when every operand is quoted and the result is right.

    `given` is what the question itself says: `1998 != 1988` needs a quote for 1998 only, if the question names 1988.
    One operand at least must be quoted.
    """
    text = " ".join(inference.split())
    if match := COUNT.match(text):
        return _count(match["items"], int(match["result"]), quotes)
    if match := ARITHMETIC.match(text):
        return _arithmetic(match["terms"], match["result"], quotes, given)
    if match := COMPARISON.match(text):
        return _comparison((match["left"], match["right"]), match["sign"], quotes, given)
    return Computed(False, "not a comparison, sum, difference or count that code can do again")


def _count(items: str, result: int, quotes: Sequence[str]) -> Computed:
    names = [item.strip() for item in items.split(";") if item.strip()]
    missing = _missing(names, quotes)
    if missing:
        return Computed(False, f"{missing!r} is not in the quotes")
    if len({normalise(name) for name in names}) != result:
        return Computed(False, f"the count is {len(names)}, not {result}")
    return Computed(True, "counted again", str(result))


def _arithmetic(terms: str, result: str, quotes: Sequence[str], given: str) -> Computed:
    parts = re.split(r"\s([+-])\s", terms)
    operands = parts[::2]
    missing = _missing(operands, quotes, given)
    if missing:
        return Computed(False, f"{missing!r} is not in the quotes")
    numbers = [_number(operand) for operand in operands]
    claimed = _number(result)
    if claimed is None or None in numbers:
        return Computed(False, "not all operands are numbers")
    values = [number[0] for number in numbers if number is not None]
    total = values[0]
    for sign, value in zip(parts[1::2], values[1:], strict=True):
        total = total + value if sign == "+" else total - value
    if total != claimed[0]:
        return Computed(False, f"it comes to {total}, not {claimed[0]}")
    return Computed(True, "computed again", result.strip())


def _comparison(sides: tuple[str, str], sign: str, quotes: Sequence[str], given: str) -> Computed:
    left, right = sides
    missing = _missing(sides, quotes, given)
    if missing:
        return Computed(False, f"{missing!r} is not in the quotes")
    same = normalise(left) == normalise(right)
    if same and not contains(given, left) and sum(contains(quote, left) for quote in quotes) < 2:
        return Computed(False, f"only one quote says {left.strip()!r}; a comparison needs both sides")
    order = 0 if same else _order(left, right)
    if order is None:
        if sign == "!=" and not (contains(left, right) or contains(right, left)):
            return Computed(True, "both sides quoted and different")
        return Computed(False, f"{left.strip()!r} and {right.strip()!r} cannot be compared")
    holds = order != 0 if sign == "!=" else SIGNS[sign](order, 0)
    return Computed(holds, "compared again" if holds else f"it is not so that {left.strip()} {sign} {right.strip()}")


def _missing(operands: Sequence[str], quotes: Sequence[str], given: str = "") -> str:
    """The first operand that neither a quote nor the question says; the first of all where no quote says any."""
    quoted = [any(_says(quote, operand) for quote in quotes) for operand in operands]
    for operand, found in zip(operands, quoted, strict=True):
        if not found and not _says(given, operand):
            return operand.strip()
    return "" if any(quoted) else operands[0].strip()


def _says(text: str, operand: str) -> bool:
    """Whether the operand stands in the text; numbers with or without the commas between their thousands."""
    return contains(text, operand) or contains(GROUPING.sub("", text), GROUPING.sub("", operand))


def _order(left: str, right: str) -> int | None:
    """-1, 0 or 1 for dates or numbers of one unit; None where they cannot be compared for certain."""
    first, second = parse_date(left), parse_date(right)
    if first and second:
        length = min(len(first), len(second))
        a, b = first[:length], second[:length]
        if a == b and len(first) != len(second):
            return None  # "1862" against "May 1862": not decided at this precision
        return (a > b) - (a < b)
    one, two = _number(left), _number(right)
    if one is None or two is None or one[1] != two[1]:
        return None
    return (one[0] > two[0]) - (one[0] < two[0])


def _number(text: str) -> tuple[Decimal, str] | None:
    match = NUMBER.match(text.strip())
    if not match:
        return None
    try:
        return Decimal(match[1].replace(",", "")), match[2].strip().lower()
    except InvalidOperation:
        return None


def parse_date(text: str) -> tuple[int, ...] | None:
    """(year,), (year, month) or (year, month, day) of a date in the usual English and ISO spellings, else None."""
    words = re.findall(r"\d+|[a-z]+", text.lower())
    months = [MONTHS[word] for word in words if word in MONTHS]
    years = [int(word) for word in words if len(word) == 4 and word.isdigit()]
    days = [int(re.sub(r"\D", "", word)) for word in words if re.fullmatch(r"\d{1,2}", word)]
    other = [
        word for word in words if word.isalpha() and word not in MONTHS and word not in ("st", "nd", "rd", "th", "of")
    ]
    if len(years) != 1 or other or len(months) > 1 or len(days) > 2:
        return None
    if not months:
        # Only the year first is certain: 03/05/1871 is May here and March there.
        if not days:
            return (years[0],)
        return _iso(years[0], days) if words[0] == str(years[0]) else None
    if not days:
        return (years[0], months[0])
    return _checked(years[0], months[0], days[0]) if len(days) == 1 else None


def _iso(year: int, rest: list[int]) -> tuple[int, ...] | None:
    return _checked(year, rest[0], rest[1]) if len(rest) == 2 else None


def _checked(year: int, month: int, day: int) -> tuple[int, ...] | None:
    try:
        date(year, month, day)
    except ValueError:
        return None
    return (year, month, day)
