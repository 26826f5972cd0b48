"""The charts of a suite: accuracy over the calls that were made, and over what they cost."""

from collections.abc import Callable, Generator, Sequence

from ...agent.trace.markup import Html, element
from .cells import Way, scale_of
from .chart import Line, Point, chart
from .figures import Figures
from .study import Place, Study, cost
from .table import Share, number, share_of

Amount = Callable[[Figures], float | None]
SHORT = 5
HOW = "A bar is the 95 % interval, the number beside a point its budget."
FRONT = " On the grey stair, ringed, is what nothing beats at its price: the Pareto front."
UNLIKE = " There is no Pareto front, as not all were asked the same questions."


def curves(study: Study) -> Html:
    """Both charts."""
    calls = _figure(study, "Right answers over tool calls", "tool calls of a run", _calls, study.front_by_calls, 1)
    if study.unit == "usd":
        title, x_title, digits = "Right answers over cost", "unified dollars of a run", 4
    else:
        title, x_title, digits = "Right answers over tokens", "tokens of a run", 0
    costs = _figure(study, title, x_title, lambda found: cost(found, study.unit), study.front_by_cost, digits)
    note = element("p", HOW + (FRONT if study.alike else UNLIKE), class_="note")
    return element("div", calls, costs, note, class_="charts")


def _calls(found: Figures) -> float | None:
    return found["tool_calls"]


def _figure(study: Study, title: str, x_title: str, spent: Amount, front: Sequence[Place], digits: int) -> Html:
    is_curve = bool(scale_of(study.grid.budgets))
    lines = [
        Line(study.grid.name(way), at, list(_points(study, way, x_title, spent, digits)), is_curve)
        for at, way in enumerate(study.grid.ways)
    ]
    corners = [(spent(study.figures[place]) or 0.0, study.figures[place]["share"]) for place in front]
    picture = chart(f"{title}; the tables below have all figures", x_title, lines, corners)
    return element("figure", element("figcaption", title), picture)


def _points(study: Study, way: Way, x_title: str, spent: Amount, digits: int) -> Generator[Point]:
    """A point for each budget that has a scored run."""
    for (one, budget), found in study.figures.items():
        amount, share = spent(found), share_of(found)
        if one == way and amount is not None and isinstance(share, Share):
            told = f"{study.grid.name(way)}, budget {budget}: {share} right, {number(amount, digits)} {x_title}"
            yield Point(amount, share.share, share.low, share.high, budget if len(budget) < SHORT else "", told)
