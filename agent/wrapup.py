"""From the last state of a run to its result: at its end, or wherever it was stopped."""

from typing import Any, cast

from pydantic import BaseModel, ValidationError

from .money.budget import PUBLIC_NAMES
from .money.charges import Charge
from .money.ledger import Ledger
from .nodes.best import best_of
from .nodes.judge import choose
from .nodes.recording import promote_findings
from .prepare import Prepared
from .proof.evidence import as_read
from .proof.matrix import same_name
from .result import Result, sources_of, spend_of
from .session import Session
from .state import AgentState, StopReason, fresh_question, updated


def make_result(
    prepared: Prepared, *, stop_reason: StopReason | None = None, fault: str = "", paused: bool = False
) -> Result:
    """The result of a run. `stop_reason` overrides the state's own, for a run that no limit ended."""
    state = _state(prepared)
    session = prepared.deps.alive(prepared.run) or Session(prepared.deps, Ledger(prepared.budget, prepared.run))
    session.ledger.drain()
    if stop_reason:  # the node in which it was stopped may have read pages that its state does not know of
        state = updated(state, {"findings": promote_findings(session, state)})
    findings = [as_read(finding, session) for finding in state["findings"].values()]
    charges: list[Charge] = list(session.ledger.charges.values())
    ended = bool(state["answer"]) or state["status"] != "none"
    answer, status = (state["answer"], state["status"]) if ended else choose(state)
    read = [c.what for c in charges if c.kind == "browse" and c.status == "settled" and session.pages.get(c.what)]
    proof = [finding for finding in findings if same_name(finding["candidate"], answer)]
    urls = [item["url"] for finding in proof for item in finding["evidence"]]
    titles = {url: session.title(url) for url in [*read, *urls]}
    return Result(
        question=state["question"],
        answer=answer,
        data=_data(state["data"], prepared.output),
        status=status,
        stop_reason=stop_reason or state["stop_reason"],
        resource="" if stop_reason else PUBLIC_NAMES.get(state["resource"], state["resource"]),
        fault=fault or state["fault"],
        constraints=[dict(constraint) for constraint in state["constraints"]],
        findings=findings,
        sources=sources_of(proof, titles, read),
        spend=spend_of(charges),
        decisions=state["decisions"],
        attempts=state["records"],
        charges=charges,
        budget=state["budget"],
        run=prepared.run,
        plan=[dict(step) for step in state["plan"]],
        best=best_of(state),
        answers=[item["answer"] for item in state["candidates"]],
        assumption=state["assumption"],
        paused=paused,
    )


def _state(prepared: Prepared) -> AgentState:
    """The latest state; one that never began is a fresh one."""
    fresh: dict[str, Any] = {
        **fresh_question(prepared.question),
        "transcript": [],
        "findings": {},
        "charges": {},
        "past": [],
    }
    fresh |= {"run": prepared.run, "turn": 1, "budget": prepared.budget.to_dict()}
    return cast("AgentState", fresh | prepared.last)


def _data(data: dict[str, Any] | None, output: type[BaseModel] | None) -> BaseModel | None:
    if data is None or output is None:
        return None
    try:
        return output.model_validate(data)
    except ValidationError:
        return None
