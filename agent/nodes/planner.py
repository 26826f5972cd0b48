"""The planner: splits the question into constraints, and writes or revises the plan from the record.

Small budgets and simple questions get no call of its own: the searcher's first turn states the constraints instead.
"""

import re
from collections.abc import Mapping
from typing import Any

from ...prompts import render
from ...tools.clean import one_line
from ...tools.passages import estimate_tokens
from ...tools.shapes import is_list, is_mapping
from ..events import PlanEvent
from ..llm.verdicts import read_object
from ..money.budget import TOOL_RESOURCES
from ..session import Session
from ..state import AgentState, Constraint
from .arguments import add_constraints, read_constraints, update_plan
from .board import constraints_text, findings_text, plan_text, records_text
from .calls import call_model
from .fitting import Ask

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
    update = _read(state, read_object(asked.reply).data)
    session.emit(PlanEvent(update.get("constraints", state["constraints"]), update.get("plan", state["plan"])))
    return {**update, "charges": session.ledger.drain()}


def planner_messages(state: AgentState, session: Session, room: int) -> list[dict[str, Any]]:
    """The prompt: question, what is known, and last the budget block."""
    parts = [f"[question]\n{state['question']}"]
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
    return not (is_simple(state["question"]) or (tools and max(tools) <= SMALL_BUDGET))


def _folded(state: AgentState, session: Session) -> dict[str, Any]:
    update: dict[str, Any] = {"charges": session.ledger.drain()}
    if is_simple(state["question"]):
        update["stated"] = True
    return update


def _read(state: AgentState, data: Mapping[str, Any]) -> dict[str, Any]:
    """What a planner's reply changes; an unreadable one changes nothing, and the searcher states the constraints."""
    update: dict[str, Any] = {}
    constraints = list(state["constraints"])
    if is_list(data.get("constraints")):
        constraints = add_constraints(constraints, read_constraints(data["constraints"]))
        update["stated"] = True
    drops = data.get("drop")
    for item in drops if is_list(drops) else ():
        if is_mapping(item):
            constraints = _drop(constraints, item.get("id"), item.get("why"))
    update["constraints"] = constraints
    steps = [(text, "todo", "") for text, _ in read_constraints(data.get("steps"))][:6]
    marks: list[tuple[str, str, str]] = []
    known = {step["id"] for step in state["plan"]}
    given = data.get("marks")
    for item in given if is_list(given) else ():
        if is_mapping(item) and str(item.get("id")) in known:
            note = item.get("note")
            marks.append(
                (str(item["id"]), str(item.get("state")), one_line(note, 200) if isinstance(note, str) else "")
            )
    update["plan"] = update_plan(state["plan"], [*marks, *steps])
    return update


def _drop(constraints: list[Constraint], name: object, why: object) -> list[Constraint]:
    """Mark a constraint as dropped, with its reason. c0 stays, and without a reason nothing is dropped."""
    if name == "c0" or not isinstance(why, str) or not why.strip():
        return constraints
    return [
        {**constraint, "dropped": one_line(why, 200)} if constraint["id"] == name else constraint
        for constraint in constraints
    ]
