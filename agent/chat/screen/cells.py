"""Text from anywhere in the columns of a terminal: cleaned, measured, cut and folded.

Terminals disagree on the width of joined emoji, skin tones and flags. Such a character counts here as wide as any of
them shows it, and what is joined as wide as its parts: a line may turn out shorter than it was measured, never longer.
"""

import re
import unicodedata

from ....tools.clean import clean, one_line

_EMOJI = "[\u2194\u2195\u2600-\u27bf\u2b1b\U0001f300-\U0001faff]"
"""What emoji are joined of, a family of persons say."""
_IDLE_JOINERS = re.compile(f"(?<=[\u2100-\U0010ffff])(?!(?<={_EMOJI})\u200d{_EMOJI})[\u200c\u200d]")
_SWITCHED = (range(0x1F1E6, 0x1F200), range(0x1F3FB, 0x1F400))
"""Regional indicators and skin tones, which take two columns wherever they are not merged."""
MOST_MARKS = 4
"""Accents on one letter: no script stacks more, and a flood of them covers the lines above and below."""
TAB = "    "


def shown(text: str) -> str:
    """Text on one line, with nothing in it that a terminal would not show as a character of its own."""
    return _tame(one_line(text))


def shown_lines(text: str) -> list[str]:
    """The same for a text whose line breaks are kept."""
    return [_tame(line.rstrip()) for line in clean(text).expandtabs(len(TAB)).split("\n")]


def columns(text: str) -> int:
    """The columns that a text takes at most."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def cut(text: str, width: int, more: str = "…") -> str:
    """The start of a text in at most `width` columns; `more` says that something was left out."""
    if _fits(text, width):
        return text
    return _start(text, width - len(more)).rstrip() + more[: max(0, width)]


def cut_at_words(text: str, width: int, more: str = "…") -> str:
    """The same, with whole words alone; one that is longer than half of the width is cut all the same."""
    if _fits(text, width):
        return text
    head = _start(text, width - len(more))
    words = head if text[len(head)] == " " else head.rpartition(" ")[0]
    return words.rstrip() + more if words and columns(words) * 2 >= width else cut(text, width, more)


def folded(text: str, width: int) -> list[str]:
    """Text on lines of at most `width` columns, broken at spaces; leading ones are kept.

    A word that is longer than a line, as texts in Chinese are, is broken where the line ends.
    """
    lines: list[str] = []
    width = max(2, width)
    while len(head := _start(text, width)) < len(text):
        last = head.rfind(" ")
        if text[len(head)] != " " and head[: max(last, 0)].strip() and _fits(text[last + 1 :].partition(" ")[0], width):
            head = head[:last]
        lines.append(head.rstrip())
        text = text[len(head) :].lstrip(" ")
    return [*lines, text] if text or not lines else lines


def _tame(text: str) -> str:
    if text.isascii():
        return text
    text = _IDLE_JOINERS.sub("", text)
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = 0 if _columns(char) else marks + 1
        if marks <= MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def _fits(text: str, width: int) -> bool:
    return len(_start(text, width)) == len(text)


def _start(text: str, width: int) -> str:
    if (head := text[: max(0, width)]).isascii():
        return head
    taken = 0
    for index, char in enumerate(text):
        taken += _columns(char)
        if taken > width:
            return text[:index]
    return text


def _columns(char: str) -> int:
    from rich.cells import get_character_cell_size
    from wcwidth import wcwidth

    point = ord(char)
    if point < 0x300:
        return 1
    if any(point in switched for switched in _SWITCHED):
        return 2
    # Each of the two knows characters that the other one does not know yet.
    wide = max(get_character_cell_size(char), wcwidth(char))
    # A vowel sign with a place of its own takes a column in some terminals.
    return wide or int(unicodedata.category(char) == "Mc")
