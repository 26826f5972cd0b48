"""What stays above the answer when the screen of a run is gone: decisions, and calls that went wrong."""

from typing import TYPE_CHECKING

from .doing import CALLS, KINDS
from .found import OUTCOMES, in_words
from .view import View

if TYPE_CHECKING:
    from ...events import CallEvent, Event

MOST = 6
"""Calls that are told each; of more, their number."""
Kept = tuple[str, str, str]
"""A mark, its style, and what is told."""


class Keeper:
    """Picks out of a run's events what is worth reading afterwards, each thing once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._told: set[tuple[str, str, str]] = set()
        self._untold = 0

    def lines(self, event: "Event") -> list[Kept]:
        """What stays of an event; nothing for most."""
        if event.kind == "decision" and event.decision["outcome"] in ("CONTINUE", "PIVOT"):
            return [
                (OUTCOMES[event.decision["outcome"]], "bold magenta", in_words(self._view, event.decision["reason"]))
            ]
        # A model that fails is asked again; if that is of no use, the answer says so.
        if event.kind == "call" and event.tool != "model" and event.state in ("failed", "refused"):
            return self._trouble(event)
        return []

    def rest(self) -> list[Kept]:
        """What is left to be told at the end."""
        many = "calls" if self._untold > 1 else "call"
        untold, self._untold = self._untold, 0
        return [("more", "dim", f"{untold} more {many} failed or were refused")] if untold else []

    def _trouble(self, event: "CallEvent") -> list[Kept]:
        # A call that is tried again fails for the same reason, and one limit refuses many calls.
        same = (event.tool, event.state, event.detail if event.state == "refused" else f"{event.what} {event.detail}")
        if same in self._told:
            return []
        if len(self._told) >= MOST:
            self._untold += 1
            return []
        self._told.add(same)
        detail = event.detail.removeprefix(f"{event.state}: ")
        return [(KINDS[event.tool], CALLS[event.state][2], f"{event.state}: {detail} ({event.what})")]
