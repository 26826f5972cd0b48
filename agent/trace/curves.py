"""How the budget went: the share of each limit that is gone, over time."""

from collections.abc import Generator, Sequence
from itertools import pairwise

from ...tools.clean import one_line
from ..money.block import amount_text
from ..money.budget import label, ordered
from .lines import Spent
from .markup import Html, element
from .reader import Traced
from .story import spending
from .timeline import TOP, decision_lines, time_ticks

HEIGHT = 170
COLOURS = 8
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 4", "1 4")
"""Lines are told apart without their colours, too."""

Points = list[tuple[float, float]]


def budget_curves(traced: Traced, prefix: str) -> Html:
    """A line for each limit; empty where nothing was limited, or nothing was spent."""
    spent = spending(traced)
    limits = spent[-1].limits if spent else {}
    names = [name for name in ordered(limits) if limits[name]]
    if not names:
        return Html("")
    total = traced.seconds or 1.0
    bottom = TOP + HEIGHT
    lines = [part for at, name in enumerate(names) for part in _line(name, _points(spent, name), at, total)]
    grid = [
        element("line", x1=0, x2="100%", y1=_y(share), y2=_y(share), class_="grid" if share else "axis")
        for share in (0, 0.5, 1)
    ]
    rules = decision_lines(traced, bottom, prefix)
    shown = element(
        "svg",
        *grid,
        *time_ticks(total, bottom),
        *rules,
        *lines,
        width="100%",
        height=bottom + 22,
        role="group",
        aria_label="The share of each limit that is gone, over time; the figures are in the list above",
    )
    scale = element(
        "div", *(element("span", f"{share} %") for share in (100, 50, 0)), class_="scale", aria_hidden="true"
    )
    legend = (element("li", _key(at), _told(name, spent[-1])) for at, name in enumerate(names))
    plot = element("div", scale, shown, class_="plot")
    return element("figure", element("ul", *legend, class_="legend"), plot, class_="curves")


def _points(spent: Sequence[Spent], name: str) -> Points:
    """When the share of a limit changed, from nothing on."""
    return [
        (0.0, 0.0),
        *((line.t, line.gone.get(name, 0) / line.limits[name]) for line in spent if line.limits.get(name)),
    ]


def _line(name: str, points: Points, at: int, total: float) -> Generator[Html]:
    """Steps: what is spent is spent at once. Only time goes evenly."""
    look = {"class_": f"line s{at % COLOURS}", "stroke_dasharray": DASHES[at % len(DASHES)] or None}
    for (begun, before), (ended, after) in pairwise(points):
        left, right = (f"{min(100, t / total * 100):.2f}%" for t in (begun, ended))
        if name == "ms":
            yield element("line", x1=left, y1=_y(before), x2=right, y2=_y(after), **look)
            continue
        yield element("line", x1=left, y1=_y(before), x2=right, y2=_y(before), **look)
        if before != after:
            yield element("line", x1=right, y1=_y(before), x2=right, y2=_y(after), **look)


def _y(share: float) -> float:
    return round(TOP + HEIGHT * (1 - min(share, 1.0)), 1)


def _key(at: int) -> Html:
    line = element(
        "line",
        x1=0,
        x2=22,
        y1=6,
        y2=6,
        class_=f"line s{at % COLOURS}",
        stroke_dasharray=DASHES[at % len(DASHES)] or None,
    )
    return element("svg", line, width=22, height=12, class_="key", aria_hidden="true")


def _told(name: str, last: Spent) -> str:
    gone, limit = last.gone.get(name, 0), last.limits[name]
    amounts = f"{amount_text(name, gone)} of {amount_text(name, limit)}"
    return f"{one_line(label(name), 40)}: {amounts} ({gone / limit:.0%})"
