"""A budget that is gone where somebody can be asked: the run waits, and goes on, ends, or stops as they say."""

from typing import Any, Literal

from langgraph.types import Command, interrupt

from ..money.budget import PUBLIC_NAMES, Budget
from ..session import Session
from ..state import AgentState
from ..topup import TopUp, another_attempt
from .judge import choose

Next = Literal["planner", "finish", "__end__"]
MORE = "the budget was topped up"


async def top_up(state: AgentState, session: Session) -> Command[Next]:
    """Ask for more. Nothing is paid for here: LangGraph runs the node once more when the answer has come."""
    said = interrupt(asked_for(state, session), response_schema=TopUp)
    if said.do == "take":
        return Command(goto="finish")
    if said.do == "stop":
        return Command(update={"stop_reason": "cancelled"}, goto="__end__")
    wanted = Budget.of(state["budget"]).plus(Budget.of(said.add))
    budget = await session.deps.granted(wanted, state["turn"]) if session.deps.granted else wanted
    session.ledger.extend(budget)
    session.emit_spend(state)
    return Command(update=another_attempt(state, budget, MORE), goto="planner")


def asked_for(state: AgentState, session: Session) -> dict[str, Any]:
    """What whoever is asked has to know: the limit that is gone, what is left of the others, the best answer so far."""
    answer, status = choose(state)
    left = session.ledger.remaining()
    rest = Budget.from_limits({name: left.left(name) or 0 for name in left.limits}).to_dict()
    return {
        "kind": "top_up",
        "resource": PUBLIC_NAMES.get(state["resource"], state["resource"]),
        "left": {name: amount for name, amount in rest.items() if amount is not None},
        "answer": answer,
        "status": status,
    }
