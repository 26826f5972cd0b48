"""The gauges of the screen: of each limit what is gone, and how long what is left lasts."""

from typing import TYPE_CHECKING

from ...money.budget import Remaining, label, ordered, regime_of
from ...terminal.gauges import BAR, REGIMES, bar, numbers
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
    names, left = ordered(sheet.view.limits), Remaining(sheet.view.limits, sheet.view.gone)
    if len(names) > count * across:
        tightest = sorted(names, key=left.share)[: count * across]
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
        outlook = sheet.view.outlook
        if columns(outlook) > sheet.width:
            outlook = outlook.replace(ALIKE, "")
        lines.append(Text(sheet.cut(outlook, sheet.width), "dim"))
    return "budget", lines


def _across(sheet: Sheet) -> int:
    return 2 if sheet.width >= 2 * LEAST + GAP else 1


def _cell(sheet: Sheet) -> int:
    return (sheet.width - GAP) // 2 if _across(sheet) == 2 else sheet.width


def _gauge(sheet: Sheet, name: str, width: int) -> "Text":
    from rich.text import Text

    limits, gone = sheet.view.limits, sheet.view.gone.get(name, 0)
    wide = min(max(len(label(known)) for known in limits), max(NAME, width // 2))
    line = Text(cut(f"{label(name)[:wide]:<{wide}} ", width, ""))
    # Room for the widest numbers that may come, so that the bar keeps its length.
    most = columns(numbers(name, limits[name], limits[name])) + 1
    room = min(BAR, width - len(line.plain) - most - 1)
    if room >= DRAWN:
        style = REGIMES[regime_of(Remaining(limits, sheet.view.gone).share(name))]
        drawn = bar(min(gone, limits[name]), limits[name], room, style=style, ascii_only=sheet.ascii_only)
        line.append_text(drawn).append(" ")
    return line.append(cut(numbers(name, gone, limits[name]), width - len(line.plain), ""))
