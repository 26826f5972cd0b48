"""A token limit is used, and never passed: what is kept back for checks and for the answer is small beside it."""

import random
import sys

import pytest
from growing import Growing, mean_call, play
from spadework.agent import Result


async def run(seed: int, least: float, most: float) -> tuple[float, Result, Growing]:
    """A run whose limit is so many times what its calls cost on average; the share of it that was spent."""
    limit = int(await mean_call(seed) * random.Random(seed).uniform(least, most))
    made, result = await play(seed, tokens=limit)
    assert made.tokens == result.spend.tokens_in + result.spend.tokens_out
    return made.tokens / limit, result, made


async def shares(seeds: range) -> list[float]:
    """The shares spent of the limits that ended their runs."""
    found: list[float] = []
    for seed in seeds:
        share, result, _ = await run(seed, 15, 60)
        assert share <= 1.0
        assert result.answer, f"seed {seed}: {result.stop_reason}"
        if result.resource == "tokens":
            found.append(share)
    assert len(found) > len(seeds) / 2, "most of these runs must end at their limit, or this shows nothing"
    return sorted(found)


async def test_a_limit_of_fifteen_calls_or_more_is_spent_to_three_quarters_and_never_passed() -> None:
    assert (await shares(range(12)))[0] >= 0.75


@pytest.mark.integration
async def test_two_hundred_runs(capsys: pytest.CaptureFixture[str]) -> None:
    found = await shares(range(200))
    with capsys.disabled():
        middle = found[len(found) // 2]
        sys.stderr.write(
            f"\n{len(found)} of 200 ended at the limit: {found[0]:.2f} to {found[-1]:.2f}, half {middle:.2f}\n"
        )
    assert found[0] >= 0.75


async def test_small_limits_are_never_passed_and_still_give_an_answer() -> None:
    for seed in range(300, 308):
        share, result, made = await run(seed, 2, 14)
        assert share <= 1.0
        assert result.answer or not made.calls


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20])
async def test_a_limit_of_model_calls_is_used_but_for_two(limit: int) -> None:
    for seed in range(5):
        made, result = await play(seed, model_calls=limit)
        assert limit - 2 <= made.calls <= limit or result.stop_reason != "budget"
