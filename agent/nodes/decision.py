"""The end of an attempt: ask the policy, log its decision, and dig deeper or pivot."""

from typing import Any, Literal

from langgraph.types import Command, Overwrite

from ..events import DecisionEvent
from ..money.amounts import Amounts
from ..money.budget import TOOL_RESOURCES
from ..money.forecast import forecast
from ..proof.matrix import Row
from ..session import Session
from ..state import AgentState, DecisionEntry, Record, StopReason
from .board import records_text
from .context import MAX_ROUNDS, entry, rounds_of
from .leads import accepted, lead_row
from .past import known_entries
from .policy import Decision, Situation, decide, goes_on, obey

FIRST_CALL = Amounts(tokens_in=1_500, tokens_out=200)
"""What a model call is expected to take before any was made."""

Next = Literal["deepen", "pivot", "top_up", "finish"]
TARGETS: dict[str, Next] = {"CONTINUE": "deepen", "PIVOT": "pivot", "SUCCESS": "finish", "EXHAUSTED": "finish"}


def decide_next(state: AgentState, session: Session) -> Command[Next]:
    """Ask the policy, log what it says, and go there."""
    decision = _decision(state, session)
    goto = TARGETS[decision.outcome]
    if decision.outcome == "SUCCESS" and decision.rule != "no-search" and _beyond(state, session):
        goto = "pivot"
    logged = _logged(state, session, decision)
    session.emit(DecisionEvent(logged))
    update: dict[str, Any] = {"decisions": [*state["decisions"], logged]}
    if decision.rule == "page-check":
        update["progress"] = {**state["progress"], "checks": state["progress"]["checks"] + 1}
    if decision.outcome == "SUCCESS" and state["stop_reason"] != "no_search_needed":
        update["stop_reason"] = "answered"
    elif decision.outcome == "EXHAUSTED" and accepted(state):
        update["stop_reason"] = "answered"  # the budget was to be used up, and an answer was accepted before
    elif decision.outcome == "EXHAUSTED":
        update["stop_reason"] = _stop_reason(state, decision)
        update["resource"] = decision.resource or (state["resource"] if update["stop_reason"] == "budget" else "")
    if session.deps.asks and decision.outcome == "EXHAUSTED":
        if update["stop_reason"] == "no_leads" and (spent := _tool_spent(session)):
            # With more of what is used up there might be leads again: worth asking.
            update |= {"stop_reason": "budget", "resource": spent}
        goto = "top_up" if update["stop_reason"] == "budget" else goto
    return Command(update=update, goto=goto)


def deepen(state: AgentState, session: Session) -> dict[str, Any]:
    """Go on with the lead: the raw transcript is replaced by the record, what is proven stays."""
    return _next_attempt(state, session, f"continued: {state['decisions'][-1]['reason']}")


def pivot(state: AgentState, session: Session) -> dict[str, Any]:
    """Leave the lead and try another way; the record says why."""
    last = state["decisions"][-1]
    if last["outcome"] == "SUCCESS":
        told = "accepted; what is left is for a better answer, or for what speaks against this one"
        return _next_attempt(state, session, told)
    return _next_attempt(state, session, f"given up: {last['reason']}")


def situation(state: AgentState, session: Session) -> Situation:
    """All that the policy looks at."""
    left = session.ledger.remaining()
    least = FIRST_CALL if left.limits.get("tokens") is None else _first_call(left.limits["tokens"])
    return Situation(
        lead=lead_row(state),
        stated=state["stated"],
        progress=state["progress"],
        remaining=left,
        forecast=forecast(session.ledger.charges.values(), least=least),
        keep=session.keep_for("verify", answer_due=session.deps.answer_due(state)),
        left_before=_left_before(state),
        pages_help=_pages_help(state, session),
        either=session.deps.strategy.stops_at_either,
    )


def _decision(state: AgentState, session: Session) -> Decision:
    strategy = session.deps.strategy
    if state["stop_reason"] == "no_search_needed":
        return Decision("SUCCESS", "no-search", "the question needs no search")
    if not strategy.verifier:
        if state["proposed"]:
            return Decision("SUCCESS", "as-proposed", "this strategy takes the first answer")
        return Decision("EXHAUSTED", "as-proposed", "no answer was proposed", state["resource"])
    if state["fault"] and not state["proposed"]:
        return Decision("EXHAUSTED", "model-failed", state["fault"])
    now = situation(state, session)
    decision = decide(now) if strategy.policy else obey(now, state["verdict"])
    if state["resource"] and decision.outcome in ("CONTINUE", "PIVOT"):
        # The searcher's last call did not fit; another turn of it would not either.
        return Decision("EXHAUSTED", "no-room", f"the next step no longer fits ({decision.reason})", state["resource"])
    return decision


def _beyond(state: AgentState, session: Session) -> bool:
    """Whether the search goes on after a success: the strategy wants it, and there is room for another attempt."""
    return session.deps.strategy.until_spent and not state["resource"] and goes_on(situation(state, session))


def _logged(state: AgentState, session: Session, decision: Decision) -> DecisionEntry:
    left, lead = session.ledger.remaining(), lead_row(state)
    return DecisionEntry(
        outcome=decision.outcome,
        rule=decision.rule,
        reason=decision.reason,
        proposed=state["verdict"],
        attempt=state["attempt"],
        lead=lead.candidate if lead else "",
        findings=_cells(lead),
        regime=str(left.regime),
        budget={name: left.left(name) or 0 for name in left.limits},
    )


def _cells(lead: Row | None) -> dict[str, list[str]]:
    names = ("by_page", "weakly", "contradicted", "disputed", "unknown")
    return {name: list(getattr(lead, name)) for name in names if lead is not None and getattr(lead, name)}


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
    only_snippets = any(finding["proof"] == "snippet" or "doubt" in finding for finding in weak)
    unread = any(session.pages.get(item["url"]) is None for finding in weak for item in finding["evidence"])
    return only_snippets or unread or any(not finding["evidence"] for finding in weak)


def _stop_reason(state: AgentState, decision: Decision) -> StopReason:
    if decision.rule == "model-failed":
        return "error"
    if decision.rule == "idle" or (decision.rule == "as-proposed" and not decision.resource):
        return "error" if state["fault"] else "no_leads"
    return "budget" if decision.resource or state["resource"] else "no_leads"


def _tool_spent(session: Session) -> str:
    """Searches or page reads, where there were some and none is left."""
    left = session.ledger.remaining()
    return next((name for name in TOOL_RESOURCES if left.limits.get(name) and not left.has(name)), "")


def _next_attempt(state: AgentState, session: Session, outcome: str) -> dict[str, Any]:
    last: Record = {**state["records"][-1], "outcome": outcome}
    records = [*state["records"][:-1], last]
    fresh = {"stale_actions": 0, "unseen_actions": 0, "failed_calls": 0, "failed_again": 0, "nudges": 0}
    return {
        "attempt": state["attempt"] + 1,
        "records": records,
        "transcript": _transcript(state, session, records),
        "proposed": "",
        "verdict": "",
        "progress": {**state["progress"], **fresh},
        "charges": session.ledger.drain(),
    }


def _transcript(state: AgentState, session: Session, records: list[Record]) -> Any:
    """What the next attempt begins with: what earlier questions found. The records stand in the prompt by themselves.

    Where a verdict is obeyed, as in the paper: the trace and what was said of it, or that alone after ten rounds.
    """
    if session.deps.strategy.verifier != "verdict":
        return Overwrite(known_entries(state, session))
    if len(rounds_of(state["transcript"])) > MAX_ROUNDS:
        return Overwrite([entry({"role": "user", "content": records_text(records)})])
    return [entry({"role": "user", "content": records_text(records[-1:])})]
