"""The searcher's prompt: rules, question, records, what was done in this attempt, and last where things stand."""

from functools import cache
from typing import Any

from ...prompts import render, tool_specs
from ...tools.reading.passages import estimate_tokens
from ..money.block import tracker_block
from ..proof.warnings import warnings_of
from ..session import Session
from ..state import AgentState
from ..strategies import Strategy
from .board import constraints_text, findings_text, plan_text, records_text, warnings_text
from .context import show_transcript


def searcher_messages(state: AgentState, session: Session, room: int) -> list[dict[str, Any]]:
    """The prompt within about `room` tokens."""
    strategy = session.deps.strategy
    head = [
        {"role": "system", "content": rules(strategy)},
        {"role": "user", "content": question_text(state)},
    ]
    if state["records"] and strategy.matrix:
        head.append({"role": "user", "content": records_text(state["records"])})
    tail = standing_text(state, session)
    end = [{"role": "user", "content": tail}] if tail else []
    fixed = (
        _rules_tokens(strategy)
        + _further_tokens(session)
        + sum(estimate_tokens(message["content"]) for message in [*head[1:], *end])
    )
    return [*head, *show_transcript(state["transcript"], max(0, room - fixed), strategy.memory), *end]


@cache
def rules(strategy: Strategy) -> str:
    """What a strategy tells its searcher: the parts that it has."""
    names = [strategy.rules]
    names += ["proving"] if strategy.record else []
    names += ["latest"] if strategy.memory == "latest" else []
    names += ["planning"] if strategy.planning else []
    # The paper's tracker says the contrary: who is unsure at the end answers None.
    names += ["tracker"] if strategy.tracker == "paper" else ["guess"] if not strategy.matrix else []
    return "\n\n".join(render(name) for name in names)


def question_text(state: AgentState) -> str:
    """The question, and how it is taken where that is not plain."""
    taken = f"\n[question taken as]\n{state['assumption']}" if state["assumption"] else ""
    return f"[question]\n{state['question']}{taken}"


def standing_text(state: AgentState, session: Session) -> str:
    """Where things stand: constraints, findings, plan and warnings, and last the budget block."""
    strategy = session.deps.strategy
    parts: list[str] = []
    if strategy.matrix:
        parts.append(constraints_text(state["constraints"], stated=state["stated"] or not strategy.record))
        parts += [findings_text(state, session.may_read), plan_text(state["plan"])]
    if strategy.warnings:
        parts.append(warnings_text(warnings_of(state, able=session.ledger.remaining().tools_left())))
    if strategy.tracker == "forecast":
        parts.append(session.budget_block(state, advice=True))
    elif strategy.tracker == "paper":
        parts.append(tracker_block(session.ledger.remaining()))
    return "\n\n".join(part for part in parts if part)


@cache
def _rules_tokens(strategy: Strategy) -> int:
    """Tokens of what is the same in every turn: the rules and the tools."""
    tools = sum(estimate_tokens(str(tool)) for tool in tool_specs(*strategy.tools))
    return estimate_tokens(rules(strategy)) + tools


def _further_tokens(session: Session) -> int:
    return sum(estimate_tokens(str(tool.spec)) for tool in session.deps.further.values())
