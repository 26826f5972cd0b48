"""The budget block: every finite limit, the tightest named, and advice that fits what is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.money.block import amount_text, budget_block
from spadework.agent.money.budget import Regime, Remaining, label
from spadework.agent.money.rounds import Outlook

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


@pytest.mark.parametrize(
    ("outlook", "words"),
    [
        (Outlook(0, 0, "tokens"), "answer now with the best candidate"),
        (Outlook(0, 1, "ms"), "answer now with the best candidate"),
        (Outlook(1, 1, "model_calls"), "answer now with the best candidate"),
        (Outlook(1, 3, "picousd"), "one query or one page that decides"),
        (Outlook(0, None, "tokens"), "one query or one page that decides"),
        (Outlook(2, 3, "tokens"), "explore: up to 5 queries"),
        (Outlook(0, 1, "searches"), "explore: up to 5 queries"),
        (Outlook(1, 1, "tools.dig"), "explore: up to 5 queries"),
        (None, "explore: up to 5 queries"),
    ],
)
def test_the_last_turn_that_fits_is_for_the_answer_whatever_the_regime(outlook: Outlook | None, words: str) -> None:
    block = budget_block(Remaining(LIMITS, {"tokens": 5_000}), outlook=outlook)
    assert "regime HIGH" in block
    assert words in block.splitlines()[-1]


@pytest.mark.parametrize("high", [0, 2, None])
def test_a_round_may_take_fewer_page_reads_than_the_last_so_nothing_is_said_of_it(high: int | None) -> None:
    block = budget_block(Remaining({"browses": 9}, {"browses": 7}), outlook=Outlook(0, high, "browses"))
    assert "forecast" not in block


def test_a_critical_budget_is_never_told_to_look_further() -> None:
    block = budget_block(Remaining(LIMITS, {"tokens": 47_000}), outlook=Outlook(1, 9, "tokens"))
    assert block.splitlines()[-1].startswith("advice: finish: one more call only if it decides")


NAMES = [*LIMITS, "tools.dig", "tools.translate"]


@given(
    limits=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 10**12), min_size=1),
    gone=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2 * 10**12)),
    ends=st.tuples(st.integers(0, 200), st.none() | st.integers(0, 200)),
    binding=st.sampled_from(NAMES),
)
def test_any_budget_shows_each_limit_once_and_the_regime_of_the_tightest(
    limits: dict[str, int], gone: dict[str, int], ends: tuple[int, int | None], binding: str
) -> None:
    remaining = Remaining(limits, gone)
    low, high = ends
    shown = Outlook(low, high if high is None else max(low, high), binding)
    first, *lines = budget_block(remaining, outlook=shown).splitlines()
    assert first == "[budget]"
    for name in limits:
        left = amount_text(name, max(0, limits[name] - gone.get(name, 0)))
        assert lines.count(f"{label(name)}: {left} of {amount_text(name, limits[name])} left") == 1
    if remaining.tightest is None:
        assert lines[len(limits)].startswith("no other limit is set")
    else:
        assert f"regime {remaining.regime}" in lines[len(limits)]
    told = bool(low) or binding not in ("searches", "browses", "tools.dig", "tools.translate")
    assert sum(line.startswith("forecast: ") for line in lines) == told
    advised = lines[-1]
    if remaining.regime in (Regime.LOW, Regime.CRITICAL) or not remaining.tools_left():
        assert advised.startswith("advice: ")
        assert not advised.startswith(("advice: explore", "advice: converge"))


def test_advice_can_be_left_out_and_no_limit_says_so() -> None:
    assert "advice" not in budget_block(Remaining(LIMITS, {}), advice=False)
    assert budget_block(Remaining({}, {})).splitlines() == [
        "[budget]",
        "no limit is set; answer as soon as every constraint is proven",
    ]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"searches": 0, "browses": 0}, "record what is proven and answer now"),
        ({"searches": 0}, "no search is left: read the page"),
        ({"tools.dig": 2}, "explore"),
    ],
)
def test_what_the_user_ruled_out_is_said_where_nothing_else_is_limited(limits: dict[str, int], words: str) -> None:
    *_, told, advised = budget_block(Remaining(limits, {})).splitlines()
    assert told.startswith("no other limit is set")
    assert words in advised


@pytest.mark.parametrize(
    ("resource", "amount", "text"),
    [("picousd", 10**12, "$1.0000"), ("ms", 1_500, "2"), ("tokens", 1_234_567, "1,234,567"), ("searches", 0, "0")],
)
def test_amounts_are_written_for_people(resource: str, amount: int, text: str) -> None:
    assert amount_text(resource, amount) == text
