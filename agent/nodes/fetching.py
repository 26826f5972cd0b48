"""Sending one granted search or page read: held, awaited, settled, and taken in."""

import asyncio
from dataclasses import replace

from ...tools.clean import neutralise, one_line
from ...tools.errors import ToolError
from ...tools.reading.extract import Page
from ...tools.search import Hit, normalise_query, normalise_url
from ..events import CallEvent, PageEvent
from ..money.charges import Refusal
from ..session import Session
from ..storage.outcomes import failure_of, hits_of, stored_hits, stored_page
from .paying import guarded, ready, settle, settle_failure

HITS = 10


async def search_one(session: Session, item: dict[str, str], gate: asyncio.Semaphore) -> list[Hit] | str:
    """Make one granted search; its hits, or why there are none."""
    query = item["query"]
    async with gate:
        charge, told = await ready(session, item["charge"])
        if told is not None:
            return failure_of(told) or hits_of(told) or []
        if isinstance(charge, Refusal):
            return charge.line()
        session.emit(CallEvent("search", query, "started"))
        started = session.ledger.clock()
        try:
            hits = await guarded(session, charge, session.deps.search.search, query, limit=HITS)
        except ToolError as error:
            await settle_failure(session, charge, error, started)
            key = normalise_query(query)
            session.queries.pop(key, None)
            _note_failure(session, "search", key)
            session.emit(CallEvent("search", query, "failed", str(error)))
            return one_line(str(error), 200)
        await settle(session, charge, started, lambda: stored_hits(hits))
    session.note_hits(charge, query, hits)
    session.emit(CallEvent("search", query, "done", f"{len(hits)} results"))
    return hits


async def read_one(session: Session, item: dict[str, str], gate: asyncio.Semaphore) -> Page | str:
    """Read one granted page, or open a stored one again; the page, or why there is none."""
    url = item["url"]
    stored = session.pages.get(url)
    if stored is not None and not item["charge"]:
        session.emit(CallEvent("browse", url, "free", "read before"))
        return stored
    async with gate:
        charge, told = await ready(session, item["charge"])
        if told is not None:
            again = session.pages.get(url)
            return failure_of(told) or again or "its text was lost"
        if isinstance(charge, Refusal):
            return charge.line()
        session.emit(CallEvent("browse", url, "started"))
        started = session.ledger.clock()
        try:
            page = await guarded(session, charge, session.deps.browse.read, url)
        except ToolError as error:
            await settle_failure(session, charge, error, started)
            session.opened = {part for part in session.opened if part[0] != normalise_url(url)}
            _note_failure(session, "browse", normalise_url(url))
            session.emit(CallEvent("browse", url, "failed", str(error)))
            return one_line(str(error), 200)
        kept = replace(page, text=neutralise(page.text))
        session.note_page(charge, kept)
        fetched = session.fetched[normalise_url(url)]
        await settle(session, charge, started, lambda: stored_page(kept, fetched))
    session.emit(CallEvent("browse", url, "done", one_line(page.title, 100)))
    session.emit(PageEvent(page.url, one_line(page.title, 200), len(page.text)))
    return kept


def failed_again(session: Session) -> int:
    """How many calls of this run failed that had failed before."""
    return sum(count - 1 for count in session.failed.values())


def _note_failure(session: Session, kind: str, key: str) -> None:
    session.failed[kind, key] = session.failed.get((kind, key), 0) + 1
