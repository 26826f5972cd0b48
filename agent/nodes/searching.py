"""Making one granted search, at one backend or at several, each request under a charge of its own."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from ...tools.backends.remembered import Remembered
from ...tools.backends.several import stages_of
from ...tools.clean import one_line
from ...tools.errors import ToolError
from ...tools.search import Hit, Search, merge_hits, normalise_query
from ..events import CallEvent
from ..money.amounts import ZERO
from ..money.charges import Charge, Refusal, call_of
from ..session import Session
from ..storage.outcomes import failure_of, hits_of, stored_hits
from .fetching import CACHED, HITS, note_failure
from .paying import cost_of, guarded, ready, settle, settle_failure, together


class Failure(NamedTuple):
    """Why a backend gave nothing; `made` says that it was asked, just now."""

    text: str
    made: bool = False


async def search_one(session: Session, item: dict[str, str], gate: asyncio.Semaphore) -> list[Hit] | str:
    """Make one granted search; its hits, or why there are none.

    Its charge pays for the first backend. Others that are asked with it, or stand in for it, are held one by one as
    they come up, and left out where they no longer fit.
    """
    query = item["query"]
    failures: list[Failure] = []
    async with gate:
        for number, stage in enumerate(stages_of(session.deps.search)):
            paid = [item["charge"] if number == place == 0 else "" for place in range(len(stage))]
            calls = (_ask(session, backend, query, item, charge) for backend, charge in zip(stage, paid, strict=True))
            outcomes = await together(calls)
            found = [outcome for outcome in outcomes if isinstance(outcome, list)]
            if found:
                return _noted(session, query, found)
            failures += [outcome for outcome in outcomes if not isinstance(outcome, list)]
    if any(failure.made for failure in failures):
        session.queries.pop(normalise_query(query), None)
        note_failure(session, "search", normalise_query(query))
    return "; ".join(dict.fromkeys(failure.text for failure in failures))


def _noted(session: Session, query: str, found: Sequence[list[Hit]]) -> list[Hit]:
    if len(found) == 1:
        return found[0]
    hits = merge_hits(found)[:HITS]
    session.note_query(query, hits)
    return hits


async def _ask(
    session: Session, backend: Search, query: str, item: dict[str, str], charge_id: str
) -> list[Hit] | Failure:
    """One request to one backend: its hits, or why there are none."""
    charge_id = charge_id or _held(session, backend, query, item["charge"])
    if not charge_id:
        return Failure(f"{backend.name} was not asked: no search is left")
    charge, told = await ready(session, charge_id)
    if told is not None:
        failed = failure_of(told)
        return Failure(failed) if failed else hits_of(told) or []
    if isinstance(charge, Refusal):
        return Failure(charge.line())
    kept = session.kept.pop(charge.id, None)
    if isinstance(kept, list):
        session.emit(CallEvent("search", query, "free", CACHED))
        await settle(session, charge, None, lambda: stored_hits(kept), marks=(CACHED,))
        _note(session, charge, query, kept)
        return kept
    session.emit(CallEvent("search", charge.what, "started"))
    started = session.ledger.clock()
    try:
        hits: list[Hit] = await guarded(session, charge, backend.search, query, limit=HITS)
    except ToolError as error:
        await settle_failure(session, charge, error, started)
        session.emit(CallEvent("search", charge.what, "failed", str(error)))
        return Failure(one_line(str(error), 200), made=True)
    await settle(session, charge, started, lambda: stored_hits(hits))
    _note(session, charge, query, hits)
    session.emit(CallEvent("search", charge.what, "done", f"{len(hits)} results"))
    return hits


def _note(session: Session, charge: Charge, query: str, hits: list[Hit]) -> None:
    session.arrived[charge.id] = hits
    session.note_query(query, hits)


def _held(session: Session, backend: Search, query: str, beside: str) -> str:
    """The charge of a further backend for a query whose first charge is `beside`; nothing where it does not fit."""
    first = session.ledger.charges[beside]
    call = call_of("search", first.node, what=f"{query} [{backend.name}]", attempt=first.attempt)
    if (made := session.ledger.earlier(call)) is not None:
        return made[0].id
    kept = backend.known(query, limit=HITS) if isinstance(backend, Remembered) else None
    held = session.ledger.hold(call, ZERO if kept is not None else cost_of("search", query))
    if not isinstance(held, Charge):
        return ""
    if kept is not None:
        session.kept[held.id] = kept
    return held.id
