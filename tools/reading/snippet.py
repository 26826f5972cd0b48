"""The few lines of a page that answer a query best, as a search result shows them.

Sentences and lines in a row are taken, as many as fit, that together hold the most telling words of the query: rare
ones in this page, names, and pairs of words that stand together in the query. Each counts once, however often it comes.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ..clean import one_line
from ..search import SNIPPET_CHARS
from .ranking import names_of, words_of

_NAME, _PAIR = 1.5, 2.0
_LOOKED_AT = 300_000  # characters; what comes later is hardly ever what a page is found for

# A dot after a single capital or one of a few words belongs to a name.
_END = r"(?<!\b[A-Z])(?<!\b(?:Mr|Ms|Dr|St|Jr|Sr|No|Mt))[.!?…][\"'”’)\]]*(?=\s)"
_PIECE = re.compile(rf"\S[^\n]*?(?:{_END}|[。！？]|$)", re.MULTILINE)
_PART = re.compile(r"\S.{0,199}(?!\S)|\S.{0,199}")

_Term = str | tuple[str, str]


def best_passage(text: str, query: str, limit: int = SNIPPET_CHARS) -> str:
    """The passage of `text` that answers `query` best, on one line of at most `limit` characters.

    Without any of its words that is the beginning. Room that is left is filled with what comes after, then before.
    """
    spans = _pieces(text[:_LOOKED_AT], limit)
    if not spans:
        return ""
    asked = words_of(query)
    wanted, pairs = set(asked), set(pairwise(asked))
    found = [_terms(text[start:end], wanted, pairs) for start, end in spans]
    first, last = _best(spans, found, _worths(found, names_of(query)), limit)
    while last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= limit:
        last += 1
    while first > 0 and spans[last][1] - spans[first - 1][0] <= limit:
        first -= 1
    return one_line(text[spans[first][0] : spans[last][1]], limit)


def _pieces(text: str, limit: int) -> list[tuple[int, int]]:
    """Where each sentence or line begins and ends; one that is too long comes in parts."""
    spans: list[tuple[int, int]] = []
    for match in _PIECE.finditer(text):
        start, end = match.span()
        long = end - start > limit
        spans += [part.span() for part in _PART.finditer(text, start, end)] if long else [(start, end)]
    return spans


def _terms(piece: str, wanted: set[str], pairs: set[tuple[str, str]]) -> set[_Term]:
    words = words_of(piece)
    found: set[_Term] = {word for word in words if word in wanted}
    if len(found) > 1:
        found.update(pair for pair in pairwise(words) if pair in pairs)
    return found


def _worths(found: Sequence[set[_Term]], names: set[str]) -> dict[_Term, float]:
    """What each term tells: the fewer pieces hold it, the more."""
    counts = Counter(term for terms in found for term in terms)
    worths: dict[_Term, float] = {}
    for term, count in counts.items():
        weight = _PAIR if isinstance(term, tuple) else _NAME if term in names else 1.0
        worths[term] = weight * math.log(1 + (len(found) - count + 0.5) / (count + 0.5))
    return worths


def _best(
    spans: Sequence[tuple[int, int]], found: Sequence[set[_Term]], worths: Mapping[_Term, float], limit: int
) -> tuple[int, int]:
    """The first and the last piece of the best passage; of equal ones the first and shortest."""
    best, most = (0, 0), 0.0
    for first, terms in enumerate(found):
        if not terms:
            continue
        seen: set[_Term] = set()
        score = 0.0
        for last in range(first, len(spans)):
            if last > first and spans[last][1] - spans[first][0] > limit:
                break
            # Sorted, because the last bit of a sum depends on its order, and that of a set on the process.
            score += sum(sorted(worths[term] for term in found[last] - seen))
            seen |= found[last]
            if score > most + 1e-9:
                best, most = (first, last), score
    return best
