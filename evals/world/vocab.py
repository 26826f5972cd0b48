"""Terms of the bundled web: what a page calls a thing, and how a question hints at it in other words."""

from dataclasses import dataclass

from .text import lines, sections


@dataclass(frozen=True, slots=True)
class Term:
    """`page` are phrasings for pages; `riddle` means the same in other words; `words` is what one would search for."""

    key: str
    page: tuple[str, ...]
    riddle: str
    words: str


def _terms(heading: str) -> dict[str, Term]:
    rows = [line.strip("| ") for line in lines("vocab", heading) if line.startswith("| ")]
    found: dict[str, Term] = {}
    for row in rows[1:]:
        key, page, riddle, words = (part.strip() for part in row.split(" | "))
        found[key] = Term(key, tuple(part.strip() for part in page.split(";")), riddle, words)
    return found


VOCAB: dict[str, dict[str, Term]] = {heading: _terms(heading) for heading in sections("vocab")}
"""The terms of each relation that ends in a term, by key."""
