"""What the graph carries from node to node: plain data, so that every checkpoint saver can store it.

Growing channels are delta channels, which store only what was added. Pages are kept in the page store and named by URL.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NotRequired, TypedDict, cast

from langgraph.channels import DeltaChannel
from langgraph.types import Overwrite

from .proof.forms import asked_form

Verdict = Literal["satisfied", "contradicted", "disputed", "unverifiable"]
Proof = Literal["page", "snippet", "inference", "none"]
Outcome = Literal["SUCCESS", "CONTINUE", "PIVOT", "EXHAUSTED"]
AnswerStatus = Literal["verified", "supported", "unverified", "none"]
StopReason = Literal["answered", "budget", "no_leads", "no_search_needed", "cancelled", "error"]


class Constraint(TypedDict):
    """One thing that the question demands; c0 is always what is asked."""

    id: str
    text: str
    kind: Literal["asked", "exploration", "verification"]
    form: NotRequired[str]
    """What a quote for it, or for c0 the answer, must hold: year, date, number or yes/no; absent where that is open."""
    dropped: NotRequired[str]
    """Why it was dropped as a misreading; absent while it holds."""


class Step(TypedDict):
    """One line of the plan, which is a tree: 2.1 and 2.2 are other ways to 2. Steps are never deleted."""

    id: str
    text: str
    state: Literal["todo", "done", "failed", "partial"]
    share: NotRequired[int]
    """The part of the searches and page reads that it should take, in percent of what was left when it was planned."""
    calls: NotRequired[int]
    """The same in calls."""
    used: NotRequired[int]
    """Searches and page reads that were made while it was the step at hand."""
    note: NotRequired[str]


class Evidence(TypedDict):
    """Where a finding comes from. `digest` names the page text in which code found the quote."""

    kind: Literal["page", "snippet"]
    url: str
    quote: str
    fetched: str
    digest: str


class Finding(TypedDict):
    """One constraint judged for one candidate."""

    candidate: str
    constraint: str
    verdict: Verdict
    proof: Proof
    evidence: list[Evidence]
    inference: str
    by: str
    note: NotRequired[str]
    doubt: NotRequired[str]
    """Why the verifier says that the quotes do not show it; absent once other words are quoted."""


class Candidate(TypedDict):
    """An answer that was proposed, and in which attempt."""

    answer: str
    attempt: int
    passed: NotRequired[bool]
    """Whether a verdict accepted it, in strategies whose verdict is obeyed."""
    verification: NotRequired[str]
    """What that verdict said."""


class Record(TypedDict):
    """What an attempt leaves to the next one."""

    attempt: int
    answer: str
    outcome: str
    checked: str
    """The candidate that the verifier looked at; empty where it made no call."""
    queries: list[str]
    facts: list[str]
    sources: list[str]
    gaps: list[str]
    leads: list[str]
    why: str


class Progress(TypedDict):
    """Counters that end a search which is going nowhere. All are bounded by the policy or by the graph."""

    idle_turns: int
    """Searcher turns in a row without a granted call or a changed finding."""
    stale_actions: int
    """Granted calls in a row whose results changed no finding and brought no candidate."""
    unseen_actions: int
    """Granted calls of the last turn, whose results the model has not seen yet."""
    failed_calls: int
    """Calls in a row that failed."""
    failed_again: int
    """Calls that failed although, or because, the very same call had failed before."""
    checks: int
    """Page checks of a supported answer that changed nothing."""
    nudges: int
    pushes: int
    """How often the request to look further was answered without looking further."""


class Call(TypedDict):
    """One granted or answered tool call of the searcher's last turn, in the order in which the model made it."""

    id: str
    name: str
    arguments: dict[str, Any]
    answered: NotRequired[str]
    """The text of a call that needs no action (refused, recorded, a mistake)."""


class DecisionEntry(TypedDict):
    """A decision as it is kept: what was decided, by which rule, why, and the budget that was seen."""

    outcome: Outcome
    rule: str
    reason: str
    proposed: str
    attempt: int
    lead: str
    findings: dict[str, list[str]]
    """How the lead stood on the constraints: by_page, weakly, contradicted, disputed, unknown, by their ids."""
    regime: str
    budget: dict[str, int]
    """What was left of each limit, in the ledger's units."""


class Fact(TypedDict):
    """One thing that a question demanded, and what was found on it for its answer."""

    demand: str
    verdict: Verdict
    proof: Proof
    quotes: list[dict[str, str]]
    """`quote` and `url` of each."""
    inference: str


class Exchange(TypedDict):
    """One question of a conversation and what came of it; of the one being answered its number and words."""

    turn: int
    question: str
    taken: str
    """How it was understood, where that is not what it says; empty for most."""
    answer: str
    status: AnswerStatus
    facts: list[Fact]
    """What was found for the answer."""
    ended: NotRequired[StopReason]
    """Why it ended; absent where that was not kept."""


def add_entries(old: list[dict[str, Any]], writes: Sequence[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Reducer of the transcript: what is written is appended."""
    return [*old, *(entry for write in writes for entry in write)]


def merge_charges(
    old: dict[str, dict[str, Any]], writes: Sequence[Mapping[str, dict[str, Any]]]
) -> dict[str, dict[str, Any]]:
    """Reducer of the charges: the last word on a charge id holds, so that a repeated write changes nothing."""
    merged = dict(old)
    for write in writes:
        merged.update(write)
    return merged


def merge_findings(old: dict[str, Finding], writes: Sequence[Mapping[str, Finding]]) -> dict[str, Finding]:
    """Reducer of the findings: a cell is replaced, none is ever removed."""
    merged = dict(old)
    for write in writes:
        merged.update(write)
    return merged


class AgentState(TypedDict):
    """The state of one conversation. `begin` resets all of it but the charges for each question."""

    question: str
    budget: dict[str, Any]
    """The limits of this question, as `Budget.to_dict` gives them."""
    run: str
    turn: int
    """The number of the question within the conversation, from 1."""
    past: list[Exchange]
    """The questions of this conversation so far, the one that is being answered last."""
    attempt: int
    transcript: Annotated[list[dict[str, Any]], DeltaChannel(add_entries)]
    """The searcher's conversation in this attempt: wire messages, tool results with a `stub` for later."""
    charges: Annotated[dict[str, dict[str, Any]], DeltaChannel(merge_charges)]
    constraints: list[Constraint]
    stated: bool
    """Whether the constraints have been stated, by the planner, the searcher or the verifier."""
    assumption: str
    """How a question is taken that cannot be understood as it stands; empty for most."""
    plan: list[Step]
    findings: Annotated[dict[str, Finding], DeltaChannel(merge_findings)]
    candidates: list[Candidate]
    records: list[Record]
    decisions: list[DecisionEntry]
    progress: Progress
    calls: list[Call]
    proposed: str
    """The answer that the searcher proposed in this attempt; empty while it searches."""
    verdict: str
    """What the verifier proposed: SUCCESS, CONTINUE, PIVOT or nothing."""
    stop_reason: StopReason
    resource: str
    """Which limit ended the run, where one did."""
    fault: str
    """The last failure of a model, as one line."""
    answer: str
    data: dict[str, Any] | None
    status: AnswerStatus


def updated(state: AgentState, update: Mapping[str, Any]) -> AgentState:
    """The state as it will be after an update of plain channels."""
    return cast("AgentState", {**state, **update})


def no_progress() -> Progress:
    return Progress(
        idle_turns=0,
        stale_actions=0,
        unseen_actions=0,
        failed_calls=0,
        failed_again=0,
        checks=0,
        nudges=0,
        pushes=0,
    )


class Question(TypedDict):
    """What a run starts with; the budget as a dict of its fields."""

    question: str
    budget: NotRequired[dict[str, Any]]
    run: NotRequired[str]


ASKED = "the answer to the question itself"


def fresh_question(question: str) -> dict[str, Any]:
    """The update that starts a question clean: nothing of an earlier one leaks in, but for the charges."""
    return {
        "question": question,
        "attempt": 1,
        "constraints": [what_is_asked(question)],
        "stated": False,
        "assumption": "",
        "plan": [],
        "findings": Overwrite({}),
        "candidates": [],
        "records": [],
        "decisions": [],
        **unanswered(),
    }


def what_is_asked(question: str) -> Constraint:
    """c0, with the form that the words of the question demand of its quotes."""
    constraint, form = Constraint(id="c0", text=ASKED, kind="asked"), asked_form(question)
    return {**constraint, "form": form} if form else constraint


def unanswered() -> dict[str, Any]:
    """The update after which a question is open, with an empty transcript: what was found before stays."""
    return {
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
