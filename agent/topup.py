"""Going on with a question that had ended: it was given more, or what failed is tried again."""

from typing import Any

from .money.budget import Budget, Remaining
from .state import AgentState, DecisionEntry, unanswered


def another_attempt(state: AgentState, budget: Budget, why: str) -> dict[str, Any]:
    """The update with which an ended question starts its next attempt under this budget: nothing found is lost."""
    entry = DecisionEntry(
        outcome="CONTINUE",
        rule="resumed",
        reason=why,
        proposed="",
        attempt=state["attempt"],
        lead=state["answer"],
        findings={},
        regime=str(Remaining(budget.limits(), {}).regime),
        budget=budget.limits(),
    )
    records = [*state["records"]]
    if records:
        records[-1] = {**records[-1], "outcome": f"continued: {why}"}
    return {
        "budget": budget.to_dict(),
        "attempt": state["attempt"] + 1,
        "records": records,
        "decisions": [*state["decisions"], entry],
        **unanswered(),
    }
