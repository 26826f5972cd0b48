"""What each stage leaves for the next: enough is always held back to check, and to write the answer."""

import pytest
from scripted import QUESTION, Messages, Said, ScriptedChat, search, small_web
from spadework.agent import Budget, run_agent
from spadework.agent.money.amounts import ZERO, Amounts
from spadework.agent.money.budget import Remaining
from spadework.agent.money.reserves import keep_for, keep_for_tools

LIMITS = {"tokens": 10_000, "picousd": 1_000, "ms": 100_000, "model_calls": 10}


def test_exploring_leaves_room_for_a_check_and_for_the_answer() -> None:
    answer = Amounts(tokens_in=2_000, picousd=100, ms=10_000, model_calls=1)
    assert keep_for("explore", LIMITS, answer_due=True, verifier=True) == answer + Amounts(
        tokens_in=2_000, picousd=200, ms=20_000, model_calls=2
    )
    assert keep_for("explore", LIMITS, answer_due=True, verifier=False) == answer
    assert keep_for("verify", LIMITS, answer_due=True, verifier=True) == answer
    assert keep_for("verify", LIMITS, answer_due=False, verifier=True) == ZERO
    assert keep_for("answer", LIMITS, answer_due=True, verifier=True) == ZERO


def test_the_reserve_of_a_large_budget_is_bounded() -> None:
    kept = keep_for("verify", {"tokens": 10**9, "ms": 10**9}, answer_due=True, verifier=True)
    assert (kept.tokens_in, kept.ms) == (4_000, 60_000)


@pytest.mark.parametrize(("calls", "kept"), [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (10, 3), (20, 3)])
def test_model_calls_are_kept_one_by_one(calls: int, kept: int) -> None:
    assert keep_for("explore", {"model_calls": calls}, answer_due=True, verifier=True).model_calls == kept


def test_what_checks_need_is_measured_by_what_calls_cost() -> None:
    limits = {"tokens": 100_000, "picousd": 10**9, "ms": 500_000}
    call = Amounts(tokens_in=900, tokens_out=100, picousd=10**6, ms=4_000)
    kept = keep_for("explore", limits, answer_due=False, verifier=True, dearest=call)
    assert kept == Amounts(tokens_in=1_000, picousd=10**6, ms=4_000)
    dear = Amounts(tokens_in=50_000, picousd=10**9, ms=400_000)
    kept = keep_for("explore", limits, answer_due=False, verifier=True, dearest=dear)
    assert kept == Amounts(tokens_in=20_000, picousd=2 * 10**8, ms=100_000), "never more than one part in five"


def test_without_limits_nothing_is_kept() -> None:
    assert keep_for("explore", {}, answer_due=True, verifier=True) == ZERO


@pytest.mark.parametrize(("limit", "kept"), [(9, 0), (10, 1), (50, 1)])
def test_only_large_tool_budgets_keep_a_search_and_a_page_read(limit: int, kept: int) -> None:
    keep = keep_for_tools(Remaining({"searches": limit, "browses": limit}, {}))
    assert (keep.searches, keep.browses) == (kept, kept)


@pytest.mark.parametrize("budget", [Budget(tokens=30_000), Budget(model_calls=4), Budget(tokens=60_000, searches=50)])
def test_a_searcher_that_never_stops_still_leaves_the_call_that_answers(budget: Budget) -> None:
    def script(messages: Messages) -> Said:
        if "The search is over." in messages[0]["content"]:
            return '{"answer": "Mara Finch"}'
        return "{}" if messages[0]["content"].startswith("You plan") else [search(f"Alder Finch {len(chat.prompts)}")]

    chat, web = ScriptedChat(script), small_web()
    result = run_agent(QUESTION, budget, model=chat, search=web, browse=web)
    assert result.answer == "Mara Finch"
    assert result.status == "unverified"
    assert result.spend.searches > 0
    for name, limit in budget.limits().items():
        spent = result.spend.tokens_in + result.spend.tokens_out if name == "tokens" else getattr(result.spend, name)
        assert spent <= limit
