"""Dig deeper or pivot: a pure function of what was found, what is left and what the next step would cost.

BATS (arXiv 2511.17006) lets the model decide; here the model proposes and these rules decide, so that no reply can talk
the agent past its budget or into a verified answer.
"""

from dataclasses import dataclass

from ..money.amounts import Amounts
from ..money.budget import TOOL_RESOURCES, Regime, Remaining, label
from ..money.forecast import Forecast
from ..proof.matrix import Row
from ..state import Outcome, Progress

STALE_ACTIONS = 4
FAILED_CALLS = 3
IDLE_TURNS = 3


def turn_cap(left: Remaining) -> int | None:
    """Model calls after which a run ends when no other limit counts them: no endless loops, whatever a model does.

    A dollar limit counts them only where they cost something: a model on this machine would never reach it.
    """
    limits = left.limits
    paid = "picousd" in limits and left.gone.get("picousd", 0) > 0
    if paid or "tokens" in limits or "model_calls" in limits:
        return None
    return 4 * sum(limits.get(name, 10) for name in TOOL_RESOURCES) + 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that a decision depends on."""

    lead: Row | None
    stated: bool
    """The question's constraints have been stated; before that no answer can be proven."""
    progress: Progress
    remaining: Remaining
    forecast: Forecast
    keep: Amounts
    """Held back for writing the answer."""
    left_before: bool = False
    """A pivot already turned away from this lead for the same reason, and it leads again."""
    pages_help: bool = True
    """Reading a page could still raise what rests on a snippet or an inference."""
    either: bool = False
    """The budget counts as gone when either tool is used up, not only both."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do next, the rule that says so, and why."""

    outcome: Outcome
    rule: str
    reason: str
    resource: str = ""
    """For EXHAUSTED: the limit that leaves no room."""


def decide(situation: Situation) -> Decision:
    """The rules in order; the first that applies decides."""
    for rule in (_proven, _supported, _no_room, _stuck, _open, _next_attempt):
        decision = rule(situation)
        if decision is not None:
            return decision
    raise AssertionError("the last rule always decides")


def obey(now: Situation, verdict: str) -> Decision:
    """Without rules of our own: what the verifier said is done, as in the paper, while there is room for it.

    Page quotes that code found for every constraint need no verdict. A verdict that could not be read is a PIVOT.
    """
    decision = _proven(now)
    if decision is None and verdict == "SUCCESS":
        decision = Decision("SUCCESS", "verdict", "the verifier says that every constraint is satisfied")
    if decision is None:
        decision = _no_room(now)
    if decision is None and verdict == "CONTINUE" and _fits(now, 2):
        decision = Decision("CONTINUE", "verdict", "the verifier says to go on")
    if decision is None:
        told = "the verifier says to turn back" if verdict == "PIVOT" else "the attempt ended without a verdict"
        decision = _pivot_or_end(now, "verdict", told)
    return decision


def goes_on(now: Situation) -> bool:
    """Whether another attempt fits after a success."""
    return _no_room(now) is None and _pivot_or_end(now, "beyond", "").outcome == "PIVOT"


def tools_spent(left: Remaining, *, either: bool = False) -> str:
    """The search or page limit that ends the search: when both are used up, or either of them. Empty if none does."""
    spent = [name for name in TOOL_RESOURCES if not left.has(name)]
    if not spent or not (either or len(spent) == len(TOOL_RESOURCES)):
        return ""
    return next((name for name in spent if left.limits.get(name)), "" if left.tools_left() else TOOL_RESOURCES[0])


def _proven(now: Situation) -> Decision | None:
    if now.lead and now.stated and now.lead.status == "verified":
        return Decision("SUCCESS", "proven", f"every constraint is proven by page quotes for {now.lead.candidate!r}")
    return None


def _supported(now: Situation) -> Decision | None:
    if not (now.lead and now.stated and now.lead.status == "supported"):
        return None
    weak = ", ".join(now.lead.weakly)
    if now.pages_help and not now.progress["checks"] and now.remaining.has("browses") and _fits(now, 2):
        return Decision("CONTINUE", "page-check", f"weakly proven: {weak}; a page check fits")
    return Decision("SUCCESS", "supported", f"all constraints are satisfied, by a snippet or an inference only: {weak}")


def _no_room(now: Situation) -> Decision | None:
    if spent := tools_spent(now.remaining, either=now.either):
        which = (
            "no search and no page read is left" if not now.remaining.tools_left() else f"no {label(spent)} are left"
        )
        return Decision("EXHAUSTED", "no-room", which, spent)
    if now.progress["idle_turns"] >= IDLE_TURNS:
        return Decision("EXHAUSTED", "idle", f"{IDLE_TURNS} turns in a row made no call that counts and found nothing")
    cap = turn_cap(now.remaining)
    if cap is not None and now.remaining.gone.get("model_calls", 0) >= cap:
        return Decision("EXHAUSTED", "idle", f"{cap} model calls without an end")
    if not _fits(now, 1):
        reason = "one more step and the answer no longer fit together"
        return Decision("EXHAUSTED", "no-room", reason, _lacking(now, 1))
    return None


def _stuck(now: Situation) -> Decision | None:
    lead, progress = now.lead, now.progress
    if lead and lead.contradicted:
        reason = f"{lead.candidate!r} is contradicted on {', '.join(lead.contradicted)}"
    elif lead and progress["stale_actions"] >= STALE_ACTIONS:
        reason = f"{progress['stale_actions']} actions in a row changed no finding of {lead.candidate!r}"
    elif progress["failed_calls"] >= FAILED_CALLS:
        reason = f"{progress['failed_calls']} calls in a row failed"
    elif progress["failed_again"]:
        reason = "the same call failed again"
    else:
        return None
    if now.left_before:
        return Decision("EXHAUSTED", "stuck", f"{reason}, and another attempt brought nothing better")
    return _pivot_or_end(now, "stuck", reason)


def _open(now: Situation) -> Decision | None:
    if not (now.lead and (now.lead.open or not now.stated)) or not _fits(now, 2):
        return None
    todo = now.lead.open or ("the constraints",)
    if now.remaining.regime in (Regime.LOW, Regime.CRITICAL):
        return Decision("CONTINUE", "open", f"{todo[0]} first: little is left and it is open")
    return Decision("CONTINUE", "open", f"open: {', '.join(todo)}; checking fits")


def _next_attempt(now: Situation) -> Decision:
    reason = "the attempt ended without a candidate" if now.lead is None else "checking no longer fits"
    return _pivot_or_end(now, "next-attempt", reason)


def _pivot_or_end(now: Situation, rule: str, reason: str) -> Decision:
    if now.remaining.has("searches") and _fits(now, 2):
        return Decision("PIVOT", rule, reason)
    spent = "searches" if not now.remaining.has("searches") else _lacking(now, 2)
    return Decision("EXHAUSTED", rule, f"{reason}, and another attempt does not fit", spent)


def _fits(now: Situation, model_calls: int) -> bool:
    return not _lacking(now, model_calls)


def _lacking(now: Situation, model_calls: int) -> str:
    return now.forecast.lacking(now.remaining, model_calls=model_calls, keep=now.keep)
