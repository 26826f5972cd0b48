"""The line below the input: what a question may take, and what is left for the conversation."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..money.budget import ordered
from ..terminal.gauges import with_unit
from .screen.cells import columns

if TYPE_CHECKING:
    from .chat import Chat

LEFT, SHORT = "left of the conversation", "left"


def told_below(chat: "Chat") -> str:
    """As much of it as a line holds; what matters least is left out first, and nothing is cut."""
    talk, room = chat.conversation, chat.console.width - 1
    each, left = _amounts(talk.budget.limits()) or ["no limit"], _amounts(talk.left())
    return next((said for said in _shorter(each, left) if columns(said) <= room), "")


def _shorter(each: list[str], left: list[str]) -> Iterator[str]:
    """What may be said, from the whole on: first the amounts of a question go, then all but the first one left."""
    yield _line(each, left, LEFT)
    for count in range(len(each), -1, -1):
        yield _line(each[:count], left, SHORT)
    for count in range(len(left) - 1, 0, -1):
        yield _line([], left[:count], SHORT)


def _line(each: list[str], left: list[str], word: str) -> str:
    parts = [f"a question: {', '.join(each)}"] if each else []
    return " | ".join([*parts, f"{word}: {', '.join(left)}"] if left else parts)


def _amounts(limits: dict[str, int]) -> list[str]:
    return [with_unit(name, limits[name]) for name in ordered(limits)]
