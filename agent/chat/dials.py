"""The gauges of the screen: of each limit what is gone, and how long what is left lasts."""

from typing import TYPE_CHECKING

from ..money.budget import label, ordered
from ..terminal.gauges import BAR, REGIMES, bar, numbers
from .cells import columns, cut
from .sheet import Lines, Sheet

if TYPE_CHECKING:
    from rich.text import Text

LEAST = 33
"""The columns of a gauge from which on two stand beside each other."""
GAP = 3
ALIKE = " like the last ones"
"""Left out of the forecast where there is no room for it."""
NAME, DRAWN = 11, 4
"""Columns that a name and a bar take at least."""


def budget_rows(sheet: Sheet) -> int:
    """The lines that the gauges take."""
    return -(-len(sheet.view.limits) // _across(sheet))


def budget(sheet: Sheet, count: int) -> Lines:
    """The gauges, the tightest ones where not all fit, and below them how long what is left lasts."""
    from rich.text import Text

    across, width = _across(sheet), _cell(sheet)
    names = ordered(sheet.view.limits)
    if len(names) > count * across:
        tightest = sorted(names, key=lambda name: _left(sheet, name))[: count * across]
        names = [name for name in names if name in tightest]
    lines: list[Text] = []
    for first in range(0, len(names), across):
        line = Text()
        for name in names[first : first + across]:
            if line.plain:
                line.append(" " * (width + GAP - len(line.plain)))
            line.append_text(_gauge(sheet, name, width))
        lines.append(line)
    if len(lines) < count and sheet.view.outlook:
        told = (
            sheet.view.outlook if columns(sheet.view.outlook) <= sheet.width else sheet.view.outlook.replace(ALIKE, "")
        )
        lines.append(Text(sheet.cut(told, sheet.width), "dim"))
    return "budget", lines


def _across(sheet: Sheet) -> int:
    return 2 if sheet.width >= 2 * LEAST + GAP else 1


def _cell(sheet: Sheet) -> int:
    return (sheet.width - GAP) // 2 if _across(sheet) == 2 else sheet.width


def _left(sheet: Sheet, name: str) -> float:
    """The part of a limit that is left."""
    limit = sheet.view.limits[name]
    return 1 - sheet.view.gone.get(name, 0) / limit if limit else 0.0


def _gauge(sheet: Sheet, name: str, width: int) -> "Text":
    from rich.text import Text

    limits, gone = sheet.view.limits, sheet.view.gone.get(name, 0)
    wide = min(max(len(label(known)) for known in limits), max(NAME, width // 2))
    line = Text(cut(f"{label(name)[:wide]:<{wide}} ", width, ""))
    # Room for the widest numbers that may come, so that the bar keeps its length.
    most = columns(numbers(name, limits[name], limits[name])) + 1
    room = min(BAR, width - len(line.plain) - most - 1)
    if room >= DRAWN:
        style = REGIMES[_regime(_left(sheet, name))]
        drawn = bar(min(gone, limits[name]), limits[name], room, style=style, ascii_only=sheet.ascii_only)
        line.append_text(drawn).append(" ")
    return line.append(cut(numbers(name, gone, limits[name]), width - len(line.plain), ""))


def _regime(left: float) -> str:
    return "HIGH" if left >= 0.7 else "MEDIUM" if left >= 0.3 else "LOW" if left >= 0.1 else "CRITICAL"
