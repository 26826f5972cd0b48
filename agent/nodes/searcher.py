"""The searcher: one model call a turn, which ends in granted tool calls or in a candidate."""

from typing import Any, Literal

from langgraph.types import Command

from ...prompts import render, tool_specs
from ..llm.wire import Reply
from ..money.block import left_text
from ..proof.matrix import Row
from ..session import Session
from ..state import AgentState, Candidate, updated
from .calls import call_model
from .context import entry
from .fitting import Ask
from .leads import lead_row
from .policy import FAILED_CALLS, IDLE_TURNS, STALE_ACTIONS, tools_spent, turn_cap
from .prompting import searcher_messages
from .turn import Turn, grant_calls, prose_answer, said, take_answer, take_records

Next = Literal["act", "searcher", "verifier"]


async def searcher(state: AgentState, session: Session) -> Command[Next]:
    """Ask for the next step, and grant what fits of it. Goes on to `act`, or to the `verifier` when it ends."""
    if state["stop_reason"] == "no_search_needed":
        return _to_verifier(session, {"calls": []})  # the planner answered
    lead = lead_row(state)
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
    return await _after_reply(state, session, asked.reply)


def nothing_left(state: AgentState, session: Session) -> bool:
    """Whether the searcher turns in circles: no call that counts for some turns, or more turns than any run needs.

    A strategy that ends with either tool has one turn after that, to answer in; with a policy, calls that keep failing
    are for it to decide on.
    """
    progress = state["progress"]
    failing = progress["failed_calls"] >= FAILED_CALLS or bool(progress["failed_again"])
    if failing and session.deps.strategy.policy:
        return True
    left = session.ledger.remaining()
    # A push and its refusal are turns without a call, and there may be as many as the strategy wants.
    pushes = session.deps.strategy.pushes if left.tools_left() else 0
    if progress["idle_turns"] >= max(IDLE_TURNS, pushes and pushes + 2):
        return True
    if session.deps.strategy.stops_at_either and progress["idle_turns"] and tools_spent(left, either=True):
        return True
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
        temperature=strategy.temperature,
    )


async def _after_reply(state: AgentState, session: Session, reply: Reply) -> Command[Next]:
    turn = Turn({"fault": ""})  # the model works again: an earlier failure must not end the run later
    await take_records(state, session, reply, turn)
    now = updated(state, turn.update)
    lead = lead_row(now)
    if turn.changed and now["stated"] and lead and lead.status == "verified":
        turn.proposed = lead.candidate
    else:
        take_answer(now, session, reply, turn)
    if not turn.proposed and session.deps.strategy.policy and lead is not None and _due(state, reply, turn, lead):
        return _to_verifier(session, {**turn.update, "progress": turn.progress(state["progress"]), "calls": []})
    if not turn.proposed and not reply.calls:
        turn.proposed = prose_answer(state, reply)
        if not turn.proposed:
            return _nudged(state, session, reply, turn)
    if turn.proposed:
        return _proposed(state, session, reply, turn)
    grant_calls(now, session, reply, turn)
    update = {**turn.update, "progress": turn.progress(state["progress"]), "calls": turn.in_order(reply)}
    return Command(update={**update, "transcript": said(reply), "charges": session.ledger.drain()}, goto="act")


def _due(state: AgentState, reply: Reply, turn: Turn, lead: Row) -> bool:
    """Whether the policy should decide before more is spent: the lead was just refuted and the model has nothing else
    to try, or what was seen of late did not touch it."""
    searching = any(call.name in ("search", "browse") for call in reply.calls)
    refuted = bool(turn.changed and lead.contradicted) and not searching
    return refuted or turn.progress(state["progress"])["stale_actions"] >= STALE_ACTIONS


def _proposed(state: AgentState, session: Session, reply: Reply, turn: Turn) -> Command[Next]:
    progress = turn.progress(state["progress"])
    update: dict[str, Any] = {**turn.update, "progress": progress, "calls": []}
    left = session.ledger.remaining()
    progress["pushes"] += state["progress"]["idle_turns"] > 0
    if session.deps.strategy.pushes > progress["pushes"] and left.tools_left():
        # Sequential scaling: an answer is kept, and met with the request to go on while there is budget.
        update["candidates"] = [*state["candidates"], Candidate(answer=turn.proposed, attempt=state["attempt"])]
        return _again(session, update, reply, render("push", left=left_text(left)))
    if session.deps.strategy.verifier == "verdict":
        update["transcript"] = said(reply)  # it stays in view after a verdict to go on
    return _to_verifier(session, {**update, "proposed": turn.proposed})


def _nudged(state: AgentState, session: Session, reply: Reply, turn: Turn) -> Command[Next]:
    progress = turn.progress(state["progress"])
    progress["nudges"] += 1
    return _again(session, {**turn.update, "progress": progress, "calls": []}, reply, render("nudge"))


def _again(session: Session, update: dict[str, Any], reply: Reply, told: str) -> Command[Next]:
    """Another turn at once, after one line to the model."""
    transcript = [*said(reply), entry({"role": "user", "content": told})]
    return Command(update={**update, "transcript": transcript, "charges": session.ledger.drain()}, goto="searcher")


def _to_verifier(session: Session, update: dict[str, Any]) -> Command[Next]:
    return Command(update={**update, "charges": session.ledger.drain()}, goto="verifier")
