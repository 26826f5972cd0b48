"""What a call costs: the user's table first, then public prices; nobody's guess, and never a silent zero."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import QUESTION, ScriptedChat, good_script, small_web
from spadework.agent import Budget, run_agent
from spadework.agent.llm.wire import Usage
from spadework.agent.money.prices import Prices, Rate, load_prices, missing_price
from spadework.agent.settings import Settings
from spadework.tools.errors import ConfigError

RATE = Rate(Decimal(2), Decimal(8), Decimal("0.5"), Decimal("2.5"))
TABLE = '[model."house/model"]\ninput = 2\noutput = 8\ncached = 0.5\n\n[model.plain]\ninput = "1.25"\noutput = 3\n'

TIERS = ((1_000_000, 0), (0, 0), (0, 1_000_000))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(TABLE)
    return path


def test_a_rate_prices_cached_input_apart() -> None:
    assert RATE.picousd(Usage(1_000_000, 0, 0)) == 2 * 10**12
    assert RATE.picousd(Usage(1_000_000, 500_000, 800_000)) == int((0.4 + 0.4 + 4.0) * 10**12)
    assert Rate(Decimal(1) / 3, Decimal(0), Decimal(0), Decimal(0)).picousd(Usage(1, 0, 0)) == 333_334, "rounded up"


def test_what_is_put_into_a_cache_has_a_price_of_its_own() -> None:
    assert RATE.picousd(Usage(1_000_000, 0, 200_000, 300_000)) == int((1.0 + 0.1 + 0.75) * 10**12)
    name = "claude-sonnet-4-5"
    prices = [Prices().picousd(name, Usage(1_000_000, 0, cached, written)) for cached, written in TIERS]
    assert None not in prices
    assert prices == sorted(prices, key=lambda price: price or 0), "cached, plain, written"
    assert Prices().bound(name, 1_000_000, 0) == prices[-1], "any part of the input may be put into the cache"


@given(
    rate=st.builds(Rate, *[st.decimals(0, 50, places=3)] * 4),
    tokens=st.tuples(st.integers(0, 10**6), st.integers(0, 10**5)),
    parts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_no_call_of_this_size_costs_more_than_its_bound(
    rate: Rate, tokens: tuple[int, int], parts: tuple[float, float]
) -> None:
    prices = Prices({"m": rate})
    cached = int(tokens[0] * parts[0])
    written = int((tokens[0] - cached) * parts[1])
    cost, bound = prices.picousd("m", Usage(*tokens, cached, written)), prices.bound("m", *tokens)
    assert cost is not None
    assert bound is not None
    assert cost <= bound


def test_the_users_table_wins_even_for_a_local_model(table: Path) -> None:
    prices = load_prices(table)
    assert prices.picousd("house/model", Usage(1_000_000, 0, 0), local=True) == 2 * 10**12
    assert prices.picousd("plain", Usage(1_000_000, 0, 1_000_000)) == 125 * 10**10, "cached costs as much unless said"
    assert prices.bound("house/model", 1_000_000, 1_000_000) == 10 * 10**12


def test_a_local_model_is_free_and_an_unknown_one_has_no_price() -> None:
    assert Prices().picousd("anything", Usage(10, 10, 0), local=True) == 0
    assert Prices().picousd("no-such-model-anywhere", Usage(10, 10, 0)) is None
    assert Prices().bound("no-such-model-anywhere", 10, 10) is None


def test_public_prices_are_known_with_and_without_the_provider() -> None:
    for name in ("gpt-4o-mini", "openai/gpt-4o-mini"):
        price = Prices().picousd(name, Usage(1_000_000, 1_000_000, 0))
        assert price is not None
        assert 0 < price < 10**13
        cached = Prices().picousd(name, Usage(1_000_000, 1_000_000, 1_000_000))
        assert cached is not None
        assert cached < price


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[model", "is not TOML"),
        ("model = 5", "write one"),
        ("[model.x]\ninput = 1", "input and output must be dollars"),
        ('[model.x]\ninput = "a"\noutput = 1', "input and output must be dollars"),
        ("[model.x]\ninput = -1\noutput = 1", "0 or more"),
        ("[model.x]\ninput = nan\noutput = 1", "0 or more"),
        ("[model]\nx = 5", "input and output must be dollars"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        load_prices(path)
    assert str(path) in str(caught.value)
    with pytest.raises(ConfigError, match="name a readable TOML file"):
        load_prices(tmp_path / "none.toml")
    assert load_prices(None) == Prices()


def test_a_dollar_limit_without_a_price_stops_before_the_first_call() -> None:
    chat, web = ScriptedChat([], name="house/model", local=False), small_web()
    with pytest.raises(ConfigError) as caught:
        run_agent(QUESTION, Budget(usd=1), model=chat, search=web, browse=web)
    assert str(caught.value) == str(missing_price("house/model"))
    assert '[model."house/model"]' in str(caught.value)
    assert not chat.prompts


def test_without_a_dollar_limit_an_unknown_price_is_told_as_unknown() -> None:
    chat, web = ScriptedChat(good_script(), name="house/model", local=False), small_web()
    result = run_agent(QUESTION, Budget(searches=4, browses=4), model=chat, search=web, browse=web)
    assert result.spend.usd is None
    assert "unpriced: 4 calls" in result.receipt()
    assert result.to_dict()["spend"]["usd"] is None


def test_the_price_of_a_run_is_exact(table: Path) -> None:
    chat, web = ScriptedChat(good_script(), name="house/model", local=False), small_web()
    settings = Settings(prices=str(table))
    result = run_agent(
        QUESTION, Budget(searches=4, browses=4, usd="0.1"), model=chat, search=web, browse=web, settings=settings
    )
    assert result.status == "verified"
    assert result.spend.usd == Decimal(4 * (500 * 2 + 30 * 8)) / 1_000_000
