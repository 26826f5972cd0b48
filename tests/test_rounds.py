"""The forecast: an interval of rounds from the run's own rounds, never below nothing, and honest about one round."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.money.amounts import Amounts
from spadework.agent.money.block import budget_block, outlook_text
from spadework.agent.money.budget import Remaining
from spadework.agent.money.charges import Charge, Kind
from spadework.agent.money.rounds import NEEDED, Outlook, interval, outlook, rounds


def charge(number: int, kind: Kind = "model", node: str = "searcher", *, attempt: int = 1, **amounts: Any) -> Charge:
    key = f"run/1/{node}/{number}/{attempt}"
    return Charge(id=key, kind=kind, node=node, status="settled", amounts=Amounts(**amounts))


def turns(*tokens: int) -> list[Charge]:
    return [charge(number, tokens_in=cost, model_calls=1) for number, cost in enumerate(tokens)]


def test_a_round_is_a_searchers_call_with_the_tools_that_follow_it() -> None:
    made = [
        charge(0, node="planner", tokens_in=900, model_calls=1),
        charge(0, tokens_in=100, ms=50, model_calls=1),
        charge(0, attempt=2, tokens_in=110, ms=20, model_calls=1),
        charge(0, "search", "act", searches=1, ms=300),
        charge(1, "browse", "act", browses=1, ms=400),
        charge(1, tokens_in=200, ms=10, model_calls=1),
        charge(0, node="verifier", tokens_in=700, model_calls=1),
    ]
    first, second = rounds(made)
    assert (first["tokens"], first["searches"], first["browses"], first["model_calls"]) == (210, 1, 1, 2)
    assert first["ms"] == 470, "tools run at once: the slowest counts"
    assert (second["tokens"], second["searches"]) == (200, 0)


def test_the_last_rounds_count_and_one_alone_is_widened() -> None:
    assert [cost["tokens"] for cost in rounds(turns(*range(1, 20)))] == [14, 15, 16, 17, 18, 19]
    assert interval([100]) == (50, 200)
    assert interval([300, 200, 100]) == (100, 300)
    assert interval([100, 150]) == (100, 200), "what grows is expected to grow on"
    assert interval([100, 150, 140]) == (100, 200), "and one cheap round does not mean that it has ended"


def test_costs_that_grow_are_expected_to_grow_in_every_further_round() -> None:
    found = outlook(turns(100, 200, 300), Remaining({"tokens": 10_000}, {"tokens": 8_500}))
    assert found is not None
    assert found.low == 3, "400 + 500 + 600"
    assert found.high == 10, "the cheapest and the mean come to 150"


def test_a_tool_that_is_used_up_bounds_no_further_round() -> None:
    past = [*turns(100), charge(0, "search", "act", searches=1)]
    found = outlook(past, Remaining({"searches": 3, "tokens": 1_000}, {"searches": 3}))
    assert found is not None
    assert (found.low, found.binding) == (5, "tokens")
    assert outlook(past, Remaining({"searches": 3}, {"searches": 3})) is None


def test_what_is_kept_back_lasts_for_nothing_else() -> None:
    left = Remaining({"tokens": 1_000}, {"tokens": 200})
    found = outlook(turns(100, 100), left, Amounts(tokens_in=300))
    assert found == Outlook(5, 5, "tokens")
    assert outlook([], left) is None
    assert outlook(turns(100), Remaining({}, {})) is None


def test_the_limit_that_ends_first_is_named() -> None:
    left = Remaining({"tokens": 10_000, "model_calls": 6}, {"tokens": 300, "model_calls": 2})
    found = outlook(turns(100, 100), left)
    assert found is not None
    assert (found.low, found.binding) == (4, "model_calls")


@given(costs=st.lists(st.integers(1, 500), min_size=2, max_size=6), left=st.integers(0, 20_000))
def test_at_least_so_many_rounds_fit_when_each_costs_more_than_the_last(costs: list[int], left: int) -> None:
    found = outlook(turns(*costs), Remaining({"tokens": left}, {}))
    assert found is not None
    growth = max(0, (costs[-1] - costs[0]) // (len(costs) - 1))
    first = interval(costs)[1]
    paid = [sum(first + growth * number for number in range(many)) for many in (found.low, found.low + 1)]
    assert paid[0] <= left < paid[1]


@given(
    costs=st.lists(st.integers(0, 500), min_size=1, max_size=9),
    limit=st.integers(1, 5_000),
    gone=st.integers(0, 6_000),
    keep=st.integers(0, 900),
)
def test_an_interval_is_one_and_never_below_nothing(costs: list[int], limit: int, gone: int, keep: int) -> None:
    found = outlook(turns(*costs), Remaining({"tokens": limit}, {"tokens": gone}), Amounts(tokens_in=keep))
    if found is not None:
        assert found.low >= 0
        assert found.high is None or found.low <= found.high
        assert found.low * max(costs[-6:]) <= max(0, limit - gone - keep)
    more = outlook(turns(*costs), Remaining({"tokens": limit + 500}, {"tokens": gone}), Amounts(tokens_in=keep))
    assert found is None or more is None or more.low >= found.low


def test_the_next_round_falls_into_the_interval_about_as_often_as_it_says() -> None:
    """Growing, noisy costs as prompts have them: with four rounds or more well over half, rarely above its end."""
    chance = random.Random(5)
    inside = above = total = 0
    for _ in range(400):
        cost = chance.uniform(500, 3_000)
        grows = chance.uniform(0, 0.15)
        costs = [int(cost * (1 + grows * n) * chance.uniform(0.8, 1.25)) for n in range(9)]
        for known in range(4, 9):
            low, high = interval(costs[max(0, known - 6) : known])
            total += 1
            inside += low <= costs[known] <= high
            above += costs[known] > high
    assert inside / total > 0.8
    assert above / total < 0.15


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Outlook(3, 5, "tokens"), "enough for 3 to 5 more rounds like the last ones (tokens may end first)"),
        (Outlook(1, 1, "searches"), "enough for about 1 more round like the last ones (searches may end first)"),
        (Outlook(4, None, "ms"), "enough for at least 4 more rounds like the last ones (seconds may end first)"),
        (Outlook(0, 2, "picousd"), "perhaps not one more round like the last ones fits (dollars may end first)"),
        (Outlook(0, 0, "tools.dig"), "no further round like the last ones fits (dig calls may end first)"),
    ],
)
def test_the_forecast_is_told_in_one_line(found: Outlook, text: str) -> None:
    assert outlook_text(found) == text
    shown = f"forecast: {text}" in budget_block(Remaining({"searches": 9}, {}), outlook=found).splitlines()
    assert shown is (found.low > 0 or found.binding in NEEDED)
