"""The lines of a trace as they are read back: what is missing has a plain default, what is unknown is left out."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Json = dict[str, Any]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, le=10**9, allow_inf_nan=False)]


class Part(BaseModel):
    """Plain data that is read leniently, and never changed."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Constraint(Part):
    """See `agent.state`, as for the parts that follow."""

    id: str
    text: str = ""
    kind: str = ""
    dropped: str = ""


class Step(Part):
    id: str
    text: str = ""
    state: str = "todo"
    used: Count = 0
    note: str = ""


class Evidence(Part):
    kind: str = ""
    url: str = ""
    quote: str = ""


class Finding(Part):
    candidate: str
    constraint: str
    verdict: str
    proof: str = "none"
    evidence: list[Evidence] = []
    inference: str = ""
    by: str = ""
    note: str = ""
    doubt: str = ""


class Decision(Part):
    outcome: str
    rule: str = ""
    reason: str = ""
    proposed: str = ""
    attempt: Count = 0
    lead: str = ""
    regime: str = ""
    budget: dict[str, int] = {}


class Attempt(Part):
    answer: str = ""
    outcome: str = ""
    why: str = ""


class Source(Part):
    url: str
    title: str = ""
    kind: str = ""


class Spend(Part):
    searches: Count = 0
    browses: Count = 0
    tokens_in: Count = 0
    tokens_out: Count = 0
    tokens_cached: Count = 0
    usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    seconds: Seconds = 0
    model_calls: Count = 0
    tools: dict[str, Count] = {}


class Outcome(Part):
    """A result, as `Result.to_dict` gives it."""

    answer: str = ""
    status: str = "none"
    stop_reason: str = ""
    resource: str = ""
    fault: str = ""
    assumption: str = ""
    budget: Json = {}
    spend: Spend = Spend()
    constraints: list[Constraint] = []
    plan: list[Step] = []
    findings: list[Finding] = []
    decisions: list[Decision] = []
    attempts: list[Attempt] = []
    sources: list[Source] = []
    charges: list[Json] = []


class Line(Part):
    """What all lines have: `t` is in seconds since the question was begun."""

    t: Seconds


class Header(Line):
    kind: Literal["trace"]
    version: Annotated[int, Field(alias="schema", ge=1)]
    spadework: str = ""
    run: str = ""
    question: str = ""
    budget: Json = {}
    models: dict[str, str] = {}
    strategy: str = ""
    started: str = ""
    redacted: bool = False


class Message(Line):
    kind: Literal["message"]
    id: str
    message: Json


class Tools(Line):
    kind: Literal["tools"]
    id: str
    tools: list[Json]


class Prompt(Line):
    kind: Literal["prompt"]
    charge: str
    role: str
    node: str
    model: str = ""
    attempt: Count = 0
    messages: list[str] = []
    tools: str = ""
    max_tokens: Count = 0


class Reply(Line):
    kind: Literal["reply"]
    charge: str
    role: str
    message: str = ""
    finish_reason: str = ""
    tokens_in: Count = 0
    tokens_out: Count = 0
    tokens_cached: Count = 0


class Called(Line):
    kind: Literal["call"]
    tool: Literal["model", "search", "browse", "tool"]
    what: str
    state: Literal["started", "done", "failed", "refused", "free"]
    detail: str = ""


class PageRead(Line):
    kind: Literal["page"]
    url: str
    title: str = ""
    chars: Count = 0


class Planned(Line):
    kind: Literal["plan"]
    constraints: list[Constraint] = []
    steps: list[Step] = []


class Found(Line):
    kind: Literal["finding"]
    candidate: str
    constraint: str
    verdict: str
    proof: str = "none"
    quote: str = ""


class Decided(Line):
    kind: Literal["decision"]
    decision: Decision


class Spent(Line):
    kind: Literal["spend"]
    limits: dict[str, Count]
    gone: dict[str, Count]
    regime: str = ""


class Best(Line):
    kind: Literal["best"]
    answer: str
    status: str


class Paused(Line):
    kind: Literal["pause"]
    resource: str
    answer: str = ""
    status: str = "none"


class Ended(Line):
    kind: Literal["end"]
    result: Outcome


Told = Prompt | Reply | Called | PageRead | Planned | Found | Decided | Spent | Best | Paused
AnyLine = Header | Message | Tools | Told | Ended
KINDS: frozenset[str] = frozenset(get_args(model.model_fields["kind"].annotation)[0] for model in get_args(AnyLine))
"""A line of another kind is of a later version, and no mistake."""
LINE: TypeAdapter[AnyLine] = TypeAdapter(Annotated[AnyLine, Field(discriminator="kind")])
