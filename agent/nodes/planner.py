"""The planner: splits the question into constraints, and writes or revises the plan from the record.

Small budgets and simple questions get no call of its own: the searcher's first turn states the constraints instead.
"""

import re
from collections.abc import Mapping
from typing import Any

from ...prompts import render
from ...tools.clean import one_line
from ...tools.reading.passages import estimate_tokens
from ...tools.shapes import is_list, is_mapping
from ..events import PlanEvent
from ..llm.verdicts import read_object
from ..money.budget import TOOL_RESOURCES
from ..session import Session
from ..state import AgentState
from .arguments import Unusable, read_answer
from .assumption import settle_assumption
from .board import constraints_text, findings_text, plan_text, records_text
from .calls import call_model
from .constraints import add_constraints, drop_constraint, read_constraints
from .fitting import Ask
from .plan import calls_left, read_marks, read_steps, update_plan
from .prompting import question_text

SMALL_BUDGET = 5
MAX_OUT = 1_200
_LINKING = re.compile(r"\b(?:and|or|but|who|whom|whose|which|that|where|when|while|after|before|both|than)\b|[,;:]")


async def planner(state: AgentState, session: Session) -> dict[str, Any]:
    """Constraints and plan for the next attempt; with a call only where it earns its cost."""
    if not session.deps.strategy.planner or not _worth_a_call(state, session):
        return _folded(state, session)
    asked = await call_model(
        session,
        Ask(
            role="planner",
            node="planner",
            build=lambda room: planner_messages(state, session, room),
            attempt=state["attempt"],
            keep=session.keep_for("explore", answer_due=session.deps.answer_due(state)),
            json_reply=True,
            max_out=MAX_OUT,
        ),
    )
    if asked.reply is None:
        return {**_folded(state, session), "fault": asked.fault}
    parsed = read_object(asked.reply)
    update = await _read(state, session, parsed.data)
    session.emit(PlanEvent(update.get("constraints", state["constraints"]), update.get("plan", state["plan"])))
    return {**update, "charges": session.ledger.drain()}


def planner_messages(state: AgentState, session: Session, room: int) -> list[dict[str, Any]]:
    """The prompt: question, what is known, and last the budget block."""
    parts = [question_text(state)]
    if state["stated"]:
        parts.append(constraints_text(state["constraints"], stated=True))
    parts += [findings_text(state), plan_text(state["plan"]), records_text(state["records"])]
    parts.append(session.budget_block(state))
    system = render("planner")
    while len(parts) > 2 and estimate_tokens("".join([system, *parts])) > room:
        parts.pop(1)
    text = "\n\n".join(part for part in parts if part)
    return [{"role": "system", "content": system}, {"role": "user", "content": text}]


def is_simple(question: str) -> bool:
    """Whether a question plainly asks one thing: short, and no word that links a second condition to it."""
    after_first = question.casefold().split()[1:]  # the question word itself links nothing
    return len(after_first) < 8 and not _LINKING.search(" ".join(after_first))


def _worth_a_call(state: AgentState, session: Session) -> bool:
    left = session.ledger.remaining()
    checking = bool(state["decisions"]) and state["decisions"][-1]["rule"] == "page-check"
    if checking or not left.tools_left():
        return False
    tools = [left.limits[name] for name in TOOL_RESOURCES if left.limits.get(name)]
    return not (is_simple(state["assumption"] or state["question"]) or (tools and max(tools) <= SMALL_BUDGET))


def _folded(state: AgentState, session: Session) -> dict[str, Any]:
    update: dict[str, Any] = {"charges": session.ledger.drain()}
    if is_simple(state["assumption"] or state["question"]):
        update["stated"] = True
    return update


async def _read(state: AgentState, session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    """What a planner's reply changes; an unreadable one changes nothing, and the searcher states the constraints."""
    update: dict[str, Any] = {}
    constraints = list(state["constraints"])
    if is_list(data.get("constraints")):
        constraints = add_constraints(constraints, read_constraints(data["constraints"]))
        update["stated"] = True
    drops = data.get("drop")
    for item in drops if is_list(drops) else ():
        if is_mapping(item):
            constraints = drop_constraint(constraints, item.get("id"), item.get("why"))
    update["constraints"] = constraints
    known = {step["id"] for step in state["plan"]}
    marks = [mark for mark in read_marks(data.get("marks"), "id") if mark.step in known]
    left = calls_left(session.ledger.remaining())
    update["plan"] = update_plan(state["plan"], [*marks, *read_steps(data.get("steps"))], left)
    assumed = data.get("assumption")
    if isinstance(assumed, str) and one_line(assumed) and not state["assumption"]:
        update["assumption"] = await settle_assumption(session, one_line(assumed, 500))
    return update | _answered(state, session, data)


def _answered(state: AgentState, session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    """An answer that needs no look-up, before anything was looked up."""
    searched = any(charge.kind in ("search", "browse") for charge in session.ledger.charges.values())
    try:
        answer = read_answer({"answer": data.get("no_search_answer")})
    except Unusable:
        return {}
    return {} if searched or state["attempt"] > 1 else {"proposed": answer, "stop_reason": "no_search_needed"}
