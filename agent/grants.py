"""Granting tool calls one by one, before any of them runs: what fits is held, the rest is answered with a line."""

from typing import Any

from ..tools.clean import one_line
from ..tools.search import normalise_url
from .amounts import ZERO, Amounts
from .arguments import read_browse, read_queries
from .events import CallEvent
from .ledger import Refusal, call_of
from .reserves import keep_for_tools
from .session import Session
from .state import Call


def grant_search(session: Session, call_id: str, arguments: dict[str, Any], *, attempt: int, reserve: bool) -> Call:
    """A search call with its affordable queries; repeated ones are answered from memory, free."""
    granted: list[dict[str, str]] = []
    notes: list[str] = []
    for query in read_queries(arguments):
        key = " ".join(query.casefold().split())
        if key in session.queries:
            notes.append(f"{query!r} was searched before, free: {session.queries[key]}")
            session.emit(CallEvent("search", query, "free", "searched before"))
            continue
        held = _hold(session, "search", query, attempt=attempt, reserve=reserve)
        if isinstance(held, str):
            granted.append({"query": query, "charge": held, "new": "yes"})
            session.queries[key] = "its results are on the way"
        else:
            notes.append(f"{query!r} {held.line()}")
    return _call(call_id, "search", {"queries": granted}, notes, empty=not granted)


def grant_browse(session: Session, call_id: str, arguments: dict[str, Any], *, attempt: int, reserve: bool) -> Call:
    """A browse call with its affordable pages; stored ones are free, unseen addresses are refused."""
    wanted = read_browse(arguments)
    granted: list[dict[str, str]] = []
    notes: list[str] = []
    for url in wanted.urls:
        part = (normalise_url(url), wanted.page)
        if session.pages.get(url) is not None:
            granted.append({"url": url, "charge": "", "new": "" if part in session.opened else "yes"})
            session.opened.add(part)
            continue
        if any(item["url"] == url for item in granted) or part in session.opened:
            notes.append(f"{one_line(url, 200)} is read by another call of this turn")
            continue
        if not session.pages.may_open(url):
            notes.append(f"{one_line(url, 200)} refused: not an address from the question, a search result or a page")
            session.emit(CallEvent("browse", url, "refused", "unseen address"))
            continue
        held = _hold(session, "browse", url, attempt=attempt, reserve=reserve)
        if isinstance(held, str):
            granted.append({"url": url, "charge": held, "new": "yes"})
            session.opened.add(part)
        else:
            notes.append(f"{one_line(url, 200)} {held.line()}")
    details = {"urls": granted, "goal": wanted.goal, "page": wanted.page}
    return _call(call_id, "browse", details, notes, empty=not granted)


def is_action(call: Call) -> bool:
    """Whether a call was granted something that can bring news: a search, a page, an unread part of a page."""
    items: list[dict[str, str]] = call["arguments"].get("queries") or call["arguments"].get("urls") or []
    return any(item["new"] for item in items)


def _hold(session: Session, kind: str, what: str, *, attempt: int, reserve: bool) -> str | Refusal:
    amounts = Amounts(searches=1) if kind == "search" else Amounts(browses=1)
    keep = keep_for_tools(session.ledger.remaining()) if reserve else ZERO
    tool = "search" if kind == "search" else "browse"
    held = session.ledger.hold(call_of(tool, "act", what=what, attempt=attempt), amounts, keep=keep)
    if isinstance(held, Refusal):
        session.emit(CallEvent(tool, what, "refused", held.line()))
        return held
    return held.id


def _call(call_id: str, name: str, arguments: dict[str, Any], notes: list[str], *, empty: bool) -> Call:
    call = Call(id=call_id, name=name, arguments={**arguments, "notes": notes})
    if empty:
        call["answered"] = "\n".join(notes)
    return call
