"""Going on with a question whose budget was used up, once it was given more."""

from typing import Any

from langgraph.types import Overwrite

from .budget import Budget
from .state import AgentState, DecisionEntry, no_progress


def topped_up(state: AgentState, budget: Budget) -> dict[str, Any]:
    """The update with which an ended question starts its next attempt under a larger budget: nothing found is lost."""
    entry = DecisionEntry(
        outcome="CONTINUE",
        rule="top-up",
        reason="the budget was topped up",
        proposed="",
        attempt=state["attempt"],
        lead=state["answer"],
        budget=budget.limits(),
    )
    records = [*state["records"]]
    if records:
        records[-1] = {**records[-1], "outcome": f"continued: {entry['reason']}"}
    return {
        "budget": budget.to_dict(),
        "attempt": state["attempt"] + 1,
        "records": records,
        "decisions": [*state["decisions"], entry],
        "transcript": Overwrite([]),
        "progress": no_progress(),
        "calls": [],
        "proposed": "",
        "verdict": "",
        "resource": "",
        "fault": "",
        "answer": "",
        "data": None,
        "status": "none",
        "stop_reason": "no_leads",
    }
