"""A run over time as SVG: a row for each node and tool, a bar for each call, those at the same time below each other.

Places are percentages, so that the picture is as wide as the page and its words keep their size.
"""

from collections.abc import Generator, Iterable, Sequence

from ...tools.clean import one_line
from .lines import Decided
from .markup import Html, element
from .reader import Traced
from .story import Call

LABEL, LANE, BAR, GAP = 20, 15, 11, 9
TOP = 33
"""Room for the numbers of the decisions, in two rows where they are close to each other."""
CLOSE = 0.06
FOOT = 22
LEAST = 0.6
"""Percent: a bar that is shorter could not be seen."""
COLOURS = {"model": "s0", "search": "s2", "browse": "s3", "tool": "s4"}
MARKS = {"failed": "✗", "refused": "−", "started": "…"}
LEGEND = (
    ("done", "done"),
    ("free", "cached or free"),
    ("failed", "✗ failed"),
    ("refused", "− refused"),
    ("started", "… not ended"),
)
MOST_TOLD = 200


def timeline(traced: Traced, calls: Sequence[Call], prefix: str) -> Html:
    """The picture, with what its bars mean. Bars lead to their calls, the lines across to their decisions."""
    total = traced.seconds or 1.0
    rows: dict[str, list[Call]] = {}
    for call in calls:
        rows.setdefault(call.row, []).append(call)
    parts: list[Html] = []
    y = TOP
    for name, own in rows.items():
        parts.append(element("text", one_line(name, 40), x=0, y=y + 13, class_="row"))
        y += LABEL
        lanes = _lanes(own, total)
        parts += [_bar(call, y + lane * LANE, total, prefix) for call, lane in zip(own, lanes, strict=True)]
        y += (max(lanes) + 1) * LANE + GAP
    decisions = decision_lines(traced, y, prefix)
    height = y + FOOT
    ticks = time_ticks(total, y)
    label = f"{len(calls)} calls over {total:,.1f} seconds; the list of calls below has them all"
    picture = element("svg", *ticks, *decisions, *parts, height=height, width="100%", role="group", aria_label=label)
    legend = (element("li", _key(state), told) for state, told in LEGEND)
    pointed = element("p", "", class_="pointed", aria_hidden="true")
    return element("figure", element("ul", *legend, class_="legend"), picture, pointed, class_="timeline")


def decision_lines(traced: Traced, bottom: float, prefix: str) -> Generator[Html]:
    """A line across the picture for each decision, with its number."""
    total = traced.seconds or 1.0
    decided = [line for line in traced.told if isinstance(line, Decided)]
    row, before = 0, -total
    for number, line in enumerate(decided, start=1):
        row = 1 - row if line.t - before < total * CLOSE else 0
        x, before = _percent(line.t, total), line.t
        told = f"decision {number} at {line.t:,.1f} s: {line.decision.outcome}, {line.decision.reason}"
        parts = [
            element("title", one_line(told, MOST_TOLD)),
            element("line", x1=x, x2=x, y1=16 + 13 * row, y2=bottom, class_="rule"),
            element("text", str(number), x=x, y=11 + 13 * row, text_anchor=_anchor(line.t, total), class_="number"),
        ]
        yield element("a", *parts, href=f"#{prefix}d{number}", class_="decision", data_told=one_line(told, MOST_TOLD))


def time_ticks(total: float, y: float) -> Generator[Html]:
    """Seconds below a picture."""
    for fourth in range(5):
        at = total * fourth / 4
        x = _percent(at, total)
        yield element("line", x1=x, x2=x, y1=TOP, y2=y + 4, class_="grid")
        shown = f"{at:,.0f} s" if total >= 20 or not fourth else f"{at:,.1f} s" if total >= 2 else f"{at:,.2f} s"
        yield element("text", shown, x=x, y=y + 17, text_anchor=_anchor(at, total), class_="tick")


def call_told(call: Call) -> str:
    """A call in a line."""
    took = f", {call.end - call.start:,.2f} s" if call.end is not None and call.end > call.start else ""
    what = "" if call.tool == "model" else f" {one_line(call.what, 90)}"
    detail = f": {one_line(call.detail, 60)}" if call.detail else ""
    state = "not ended" if call.state == "started" else call.state
    return f"{call.number}. {call.row}{what}, {state}{took}{detail}"


def _bar(call: Call, y: float, total: float, prefix: str) -> Html:
    end = total if call.end is None else call.end
    wide = max(LEAST, (end - call.start) / total * 100)
    x = min(call.start / total * 100, 100 - wide)
    told = one_line(call_told(call), MOST_TOLD)
    parts = [element("title", told), element("rect", x=f"{x:.2f}%", y=y, width=f"{wide:.2f}%", height=BAR, rx=2)]
    if call.state in MARKS:
        parts.append(element("text", MARKS[call.state], x=f"{x:.2f}%", y=y + BAR - 1, dx=1, class_="mark"))
    kind = f"bar {call.state} {COLOURS[call.tool]}"
    return element("a", *parts, href=f"#{prefix}c{call.number}", class_=kind, data_told=told)


def _key(state: str) -> Html:
    bar = element("rect", x=1, y=1, width=16, height=BAR - 2, rx=2)
    own = element("g", bar, class_=f"bar {state} s0")
    return element("svg", own, width=18, height=BAR, class_="key", aria_hidden="true")


def _lanes(calls: Iterable[Call], total: float) -> list[int]:
    """For each call the first lane in which nothing else is under way."""
    ends: list[float] = []
    lanes: list[int] = []
    for call in calls:
        end = max(total if call.end is None else call.end, call.start + total * LEAST / 100)
        lane = next((at for at, until in enumerate(ends) if until <= call.start), len(ends))
        ends[lane : lane + 1] = [end]
        lanes.append(lane)
    return lanes


def _percent(at: float, total: float) -> str:
    return f"{min(100.0, at / total * 100):.2f}%"


def _anchor(at: float, total: float) -> str:
    return "start" if at < total * 0.03 else "end" if at > total * 0.97 else "middle"
