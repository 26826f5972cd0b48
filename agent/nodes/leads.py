"""Which candidate a run is about at this moment."""

from ..proof.matrix import Row, lead_of
from ..state import AgentState


def lead_row(state: AgentState) -> Row | None:
    """The candidate that leads, of all that were proposed or recorded and not accepted yet."""
    names = [candidate["answer"] for candidate in state["candidates"]]
    return lead_of(state["constraints"], state["findings"], names, state["proposed"], accepted(state))


def accepted(state: AgentState) -> list[str]:
    """Answers that ended an attempt with success, where the strategy goes on beyond that."""
    return [entry["lead"] for entry in state["decisions"] if entry["outcome"] == "SUCCESS" and entry["lead"]]
