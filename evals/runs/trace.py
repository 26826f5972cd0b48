"""The calls of one run in their order, as its events tell them: what was asked, what came, and what was not made."""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any

from ...agent.events import CallEvent, Event, PageEvent
from ...agent.money.charges import MAX_WHAT, Charge
from ...tools.clean import one_line

MOST_WHAT = 400
MOST_DETAIL = 200
AMOUNTS = ("tokens_in", "tokens_out", "tokens_cached")


class Trace:
    """Takes in the events of a run as they happen; `calls` is what came of it."""

    def __init__(self) -> None:
        self._calls: list[dict[str, Any]] = []
        self._open: dict[tuple[str, str], deque[dict[str, Any]]] = defaultdict(deque)

    def note(self, event: Event) -> None:
        """Take in an event; the same call may be under way several times."""
        if isinstance(event, PageEvent):
            self._size(event)
        elif isinstance(event, CallEvent):
            self._call(event)

    def calls(self, charges: Iterable[Charge] = ()) -> list[dict[str, Any]]:
        """The calls as plain data, with the tokens of each and what it helped to prove, as their charges tell."""
        left: dict[tuple[str, str], deque[Charge]] = defaultdict(deque)
        for charge in charges:
            left[charge.kind, charge.what].append(charge)
        told: list[dict[str, Any]] = []
        for call in self._calls:
            own = left[call["tool"], call["what"][:MAX_WHAT]]
            charge = own.popleft() if own and call["state"] != "refused" else None
            told.append(_short(call) | ({} if charge is None else _paid(charge)))
        return told

    def _call(self, event: CallEvent) -> None:
        key = (event.tool, event.what)
        if event.state in ("done", "failed") and self._open[key]:
            call = self._open[key].popleft()
        else:
            call = {"tool": event.tool, "what": event.what}
            self._calls.append(call)
        call |= {"state": event.state, "detail": event.detail}
        if event.state == "started":
            self._open[key].append(call)

    def _size(self, event: PageEvent) -> None:
        """How long a page is that was just read, whatever address it came from in the end."""
        for call in reversed(self._calls):
            if call["tool"] == "browse" and call["state"] in ("done", "free") and "chars" not in call:
                call["chars"] = event.chars
                return


def _short(call: dict[str, Any]) -> dict[str, Any]:
    shown = call | {"what": one_line(call["what"], MOST_WHAT), "detail": one_line(call["detail"], MOST_DETAIL)}
    return {name: value for name, value in shown.items() if value != ""}


def _paid(charge: Charge) -> dict[str, Any]:
    amounts = {name: amount for name in AMOUNTS if (amount := getattr(charge.amounts, name))}
    proved = {"proved": list(charge.constraints)} if charge.constraints else {}
    return amounts | proved | ({"marks": list(charge.marks)} if charge.marks else {})
