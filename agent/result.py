"""What a run returns: the answer with its status, what proves it, and what it cost."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from .money.amounts import Amounts, to_usd
from .money.charges import Charge
from .money.receipt import receipt_data, receipt_text
from .nodes.best import Best
from .state import AnswerStatus, DecisionEntry, Finding, Record, StopReason

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What a run came to. `usd` is None when some call has no known price; `seconds` is wall-clock time."""

    searches: int
    browses: int
    tokens_in: int
    """Input tokens, the cached ones included."""
    tokens_out: int
    tokens_cached: int
    usd: Decimal | None
    seconds: float
    model_calls: int
    tools: dict[str, int] = field(default_factory=dict[str, int])
    """Calls of further tools, by name."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data; dollars as text, so that they stay exact, and further tools only where some were called."""
        data = asdict(self) | {"usd": None if self.usd is None else str(self.usd)}
        return data if self.tools else {name: value for name, value in data.items() if name != "tools"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page or search result that some evidence stands on; `kind` is page, snippet, or read (not quoted)."""

    url: str
    title: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The end of a run. There always is one, whatever happened; `status` says how far the answer can be trusted.

    verified: code found quotes for every constraint in pages really fetched. supported: all constraints were judged
    satisfied, some by a snippet or an inference. unverified: the best answer there is. none: no answer.
    """

    question: str
    answer: str
    data: BaseModel | None
    """The answer in the form that was asked for with `output`; None where it could not be had."""
    status: AnswerStatus
    stop_reason: StopReason
    resource: str
    """Which limit ended the run (searches, browses, tokens, usd, seconds, model_calls, tools.NAME), where one did."""
    fault: str
    """The last failure of a model, as one line; empty where all went well."""
    constraints: list[dict[str, Any]]
    findings: list[Finding]
    sources: list[Source]
    spend: Spend
    decisions: list[DecisionEntry]
    attempts: list[Record]
    charges: list[Charge]
    budget: dict[str, Any]
    run: str = ""
    plan: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    best: Best | None = None
    """The candidate that led when the run ended, and how it stands; None where there never was one."""
    answers: list[str] = field(default_factory=list[str])
    """All answers that were proposed, in order; of parallel runs one each."""
    paused: bool = False
    """A limit is gone and the run waits to be told what to add, to take what there is, or to stop."""
    assumption: str = ""
    """How the question was taken, where it could not be understood as it stands."""

    def receipt(self, *, full: bool = False) -> str:
        """The spend by node and attempt as text; the rows add up to the total.

        In full also by tool and by constraint, and then call by call.
        """
        return receipt_text(self.charges, self.budget, self.spend.seconds, full=full)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, fit for JSON: money as text, so that it stays exact."""
        data = {
            name: getattr(self, name)
            for name in ("question", "answer", "status", "stop_reason", "resource", "fault", "run", "budget")
        }
        data |= {"answers": list(self.answers), "assumption": self.assumption, "paused": self.paused}
        data["schema_version"] = SCHEMA_VERSION
        data["data"] = None if self.data is None else self.data.model_dump(mode="json")
        data["spend"] = self.spend.to_dict()
        data["receipt"] = receipt_data(self.charges, self.spend.seconds)
        data["best"] = None if self.best is None else self.best.to_dict()
        data["sources"] = [asdict(source) for source in self.sources]
        data["charges"] = [charge.to_dict() for charge in self.charges]
        for name in ("constraints", "findings", "decisions", "attempts", "plan"):
            data[name] = [dict(item) for item in getattr(self, name)]
        return data


def spend_of(charges: Iterable[Charge]) -> Spend:
    """The sum of the charges; seconds are those of the clock, since calls overlap."""
    total = Amounts()
    clock_ms = 0
    unpriced = False
    for charge in charges:
        total += charge.amounts
        clock_ms += charge.amounts.ms if charge.kind == "clock" else 0
        unpriced = unpriced or "unpriced" in charge.marks
    return Spend(
        searches=total.searches,
        browses=total.browses,
        tokens_in=total.tokens_in,
        tokens_out=total.tokens_out,
        tokens_cached=total.tokens_cached,
        usd=None if unpriced else to_usd(total.picousd),
        seconds=clock_ms / 1000,
        model_calls=total.model_calls,
        tools=dict(total.tools),
    )


def sources_of(findings: Iterable[Finding], titles: Mapping[str, str], read: Iterable[str]) -> list[Source]:
    """Each address that evidence stands on, once, pages first; where nothing was quoted, the pages that were read."""
    found: dict[str, str] = {}
    for finding in findings:
        for item in finding["evidence"]:
            if found.get(item["url"]) != "page":
                found[item["url"]] = item["kind"]
    found = found or dict.fromkeys(read, "read")
    ordered = sorted(found.items(), key=lambda pair: pair[1] != "page")
    return [Source(url=url, title=titles.get(url, ""), kind=kind) for url, kind in ordered]
