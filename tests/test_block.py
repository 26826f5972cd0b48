"""The budget block: every finite limit, the tightest named, and advice that fits what is left."""

import pytest
from spadework.agent.block import amount_text, budget_block
from spadework.agent.budget import Remaining

LIMITS = {"searches": 10, "browses": 10, "tokens": 50_000, "picousd": 10**11, "ms": 300_000, "model_calls": 20}


def test_every_finite_limit_is_shown_in_words_that_people_use() -> None:
    block = budget_block(Remaining(LIMITS, {"searches": 3, "tokens": 12_500, "picousd": 25 * 10**9, "ms": 60_400}))
    assert block.splitlines()[:7] == [
        "[budget]",
        "searches: 7 of 10 left",
        "page reads: 10 of 10 left",
        "tokens: 37,500 of 50,000 left",
        "dollars: $0.0750 of $0.1000 left",
        "seconds: 240 of 300 left",
        "model calls: 20 of 20 left",
    ]


@pytest.mark.parametrize(
    ("gone", "regime", "words"),
    [
        (0, "HIGH", "up to 5 queries or 3 pages"),
        (3, "HIGH", "explore"),
        (4, "MEDIUM", "converge"),
        (7, "MEDIUM", "up to 2 queries or 2 pages"),
        (8, "LOW", "one query or one page that decides"),
        (10, "CRITICAL", "no search is left: read the page"),
    ],
)
def test_the_advice_is_that_of_the_regime(gone: int, regime: str, words: str) -> None:
    block = budget_block(Remaining({"searches": 10, "browses": 10}, {"searches": gone}))
    assert f"regime {regime}" in block
    assert words in block.splitlines()[-1]
    assert f"tightest: searches ({(10 - gone) * 10}% left)" in block or gone == 0


def test_a_tool_that_is_used_up_changes_the_advice() -> None:
    limits = {"searches": 2, "browses": 2}
    assert "no page read is left" in budget_block(Remaining(limits, {"browses": 2}))
    assert "answer now with the best candidate" in budget_block(Remaining(limits, {"searches": 2, "browses": 2}))


def test_nothing_is_advised_that_the_budget_cannot_pay() -> None:
    block = budget_block(Remaining({"searches": 2, "browses": 1}, {}))
    assert "up to 1 query or 1 page this turn" in block


def test_advice_can_be_left_out_and_no_limit_says_so() -> None:
    assert "advice" not in budget_block(Remaining(LIMITS, {}), advice=False)
    assert budget_block(Remaining({}, {})).splitlines() == [
        "[budget]",
        "no limit is set; answer as soon as every constraint is proven",
    ]


@pytest.mark.parametrize(
    ("resource", "amount", "text"),
    [("picousd", 10**12, "$1.0000"), ("ms", 1_500, "2"), ("tokens", 1_234_567, "1,234,567"), ("searches", 0, "0")],
)
def test_amounts_are_written_for_people(resource: str, amount: int, text: str) -> None:
    assert amount_text(resource, amount) == text
