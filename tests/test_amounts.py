"""Sums of spend are exact, to the picodollar."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.money.amounts import NAMES, ZERO, Amounts, to_picousd, to_usd

AMOUNTS = st.builds(Amounts, **{name: st.integers(0, 10**12) for name in NAMES})


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_sums_are_exact_in_any_order(a: Amounts, b: Amounts, c: Amounts) -> None:
    assert (a + b) + c == a + (c + b)
    assert a + b - b == a
    assert a - a == ZERO


@given(AMOUNTS)
def test_plain_data_and_back(a: Amounts) -> None:
    assert Amounts.from_dict(a.to_dict()) == a
    assert all(a.to_dict().values()), "zeros take no room in a checkpoint"


def test_tokens_are_input_and_output_and_the_cached_ones_are_part_of_the_input() -> None:
    assert Amounts(tokens_in=100, tokens_out=20, tokens_cached=90).tokens == 120


@pytest.mark.parametrize(
    ("usd", "picousd"),
    [("0.1", 10**11), (0.1, 10**11), (3, 3 * 10**12), (Decimal("1e-12"), 1), (Decimal("1.5e-12"), 2), ("1e-13", 1)],
)
def test_dollars_are_rounded_up_to_whole_picodollars(usd: Decimal | float | str, picousd: int) -> None:
    assert to_picousd(usd) == picousd


@given(st.integers(0, 10**15))
def test_picodollars_are_exact_dollars(picousd: int) -> None:
    assert to_picousd(to_usd(picousd)) == picousd
