"""The searcher: one model call a turn, which ends in granted tool calls or in a candidate."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from langgraph.types import Command

from ...prompts import render, tool_specs
from ...tools.clean import one_line
from ...tools.passages import estimate_tokens
from ..events import PlanEvent
from ..llm.verdicts import answer_mark
from ..llm.wire import Reply
from ..proof.matrix import Row, lead_of
from ..session import Session
from ..state import AgentState, Call, Progress, updated
from ..strategies import Strategy
from .arguments import Unusable, add_constraints, read_answer, read_record, update_plan
from .board import constraints_text, findings_text, plan_text, records_text
from .calls import call_model
from .context import MAX_TRANSCRIPT, entry, show_transcript
from .fitting import Ask
from .grants import grant_browse, grant_further, grant_search, is_action
from .policy import IDLE_TURNS, STALE_ACTIONS, turn_cap
from .recording import record_claims

Next = Literal["act", "searcher", "verifier"]


@dataclass(slots=True)
class _Turn:
    """What one reply comes to."""

    update: dict[str, Any] = field(default_factory=dict[str, Any])
    calls: list[Call] = field(default_factory=list[Call])
    actions: int = 0
    changed: int = 0
    proposed: str = ""


async def searcher(state: AgentState, session: Session) -> Command[Next]:
    """Ask for the next step, and grant what fits of it. Goes on to `act`, or to the `verifier` when it ends."""
    lead = _lead(state)
    if lead is not None and state["stated"] and lead.status == "verified":
        # The pages read last proved what was recorded before: nothing is left to ask the model.
        return _to_verifier(session, {"calls": [], "proposed": lead.candidate})
    if nothing_left(state, session):
        return _to_verifier(session, {"calls": [], "proposed": ""})
    asked = await call_model(session, _ask(state, session))
    if asked.reply is None:
        update: dict[str, Any] = {"calls": [], "proposed": "", "fault": asked.fault}
        if asked.refusal is not None:
            update["resource"] = asked.refusal.resource
        return _to_verifier(session, update)
    return _after_reply(state, session, asked.reply)


def nothing_left(state: AgentState, session: Session) -> bool:
    """Whether the searcher turns in circles: no call that counts for some turns, or more turns than any run needs."""
    progress = state["progress"]
    if progress["idle_turns"] >= IDLE_TURNS:
        return True
    left = session.ledger.remaining()
    cap = turn_cap(left)
    return cap is not None and left.gone.get("model_calls", 0) >= cap


def _ask(state: AgentState, session: Session) -> Ask:
    strategy = session.deps.strategy
    return Ask(
        role="searcher",
        node="searcher",
        build=lambda room: searcher_messages(state, session, room),
        attempt=state["attempt"],
        keep=session.keep_to_explore(state),
        tools=(*tool_specs(*strategy.tools), *(tool.spec for tool in session.deps.further.values())),
    )


def searcher_messages(state: AgentState, session: Session, room: int) -> list[dict[str, Any]]:
    """The prompt within about `room` tokens: rules, question, records, transcript, and last where things stand."""
    strategy = session.deps.strategy
    head = [
        {"role": "system", "content": render(strategy.prompt)},
        {"role": "user", "content": "[question]\n" + state["question"]},
    ]
    if state["records"] and strategy.record:
        head.append({"role": "user", "content": records_text(state["records"])})
    tail = standing_text(state, session)
    end = [{"role": "user", "content": tail}] if tail else []
    fixed = (
        _rules_tokens(strategy)
        + _further_tokens(session)
        + sum(estimate_tokens(message["content"]) for message in [*head[1:], *end])
    )
    shown = show_transcript(state["transcript"], min(MAX_TRANSCRIPT, max(0, room - fixed)))
    return [*head, *shown, *end]


@cache
def _rules_tokens(strategy: Strategy) -> int:
    """Tokens of what is the same in every turn: the rules and the tools."""
    tools = sum(estimate_tokens(str(tool)) for tool in tool_specs(*strategy.tools))
    return estimate_tokens(render(strategy.prompt)) + tools


def _further_tokens(session: Session) -> int:
    return sum(estimate_tokens(str(tool.spec)) for tool in session.deps.further.values())


def standing_text(state: AgentState, session: Session) -> str:
    """Where things stand: constraints, findings and plan, and last the budget block."""
    parts: list[str] = []
    if session.deps.strategy.record:
        parts.append(constraints_text(state["constraints"], stated=state["stated"]))
        parts += [findings_text(state), plan_text(state["plan"])]
    if session.deps.strategy.tracker:
        parts.append(session.budget_block(state, advice=True))
    return "\n\n".join(part for part in parts if part)


def _after_reply(state: AgentState, session: Session, reply: Reply) -> Command[Next]:
    turn = _Turn({"fault": ""})  # the model works again: an earlier failure must not end the run later
    _records(state, session, reply, turn)
    now = updated(state, turn.update)
    lead = _lead(now)
    if turn.changed and now["stated"] and lead and lead.status == "verified":
        turn.proposed = lead.candidate
    else:
        _answers(now, session, reply, turn)
    if not turn.proposed and lead is not None and _due(state, reply, turn, lead):
        return _to_verifier(session, {**turn.update, "progress": _progress(state["progress"], turn), "calls": []})
    if not turn.proposed:
        _grants(now, session, reply, turn)
        if not reply.calls:
            return _without_calls(state, session, reply, turn)
    turn.update["progress"] = _progress(state["progress"], turn)
    if turn.proposed:
        return _to_verifier(session, {**turn.update, "calls": [], "proposed": turn.proposed})
    calls = sorted(turn.calls, key=lambda call: [item.id for item in reply.calls].index(call["id"]))
    update = {**turn.update, "calls": calls, "transcript": [entry(reply.message)], "charges": session.ledger.drain()}
    return Command(update=update, goto="act")


def _due(state: AgentState, reply: Reply, turn: _Turn, lead: Row) -> bool:
    """Whether the policy should decide before more is spent: the lead was just refuted and the model has nothing else
    to try, or what was seen of late did not touch it."""
    searching = any(call.name in ("search", "browse") for call in reply.calls)
    refuted = bool(turn.changed and lead.contradicted) and not searching
    return refuted or _progress(state["progress"], turn)["stale_actions"] >= STALE_ACTIONS


def _records(state: AgentState, session: Session, reply: Reply, turn: _Turn) -> None:
    """Take in every `record` of the reply before anything else is looked at."""
    for call in reply.calls:
        if call.name != "record" or not session.deps.strategy.record:
            continue
        if call.arguments is None or reply.truncated:
            turn.calls.append(
                _answered(call.id, call.name, "not recorded: the arguments were cut off or no JSON object")
            )
            continue
        now = updated(state, turn.update)
        recording = read_record(call.arguments)
        problems = list(recording.problems)
        if recording.constraints is not None and not now["stated"]:
            turn.update["constraints"] = add_constraints(now["constraints"], recording.constraints)
            turn.update["stated"] = True
            turn.changed += 1
        constraints = turn.update.get("constraints", now["constraints"])
        if recording.steps:
            turn.update["plan"] = update_plan(now["plan"], recording.steps)
        if recording.steps or "constraints" in turn.update:
            session.emit(PlanEvent(constraints, turn.update.get("plan", now["plan"])))
        done = record_claims(session, updated(now, turn.update), recording.claims, by="searcher")
        turn.update["findings"] = done.findings
        turn.changed += done.changed
        turn.calls.append(_answered(call.id, call.name, "\n".join(["recorded", *problems, *done.problems])))


def _answers(state: AgentState, session: Session, reply: Reply, turn: _Turn) -> None:
    """An `answer`, unless the reply also asks for searches or pages, which come first."""
    busy = any(call.name in ("search", "browse") for call in reply.calls)
    able = session.ledger.remaining().tools_left()
    for call in reply.calls:
        if call.name != "answer":
            continue
        try:
            if call.arguments is None or reply.truncated:
                raise Unusable("the answer was cut off or no JSON object; send it again")
            answer = read_answer(call.arguments)
        except Unusable as problem:
            turn.calls.append(_answered(call.id, call.name, str(problem)))
            continue
        if busy and able:
            turn.calls.append(_answered(call.id, call.name, "not taken: the other calls of this turn come first"))
            continue
        turn.proposed = answer
        searched = any(charge.kind in ("search", "browse") for charge in session.ledger.charges.values())
        if call.arguments.get("no_search") is True and not searched:
            turn.update["stop_reason"] = "no_search_needed"


def _grants(state: AgentState, session: Session, reply: Reply, turn: _Turn) -> None:
    """Grant searches and page reads in the order of the calls; everything else is answered with a line."""
    attempt = state["attempt"]
    reserve = attempt == 1 and session.deps.strategy.verifier and bool(state["findings"] or state["candidates"])
    for call in reply.calls:
        if call.name in ("answer", "record") and any(done["id"] == call.id for done in turn.calls):
            continue
        further = session.deps.further
        if call.name not in session.deps.strategy.tools and call.name not in further:
            known = ", ".join((*session.deps.strategy.tools, *further))
            turn.calls.append(
                _answered(call.id, call.name, f"there is no tool {one_line(call.name, 60)!r}; use {known}")
            )
            continue
        if call.arguments is None:
            turn.calls.append(_answered(call.id, call.name, "the arguments are no JSON object; send the call again"))
            continue
        if call.name in further:
            granted = grant_further(session, call.id, call.name, call.arguments, attempt=attempt)
            turn.calls.append(granted)
            turn.actions += is_action(granted)
            continue
        try:
            grant = grant_search if call.name == "search" else grant_browse
            granted = grant(session, call.id, call.arguments, attempt=attempt, reserve=reserve)
        except Unusable as problem:
            granted = _answered(call.id, call.name, str(problem))
        turn.calls.append(granted)
        turn.actions += is_action(granted)


def _without_calls(state: AgentState, session: Session, reply: Reply, turn: _Turn) -> Command[Next]:
    """Prose: the answer if it is marked as one; else one nudge, and after that it counts as it is."""
    answer = "" if reply.truncated else answer_mark(reply.text)
    if not answer and state["progress"]["nudges"] and not reply.truncated:
        said = one_line(reply.text, 300)
        answer = said if any(char.isalnum() for char in said) else ""
    turn.update["progress"] = _progress(state["progress"], turn)
    if answer:
        return _to_verifier(session, {**turn.update, "calls": [], "proposed": answer})
    turn.update["progress"]["nudges"] += 1
    nudge = entry({"role": "user", "content": render("nudge")})
    update = {**turn.update, "calls": [], "transcript": [entry(reply.message), nudge]}
    return Command(update={**update, "charges": session.ledger.drain()}, goto="searcher")


def _progress(before: Progress, turn: _Turn) -> Progress:
    progress = Progress(**before)
    progress["idle_turns"] = 0 if turn.actions or turn.changed else before["idle_turns"] + 1
    progress["stale_actions"] = 0 if turn.changed else before["stale_actions"] + before["unseen_actions"]
    progress["unseen_actions"] = turn.actions
    return progress


def _lead(state: AgentState) -> Row | None:
    names = [candidate["answer"] for candidate in state["candidates"]]
    return lead_of(state["constraints"], state["findings"], names)


def _answered(call_id: str, name: str, text: str) -> Call:
    return Call(id=call_id, name=name, arguments={}, answered=text)


def _to_verifier(session: Session, update: dict[str, Any]) -> Command[Next]:
    return Command(update={**update, "charges": session.ledger.drain()}, goto="verifier")
