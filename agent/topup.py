"""A question that ended, or waits, for want of budget: what may be said to it, and going on with more."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..tools.errors import ConfigError
from ..tools.shapes import is_mapping
from .fresh import unanswered
from .money.budget import Budget, Remaining, label, ordered
from .state import AgentState, DecisionEntry

Word = Literal["take", "stop"]
Said = Budget | Mapping[str, object] | int | Word | None
"""What a caller says when a limit is gone: what to add, `take` the best answer so far, or `stop`. None is `take`."""


class TopUp(BaseModel):
    """The answer to the interrupt of a question whose budget is gone; what LangGraph checks a resume value against.

    `add` gives limits as `Budget.to_dict` does. `take` ends with the best answer, written where there is none yet out
    of what was held back; `stop` ends at once, and the run can go on later.
    """

    model_config = ConfigDict(extra="forbid")

    do: Literal["add", "take", "stop"]
    add: dict[str, Any] = Field(default_factory=dict[str, Any])

    @model_validator(mode="after")
    def _something_to_add(self) -> Self:
        if (self.do == "add") != bool(self.add):
            raise ValueError("limits belong to do='add', and only to that")
        if self.add:
            Budget.of(self.add)
        return self


def read_said(said: object, budget: Budget) -> TopUp:
    """What a caller said, checked against the budget of the question. Raises ConfigError, one line."""
    if said is None or said == "take":
        return TopUp(do="take")
    if said == "stop":
        return TopUp(do="stop")
    if isinstance(said, str) or not (isinstance(said, Budget | int) or is_mapping(said)):
        raise ConfigError(f"top_up={said!r}: give limits to add, such as {{'searches': 5}}, 'take' or 'stop'")
    more = {name: value for name, value in added(said, budget).to_dict().items() if value}
    return TopUp(do="add", add=more)


def added(top_up: object, budget: Budget) -> Budget:
    """What is to be added to a budget; a number means so many searches and page reads. Raises ConfigError."""
    more = Budget.of(top_up)
    if not any(more.limits().values()):
        raise ConfigError(f"top_up={top_up!r} adds nothing: give at least one limit above 0, such as searches=5")
    if more.limits().keys().isdisjoint(budget.limits()):
        known = ", ".join(label(name) for name in ordered(budget.limits())) or "nothing"
        given = ", ".join(label(name) for name in ordered(more.limits()))
        raise ConfigError(f"more {given} adds nothing: the run has no limit on that, only on {known}")
    return more


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
