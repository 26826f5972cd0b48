"""What happens during a run, as typed events for progress displays and `stream_agent`."""

from dataclasses import dataclass, field
from typing import Any, Literal

from .state import AnswerStatus, Constraint, DecisionEntry, Step, Verdict

CallState = Literal["started", "done", "failed", "refused", "free"]


@dataclass(frozen=True, slots=True)
class PlanEvent:
    """The constraints and the plan as they stand after a change."""

    constraints: list[Constraint]
    steps: list[Step]
    kind: Literal["plan"] = "plan"


@dataclass(frozen=True, slots=True)
class CallEvent:
    """A call of a model or a tool: started, then done or failed; refused and free ones never start."""

    tool: Literal["model", "search", "browse", "tool"]
    what: str
    state: CallState
    detail: str = ""
    kind: Literal["call"] = "call"


@dataclass(frozen=True, slots=True)
class PageEvent:
    """A page was read."""

    url: str
    title: str
    chars: int
    kind: Literal["page"] = "page"


@dataclass(frozen=True, slots=True)
class FindingEvent:
    """A cell of the matrix changed."""

    candidate: str
    constraint: str
    verdict: Verdict
    proof: str
    quote: str = ""
    kind: Literal["finding"] = "finding"


@dataclass(frozen=True, slots=True)
class DecisionEvent:
    """The policy decided."""

    decision: DecisionEntry
    kind: Literal["decision"] = "decision"


@dataclass(frozen=True, slots=True)
class SpendEvent:
    """What is gone and what is left of each finite limit, in the ledger's units, the regime, and how long it lasts."""

    limits: dict[str, int]
    gone: dict[str, int]
    regime: str
    outlook: str = ""
    kind: Literal["spend"] = "spend"


@dataclass(frozen=True, slots=True)
class BestEvent:
    """Another candidate leads, or the one that leads stands otherwise: constraints by their ids."""

    answer: str
    status: AnswerStatus
    proven: tuple[str, ...]
    open: tuple[str, ...]
    kind: Literal["best"] = "best"


@dataclass(frozen=True, slots=True)
class AnswerEvent:
    """The run has ended. `result` is what `run_agent` returns, as plain data."""

    answer: str
    status: AnswerStatus
    result: dict[str, Any] = field(default_factory=dict[str, Any])
    kind: Literal["answer"] = "answer"


Event = PlanEvent | CallEvent | PageEvent | FindingEvent | DecisionEvent | SpendEvent | BestEvent | AnswerEvent
