"""Lays a view out on the lines of a terminal: which part gets how many rows, and their order.

What matters most gets its rows first, whatever the size. A part keeps its rows while a run goes on, so that what was in
a place stays there: blank rows are kept for what is to come.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .dials import budget, budget_rows
from .doing import calls, now, plan
from .found import best, decided, proof, question, question_rows
from .sheet import Lines, Sheet
from .view import View
from .writing import writes

if TYPE_CHECKING:
    from rich.text import Text

LABELLED = 60
"""Columns from which on there is room for labels."""
LABEL, MARGIN = 9, 2
TALL = 32
"""Lines from which on there is room for more than the essential."""
SIGNS = {"question": "?", "writes": ">"}
"""What stands for the label where there is no room: the text of these parts is not ours."""
PARTS: dict[str, Callable[[Sheet, int], Lines]] = {
    "question": question,
    "gap 1": lambda sheet, count: ("", []),
    "best": best,
    "proof": proof,
    "gap 2": lambda sheet, count: ("", []),
    "plan": plan,
    "calls": calls,
    "decided": decided,
    "gap 3": lambda sheet, count: ("", []),
    "now": now,
    "writes": writes,
    "budget": budget,
}
"""The parts of the screen, from top to bottom."""


def lay_out(view: View, width: int, height: int, *, ascii_only: bool = False) -> "list[Text]":
    """The view on at most `height` lines of at most `width` columns."""
    from rich.text import Text

    labelled = width >= LABELLED
    margin = LABEL if labelled else MARGIN
    sheet = Sheet(view, width - margin, ascii_only)
    lines: list[Text] = []
    given = _given(sheet, height)
    for name, draw in PARTS.items():
        if not (count := given.get(name, 0)):
            continue
        label, drawn = draw(sheet, count)
        label = label if labelled else SIGNS.get(name, "")
        for index in range(count):
            line = Text().append(f"{'' if index else label:<{margin}}", "dim")
            lines.append(line.append_text(drawn[index]) if index < len(drawn) else line)
    return lines


def _given(sheet: Sheet, height: int) -> dict[str, int]:
    """The rows of each part."""
    given: dict[str, int] = {}
    left = height
    for name, wanted in _wanted(sheet, height):
        more = min(wanted - given.get(name, 0), left)
        if more > 0:
            given[name] = given.get(name, 0) + more
            left -= more
    return given


def _wanted(sheet: Sheet, height: int) -> Iterator[tuple[str, int]]:
    """How many rows each part is to have by then, the most important wish first."""
    view = sheet.view
    gauges, demands, steps, streams = budget_rows(sheet), len(view.demands), len(view.steps), int(view.streams)
    yield from (("now", 1), ("budget", gauges), ("question", 1), ("decided", 1), ("proof", min(demands, 1)))
    yield from (("calls", 1), ("plan", min(steps, 1)), ("best", 1), ("calls", 3), ("writes", streams))
    yield from (("budget", gauges + 1), ("proof", demands), ("gap 3", 1), ("question", min(2, question_rows(sheet))))
    if not demands:
        return  # all that is to come would be blank rows
    yield from (("calls", 5), ("plan", steps), ("gap 1", 1), ("gap 2", 1))
    if height >= TALL:
        yield from (("calls", 8), ("decided", 2), ("writes", 3 * streams), ("calls", 12))
