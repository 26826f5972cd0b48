"""The years that words stand for: a question asks for the eighteen-fifties, and the page says 1854."""

import re
from collections.abc import Iterator

_NAMED = "twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first"
_CENTURY = {name: 1100 + 100 * n for n, name in enumerate(_NAMED.split())}
_TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
_HUNDREDS = {name: 1300 + 100 * n for n, name in enumerate(_TEENS.split())}
_DECADES = "hundreds tens twenties thirties forties fifties sixties seventies eighties nineties"
_TENS = {name: 10 * n for n, name in enumerate(_DECADES.split())}
_ORDER = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1, "final": -1}
_PARTS = {"quarter": 4, "third": 3, "half": 2}
_LOOSE = {"early": (0, 40), "mid": (30, 70), "middle": (30, 70), "late": (60, 100)}

_IN_CENTURY = re.compile(
    rf"(?:\b({'|'.join(_ORDER)})[ -]({'|'.join(_PARTS)}) of (?:the )?|\b({'|'.join(_LOOSE)})[ -](?:of the |the )?)?"
    rf"(?:\b({'|'.join(_CENTURY)})|\b(1[2-9]|2[01])(?:st|th))[ -]century",
    re.IGNORECASE,
)
_TEN = "|".join(_TENS)
_SPELT = re.compile(rf"\b({'|'.join(_HUNDREDS)})[ -]({_TEN})(?: (?:or|and|to) (?:\w+[ -])?({_TEN}))?\b", re.IGNORECASE)
_DECADE = re.compile(r"\b((?:1[0-9]|20)\d0)['’]?s\b")
_SPAN = re.compile(r"\b(1\d{3}|20\d\d) ?(?:-|–|to|and|or|until) ?(1\d{3}|20\d\d)\b")
_YEAR = re.compile(r"(?<![\d,.])(?:1\d{3}|20\d\d)(?!\d|[.,]\d)")
_LONGEST = 150


def periods_of(text: str) -> list[range]:
    """The spans of years that a text names by decade, century, part of a century, or first and last year.

    >>> periods_of("the third quarter of the 19th century"), periods_of("the 1920s"), periods_of("from 1871 to 1874")
    ([range(1850, 1876)], [range(1920, 1930)], [range(1871, 1875)])
    """
    return list(dict.fromkeys(_all(text)))


def years_in(text: str) -> list[int]:
    """The numbers in a text that can be years.

    >>> years_in("Laid in 1854 and 1861-62, for 1,250 crowns.")
    [1854, 1861]
    """
    return [int(year) for year in _YEAR.findall(text)]


def _all(text: str) -> Iterator[range]:
    for order, part, loose, named, number in _IN_CENTURY.findall(text):
        start = _CENTURY[named.lower()] if named else 100 * int(number) - 100
        yield _within(start, order.lower(), part.lower(), loose.lower())
    for hundreds, first, last in _SPELT.findall(text):
        start = _HUNDREDS[hundreds.lower()]
        begin, end = start + _TENS[first.lower()], start + _TENS[(last or first).lower()]
        yield range(begin, begin + 100 if first.lower() == "hundreds" else max(begin, end) + 10)
    for year in map(int, _DECADE.findall(text)):
        yield range(year, year + (10 if year % 100 else 100))
    for first, last in _SPAN.findall(text):
        if 0 < int(last) - int(first) <= _LONGEST:
            yield range(int(first), int(last) + 1)


def _within(start: int, order: str, part: str, loose: str) -> range:
    """A century, or a part of it. A century ends with the year 00, so parts share a year with the next."""
    if loose:
        return range(start + _LOOSE[loose][0], start + _LOOSE[loose][1] + 1)
    if not part:
        return range(start, start + 101)
    parts, which = _PARTS[part], _ORDER[order]
    which = min(which, parts - 1) % parts
    return range(start + 100 * which // parts, start + 100 * (which + 1) // parts + 1)
