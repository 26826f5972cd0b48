"""Gauges of what is gone of a limit, and amounts as people write them."""

from typing import TYPE_CHECKING

from ..money.block import amount_text
from ..money.budget import LABELS, label

if TYPE_CHECKING:
    from rich.text import Text

REGIMES = {"HIGH": "green", "MEDIUM": "yellow", "LOW": "red", "CRITICAL": "bold red"}
BAR = 24
"""The most columns that a bar takes."""
LABEL = max(map(len, LABELS.values()))
"""The columns of the longest name of a usual limit."""


def amount(name: str, value: int) -> str:
    """An amount of one of the ledger's resources as people write it."""
    text = amount_text(name, value)
    return text.rstrip("0").rstrip(".") if name == "picousd" else text


def with_unit(name: str, value: int) -> str:
    """An amount with its unit, such as "1 search", "5 page reads", "$0.05"."""
    number, unit = amount(name, value), label(name)
    if name == "picousd":
        return number
    one = unit.removesuffix("es" if name == "searches" else "s")
    return f"{number} {one if number == '1' else unit}"


def numbers(name: str, gone: int, limit: int) -> str:
    """What is gone of a limit, such as "2 of 9"."""
    return f"{amount(name, gone)} of {amount(name, limit)}"


def bar(gone: int, limit: int, room: int, *, style: str, ascii_only: bool) -> "Text":
    """A bar of `room` columns; a limit of 0 is full."""
    from rich.text import Text

    full = min(room, round(room * gone / limit)) if limit else room
    done, rest = ("#", ".") if ascii_only else ("█", "░")
    return Text().append(done * full, style).append(rest * (room - full), "dim")
