"""What a user may set as a budget, and how much of it is said to be left."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.money.amounts import Amounts
from spadework.agent.money.budget import RESOURCES, Budget, Regime, Remaining, counted
from spadework.tools.errors import ConfigError


@pytest.mark.parametrize(
    "bad",
    [
        {"searches": -1},
        {"browses": 1.5},
        {"tokens": "5"},
        {"model_calls": True},
        {"searches": float("nan")},
        {"usd": -0.01},
        {"usd": "ten"},
        {"usd": "nan"},
        {"usd": "sNaN"},
        {"usd": float("inf")},
        {"usd": True},
        {"seconds": -1},
        {"seconds": "60"},
        {"seconds": float("nan")},
        {"seconds": False},
        {"seconds": [1]},
    ],
)
def test_a_limit_that_cannot_be_one_is_named_in_one_line(bad: dict[str, Any]) -> None:
    name, value = next(iter(bad.items()))
    with pytest.raises(ConfigError) as caught:
        Budget(**bad)
    text = str(caught.value)
    assert f"budget {name}=" in text
    assert str(value).lower().removeprefix("s") in text.lower()
    assert "\n" not in text


@pytest.mark.parametrize(
    ("bad", "at_most"),
    [
        ({"searches": 10**30}, "searches is more than can be counted: give at most 1,000,000,000,000, or None"),
        ({"tokens": 10**5_000}, "tokens is more than can be counted: give at most 1,000,000,000,000, or None"),
        ({"usd": 1_000_000.01}, "usd is more than can be counted: give at most 1,000,000, or None"),
        ({"seconds": 1e300}, "seconds is more than can be counted: give at most 1,000,000,000,000, or None"),
        ({"tools": {"translate": 10**13}}, r"tools\['translate'\] is more than can be counted: give at most 1,000"),
    ],
)
def test_a_limit_that_no_store_can_count_is_refused(bad: dict[str, Any], at_most: str) -> None:
    """None says the same, and a purse or a table would fail on it in the middle of a run."""
    with pytest.raises(ConfigError, match=f"^budget {at_most}"):
        Budget(**bad)


def test_the_largest_budget_can_be_kept_in_every_store() -> None:
    largest = Budget(searches=10**12, usd=10**6, seconds=10**12, tools={"translate": 10**12})
    assert all(0 < limit < 2**63 for limit in largest.limits().values())


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (None, Budget(searches=10, browses=10, seconds=300)),
        (5, Budget(searches=5, browses=5)),
        (0, Budget(searches=0, browses=0)),
        ({"searches": 3, "usd": "0.10"}, Budget(searches=3, usd="0.10")),
        ({}, Budget()),
        (Budget(tokens=9), Budget(tokens=9)),
    ],
)
def test_a_budget_can_be_given_in_short(given: object, wanted: Budget) -> None:
    assert Budget.of(given) == wanted


@pytest.mark.parametrize("bad", [True, -1, 2.5, "5", [5], object()])
def test_what_is_no_budget_is_refused(bad: object) -> None:
    with pytest.raises(ConfigError):
        Budget.of(bad)


def test_a_misspelt_limit_is_told_the_right_name() -> None:
    with pytest.raises(ConfigError, match="no limit named 'serches': did you mean 'searches'"):
        Budget.of({"serches": 3})
    with pytest.raises(ConfigError, match="known are searches, browses, tokens, usd, seconds, model_calls"):
        Budget.of({"colour": 3})


def test_limits_are_exact_and_only_the_finite_ones() -> None:
    assert Budget().limits() == {}
    assert Budget(usd=0.1, seconds=0.0015, searches=0).limits() == {"picousd": 10**11, "ms": 1, "searches": 0}
    assert Budget(usd=Decimal("0.0000000000019")).limits() == {"picousd": 1}, "a limit is never rounded up"


@given(usd=st.decimals(0, 1000, places=9), seconds=st.floats(0, 1e6), calls=st.integers(0, 10**6))
def test_a_budget_survives_the_checkpoint(usd: Decimal, seconds: float, calls: int) -> None:
    budget = Budget(usd=usd, seconds=seconds, searches=calls, browses=None)
    assert Budget.of(budget.to_dict()).limits() == budget.limits()


@pytest.mark.parametrize(
    ("left", "regime"),
    [
        (100, Regime.HIGH),
        (70, Regime.HIGH),
        (69, Regime.MEDIUM),
        (30, Regime.MEDIUM),
        (29, Regime.LOW),
        (10, Regime.LOW),
        (9, Regime.CRITICAL),
        (0, Regime.CRITICAL),
    ],
)
@pytest.mark.parametrize("resource", RESOURCES)
def test_the_regime_is_that_of_the_tightest_resource(resource: str, left: int, regime: Regime) -> None:
    limits: dict[str, int] = {name: 100 for name in RESOURCES}
    remaining = Remaining(limits, {resource: 100 - left})
    assert remaining.regime == regime
    assert remaining.tightest == (resource if left < 100 else "searches")


def test_a_tool_at_nothing_is_critical_and_a_limit_of_nothing_is_the_users_wish() -> None:
    spent = Remaining({"searches": 1, "tokens": 100}, {"searches": 1})
    assert spent.regime == Regime.CRITICAL
    assert Remaining({"searches": 0, "tokens": 100}, {}).regime == Regime.HIGH
    assert Remaining({"searches": 0, "tokens": 100}, {}).tightest == "tokens"
    assert Remaining({}, {}).regime == Regime.HIGH
    assert Remaining({}, {}).tightest is None


def test_what_is_left_is_never_negative() -> None:
    over = Remaining({"tokens": 10}, {"tokens": 25})
    assert over.left("tokens") == 0
    assert over.share("tokens") == 0.0
    assert over.left("usd") is None
    assert over.has("searches", 10**9)
    assert over.has("tokens", 0)
    assert not over.has("tokens")


def test_tools_are_left_while_one_of_them_is() -> None:
    limits = {"searches": 1, "browses": 1}
    assert Remaining(limits, {"searches": 1}).tools_left()
    assert not Remaining(limits, {"searches": 1, "browses": 1}).tools_left()
    assert Remaining({"searches": 0}, {}).tools_left(), "page reads have no limit"


def test_amounts_count_against_the_limits_by_name() -> None:
    amounts = Amounts(
        searches=1, browses=2, tokens_in=30, tokens_out=4, tokens_cached=20, picousd=5, ms=6, model_calls=7
    )
    assert tuple(counted(amounts)) == RESOURCES
    assert list(counted(amounts).values()) == [1, 2, 34, 5, 6, 7]
