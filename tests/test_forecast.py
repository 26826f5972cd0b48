"""The forecast of decisions is the dearest call that begins or checks an attempt; that of rounds holds on real runs."""

from typing import Any

from growing import play
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.money.amounts import ZERO, Amounts
from spadework.agent.money.budget import Remaining
from spadework.agent.money.charges import Charge
from spadework.agent.money.forecast import dearest_call, forecast
from spadework.agent.money.rounds import interval, outlook, rounds

LEAST = Amounts(tokens_in=100, tokens_out=10)


def call(number: int, node: str, attempt: int, **amounts: Any) -> Charge:
    key = f"run/1/{node}/{number}/1"
    return Charge(id=key, kind="model", node=node, status="settled", attempt=attempt, amounts=Amounts(**amounts))


def test_what_a_prompt_had_grown_to_says_nothing_of_the_next_attempt() -> None:
    made = [
        call(0, "searcher", 1, tokens_in=1_000),
        call(1, "searcher", 1, tokens_in=9_000),
        call(0, "verifier", 1, tokens_in=3_000),
        call(2, "searcher", 2, tokens_in=1_200),
        call(3, "searcher", 2, tokens_in=8_000),
    ]
    assert forecast(made, least=LEAST).model_call.tokens == 3_000
    assert forecast(made[:2], least=LEAST).model_call.tokens == 1_000
    assert dearest_call(made, least=ZERO).tokens == 9_000


def test_before_any_call_was_made_the_least_is_expected() -> None:
    assert forecast([], least=LEAST).model_call == LEAST


@given(
    st.lists(
        st.builds(
            Amounts,
            tokens_in=st.integers(0, 9_000),
            tokens_out=st.integers(0, 900),
            picousd=st.integers(0, 10**9),
            ms=st.integers(0, 60_000),
        ),
        max_size=8,
    )
)
def test_no_call_so_far_was_dearer_in_anything_that_is_limited(costs: list[Amounts]) -> None:
    made = [call(number, "verifier", number, tokens_in=0) for number in range(len(costs))]
    made = [
        Charge(id=c.id, kind=c.kind, node=c.node, status=c.status, amounts=a) for c, a in zip(made, costs, strict=True)
    ]
    found = forecast(made, least=LEAST).model_call
    for cost in [*costs, LEAST]:
        assert (found.tokens, found.picousd, found.ms) >= (cost.tokens, 0, 0)
        assert found.picousd >= cost.picousd
        assert found.ms >= cost.ms


async def test_on_real_runs_the_next_round_is_seldom_dearer_than_the_interval_and_rarely_too_many_are_promised() -> (
    None
):
    seen = inside = dearer = asked = promised = 0
    for seed in range(12):
        _, result = await play(seed, model_calls=20)
        costs = [cost["tokens"] for cost in rounds(result.charges, last=99)]
        for known in range(1, len(costs) - 3):
            low, high = interval(costs[max(0, known - 6) : known])
            seen += 1
            inside += low <= costs[known] <= high
            dearer += costs[known] > high
            # The next three rounds, and half of another, are all that is left.
            left = sum(costs[known : known + 3]) + costs[known + 3] // 2
            found = outlook(_up_to(result.charges, known), Remaining({"tokens": left}, {}))
            assert found is not None
            asked += 1
            promised += found.low > 3
    assert seen > 80
    assert inside / seen > 0.7
    assert dearer / seen < 0.2
    assert promised / asked < 0.1


def _up_to(charges: list[Charge], known: int) -> list[Charge]:
    """The charges of so many rounds, without those of the next."""
    begun = 0
    for number, charge in enumerate(charges):
        begun += charge.node == "searcher" and charge.id.endswith("/1")
        if begun > known:
            return charges[:number]
    return charges
