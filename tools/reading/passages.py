"""The passages of a page that matter for a goal, within a token limit, and the rest page by page.

The text is cut into passages that follow one another without gaps. A page of passages is the best of those not yet
shown, in the order of the text; so all pages together show every passage once. Only the nearest heading and the first
row of a table may come again, above a passage that was cut off from them.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .ranking import Piece, rank

_ASCII_PER_TOKEN = 3.6
_OTHER_BYTES_PER_TOKEN = 2.5
_MOST = 85  # tokens of a passage; from half of that on it ends with the paragraph
_MOST_SENTENCE = 150  # a sentence up to this stays whole
_MOST_CONTEXT = 40
_GAP = "[...]"
_GAP_COST = 4
_SMALL = 60  # token limits below this leave no room for context

_LINE = re.compile(r"[^\n]+\n*")
# A dot after a single capital or one of a few words belongs to a name, and small letters after it to the same sentence.
_END = r"(?<!\b[A-Z])(?<!\b(?:Mr|Ms|Dr|St|Jr|Sr|No|Mt))(?<!\bMrs)[.!?…][\"'”’)\]]*\s+(?![a-z\s])"
_SENTENCE = re.compile(rf".+?(?:{_END}|[。！？]|\Z)", re.DOTALL)
_SPACED = re.compile(r"\S+\s*|\s+")
_HEADING = re.compile(r"#{1,6} ")
_TITLE = re.compile(r"\s*# ([^\n]+)\n*")


@dataclass(frozen=True, slots=True)
class Passages:
    """Some passages of a text. `page` counts from 1; there are `pages` in all; past the last the text is empty."""

    text: str
    page: int
    pages: int


@dataclass(slots=True)
class _Passage:
    """A slice of the text; `context` is the heading and table head above it, `leads` says that it begins with them."""

    start: int
    end: int
    context: str
    leads: bool
    cost: int


def estimate_tokens(text: str) -> int:
    """About how many tokens a model will count, rather too many than too few; at least the number of words.

    One token for 3.6 ASCII characters or 2.5 bytes of other characters in UTF-8: a Cyrillic letter counts 0.8, a
    Chinese character 1.2.

    >>> estimate_tokens("The quick brown fox."), estimate_tokens("東京")
    (6, 3)
    """
    if text.isascii():
        return max(len(text.split()), math.ceil(len(text) / _ASCII_PER_TOKEN))
    size = len(text.encode("utf-8", "surrogatepass"))
    plain = len(text.encode("ascii", "ignore"))
    return max(len(text.split()), math.ceil(plain / _ASCII_PER_TOKEN + (size - plain) / _OTHER_BYTES_PER_TOKEN))


def choose_passages(text: str, goal: str, *, max_tokens: int, page: int = 1) -> Passages:
    """The passages of `text` that answer `goal` best, within `max_tokens`; later pages hold the next best.

    Text that fits is returned whole. The opening passage is among the first where it fits beside the best one; without
    a goal the order is that of the text. A limit below some 20 tokens may be passed by one short piece, so that every
    page shows something.
    """
    page = max(1, page)
    if estimate_tokens(text) <= max_tokens:
        return Passages(text if page == 1 else "", page, 1)
    passages = _split(text, max_tokens)
    order = _order(text, passages, goal)
    ranked = order != sorted(order)
    if order and order[0]:
        order.remove(0)
        order.insert(1, 0)
    shown: list[int] = []
    pages = 0
    while order:
        pages += 1
        chosen, order = _fill(passages, order, max_tokens, skip=ranked)
        if pages == page:
            shown = chosen
    return Passages(_print(text, passages, sorted(shown)), page, max(1, pages))


def _order(text: str, passages: list[_Passage], goal: str) -> list[int]:
    """The best passage first. What stands above all of them, the title, tells none from another by standing there."""
    title = _TITLE.match(text)
    top = title[0].rstrip().lstrip("\n") + "\n" if title else ""
    pieces: list[Piece] = []
    for p in passages:
        heading = "" if p.leads else p.context.removeprefix(top)
        pieces.append(Piece(text[p.start : p.end], heading))
    return rank(pieces, goal, title[1] if title else "")


def _fill(passages: list[_Passage], order: list[int], max_tokens: int, *, skip: bool) -> tuple[list[int], list[int]]:
    """The first passages in this order that fit together, one at least, and the others. With `skip` one that does not
    fit leaves its room to later ones.
    """
    chosen: list[int] = []
    left: list[int] = []
    room = max_tokens
    for n, i in enumerate(order):
        cost = passages[i].cost
        if cost <= room or not chosen:
            chosen.append(i)
            room -= cost
        else:
            left.append(i)
        if room < _GAP_COST or (left and not skip):
            return chosen, left + order[n + 1 :]
    return chosen, left


def _print(text: str, passages: list[_Passage], shown: list[int]) -> str:
    parts: list[str] = []
    last, context = -1, ""
    for i in shown:
        passage = passages[i]
        if last != i - 1:
            parts.append(f"\n\n{_GAP}\n\n" if parts else "")
            if not passage.leads and passage.context != context:
                parts.append(passage.context)
        body = text[passage.start : passage.end]
        parts.append(body if i + 1 in shown else body.rstrip())
        last, context = i, passage.context
    return "".join(parts).strip("\n")


@dataclass(slots=True)
class _Line:
    start: int
    end: int
    kind: str
    tokens: int


def _split(text: str, max_tokens: int) -> list[_Passage]:
    """Cut the text into passages of whole lines, a new one at every heading; parts of a line where it is too long."""
    small = max_tokens < _SMALL
    most = max(8, max_tokens - _GAP_COST) if small else min(_MOST, max_tokens // 3)
    longest = most if small else min(_MOST_SENTENCE, max_tokens // 3)
    most_context = 0 if small else min(_MOST_CONTEXT, max_tokens // 4)
    passages: list[_Passage] = []
    group: list[_Line] = []
    heading = first_row = above = ""
    for line in [*_lines(text, most, longest), None]:
        if group and (line is None or _ends(group, line, text, most)):
            leads = group[0].kind == "heading"
            context = heading if leads else above
            if estimate_tokens(context) > most_context:
                context = ""
            start, end = group[0].start, group[-1].end
            cost = estimate_tokens(text[start:end]) + _GAP_COST + (0 if leads else estimate_tokens(context))
            passages.append(_Passage(start, end, context, leads, cost))
            group = []
        if line is None:
            break
        if line.kind == "heading":
            heading = text[line.start : line.end].rstrip() + "\n"
        if line.kind != "row":
            first_row = ""
        if not group:
            above = heading + first_row
        if line.kind == "row" and not first_row:
            first_row = text[line.start : line.end].rstrip() + "\n"
        group.append(line)
    return passages


def _ends(group: list[_Line], line: _Line, text: str, most: int) -> bool:
    """Whether a passage ends before this line."""
    if line.kind == "heading" and group[-1].kind != "heading":
        return True
    size = sum(line.tokens for line in group)
    return size + line.tokens > most or (size >= most // 2 and text.endswith("\n\n", 0, line.start))


def _lines(text: str, most: int, longest: int) -> Iterator[_Line]:
    for match in _LINE.finditer(text):
        tokens = estimate_tokens(match[0])
        kind = "heading" if _HEADING.match(match[0]) else "row" if " | " in match[0] else "text"
        if tokens <= most:
            yield _Line(match.start(), match.end(), kind, tokens)
        else:
            yield from _pieces(text, match.span(), most, longest)


def _pieces(text: str, span: tuple[int, int], most: int, longest: int) -> Iterator[_Line]:
    """Parts of a line that is too long: whole sentences, else whole words, else as many characters as surely fit."""
    start, end = span
    size, begin = 0, start
    for sentence in _SENTENCE.finditer(text, start, end):
        for part in _parts(sentence[0], longest):
            tokens = estimate_tokens(part)
            if size and size + tokens > most:
                yield _Line(begin, start, "text", size)
                begin, size = start, 0
            start += len(part)
            size += tokens
    yield _Line(begin, end, "text", size)


def _parts(sentence: str, most: int) -> list[str]:
    if estimate_tokens(sentence) <= most:
        return [sentence]
    width = max(1, most // 2)
    words: list[str] = _SPACED.findall(sentence)
    return [word[i : i + width] for word in words for i in range(0, len(word), width)]
