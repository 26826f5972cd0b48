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
    again: bool = False
    """Whether a model's call that failed is made once more in another way, as `detail` says: nothing is wrong."""
    kind: Literal["call"] = "call"


@dataclass(frozen=True, slots=True)
class PromptEvent:
    """A request to a model, as it is sent: messages and tools in OpenAI's form, under the id of its charge."""

    charge: str
    role: str
    node: str
    model: str
    attempt: int
    messages: list[dict[str, Any]]
    tools: tuple[dict[str, Any], ...]
    max_tokens: int
    kind: Literal["prompt"] = "prompt"


@dataclass(frozen=True, slots=True)
class DeltaEvent:
    """A piece of what a model is writing, in runs that were asked to stream: words, thoughts, or a call's arguments."""

    role: str
    text: str
    part: Literal["text", "thought", "call"] = "text"
    kind: Literal["delta"] = "delta"


@dataclass(frozen=True, slots=True)
class ReplyEvent:
    """What a model replied to the prompt of the same charge: its message in OpenAI's form, and what it counted."""

    charge: str
    role: str
    message: dict[str, Any]
    finish_reason: str
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    kind: Literal["reply"] = "reply"


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
class PauseEvent:
    """A limit is gone and whoever asked is asked for more: the limit, and the best answer so far."""

    resource: str
    answer: str
    status: AnswerStatus
    kind: Literal["pause"] = "pause"


@dataclass(frozen=True, slots=True)
class AnswerEvent:
    """The run has ended. `result` is what `run_agent` returns, as plain data."""

    answer: str
    status: AnswerStatus
    result: dict[str, Any] = field(default_factory=dict[str, Any])
    kind: Literal["answer"] = "answer"


Event = (
    PlanEvent
    | PromptEvent
    | DeltaEvent
    | ReplyEvent
    | CallEvent
    | PageEvent
    | FindingEvent
    | DecisionEvent
    | SpendEvent
    | BestEvent
    | PauseEvent
    | AnswerEvent
)
