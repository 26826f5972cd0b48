"""What the lines of a trace come to: calls with their prompts and replies, and an end, also where there was none."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..money.amounts import PICO
from ..money.budget import FURTHER
from ..money.charges import MAX_WHAT
from .lines import (
    Best,
    Called,
    Decided,
    Evidence,
    Finding,
    Found,
    Json,
    Outcome,
    PageRead,
    Planned,
    Prompt,
    Reply,
    Spent,
)
from .reader import Traced


@dataclass(slots=True)
class Call:
    """One call. `end` is None where the trace has none; refused and free ones take no time."""

    number: int
    tool: str
    what: str
    state: str
    detail: str
    start: float
    end: float | None = None
    prompt: Prompt | None = None
    reply: Reply | None = None
    chars: int = 0
    """Of the page that was read."""
    proved: list[str] = field(default_factory=list[str])
    marks: list[str] = field(default_factory=list[str])

    @property
    def row(self) -> str:
        """The node or the tool that it belongs to."""
        if self.tool == "model":
            node = self.prompt.node if self.prompt else self.what
            return node if node == self.what else f"{node} ({self.what})"
        if self.tool == "tool":
            return self.what.partition(" ")[0]
        return "read" if self.tool == "browse" else self.tool


def calls_of(traced: Traced) -> list[Call]:
    """All calls, in the order in which they were begun."""
    taking = _Taking()
    for line in traced.told:
        if isinstance(line, Called):
            taking.call(line)
        elif isinstance(line, Prompt):
            taking.prompt(line)
        elif isinstance(line, Reply):
            taking.reply(line)
        elif isinstance(line, PageRead):
            taking.page(line)
    _note_charges(taking.calls, traced.outcome.charges if traced.outcome else ())
    return taking.calls


class _Taking:
    """Takes lines in as they come. The same call may be under way several times."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._open: dict[tuple[str, str], list[Call]] = defaultdict(list)
        self._by_charge: dict[str, Call] = {}

    def call(self, line: Called) -> None:
        running = self._open[line.tool, line.what]
        if line.state in ("done", "failed") and running:
            replied = line.state == "done"
            call = next((one for one in running if (one.reply is not None) == replied), running[0])
            running.remove(call)
        else:
            call = Call(len(self.calls) + 1, line.tool, line.what, line.state, "", line.t)
            self.calls.append(call)
        call.state, call.detail = line.state, line.detail.removeprefix(f"{line.state}: ")
        if line.state == "started":
            running.append(call)
        else:
            call.end = line.t

    def prompt(self, line: Prompt) -> None:
        """A prompt is told right after the start of its call."""
        waiting = [call for call in self._open["model", line.role] if call.prompt is None]
        if waiting:
            waiting[-1].prompt = line
            self._by_charge[line.charge] = waiting[-1]

    def reply(self, line: Reply) -> None:
        if line.charge in self._by_charge:
            self._by_charge[line.charge].reply = line

    def page(self, line: PageRead) -> None:
        """A page is told right after the end of its call, which may name it otherwise."""
        for call in reversed(self.calls):
            if call.tool == "browse" and call.end is not None and not call.chars:
                call.chars = line.chars
                return


def _note_charges(calls: Iterable[Call], charges: Iterable[Json]) -> None:
    """What each call helped to prove, and what is to be known of its charge."""
    by_id = {str(charge.get("id")): charge for charge in charges}
    left: dict[tuple[str, str], deque[Json]] = defaultdict(deque)
    for charge in by_id.values():
        left[str(charge.get("kind")), str(charge.get("what"))].append(charge)
    for call in calls:
        own = left[call.tool, call.what[:MAX_WHAT]]
        charge = by_id.get(call.prompt.charge) if call.prompt else own.popleft() if own else None
        if charge is not None and call.state != "refused":
            call.proved = [str(name) for name in charge.get("constraints") or ()]
            call.marks = [str(mark) for mark in charge.get("marks") or () if mark != call.detail]


def spending(traced: Traced) -> list[Spent]:
    """What was gone of each limit, and when; at the end what the result says, for which there is no line."""
    spent = [line for line in traced.told if isinstance(line, Spent)]
    if spent and traced.outcome is not None:
        whole = traced.outcome.spend
        gone = {"searches": whole.searches, "browses": whole.browses, "model_calls": whole.model_calls}
        gone |= {"tokens": whole.tokens_in + whole.tokens_out, "ms": int(whole.seconds * 1000)}
        gone |= {f"{FURTHER}{name}": calls for name, calls in whole.tools.items()}
        gone["picousd"] = spent[-1].gone.get("picousd", 0) if whole.usd is None else int(whole.usd * PICO)
        spent.append(spent[-1].model_copy(update={"t": traced.seconds, "gone": spent[-1].gone | gone}))
    return spent


def ending(traced: Traced) -> Outcome:
    """How the question ended; of a trace that broke off what was known until then."""
    if traced.outcome is not None:
        return traced.outcome
    plan = Planned(t=0, kind="plan")
    best = Best(t=0, kind="best", answer="", status="none")
    cells: dict[tuple[str, str], Finding] = {}
    for line in traced.told:
        plan = line if isinstance(line, Planned) else plan
        best = line if isinstance(line, Best) else best
        if isinstance(line, Found):
            cells[line.candidate, line.constraint] = _finding(line)
    return Outcome(
        answer=best.answer,
        status=best.status,
        budget=traced.header.budget,
        constraints=plan.constraints,
        plan=plan.steps,
        findings=list(cells.values()),
        decisions=[line.decision for line in traced.told if isinstance(line, Decided)],
    )


def _finding(line: Found) -> Finding:
    evidence = [Evidence(quote=line.quote)] if line.quote else []
    told = {name: getattr(line, name) for name in ("candidate", "constraint", "verdict", "proof")}
    return Finding(**told, evidence=evidence)
