"""What a part of the screen is drawn on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .cells import columns, cut, folded, shown
from .view import View

if TYPE_CHECKING:
    from rich.text import Text

Lines = tuple[str, "list[Text]"]
"""A label, and the lines beside it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn, on how many columns, and whether in ASCII alone."""

    view: View
    width: int
    ascii_only: bool

    @property
    def more(self) -> str:
        """What says that something was left out."""
        return "..." if self.ascii_only else "…"

    @property
    def dot(self) -> str:
        """What stands between the parts of a line."""
        return " - " if self.ascii_only else " · "

    def cut(self, text: str, width: int) -> str:
        """Text from anywhere, made safe to show, in at most `width` columns."""
        return cut(shown(text), width, self.more)

    def room(self, line: "Text") -> int:
        """The columns that are left on a line."""
        return self.width - columns(line.plain)

    def block(self, text: str, count: int) -> list[str]:
        """Text from anywhere on at most so many lines; the last one says where it was cut."""
        lines = folded(shown(text), self.width)
        return [*lines[: count - 1], cut(" ".join(lines[count - 1 :]), self.width, self.more)]
