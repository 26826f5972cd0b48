"""What a question and a chat may use where the command line says nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.money.budget import Budget
from spadework.agent.money.limits import WANTED, with_limits
from spadework.agent.terminal.ask import Asked
from spadework.agent.terminal.usual import conversation_limits, usual_budget, usual_strategy
from spadework.tools.errors import ConfigError

USUAL = Budget(searches=10, browses=10, seconds=300)


@pytest.mark.parametrize(
    ("said", "budget"),
    [
        (None, USUAL),
        ("", USUAL),
        ("5", Budget(searches=5, browses=5)),
        (" 0 ", Budget(searches=0, browses=0)),
        ("searches=5", Budget(searches=5, browses=10, seconds=300)),
        ("searches=5, usd=0.05,seconds=none", Budget(searches=5, browses=10, usd="0.05")),
        ("seconds=none,browses=NONE,searches=0", Budget(searches=0)),
    ],
)
def test_the_budget_of_a_question_is_as_the_environment_says(
    said: str | None, budget: Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    if said is not None:
        monkeypatch.setenv("SPADEWORK_BUDGET", said)
    assert usual_budget().limits() == budget.limits()
    assert Asked().limits().limits() == budget.limits()
    assert Asked(budget="4").limits() == Budget(searches=4, browses=4)
    assert Asked(searches="2", seconds="none").limits().limits() == {
        **{name: limit for name, limit in budget.limits().items() if name != "ms"},
        "searches": 2,
    }


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("many", "SPADEWORK_BUDGET 'many': give a whole number of 0 or more"),
        ("searches", "SPADEWORK_BUDGET 'searches': give a whole number"),
        ("searches=x", "SPADEWORK_BUDGET searches 'x': give a whole number of 0 or more, or none for no limit"),
        ("usd=-1", "SPADEWORK_BUDGET usd '-1': give dollars"),
        ("searches=1,searches=2", "searches is there twice"),
        ("searches=1,2", "give NAME=AMOUNT"),
        ("dollars=1", "SPADEWORK_BUDGET dollars: there is no such limit: did you mean usd?"),
        ("9" * 30, "more than can be counted"),
    ],
)
def test_a_budget_that_cannot_be_read_is_told(said: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPADEWORK_BUDGET", said)
    with pytest.raises(ConfigError) as told:
        usual_budget()
    assert why in str(told.value)


def test_a_conversation_has_no_limits_but_those_that_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert conversation_limits() is None
    monkeypatch.setenv("SPADEWORK_CONVERSATION", "none")
    assert conversation_limits() is None
    monkeypatch.setenv("SPADEWORK_CONVERSATION", "usd=0.50,searches=50")
    found = conversation_limits()
    assert found is not None
    assert found.limits() == {"searches": 50, "picousd": 5 * 10**11}
    monkeypatch.setenv("SPADEWORK_CONVERSATION", "usd=0")
    with pytest.raises(ConfigError, match="SPADEWORK_CONVERSATION usd=0: give dollars"):
        conversation_limits()


def test_the_strategy_is_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert usual_strategy() == "bats-early"
    monkeypatch.setenv("SPADEWORK_STRATEGY", " react ")
    assert usual_strategy() == "react"


@given(st.dictionaries(st.sampled_from(sorted(WANTED)), st.integers(0, 10**6).map(str) | st.just("none")))
def test_limits_that_are_given_take_the_place_of_the_others(limits: dict[str, str]) -> None:
    found = with_limits(USUAL, limits, str).to_dict()
    for name, value in USUAL.to_dict().items():
        wanted = limits.get(name, value)
        assert str(found[name]) == ("None" if wanted == "none" else str(wanted))
