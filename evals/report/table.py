"""A table as plain data: the page and the Markdown file show the same ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

from .cells import Grid, Way
from .figures import Figures

NONE = "-"


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its interval."""

    share: float
    low: float
    high: float
    count: str = ""

    def __str__(self) -> str:
        text = f"{self.share:.0%} ({self.low:.0%} to {self.high:.0%})"
        return f"{text}, {self.count}" if self.count else text


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a way, and its place among the ways, by which it has its colour."""

    text: str
    index: int

    def __str__(self) -> str:
        return self.text


Row = Sequence[str | Share | Name]


@dataclass(frozen=True, slots=True)
class Table:
    """`lead` says what is to be seen in it, `columns` are names with what they mean; the first `left` hold text."""

    key: str
    title: str
    lead: list[str]
    columns: Sequence[tuple[str, str]]
    rows: list[Row] = field(default_factory=list[Row])
    left: int = 2


def percent(value: float | None) -> str:
    """A share without its digits after the point; a dash for none."""
    return NONE if value is None else f"{value:.0%}"


def number(value: float | None, digits: int) -> str:
    """A figure in so many digits; a dash for none."""
    if value is None:
        return NONE
    return f"{value:,.{digits}f}" if isfinite(value) else "∞"


def name_of(grid: Grid, way: Way) -> Name:
    """A way as it is called in this report."""
    return Name(grid.name(way), grid.ways.index(way))


def share_of(found: Figures, *, counted: bool = False) -> Share | str:
    """The share of right answers in some figures."""
    if found["share"] is None:
        return NONE
    count = f"{found['right']} right" if counted else ""
    return Share(found["share"], found["share_low"], found["share_high"], count)
