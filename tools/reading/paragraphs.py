"""The lines of a document's pages joined to paragraphs, also over the end of a page.

A quote has to match what a reader would write down: words cut by a hyphen are put together, the lines at the edge of a
page that say only which page or which book it is go, and the mark of a page waits until the sentence that runs over
the edge has ended.
"""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

_SENTENCE_END = re.compile(r"[.!?…:;。！？][\"'”’»)\]]*$")
_FIRST_SENTENCE = re.compile(r".*?[.!?…。！？][\"'”’»)\]]*(?:\s+(?=[^\W\d_a-z]|[\"'“‘(\[])|$)", re.DOTALL)
_ITEM = re.compile(r"[•‣◦▪●○■–—*·-]\s|\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]\s")
_CUT_WORD = re.compile(r"([^\W\d_]+)[-‐\u00ad]$")
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_PAGE_NUMBER = re.compile(r"^\D{0,3}(\d{1,4})\b|\b(\d{1,4})\D{0,3}$")
_LEADERS = re.compile(r"\.(?: ?\.){3}")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_WIDE = "\u2e80"  # from here on scripts are written without spaces
_LONGEST_WORD = 80
_EDGE = 2  # lines at the top and the bottom of a page
_REPEATS = 3  # pages


@dataclass(slots=True)
class _Block:
    """A paragraph or a single line, in pieces. `full` says that its last line reached the edge of the column."""

    pieces: list[str]
    full: bool = False
    single: bool = True

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def add(self, line: str, known: frozenset[str]) -> None:
        """Go on with a line; a hyphen before it stays where the text has that word with a hyphen elsewhere, too."""
        last, self.single = self.pieces[-1], False
        if (cut := _CUT_WORD.search(last[-_LONGEST_WORD:])) and line[0].islower():
            rest = _WORDS.match(line)
            if last[-1] == "\u00ad" or f"{cut[1]}-{rest[0] if rest else ''}" not in known:
                self.pieces[-1] = last[:-1]
        elif not (last[-1] >= _WIDE and line[0] >= _WIDE):
            self.pieces.append(" ")
        self.pieces.append(line)


def join_pages(pages: list[str]) -> str:
    """The text of all pages; `[page 2]` and so on stand where pages begin, between sentences."""
    lined = [[" ".join(line.split()) for line in page.translate(_LIGATURES).splitlines()] for page in pages]
    known = frozenset(word for page in pages for word in _WORDS.findall(page))
    blocks: list[_Block] = []
    for number, (running, lines) in enumerate(_without_running(lined), 1):
        found = _paragraphs(lines, known)
        if blocks and found and _runs_on(blocks[-1], found[0]):
            _finish(blocks[-1], found, known)
        if number > 1 and (found or running):
            blocks.append(_Block([f"[page {number}]"], single=False))
        blocks += [_Block([line]) for line in running] + found
    return _laid_out(blocks)


def _laid_out(blocks: list[_Block]) -> str:
    """Rows and items stand line by line, paragraphs apart."""
    parts = [block.text + ("\n" if block.single and after.single else "\n\n") for block, after in pairwise(blocks)]
    return "".join([*parts, *(block.text for block in blocks[-1:])])


def _without_running(pages: list[list[str]]) -> list[tuple[list[str], list[str]]]:
    """For each page the running heads that stand there for the first time, and its lines without any of them."""
    pages = [[line for line in page if line] for page in pages]
    counts = Counter(
        key for at, page in enumerate(pages) for key in {k for n in _edges(page) for k in _keys(page[n], at)}
    )
    seen: set[str] = set()
    parted: list[tuple[list[str], list[str]]] = []
    for at, page in enumerate(pages):
        gone = {n for n in _edges(page) if any(counts[key] >= _REPEATS for key in _keys(page[n], at))}
        heads = {text: None for n in sorted(gone) if len(text := _PAGE_NUMBER.sub("", page[n]).strip(" -|/·")) > 3}
        parted.append(([text for text in heads if text not in seen], [x for n, x in enumerate(page) if n not in gone]))
        seen |= heads.keys()
    return parted


def _edges(page: list[str]) -> set[int]:
    return {n for n in range(len(page)) if n < _EDGE or n >= len(page) - _EDGE}


def _keys(line: str, at: int) -> list[tuple[str, int]]:
    """What a running head has in common with those of other pages: all of it, or all but a number that counts pages."""
    if len(line) > 120:
        return []
    numbers = [match for match in _PAGE_NUMBER.finditer(line)]
    same = [(line, -1)] if sum(char.isalpha() for char in line) > 3 else []
    return same + [
        (line[: match.start()] + "\0" + line[match.end() :], 100_000 + int(match[1] or match[2]) - at)
        for match in numbers
    ]


def _paragraphs(lines: list[str], known: frozenset[str]) -> list[_Block]:
    lengths = sorted(len(line) for line in lines)
    width = max(30, lengths[len(lengths) * 9 // 10]) if lengths else 0
    blocks: list[_Block] = []
    for n, line in enumerate(lines):
        if blocks and _continues(blocks[-1], lines[n - 1], line):
            blocks[-1].add(line, known)
        else:
            blocks.append(_Block([line], single=_is_line(line)))
        blocks[-1].full = len(line) >= 0.75 * width
    return blocks


def _is_line(text: str) -> bool:
    """Whether a text of one line belongs to a list or a table; a long sentence is a paragraph."""
    return len(text) < 60 or _ITEM.match(text) is not None or _SENTENCE_END.search(text) is None


def _continues(block: _Block, before: str, line: str) -> bool:
    """Whether a line goes on with the paragraph whose last line is `before`."""
    if _ITEM.match(line) or _is_row(before) or _is_row(line):
        return False
    return block.full or (line[0].islower() and not _SENTENCE_END.search(before))


def _is_row(line: str) -> bool:
    """Whether a line looks like a row of a table: numbers make up much of it."""
    words = line.split()
    numbers = sum(any(char.isdigit() for char in word) for word in words)
    return (len(words) > 1 and numbers >= 0.4 * len(words)) or _LEADERS.search(line) is not None


def _runs_on(last: _Block, first: _Block) -> bool:
    end, start = last.pieces[-1], first.pieces[0]
    if _SENTENCE_END.search(end) or _is_row(end) or _is_row(start) or _ITEM.match(start):
        return False
    return start[0].islower() or last.full


def _finish(last: _Block, found: list[_Block], known: frozenset[str]) -> None:
    """Move the rest of a sentence to the page on which it began."""
    text = found[0].text
    sentence = _FIRST_SENTENCE.match(text)
    end = sentence.end() if sentence else len(text)
    last.add(text[:end].rstrip(), known)
    found[:1] = [_Block([text[end:]], found[0].full, found[0].single)] if text[end:] else []
