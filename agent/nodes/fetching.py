"""Reading one granted page: held, awaited, settled, and taken in; and what the cache has of pages and searches."""

import asyncio
from dataclasses import replace

from ...tools.backends.remembered import Remembered
from ...tools.backends.several import stages_of
from ...tools.browse import Remembering
from ...tools.clean import neutralise, one_line
from ...tools.errors import ToolError
from ...tools.reading.extract import Page
from ...tools.search import Hit, normalise_url
from ..events import CallEvent, PageEvent
from ..money.charges import Charge, Kind, Refusal
from ..session import Session
from ..storage.outcomes import failure_of, stored_page
from .paying import guarded, ready, settle, settle_failure

HITS = 10
CACHED = "cached"
"""The mark of a call that was answered from the cache of earlier runs."""


def kept_of(session: Session, kind: Kind, what: str) -> list[Hit] | Page | None:
    """What an earlier run fetched and the cache still holds: such a call costs nothing."""
    browse = session.deps.browse
    if kind == "search":
        first = stages_of(session.deps.search)[0][0]
        return first.known(what, limit=HITS) if isinstance(first, Remembered) else None
    return browse.known(what) if kind == "browse" and isinstance(browse, Remembering) else None


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
        kept = session.kept.pop(charge.id, None)
        if isinstance(kept, Page):
            session.emit(CallEvent("browse", url, "free", CACHED))
            session.emit(PageEvent(kept.url, one_line(kept.title, 200), len(kept.text)))
            return await _taken_in(session, charge, kept)
        session.emit(CallEvent("browse", url, "started"))
        started = session.ledger.clock()
        try:
            page = await guarded(session, charge, session.deps.browse.read, _as_seen(session, url))
        except ToolError as error:
            await settle_failure(session, charge, error, started)
            session.opened = {part for part in session.opened if part[0] != normalise_url(url)}
            note_failure(session, "browse", normalise_url(url))
            session.emit(CallEvent("browse", url, "failed", str(error)))
            return one_line(str(error), 200)
        page = await _taken_in(session, charge, page, started)
    session.emit(CallEvent("browse", url, "done", one_line(page.title, 100)))
    session.emit(PageEvent(page.url, one_line(page.title, 200), len(page.text)))
    return page


def _as_seen(session: Session, url: str) -> str:
    """The address as this run came across it: only that is asked for. Raises ToolError for one that it never saw."""
    if seen := session.pages.seen(url):
        return seen
    raise ToolError("not an address from the question, a search result or a page", kind="blocked", sent=False, url=url)


async def _taken_in(session: Session, charge: Charge, page: Page, started: float | None = None) -> Page:
    """Settle, and keep the page for quotes. Without `started` it came out of the cache."""
    neutral = replace(page, text=neutralise(page.text))
    session.note_page(charge, neutral)
    fetched = session.fetched[normalise_url(charge.what)]
    marks = () if started is not None else (CACHED,)
    await settle(session, charge, started, lambda: stored_page(neutral, fetched), marks=marks)
    return neutral


def failed_again(session: Session) -> int:
    """How many calls of this run failed that had failed before."""
    return sum(count - 1 for count in session.failed.values())


def note_failure(session: Session, kind: str, key: str) -> None:
    """Count a call that failed: what failed twice is not tried a third time."""
    session.failed[kind, key] = session.failed.get((kind, key), 0) + 1
