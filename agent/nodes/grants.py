"""Granting tool calls one by one, before any of them runs: what fits is held, the rest is answered with a line."""

import json
from typing import Any, Literal

from ...tools.clean import one_line
from ...tools.search import near_query, normalise_query, normalise_url
from ..events import CallEvent
from ..money.amounts import ZERO
from ..money.charges import MEMORY, Charge, Refusal, call_of
from ..money.reserves import keep_for_tools
from ..session import Session
from ..state import Call
from .arguments import read_browse, read_queries
from .fetching import CACHED, kept_of
from .paying import cost_of

Paid = Literal["search", "browse", "tool"]
MOST_FAILURES = 2
"""After so many failures a call is refused, before it costs anything."""


def grant_search(session: Session, call_id: str, arguments: dict[str, Any], *, attempt: int, reserve: bool) -> Call:
    """A search call with its affordable queries; repeated ones are answered from memory, free."""
    granted: list[dict[str, str]] = []
    notes: list[str] = []
    for query in read_queries(arguments):
        key = normalise_query(query)
        if made := _made_before(session, "search", query, attempt):
            granted.append({"query": query, "charge": made, "new": "yes"})
            continue
        if key in session.queries:
            notes.append(f"{query!r} was searched before, free: {session.queries[key]}")
            _note_free(session, "search", query, attempt)
            session.emit(CallEvent("search", query, "free", "searched before"))
            continue
        if refused := _failed_before(session, "search", key):
            notes.append(f"{query!r} {refused}")
            continue
        near = near_query(key, session.queries)
        held = hold_call(session, "search", query, attempt=attempt, reserve=reserve)
        if isinstance(held, str):
            granted.append({"query": query, "charge": held, "new": "yes"})
            notes += [f"{query!r} is near to {near!r}, searched before: use other words next time"] if near else []
            session.queries[key] = "its results are on the way"
        else:
            notes.append(f"{query!r} {held.line()}")
    return _call(call_id, "search", {"queries": granted}, notes, empty=not granted)


def grant_browse(session: Session, call_id: str, arguments: dict[str, Any], *, attempt: int, reserve: bool) -> Call:
    """A browse call with its affordable pages; stored ones are free, unseen addresses are refused."""
    wanted = read_browse(arguments)
    granted: list[dict[str, str]] = []
    notes: list[str] = []
    for asked in wanted.urls:
        # Opened as it was seen: how a model spells it could carry something out.
        url = session.pages.seen(asked) or asked
        part = (normalise_url(url), wanted.page)
        if made := _made_before(session, "browse", url, attempt):
            granted.append({"url": url, "charge": made, "new": "yes"})
            session.opened.add(part)
            continue
        if session.pages.get(url) is not None:
            granted.append({"url": url, "charge": "", "new": "" if part in session.opened else "yes"})
            _note_free(session, "browse", url, attempt)
            session.opened.add(part)
            continue
        if any(item["url"] == url for item in granted) or part in session.opened:
            notes.append(f"{one_line(url, 200)} is read by another call of this turn")
            continue
        if not session.pages.may_open(url):
            notes.append(f"{one_line(url, 200)} refused: not an address from the question, a search result or a page")
            session.emit(CallEvent("browse", url, "refused", "unseen address"))
            continue
        if refused := _failed_before(session, "browse", part[0]):
            notes.append(f"{one_line(url, 200)} {refused}")
            continue
        held = hold_call(session, "browse", url, attempt=attempt, reserve=reserve)
        if isinstance(held, str):
            granted.append({"url": url, "charge": held, "new": "yes"})
            session.opened.add(part)
        else:
            notes.append(f"{one_line(url, 200)} {held.line()}")
    details = {"urls": granted, "goal": wanted.goal, "page": wanted.page}
    return _call(call_id, "browse", details, notes, empty=not granted)


def grant_further(session: Session, call_id: str, name: str, arguments: dict[str, Any], *, attempt: int) -> Call:
    """A call of a further tool, if its own limit and the rest of the budget allow one more."""
    what = f"{name} {json.dumps(arguments, ensure_ascii=False)}"
    held = _made_before(session, "tool", what, attempt) or hold_call(session, "tool", what, attempt=attempt)
    if isinstance(held, Refusal):
        return _call(call_id, name, {"given": arguments}, [f"{name} {held.line()}"], empty=True)
    return _call(call_id, name, {"given": arguments, "calls": [{"charge": held, "new": "yes"}]}, [], empty=False)


def is_action(call: Call) -> bool:
    """Whether a call was granted something that can bring news: a search, a page, an unread part of a page."""
    return any(item["new"] for item in _items(call))


def paid_items(call: Call) -> int:
    """How many searches, page reads and other calls a call was granted."""
    return sum(bool(item["charge"]) for item in _items(call))


def _items(call: Call) -> list[dict[str, str]]:
    details = call["arguments"]
    return details.get("queries") or details.get("urls") or details.get("calls") or []


def _made_before(session: Session, kind: Paid, what: str, attempt: int, node: str = "act") -> str:
    """The charge of this very call where a killed run had been granted it already; else nothing."""
    earlier = session.ledger.earlier(call_of(kind, node, what=what, attempt=attempt))
    return earlier[0].id if earlier is not None else ""


def _note_free(session: Session, kind: Paid, what: str, attempt: int) -> None:
    """Have the receipt show a call that was answered from what this run has seen already."""
    # Under a node of its own: a run that is resumed finds its paid calls by their order.
    noted = session.ledger.hold(call_of(kind, MEMORY, what=what, attempt=attempt), ZERO)
    if isinstance(noted, Charge):
        session.ledger.settle(noted, ZERO, marks=(CACHED,))


def _failed_before(session: Session, kind: Paid, key: str) -> str:
    """Why a call is not made a third time; empty where it may be made."""
    count = session.failed.get((kind, key), 0)
    return f"refused: it failed {count} times; try another" if count >= MOST_FAILURES else ""


def hold_call(
    session: Session, kind: Paid, what: str, *, attempt: int, node: str = "act", reserve: bool = False
) -> str | Refusal:
    """The id of the charge held for a call, or why it does not fit. A killed run may have made the call already."""
    if node != "act" and (made := _made_before(session, kind, what, attempt, node)):
        return made
    kept = kept_of(session, kind, what)
    keep = keep_for_tools(session.ledger.remaining()) if reserve and kept is None else ZERO
    cost = cost_of(kind, what) if kept is None else ZERO
    held = session.ledger.hold(call_of(kind, node, what=what, attempt=attempt), cost, keep=keep)
    if isinstance(held, Refusal):
        session.emit(CallEvent(kind, what, "refused", held.line()))
        return held
    if kept is not None:
        session.kept[held.id] = kept
    return held.id


def _call(call_id: str, name: str, arguments: dict[str, Any], notes: list[str], *, empty: bool) -> Call:
    call = Call(id=call_id, name=name, arguments={**arguments, "notes": notes})
    if empty:
        call["answered"] = "\n".join(notes)
    return call
