"""The verifier: goes through the constraints one by one, proposes a decision, and writes the attempt's record.

It makes no call when there is nothing to check. What is proven already gets a short second look instead of a check. Of
what is held back for it, it may read pages that decide an open constraint.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...prompts import render
from ...tools.clean import one_line
from ...tools.shapes import is_list
from ..proof.matrix import Row, row_of
from ..session import Session
from ..state import AgentState, Candidate, Record, updated
from .arguments import read_claims
from .asking import ask_verifier
from .checks import pages_asked_for, pages_of_snippets, read_pages
from .confirm import confirm
from .constraints import add_constraints, read_constraints
from .leads import lead_row
from .material import evidence_messages, pages_read, unread_results
from .recording import record_claims
from .verdict import MAX_SUMMARY, give_verdict

MAX_UNREAD = 4
DECISIONS = ("SUCCESS", "CONTINUE", "PIVOT")


async def verifier(state: AgentState, session: Session) -> dict[str, Any]:
    """Check the lead, and leave a record. A verifier that fails or writes nonsense changes no verdict."""
    update: dict[str, Any] = {"verdict": "", "candidates": _candidates(state)}
    notes: Mapping[str, Any] = {}
    checked = ""
    if session.deps.strategy.verifier == "verdict":
        notes = await give_verdict(updated(state, update), session, update)
    elif (lead := lead_row(updated(state, update))) is not None:
        notes, checked = await _verify(updated(state, update), session, lead, update)
    now = updated(state, update)
    update["records"] = [*state["records"], _record(now, session, notes, checked)]
    return {**update, "charges": session.ledger.drain()}


async def _verify(
    state: AgentState, session: Session, lead: Row, update: dict[str, Any]
) -> tuple[Mapping[str, Any], str]:
    """Check a candidate where that is due: read what only snippets prove, ask the model, read what it asks for."""
    if not _check_due(state, session, lead):
        return {}, ""
    if lead.status == "supported":
        await read_pages(state, session, pages_of_snippets(state, session, lead), update)
    notes: Mapping[str, Any] = {}
    if not _proven(updated(state, update), lead):
        notes = await _check(updated(state, update), session, lead, update)
        wanted = pages_asked_for(session, notes.get("read"))
        read = wanted and await read_pages(updated(state, update), session, wanted, update)
        if read and not _proven(updated(state, update), lead):
            notes = {**notes, **await _check(updated(state, update), session, lead, update)}
    now = updated(state, update)
    if _proven(now, lead):
        # What the verifier did not show itself; a proof of its own needs no second look.
        await confirm(now, session, row_of(lead.candidate, now["constraints"], now["findings"]), update)
    return notes, lead.candidate


def _proven(state: AgentState, lead: Row) -> bool:
    row = row_of(lead.candidate, state["constraints"], state["findings"])
    return state["stated"] and row.status == "verified"


def _check_due(state: AgentState, session: Session, lead: Row) -> bool:
    """A proposal is worth a check, and so is the lead when exploring is over."""
    if not session.deps.strategy.verifier or state["stop_reason"] == "no_search_needed":
        return False
    due = bool(state["proposed"] or state["resource"])
    return due and (lead.status == "verified" or not _checked_before(state, session, lead))


def _checked_before(state: AgentState, session: Session, lead: Row) -> bool:
    """Whether this very answer was checked after the last page was read: a second look would say the same."""
    read = pages_read(session)
    return any(record["checked"] == lead.candidate and record["sources"] == read for record in state["records"])


async def _check(state: AgentState, session: Session, lead: Row, update: dict[str, Any]) -> Mapping[str, Any]:
    """One call, and one more to repair a reply that cannot be read. Claims of a repaired reply prove nothing."""
    system = render("verifier")
    checked = await ask_verifier(
        state, session, lambda room: evidence_messages(state, session, system, lead.candidate, room)
    )
    if checked.fault:
        update["fault"] = checked.fault
    if not checked.data:
        return {}
    take_checks(state, session, lead.candidate, checked.data, update, trusted=checked.trusted)
    proposed = checked.data.get("decision")
    if isinstance(proposed, str) and proposed.strip().upper() in DECISIONS and checked.trusted:
        update["verdict"] = proposed.strip().upper()
    return checked.data


def take_checks(
    state: AgentState,
    session: Session,
    candidate: str,
    data: Mapping[str, Any],
    update: dict[str, Any],
    *,
    trusted: bool,
) -> None:
    """Take a reply's constraints and checks into the update. An untrusted one may refute or doubt, never satisfy."""
    if not state["stated"] and trusted and is_list(data.get("constraints")):
        update["constraints"] = add_constraints(state["constraints"], read_constraints(data["constraints"]))
        update["stated"] = True
    claims = read_claims(data.get("checks"), candidate, [])
    if not trusted:
        claims = tuple(claim for claim in claims if claim.verdict != "satisfied")
    done = record_claims(session, updated(state, update), claims, by="verifier")
    update["findings"] = done.findings
    if done.changed:
        update["progress"] = {**state["progress"], "stale_actions": 0, "unseen_actions": 0, "idle_turns": 0}


def _candidates(state: AgentState) -> list[Candidate]:
    known = state["candidates"]
    if not state["proposed"] or any(item["answer"] == state["proposed"] for item in known):
        return known
    return [*known, Candidate(answer=state["proposed"], attempt=state["attempt"])]


def _record(state: AgentState, session: Session, notes: Mapping[str, Any], checked: str) -> Record:
    """The verifier's own notes, with what code knows: verdicts, pages read, results that nobody opened yet."""
    lead = lead_row(state)
    facts = _lines(notes.get("facts"), MAX_SUMMARY)
    gaps = _lines(notes.get("gaps"))
    if lead is not None and not gaps and session.deps.strategy.matrix:
        row = row_of(lead.candidate, state["constraints"], state["findings"])
        gaps = [f"{name} is open for {lead.candidate}" for name in row.open]
    unread = [
        f"not opened: {session.hits[url]} {url}" for url in unread_results(session, state["question"], by_rank=True)
    ]
    reason = notes.get("reason")
    charges = session.ledger.charges.values()
    return Record(
        attempt=state["attempt"],
        answer=state["proposed"],
        outcome="",
        checked=checked,
        queries=[c.what for c in charges if c.kind == "search" and c.attempt == state["attempt"]],
        facts=facts,
        sources=pages_read(session),
        gaps=gaps,
        leads=[*_lines(notes.get("leads")), *(unread[:MAX_UNREAD] if session.deps.strategy.matrix else [])],
        why=one_line(reason, 300) if isinstance(reason, str) else "",
    )


def _lines(value: object, most: int = 240) -> list[str]:
    items: Sequence[Any] = value if is_list(value) else []
    return [one_line(item, most) for item in items[:5] if isinstance(item, str) and item.strip()]
