"""The end of an attempt: ask the policy, log its decision, and dig deeper or pivot."""

from typing import Any, Literal

from langgraph.types import Command, Overwrite

from ..events import DecisionEvent
from ..money.amounts import Amounts
from ..money.forecast import forecast
from ..proof.matrix import Row, lead_of
from ..session import Session
from ..state import AgentState, DecisionEntry, Record, StopReason
from .policy import Decision, Situation, decide

FIRST_CALL = Amounts(tokens_in=1_500, tokens_out=200)
"""What a model call is expected to take before any was made."""

Next = Literal["deepen", "pivot", "finish"]
TARGETS: dict[str, Next] = {"CONTINUE": "deepen", "PIVOT": "pivot", "SUCCESS": "finish", "EXHAUSTED": "finish"}


def decide_next(state: AgentState, session: Session) -> Command[Next]:
    """Ask the policy, log what it says, and go there."""
    decision = _decision(state, session)
    left = session.ledger.remaining()
    lead = lead_row(state)
    logged = DecisionEntry(
        outcome=decision.outcome,
        rule=decision.rule,
        reason=decision.reason,
        proposed=state["verdict"],
        attempt=state["attempt"],
        lead=lead.candidate if lead else "",
        budget={name: left.left(name) or 0 for name in left.limits},
    )
    session.emit(DecisionEvent(logged))
    update: dict[str, Any] = {"decisions": [*state["decisions"], logged]}
    if decision.rule == "page-check":
        update["progress"] = {**state["progress"], "checks": state["progress"]["checks"] + 1}
    if decision.outcome == "SUCCESS" and state["stop_reason"] != "no_search_needed":
        update["stop_reason"] = "answered"
    elif decision.outcome == "EXHAUSTED":
        update["stop_reason"] = _stop_reason(state, decision)
        update["resource"] = decision.resource or (state["resource"] if update["stop_reason"] == "budget" else "")
    return Command(update=update, goto=TARGETS[decision.outcome])


def deepen(state: AgentState, session: Session) -> dict[str, Any]:
    """Go on with the lead: the raw transcript is replaced by the record, what is proven stays."""
    return _next_attempt(state, session, f"continued: {state['decisions'][-1]['reason']}")


def pivot(state: AgentState, session: Session) -> dict[str, Any]:
    """Leave the lead and try another way; the record says why."""
    return _next_attempt(state, session, f"given up: {state['decisions'][-1]['reason']}")


def _decision(state: AgentState, session: Session) -> Decision:
    if state["stop_reason"] == "no_search_needed":
        return Decision("SUCCESS", "no-search", "the question needs no search")
    if not session.deps.strategy.verifier:
        if state["proposed"]:
            return Decision("SUCCESS", "as-proposed", "this strategy takes the first answer")
        return Decision("EXHAUSTED", "as-proposed", "no answer was proposed", state["resource"])
    if state["fault"] and not state["proposed"]:
        return Decision("EXHAUSTED", "model-failed", state["fault"])
    left = session.ledger.remaining()
    least = FIRST_CALL if left.limits.get("tokens") is None else _first_call(left.limits["tokens"])
    decision = decide(
        Situation(
            lead=lead_row(state),
            stated=state["stated"],
            progress=state["progress"],
            remaining=left,
            forecast=forecast(session.ledger.charges.values(), least=least),
            keep=session.keep_for("verify", answer_due=session.deps.answer_due(state)),
            left_before=_left_before(state),
            pages_help=_pages_help(state, session),
        )
    )
    if state["resource"] and decision.outcome in ("CONTINUE", "PIVOT"):
        # The searcher's last call did not fit; another turn of it would not either.
        return Decision("EXHAUSTED", "no-room", f"the next step no longer fits ({decision.reason})", state["resource"])
    return decision


def _first_call(tokens: int) -> Amounts:
    return Amounts(
        tokens_in=min(FIRST_CALL.tokens_in, tokens // 8), tokens_out=min(FIRST_CALL.tokens_out, tokens // 40)
    )


def _left_before(state: AgentState) -> bool:
    """Whether a pivot already turned away from the candidate that leads now, and nothing new speaks for it."""
    lead = lead_row(state)
    return lead is not None and any(
        entry["outcome"] == "PIVOT" and entry["lead"] == lead.candidate and bool(lead.contradicted)
        for entry in state["decisions"]
    )


def _pages_help(state: AgentState, session: Session) -> bool:
    """Whether some weakly proven cell could still be proven by a page that was not read."""
    row = lead_row(state)
    if row is None:
        return False
    weak = [finding for finding in state["findings"].values() if finding["constraint"] in row.weakly]
    only_snippets = any(finding["proof"] == "snippet" for finding in weak)
    unread = any(session.pages.get(item["url"]) is None for finding in weak for item in finding["evidence"])
    return only_snippets or unread or any(not finding["evidence"] for finding in weak)


def _stop_reason(state: AgentState, decision: Decision) -> StopReason:
    if decision.rule == "model-failed":
        return "error"
    if decision.rule == "idle" or (decision.rule == "as-proposed" and not decision.resource):
        return "error" if state["fault"] else "no_leads"
    return "budget" if decision.resource or state["resource"] else "no_leads"


def _next_attempt(state: AgentState, session: Session, outcome: str) -> dict[str, Any]:
    last: Record = {**state["records"][-1], "outcome": outcome}
    progress = {**state["progress"], "stale_actions": 0, "unseen_actions": 0, "failed_calls": 0, "nudges": 0}
    return {
        "attempt": state["attempt"] + 1,
        "records": [*state["records"][:-1], last],
        "transcript": Overwrite([]),
        "proposed": "",
        "verdict": "",
        "progress": progress,
        "charges": session.ledger.drain(),
    }


def lead_row(state: AgentState) -> Row | None:
    """The candidate that leads, of all that were proposed or recorded."""
    names = [candidate["answer"] for candidate in state["candidates"]]
    return lead_of(state["constraints"], state["findings"], names, state["proposed"])
