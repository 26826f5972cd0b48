"""Keeps a block of lines at the bottom of what was printed to a terminal, and writes only those that changed.

All that it writes besides the lines: moves to the first column and up, erasing to the end of a line or of the screen,
colours, the cursor hidden and shown, and wrapping off while the block is written. So a line that a terminal takes for
wider than it was measured is cut there, and cannot push the others out of their places. The screen is never erased
from its very first row: tmux then moves all of it among the lines that were scrolled away.
"""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
ONE_LINE, WRAPPED = "\x1b[?7l", "\x1b[?7h"
END_OF_LINE, BELOW = "\x1b[K", "\x1b[J"
ALL = f"{END_OF_LINE}\r\n{BELOW}\r\x1b[1A"
"""Erases the cursor's line and all below it."""


class Painter:
    """The block on one terminal. The cursor stays at the start of its last line. Raises OSError from the terminal."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._rows: list[str] = []
        self._lines: list[Text] = []
        self._size = (0, 0)

    def paint(self, lines: "Sequence[Text]", above: "Sequence[Text]" = ()) -> None:
        """Show these lines as the block; those `above` are printed before it and stay."""
        size = tuple(self._console.size)
        rows = [self._known(index, line) or self._row(line) for index, line in enumerate(lines)]
        parts = [HIDE]
        if above or size != self._size:
            parts += [self._top(size), ALL, *(self._row(line) + "\r\n" for line in above)]
            self._rows, self._lines = [], []
        else:
            parts.append(self._top(size))
        parts.append(ONE_LINE)
        for index, row in enumerate(rows):
            known = self._rows[index] if index < len(self._rows) else None
            parts += [row, END_OF_LINE] if row != known else []
            parts.append("\r\n" if index < len(rows) - 1 else BELOW if len(rows) < len(self._rows) else "")
        parts += ["\r", WRAPPED]
        self._rows, self._lines, self._size = rows, [*lines], size
        self._write("".join(parts))

    def wipe(self, above: "Sequence[Text]" = ()) -> None:
        """Take the block away; what is printed next stands where it began, below the lines `above`."""
        top = self._top(tuple(self._console.size))
        self._write(top + ALL + "".join(self._row(line) + "\r\n" for line in above) + SHOW)
        self._rows, self._lines = [], []

    def _top(self, size: tuple[int, ...]) -> str:
        """The way to the first line of the block. Where the terminal became narrower, its lines take more rows."""
        width, height = size
        wrap = width < self._size[0] and wraps_again(os.environ)
        up = sum(max(1, -(-line.cell_len // max(1, width))) if wrap else 1 for line in self._lines[:-1])
        up = min(up, height - 1)
        return "\r" + (f"\x1b[{up}A" if up > 0 else "")

    def _known(self, index: int, line: "Text") -> str:
        """The row as it stands, where the line is the same: rendering is most of what a screen costs."""
        same = index < len(self._rows) and self._lines[index] == line
        return self._rows[index] if same else ""

    def _row(self, line: "Text") -> str:
        with self._console.capture() as capture:
            self._console.print(line, end="", soft_wrap=True)
        return capture.get()

    def _write(self, text: str) -> None:
        file = self._console.file
        encoding = getattr(file, "encoding", None) or "utf-8"
        file.write(text.encode(encoding, "replace").decode(encoding))
        file.flush()


def wraps_again(environment: Mapping[str, str]) -> bool:
    """Whether the terminal breaks its lines anew when it becomes narrower, as all but a few old ones do."""
    if "TMUX" in environment:
        return True
    term = environment.get("TERM", "")
    return not ("XTERM_VERSION" in environment or term == "linux" or term.startswith("screen"))
