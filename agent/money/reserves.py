"""What is held back: first for writing the answer, then for checking it; the rest is there to explore with.

Reserves hold tokens, dollars, seconds and model calls. What one stage leaves goes on to the next.
"""

from collections.abc import Mapping
from typing import Literal

from .amounts import ZERO, Amounts
from .budget import TOOL_RESOURCES, Remaining

Stage = Literal["explore", "verify", "answer"]

VERIFY_SHARE = 5
"""One part in five of each limit is for checking."""
VERIFY_CALLS = 1
"""What exploring could not use, because its next call was larger, is there for checks as well."""
REPAIRS = 1
ANSWER_SHARE = 10
ANSWER_TOKENS = 4_000
ANSWER_MS = 60_000
LARGE_TOOL_BUDGET = 10


def keep_for(
    stage: Stage, limits: Mapping[str, int], *, answer_due: bool, verifier: bool, dearest: Amounts = ZERO
) -> Amounts:
    """What a call of this stage must leave. `answer_due`: no candidate is there yet, so an answer is to be written.

    `dearest` is the dearest model call of the run so far, once there was one: what checks need is measured by it.
    """
    if stage == "answer":
        return ZERO
    answer = _answer(limits) if answer_due else ZERO
    if stage == "verify" or not verifier:
        return answer
    return answer + _verify(limits, answer, dearest)


def keep_for_tools(remaining: Remaining) -> Amounts:
    """One search and one page read of a large budget, to check the first candidate with; small budgets keep none."""
    large = [name for name in TOOL_RESOURCES if remaining.limits.get(name, 0) >= LARGE_TOOL_BUDGET]
    return Amounts(searches=int("searches" in large), browses=int("browses" in large))


def _answer(limits: Mapping[str, int]) -> Amounts:
    return Amounts(
        tokens_in=min(ANSWER_TOKENS, limits.get("tokens", 0) // 5),
        picousd=limits.get("picousd", 0) // ANSWER_SHARE,
        ms=min(ANSWER_MS, limits.get("ms", 0) // ANSWER_SHARE),
        model_calls=min(1, limits.get("model_calls", 0)),
    )


def _verify(limits: Mapping[str, int], answer: Amounts, dearest: Amounts) -> Amounts:
    """One part in five, but no more than a check comes to here: the rest of a large budget is there to search with."""

    def part(resource: str, call: int) -> int:
        share = limits.get(resource, 0) // VERIFY_SHARE
        return min(share, VERIFY_CALLS * call) if call else share

    calls = limits.get("model_calls", 0)
    return Amounts(
        tokens_in=part("tokens", dearest.tokens),
        picousd=part("picousd", dearest.picousd),
        ms=part("ms", dearest.ms),
        model_calls=max(1, min(calls // VERIFY_SHARE, VERIFY_CALLS + REPAIRS))
        if calls - answer.model_calls >= 2
        else 0,
    )
