"""The verifier: goes through the constraints one by one, proposes a decision, and writes the attempt's record.

It makes no call when there is nothing to check, or when code already found page quotes for everything.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...prompts import render
from ...tools.clean import clean, neutralise, one_line
from ...tools.passages import choose_passages, estimate_tokens
from ...tools.shapes import is_list
from ..llm.verdicts import read_object
from ..proof.marks import marked
from ..proof.matrix import Row, active, lead_of, row_of
from ..session import Session
from ..state import AgentState, Candidate, Record, updated
from .arguments import add_constraints, read_claims, read_constraints
from .board import constraints_text, findings_text
from .calls import Answered, call_model
from .fitting import Ask, Build
from .recording import record_claims

MAX_OUT = 1_500
REPAIR_CHARS = 4_500
MAX_PAGES = 6
MAX_UNREAD = 6
MAX_SNIPPETS = 8
DECISIONS = ("SUCCESS", "CONTINUE", "PIVOT")


async def verifier(state: AgentState, session: Session) -> dict[str, Any]:
    """Check the lead, and leave a record. A verifier that fails or writes nonsense changes no verdict."""
    update: dict[str, Any] = {"verdict": "", "candidates": _candidates(state)}
    now = updated(state, update)
    lead = _lead(now)
    notes: Mapping[str, Any] = {}
    checked = ""
    if lead is not None and _needs_check(now, session, lead):
        notes = await _check(now, session, lead, update)
        now = updated(now, update)
        checked = lead.candidate
    update["records"] = [*state["records"], _record(now, session, notes, checked)]
    return {**update, "charges": session.ledger.drain()}


def evidence_messages(
    state: AgentState, session: Session, system: str, candidate: str, room: int
) -> list[dict[str, Any]]:
    """A prompt with all that bears on a candidate: constraints, findings, passages and snippets."""
    constraints = constraints_text(state["constraints"], stated=True)
    if not state["stated"]:
        constraints += "\n(the other constraints are not stated yet: state them in your reply)"
    head = [f"[question]\n{state['question']}", constraints, findings_text(state)]
    if candidate:
        head.append(f"[proposed answer]\n{candidate}")
    top = "\n\n".join(part for part in head if part)
    left = room - estimate_tokens(system) - estimate_tokens(top) - 150
    texts = _texts(state, session, candidate, left)
    text = "\n\n".join([top, *texts, session.budget_block(state)])
    return [{"role": "system", "content": system}, {"role": "user", "content": text}]


def _texts(state: AgentState, session: Session, candidate: str, room: int) -> list[str]:
    """Passages of the pages read, the last ones first in line for room, and snippets of others."""
    demands = [constraint["text"] for constraint in active(state["constraints"]) if constraint["id"] != "c0"]
    goal = " ".join([candidate, state["question"], *demands])
    pages = [page for url in _pages_read(session)[-MAX_PAGES:] if (page := session.pages.get(url))]
    texts: list[str] = []
    for number, page in enumerate(reversed(pages)):
        cap = max(150, room // (len(pages) - number) - 40) if room > 0 else 0
        if room < 150:
            break
        passages = choose_passages(page.text, goal, max_tokens=min(cap, 1_500))
        texts.append(marked("page", f"{page.url} {one_line(page.title, 100)!r}", passages.text))
        room -= estimate_tokens(texts[-1])
    evidence = [item for finding in state["findings"].values() for item in finding["evidence"]]
    cited = list(dict.fromkeys(item["url"] for item in evidence if item["kind"] == "snippet"))
    snippets = _snippets(session, goal, cited, room)
    return [*texts, *([marked("results", "search results", snippets)] if snippets else [])]


def _snippets(session: Session, goal: str, cited: Sequence[str], room: int) -> str:
    """Results of pages that were not read: those that findings quote, then those nearest to the goal."""
    lines: list[str] = []
    for url in [*cited, *(url for url in _unread(session, goal) if url not in cited)][:MAX_SNIPPETS]:
        lines.append(f"{url} {neutralise(one_line(' - '.join(session.pages.snippets(url)), 400))}")
        room -= estimate_tokens(lines[-1])
        if room < 0:
            return "\n".join(lines[:-1])
    return "\n".join(lines)


def _unread(session: Session, goal: str, *, by_rank: bool = False) -> list[str]:
    """Addresses that searches showed and nobody opened, by words shared with the goal, or first by their rank."""
    wanted = {word for word in goal.casefold().split() if len(word) > 3}
    unread = [url for url in session.hits if session.pages.get(url) is None]

    def order(url: str) -> tuple[int, int]:
        shared = len(wanted & set(" ".join(session.pages.snippets(url)).casefold().split()))
        return (session.ranks.get(url, 0) if by_rank else 0, -shared)

    return sorted(unread, key=order)


def _needs_check(state: AgentState, session: Session, lead: Row) -> bool:
    """A proposal is worth a call, and so is the lead when exploring is over; a matrix that is proven already is not."""
    if not session.deps.strategy.verifier or state.get("stop_reason") == "no_search_needed":
        return False
    due = bool(state["proposed"] or state["resource"]) and not _checked_before(state, session, lead)
    return due and not (state["stated"] and lead.status == "verified")


def _checked_before(state: AgentState, session: Session, lead: Row) -> bool:
    """Whether this very answer was checked after the last page was read: a second look would say the same."""
    read = _pages_read(session)
    return any(record["checked"] == lead.candidate and record["sources"] == read for record in state["records"])


async def _check(state: AgentState, session: Session, lead: Row, update: dict[str, Any]) -> Mapping[str, Any]:
    """One call, and one more to repair a reply that cannot be read. Claims of a repaired reply prove nothing."""
    system = render("verifier")
    asked = await _ask(state, session, lambda room: evidence_messages(state, session, system, lead.candidate, room))
    if asked.reply is None:
        update["fault"] = asked.fault
        return {}
    parsed = read_object(asked.reply)
    repaired = bool(parsed.fault)
    if repaired:
        written = {"role": "assistant", "content": clean(asked.reply.text)[:REPAIR_CHARS]}
        mend = [written, {"role": "user", "content": render("repair", fault=parsed.fault)}]
        asked = await _ask(
            state,
            session,
            lambda room: [*evidence_messages(state, session, system, lead.candidate, room - 1_800), *mend],
        )
        if asked.reply is None:
            return {}
        parsed = read_object(asked.reply)
    take_checks(state, session, lead.candidate, parsed.data, update, trusted=not repaired)
    proposed = parsed.data.get("decision")
    if isinstance(proposed, str) and proposed.strip().upper() in DECISIONS and not repaired:
        update["verdict"] = proposed.strip().upper()
    return parsed.data


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


async def _ask(state: AgentState, session: Session, build: Build) -> Answered:
    keep = session.keep_for("verify", answer_due=session.deps.output is not None)
    return await call_model(
        session,
        Ask(
            role="verifier",
            node="verifier",
            build=build,
            attempt=state["attempt"],
            keep=keep,
            json_reply=True,
            temperature=0.0,
            max_out=MAX_OUT,
        ),
    )


def _candidates(state: AgentState) -> list[Candidate]:
    known = state["candidates"]
    if not state["proposed"] or any(item["answer"] == state["proposed"] for item in known):
        return known
    return [*known, Candidate(answer=state["proposed"], attempt=state["attempt"])]


def _lead(state: AgentState) -> Row | None:
    names = [candidate["answer"] for candidate in state["candidates"]]
    return lead_of(state["constraints"], state["findings"], names, state["proposed"])


def _record(state: AgentState, session: Session, notes: Mapping[str, Any], checked: str) -> Record:
    """The verifier's own notes, with what code knows: verdicts, pages read, results that nobody opened yet."""
    lead = _lead(state)
    facts = _lines(notes.get("facts"))
    gaps = _lines(notes.get("gaps"))
    if lead is not None and not gaps:
        row = row_of(lead.candidate, state["constraints"], state["findings"])
        gaps = [f"{name} is open for {lead.candidate}" for name in row.open]
    unread = [f"not opened: {session.hits[url]} {url}" for url in _unread(session, state["question"], by_rank=True)]
    reason = notes.get("reason")
    charges = session.ledger.charges.values()
    return Record(
        attempt=state["attempt"],
        answer=state["proposed"],
        outcome="",
        checked=checked,
        queries=[c.what for c in charges if c.kind == "search" and c.attempt == state["attempt"]],
        facts=facts,
        sources=_pages_read(session),
        gaps=gaps,
        leads=[*_lines(notes.get("leads")), *unread[:MAX_UNREAD]],
        why=one_line(reason, 300) if isinstance(reason, str) else "",
    )


def _pages_read(session: Session) -> list[str]:
    read = [c.what for c in session.ledger.charges.values() if c.kind == "browse" and c.status == "settled"]
    return [url for url in dict.fromkeys(read) if session.pages.get(url) is not None]


def _lines(value: object) -> list[str]:
    items: Sequence[Any] = value if is_list(value) else []
    return [one_line(item, 240) for item in items[:5] if isinstance(item, str) and item.strip()]
