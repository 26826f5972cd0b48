"""The decision table: every rule, every regime and every tie, with the words that a reader of the log sees."""

from dataclasses import replace
from typing import Any

import pytest
from policy_table import BEYOND, CALL, CAPS, OBEYED, OBEYED_WORDS, OPEN, SPENT, TABLE, WORDS, left, situation
from spadework.agent.money.amounts import ZERO, Amounts
from spadework.agent.money.budget import Regime, Remaining
from spadework.agent.money.charges import Charge, Status
from spadework.agent.money.forecast import Forecast, forecast
from spadework.agent.nodes.policy import Decision, Situation, decide, goes_on, obey, tools_spent, turn_cap


@pytest.mark.parametrize(("now", "wanted"), [case[1:] for case in TABLE], ids=[case[0] for case in TABLE])
def test_the_table(now: Situation, wanted: tuple[str, str, str]) -> None:
    decision = decide(now)
    assert (decision.outcome, decision.rule, decision.resource) == wanted
    assert decision.reason
    assert "\n" not in decision.reason


@pytest.mark.parametrize(("now", "words"), WORDS)
def test_the_reason_says_what_was_seen(now: Situation, words: str) -> None:
    assert words in decide(now).reason


@pytest.mark.parametrize(
    ("searches", "regime", "words"),
    [
        (10, Regime.HIGH, "open: c1, c2; checking fits"),
        (7, Regime.HIGH, "open: c1, c2; checking fits"),
        (6, Regime.MEDIUM, "open: c1, c2; checking fits"),
        (3, Regime.MEDIUM, "open: c1, c2; checking fits"),
        (2, Regime.LOW, "c1 first"),
        (0, Regime.CRITICAL, "c1 first"),
    ],
)
def test_little_budget_means_one_constraint_first(searches: int, regime: Regime, words: str) -> None:
    now = situation(OPEN, remaining=left(searches=searches))
    assert now.remaining.regime == regime
    decision = decide(now)
    assert (decision.outcome, decision.rule) == ("CONTINUE", "open")
    assert words in decision.reason


@pytest.mark.parametrize(("now", "verdict", "wanted"), [c[1:] for c in OBEYED], ids=[case[0] for case in OBEYED])
def test_without_rules_of_our_own_the_verdict_is_obeyed_while_there_is_room(
    now: Situation, verdict: str, wanted: tuple[str, str, str]
) -> None:
    decision = obey(now, verdict)
    assert (decision.outcome, decision.rule, decision.resource) == wanted


@pytest.mark.parametrize(("now", "verdict", "words"), OBEYED_WORDS)
def test_an_obeyed_verdict_says_so(now: Situation, verdict: str, words: str) -> None:
    assert words in obey(now, verdict).reason


@pytest.mark.parametrize(("now", "wanted"), BEYOND)
def test_after_a_success_a_search_goes_on_while_another_attempt_fits(now: Situation, wanted: bool) -> None:
    assert goes_on(now) is wanted


@pytest.mark.parametrize(("remaining", "either", "wanted"), SPENT)
def test_which_tool_ends_a_search(remaining: Remaining, either: bool, wanted: str) -> None:
    assert tools_spent(remaining, either=either) == wanted


@pytest.mark.parametrize(("limits", "gone", "cap"), CAPS)
def test_a_turn_cap_stands_where_nothing_else_counts_model_calls(
    limits: dict[str, int], gone: dict[str, int], cap: int | None
) -> None:
    """A free model never reaches a dollar limit, so only one that costs something is counted by it."""
    assert turn_cap(Remaining(limits, gone)) == cap


@pytest.mark.parametrize(("calls", "outcome"), [(31, "PIVOT"), (32, "EXHAUSTED")])
def test_the_turn_cap_ends_a_run(calls: int, outcome: str) -> None:
    decision = decide(situation(None, remaining=Remaining({"searches": 2, "browses": 3}, {"model_calls": calls})))
    assert decision.outcome == outcome
    assert decision.outcome == "PIVOT" or decision == Decision("EXHAUSTED", "idle", "32 model calls without an end")


def charge(number: int, kind: Any, amounts: Amounts, status: Status = "settled") -> Charge:
    return Charge(id=f"r/1/n/{number}/1", kind=kind, node="n", status=status, amounts=amounts)


def test_the_forecast_is_the_dearest_model_call_and_never_below_the_least() -> None:
    least = Amounts(tokens_in=100, tokens_out=10)
    assert forecast([], least=least).model_call == least
    seen = [
        charge(0, "model", Amounts(tokens_in=900, tokens_out=5, picousd=7, ms=30)),
        charge(1, "model", Amounts(tokens_in=50, tokens_out=80, picousd=3, ms=90)),
        replace(charge(4, "model", Amounts(tokens_in=700, ms=10)), node="searcher"),
        replace(charge(5, "model", Amounts(tokens_in=9_000, ms=900)), node="searcher"),
        charge(2, "model", Amounts(tokens_in=9_999), "held"),
        charge(3, "search", Amounts(searches=1, ms=5_000)),
    ]
    assert forecast(seen, least=least).model_call == Amounts(tokens_in=900, tokens_out=5, picousd=7, ms=90)


@pytest.mark.parametrize(
    ("keep", "calls", "fits"),
    [(ZERO, 2, True), (ZERO, 3, False), (Amounts(tokens_in=1), 2, False), (Amounts(tokens_in=999), 1, True)],
)
def test_a_forecast_fits_to_the_last_token(keep: Amounts, calls: int, fits: bool) -> None:
    assert Forecast(CALL).lacking(left(tokens=2_000), model_calls=calls, keep=keep) == ("" if fits else "tokens")


def test_a_forecast_counts_model_calls_time_and_money() -> None:
    def fits(limits: dict[str, int], amounts: Amounts, keep: Amounts) -> bool:
        return not Forecast(amounts).lacking(left(limits), model_calls=2, keep=keep)

    assert fits({"model_calls": 3}, ZERO, Amounts(model_calls=1))
    assert not fits({"model_calls": 2}, ZERO, Amounts(model_calls=1))
    assert not fits({"ms": 10}, Amounts(ms=5), Amounts(ms=1))
    assert not fits({"picousd": 10}, Amounts(picousd=5), Amounts(picousd=1))
