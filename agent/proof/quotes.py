"""Whether a quote stands in a text: white space, quote marks, dashes and case are evened out, nothing else is."""

import re
import unicodedata
from functools import lru_cache

SPACELESS = "\u0e00"
MIN_QUOTE = 20
"""Characters that make a quote telling; an ideograph counts twice."""

_MARKS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "…": "...",
        "\u00ad": None,
    }
)
_SPACE = re.compile(r"\s+")
_ARTICLE = re.compile(r"^(?:the|a|an)\s+")


@lru_cache(maxsize=256)
def normalise(text: str) -> str:
    """The form in which two texts are compared."""
    even = unicodedata.normalize("NFC", text).translate(_MARKS)
    return _SPACE.sub(" ", even).strip().casefold()


def long_enough(quote: str) -> bool:
    """At least 20 characters: less than that stands on too many pages by chance."""
    text = normalise(quote)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide >= MIN_QUOTE


def stands_in(quote: str, text: str) -> bool:
    """Whether a quote is long enough and stands in the text, or is a whole row or a whole cell of a table in it."""
    wanted = normalise(quote)
    if not wanted:
        return False
    if long_enough(quote):
        return wanted in normalise(text)
    return wanted in _cells(text)


def contains(text: str, part: str) -> bool:
    """Whether `part` stands in `text` as whole words, an article at its start left aside."""
    wanted = _ARTICLE.sub("", normalise(part).strip(" .,;:!?\"'()"))
    if not wanted:
        return False
    even = normalise(text)
    found = (match.span() for match in re.finditer(f"(?={re.escape(wanted)})", even))
    ends = ((start, start + len(wanted)) for start, _ in found)
    return any(not (_joined(even, start) or _joined(even, end)) for start, end in ends)


def _joined(text: str, place: int) -> bool:
    """Whether a word runs on across this place. Scripts from Thai on write words without a space between them."""
    sides = text[max(0, place - 1) : place + 1]
    return 0 < place < len(text) and all(char.isalnum() and char < SPACELESS for char in sides)


@lru_cache(maxsize=256)
def _cells(text: str) -> frozenset[str]:
    """The cells and the rows of the tables in a text, in the form in which texts are compared."""
    rows = [normalise(line) for line in text.splitlines() if "|" in line]
    cells = [cell.strip() for row in rows for cell in row.split("|")]
    return frozenset([*rows, *(row.strip("| ") for row in rows), *cells]) - {"", "|"}
