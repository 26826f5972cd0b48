"""One turn of the searcher: what its reply records, proposes and asks for, and what of that is granted."""

from dataclasses import dataclass, field
from typing import Any

from ...tools.clean import one_line
from ..events import PlanEvent
from ..llm.text_calls import mended_object
from ..llm.verdicts import answer_mark
from ..llm.wire import Reply, ToolCall
from ..session import Session
from ..state import AgentState, Call, Progress, updated
from .arguments import MAX_ANSWER_CHARS, Unusable, read_answer, read_record
from .arguments import said as said_on_one_line
from .assumption import settle_assumption
from .constraints import add_constraints
from .context import entry
from .grants import grant_browse, grant_further, grant_search, is_action, paid_items
from .plan import charge_step, update_plan
from .policy import tools_spent
from .recording import record_claims

MAX_PROSE = 300
MENDED = ("search", "browse", "answer")


@dataclass(slots=True)
class Turn:
    """What one reply comes to."""

    update: dict[str, Any] = field(default_factory=dict[str, Any])
    calls: list[Call] = field(default_factory=list[Call])
    actions: int = 0
    changed: int = 0
    proposed: str = ""

    def answered(self, call_id: str, name: str, text: str) -> None:
        """A call that needs no action, and what the model is told."""
        self.calls.append(Call(id=call_id, name=name, arguments={}, answered=text))

    def in_order(self, reply: Reply) -> list[Call]:
        """The calls in the order in which the model made them."""
        order = [item.id for item in reply.calls]
        return sorted(self.calls, key=lambda call: order.index(call["id"]))

    def progress(self, before: Progress) -> Progress:
        """The counters after this turn."""
        progress = Progress(**before)
        progress["idle_turns"] = 0 if self.actions or self.changed else before["idle_turns"] + 1
        progress["stale_actions"] = 0 if self.changed else before["stale_actions"] + before["unseen_actions"]
        progress["unseen_actions"] = self.actions
        return progress


async def take_records(state: AgentState, session: Session, reply: Reply, turn: Turn) -> None:
    """Take in every `record` of the reply before anything else is looked at."""
    for call in reply.calls:
        if call.name != "record" or not session.deps.strategy.record:
            continue
        if call.arguments is None or reply.truncated:
            turn.answered(call.id, call.name, "not recorded: the arguments were cut off or no JSON object")
            continue
        now = updated(state, turn.update)
        recording = read_record(call.arguments)
        problems = list(recording.problems)
        if recording.constraints is not None and not now["stated"]:
            turn.update["constraints"] = add_constraints(now["constraints"], recording.constraints)
            turn.update["stated"] = True
            turn.changed += 1
        if recording.assumption and not now["assumption"]:
            turn.update["assumption"] = await settle_assumption(session, recording.assumption)
        constraints = turn.update.get("constraints", now["constraints"])
        if recording.steps:
            turn.update["plan"] = update_plan(now["plan"], recording.steps)
        if recording.steps or "constraints" in turn.update:
            session.emit(PlanEvent(constraints, turn.update.get("plan", now["plan"])))
        done = record_claims(session, updated(now, turn.update), recording.claims, by="searcher")
        turn.update["findings"] = done.findings
        turn.changed += done.changed
        turn.answered(call.id, call.name, "\n".join(["recorded", *problems, *done.problems]))


def take_answer(state: AgentState, session: Session, reply: Reply, turn: Turn) -> None:
    """An `answer`, unless the reply also asks for searches or pages, which come first."""
    busy = any(call.name in ("search", "browse") for call in reply.calls)
    able = session.ledger.remaining().tools_left()
    for call in reply.calls:
        if call.name != "answer" or call.name not in session.deps.strategy.tools:
            continue
        try:
            arguments = _asked_with(reply, call)
            if arguments is None or reply.truncated:
                raise Unusable("the answer was cut off or no JSON object; send it again")
            answer = read_answer(arguments)
        except Unusable as problem:
            turn.answered(call.id, call.name, str(problem))
            continue
        if busy and able:
            turn.answered(call.id, call.name, "not taken: the other calls of this turn come first")
            continue
        turn.proposed = answer
        searched = any(charge.kind in ("search", "browse") for charge in session.ledger.charges.values())
        if arguments.get("no_search") is True and not searched:
            turn.update["stop_reason"] = "no_search_needed"


def prose_answer(state: AgentState, reply: Reply) -> str:
    """The answer of a reply without calls: what is marked as one; once it was asked for, whatever was said."""
    if reply.truncated:
        return ""
    if marked := answer_mark(reply.text):
        return said_on_one_line(marked, MAX_ANSWER_CHARS)
    said = said_on_one_line(reply.text, MAX_PROSE) if state["progress"]["nudges"] else ""
    return said if any(char.isalnum() for char in said) else ""


def grant_calls(state: AgentState, session: Session, reply: Reply, turn: Turn) -> None:
    """Grant searches and page reads in the order of the calls; everything else is answered with a line."""
    strategy = session.deps.strategy
    tools = (*strategy.tools, *session.deps.further)
    spent = strategy.stops_at_either and tools_spent(session.ledger.remaining(), either=True)
    for call in reply.calls:
        if call.name in ("answer", "record") and any(done["id"] == call.id for done in turn.calls):
            continue
        if call.name not in tools:
            known = ", ".join(tools)
            turn.answered(call.id, call.name, f"there is no tool {one_line(call.name, 60)!r}; use {known}")
        elif (arguments := _asked_with(reply, call)) is None:
            turn.answered(call.id, call.name, "the arguments are no JSON object; send the call again")
        elif spent:
            turn.answered(call.id, call.name, "refused: the budget is used up; give your answer now")
        else:
            _grant(state, session, turn, call.id, call.name, arguments)
    plan = updated(state, turn.update)["plan"]
    if plan and (paid := sum(paid_items(call) for call in turn.calls)):
        turn.update["plan"] = charge_step(plan, paid)


def _asked_with(reply: Reply, call: ToolCall) -> dict[str, Any] | None:
    """The arguments of a call, mended where that is harmless: what is to be proven, or done elsewhere, never is."""
    if call.arguments is not None or reply.truncated or call.name not in MENDED:
        return call.arguments
    return mended_object(call.raw)


def _grant(state: AgentState, session: Session, turn: Turn, call_id: str, name: str, arguments: dict[str, Any]) -> None:
    attempt = state["attempt"]
    if name in session.deps.further:
        granted = grant_further(session, call_id, name, arguments, attempt=attempt)
    else:
        keeps = session.deps.strategy.reserves and session.deps.strategy.verifier == "checks"
        reserve = attempt == 1 and keeps and bool(state["findings"] or state["candidates"])
        grant = grant_search if name == "search" else grant_browse
        try:
            granted = grant(session, call_id, arguments, attempt=attempt, reserve=reserve)
        except Unusable as problem:
            turn.answered(call_id, name, str(problem))
            return
    turn.calls.append(granted)
    turn.actions += is_action(granted)


def said(reply: Reply) -> list[dict[str, Any]]:
    """The reply as the transcript keeps it."""
    return [entry(reply.message)]
