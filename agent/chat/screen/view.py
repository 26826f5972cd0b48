"""What a running question looks like at a moment: its events, folded into what a screen shows. No output, no clock.

Times are seconds of whoever tells them, and only differences count. Whoever tells events from several threads takes
care that it is one at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ...events import (
        BestEvent,
        CallEvent,
        CallState,
        DeltaEvent,
        Event,
        FindingEvent,
        PauseEvent,
        PromptEvent,
        SpendEvent,
    )
    from ...state import AnswerStatus, Constraint, DecisionEntry, Step

MOST_CALLS = 200
"""Calls that are kept; a screen shows the last few of them."""
TAIL = 8_000
"""Characters kept of what a model is writing, at most."""
COUNTED = {"search": "searches", "browse": "browses"}

Standing = Literal["proven", "snippet", "inference", "contradicted", "disputed", "open"]
WEIGHT: "dict[str, Standing]" = {"page": "proven", "snippet": "snippet", "inference": "inference", "none": "open"}


@dataclass(slots=True)
class Made:
    """A call of a tool, or one of a model that failed or is made again. One that is still running has no end."""

    tool: str
    what: str
    state: "CallState"
    detail: str
    began: float
    ended: float | None = None


@dataclass(slots=True)
class Thinking:
    """A call of a model that is running: since when, how long its prompt is, and what it has written so far."""

    role: str
    began: float
    model: str = ""
    node: str = ""
    prompt_chars: int = 0
    part: str = ""
    """What is being written: text, thought or call."""
    written: int = 0
    tail: str = ""


@dataclass(slots=True)
class View:
    """One question as it stands. `take` each event with its time, and `tick` when time passes without one."""

    question: str
    limits: dict[str, int]
    """In the ledger's units, as everything that is counted here."""
    at: float = 0.0
    """The time of the last event or tick."""
    began: float | None = None
    constraints: "list[Constraint]" = field(default_factory=list["Constraint"])
    steps: "list[Step]" = field(default_factory=list["Step"])
    calls: list[Made] = field(default_factory=list[Made])
    thinking: list[Thinking] = field(default_factory=list[Thinking])
    streams: bool = False
    """Whether the model's writing is told while it writes."""
    regime: str = ""
    outlook: str = ""
    decision: "DecisionEntry | None" = None
    best: "BestEvent | None" = None
    pause: "PauseEvent | None" = None
    status: "AnswerStatus | None" = None
    """How the answer stands, once the run has ended."""
    _gone: dict[str, int] = field(default_factory=dict[str, int])
    _since: dict[str, int] = field(default_factory=dict[str, int])
    """Searches and page reads that were begun after the sums were told last."""
    _spent_at: float = 0.0
    _cells: "dict[str, FindingEvent]" = field(default_factory=dict[str, "FindingEvent"])
    _last_named: str = ""

    def tick(self, at: float) -> None:
        """Let time pass."""
        if self.began is None:
            self.began = self._spent_at = at
        self.at = max(self.at, at)

    def take(self, event: "Event", at: float) -> None:
        """Take an event in."""
        self.tick(at)
        self.pause = event if event.kind == "pause" else None
        if event.kind == "call":
            self._call(event)
        elif event.kind == "prompt":
            self._prompt(event)
        elif event.kind == "delta":
            self._delta(event)
        else:
            self._learn(event)

    def _learn(self, event: "Event") -> None:
        if event.kind == "plan":
            self.constraints, self.steps = list(event.constraints), list(event.steps)
        elif event.kind == "finding":
            self._find(event)
        elif event.kind == "spend":
            self._spend(event)
        elif event.kind == "decision":
            self.decision = event.decision
        elif event.kind == "best":
            self.best = event
        elif event.kind == "answer":
            self.status = event.status

    @property
    def elapsed(self) -> float:
        """Seconds since the question was put, without the time that the user was asked something."""
        return 0.0 if self.began is None else self.at - self.began

    @property
    def gone(self) -> Mapping[str, int]:
        """What is gone by resource; time goes on also between the events that tell it."""
        since = 0.0 if self.began is None else self.at - self._spent_at
        known = {name: self._gone.get(name, 0) + more for name, more in self._since.items()}
        return {**self._gone, **known, "ms": self._gone.get("ms", 0) + int(since * 1000)}

    @property
    def running(self) -> list[Made]:
        """The calls of tools that have not ended yet."""
        return [call for call in self.calls if call.ended is None]

    @property
    def demands(self) -> "list[Constraint]":
        """The constraints that hold."""
        return [constraint for constraint in self.constraints if not constraint.get("dropped")]

    @property
    def lead(self) -> str:
        """The candidate whose cells are shown: the best one, before there is one the one that was named last."""
        return self.best.answer if self.best is not None else self._last_named

    def cell(self, constraint: str) -> "FindingEvent | None":
        """What was found on a constraint for the candidate that leads."""
        if not self._cells:
            return None
        from ...proof.matrix import cell_key

        return self._cells.get(cell_key(self.lead, constraint))

    def standing(self, constraint: str) -> Standing:
        """How the candidate that leads stands on a constraint; satisfied ones by what they rest on."""
        found = self.cell(constraint)
        if found is None or found.verdict == "unverifiable":
            return "open"
        if found.verdict != "satisfied":
            return found.verdict
        return WEIGHT[found.proof]

    def _find(self, event: "FindingEvent") -> None:
        from ...proof.matrix import cell_key

        self._cells[cell_key(event.candidate, event.constraint)] = event
        self._last_named = event.candidate

    def _spend(self, event: "SpendEvent") -> None:
        self.limits, self._gone, self._since = dict(event.limits), dict(event.gone), {}
        self.regime, self.outlook, self._spent_at = str(event.regime), event.outlook, self.at

    def _call(self, event: "CallEvent") -> None:
        if event.tool == "model":
            self._model(event)
            return
        if event.state != "started":
            for call in self.running:
                if (call.tool, call.what) == (event.tool, event.what):
                    call.state, call.detail, call.ended = event.state, event.detail, self.at
                    return
        ended = None if event.state == "started" else self.at
        if event.state == "started" and event.tool in COUNTED:
            resource = COUNTED[event.tool]
            self._since[resource] = self._since.get(resource, 0) + 1
        self._keep(Made(event.tool, event.what, event.state, event.detail, self.at, ended))

    def _model(self, event: "CallEvent") -> None:
        if event.state == "started":
            self.thinking.append(Thinking(event.what, self.at))
            return
        call = self._thinking(event.what)
        if call is not None:
            self.thinking.remove(call)
        if event.state != "done":
            began = self.at if call is None else call.began
            state = "done" if event.again else event.state
            self._keep(Made("model", event.what, state, event.detail, began, self.at))

    def _keep(self, call: Made) -> None:
        self.calls.append(call)
        del self.calls[:-MOST_CALLS]

    def _prompt(self, event: "PromptEvent") -> None:
        call = self._thinking(event.role)
        if call is not None:
            call.model, call.node = event.model, event.node
            call.prompt_chars = sum(len(str(message.get("content") or "")) for message in event.messages)

    def _delta(self, event: "DeltaEvent") -> None:
        self.streams = True
        call = self._thinking(event.role)
        if call is None:
            return
        if call.part != event.part:
            call.part, call.tail = event.part, ""
        call.written += len(event.text)
        call.tail += event.text
        if len(call.tail) > TAIL:
            call.tail = call.tail[-TAIL // 2 :]  # not with each piece: lines would be broken anew each time

    def _thinking(self, role: str) -> Thinking | None:
        """The last call of a role that is running."""
        return next((call for call in reversed(self.thinking) if call.role == role), None)
