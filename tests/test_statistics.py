"""The statistics of evaluations against published values, against what must always hold, and by simulation."""

import random
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.evals.statistics.costs import (
    anytime_accuracy,
    cost_of_pass,
    cost_of_pass_frontier,
    e3,
    pareto_front,
    tool_productivity,
)
from spadework.evals.statistics.paired import holm, mcnemar, paired_bootstrap
from spadework.evals.statistics.proportions import wilson

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


# Newcombe 1998 (Statistics in Medicine 17, table I), the score method without continuity correction.
@pytest.mark.parametrize(
    ("right", "questions", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(right: int, questions: int, low: float, high: float) -> None:
    found = wilson(right / questions, questions)
    assert [round(end, 4) for end in found] == [low, high]


@given(counts)
def test_wilson_holds_the_share_within_0_and_1_and_is_the_same_from_the_other_side(of: tuple[int, int]) -> None:
    right, questions = of
    low, high = wilson(right / questions, questions)
    assert 0 <= low <= right / questions <= high <= 1
    other_low, other_high = wilson((questions - right) / questions, questions)
    assert (1 - other_high, 1 - other_low) == pytest.approx((low, high))
    narrower = wilson(right / questions, 2 * questions)
    assert narrower[1] - narrower[0] < high - low


def test_without_questions_nothing_is_known() -> None:
    assert wilson(0.0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        wilson(1.2, 10)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
def test_wilson_covers_the_true_share_about_as_often_as_it_says(share: float) -> None:
    chance, trials, questions = random.Random(7), 2_000, 60
    covered = 0
    for _ in range(trials):
        low, high = wilson(sum(chance.random() < share for _ in range(questions)) / questions, questions)
        covered += low <= share <= high
    assert 0.93 <= covered / trials <= 0.98


# Binomial tails with one half, as any table has them: 2 * P(X <= least).
@pytest.mark.parametrize(
    ("first", "second", "p"),
    [(0, 0, 1.0), (0, 1, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (1, 9, 0.0215), (2, 10, 0.0386), (6, 16, 0.0525)],
)
def test_mcnemar_is_the_binomial_tail_on_both_sides(first: int, second: int, p: float) -> None:
    assert round(mcnemar(first, second), 4) == p
    assert mcnemar(second, first) == mcnemar(first, second)


def test_mcnemar_rarely_sees_a_difference_where_there_is_none() -> None:
    chance, trials = random.Random(3), 2_000
    seen = 0
    for _ in range(trials):
        first = sum(chance.random() < 0.5 for _ in range(30))
        seen += mcnemar(first, 30 - first) < 0.05
    assert seen / trials <= 0.055


# Holm's own way by hand: 4 * .005, then 3 * .01, then 2 * .03 and 1 * .04, none below the one before.
def test_of_several_tests_each_is_held_to_more() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        mcnemar(-1, 3)


def test_the_bootstrap_finds_the_interval_that_the_normal_theory_gives() -> None:
    chance = random.Random(1)
    differences = [chance.gauss(0.2, 1) for _ in range(400)]
    found = paired_bootstrap(differences)
    mean = sum(differences) / 400
    half = 1.96 * (sum((d - mean) ** 2 for d in differences) / 399 / 400) ** 0.5
    assert found.mean == pytest.approx(mean)
    assert (found.low, found.high) == pytest.approx((mean - half, mean + half), abs=0.01)
    assert found == paired_bootstrap(differences), "the same seed gives the same interval"


def test_the_bootstrap_covers_the_true_difference_about_as_often_as_it_says() -> None:
    chance, trials, covered = random.Random(5), 300, 0
    for number in range(trials):
        differences = chance.choices([-1.0, 0.0, 1.0], [0.1, 0.6, 0.3], k=60)
        found = paired_bootstrap(differences, resamples=300, seed=number)
        covered += found.low <= 0.2 <= found.high
    assert 0.90 <= covered / trials <= 0.98


def test_what_the_bootstrap_says_of_equals_and_of_nothing() -> None:
    same = paired_bootstrap([0.0] * 20)
    assert (same.mean, same.low, same.high, same.is_clear) == (0.0, 0.0, 0.0, False)
    assert paired_bootstrap([1.0] * 20).is_clear
    with pytest.raises(ValueError, match="no question"):
        paired_bootstrap([])
    with pytest.raises(ValueError, match="resamples"):
        paired_bootstrap([1.0], resamples=5)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30))
def test_the_bootstraps_interval_lies_within_what_was_seen(differences: list[float]) -> None:
    found = paired_bootstrap(differences, resamples=100)
    assert min(differences) - 1e-9 <= found.low <= found.high <= max(differences) + 1e-9


def test_what_a_right_answer_costs() -> None:
    assert cost_of_pass(0.03, 0.6) == pytest.approx(0.05)
    assert cost_of_pass(0.03, 0.0) == inf
    cheap, dear = [(0.01, 0.2), (0.01, 0.0), (0.01, 0.0)], [(0.1, 1.0), (0.1, 0.5), (0.1, 0.0)]
    assert cost_of_pass_frontier([cheap, dear]) == pytest.approx([0.05, 0.2, inf])
    with pytest.raises(ValueError, match="zip"):
        cost_of_pass_frontier([cheap, dear[:1]])


def test_quality_beside_tokens_and_calls() -> None:
    assert e3(0.9, 1_000) == pytest.approx(8.1)
    assert (e3(0.9, 0), tool_productivity(3, 0)) == (0.0, 0.0)
    assert tool_productivity(30, 120) == 0.25


def test_the_curve_over_budgets_weighs_each_stretch_by_its_length() -> None:
    assert anytime_accuracy({3: 0.4}) == 0.4
    assert anytime_accuracy({20: 0.5, 3: 0.5, 10: 0.5}) == pytest.approx(0.5)
    early = anytime_accuracy({5: 0.4, 10: 0.6, 20: 0.6})
    late = anytime_accuracy({5: 0.4, 10: 0.4, 20: 0.6})
    assert early > late
    with pytest.raises(ValueError, match="no budget"):
        anytime_accuracy({})


def test_the_front_is_what_nothing_beats() -> None:
    points = {"a": (1.0, 0.5), "b": (2.0, 0.7), "c": (2.0, 0.6), "d": (3.0, 0.7), "e": (1.0, 0.5), "f": (0.5, 0.1)}
    assert pareto_front(points) == ["f", "a", "e", "b"]
    assert pareto_front({}) == []


@given(st.dictionaries(st.integers(), st.tuples(st.floats(0, 10), st.floats(0, 1)), max_size=12))
def test_every_point_off_the_front_is_beaten_by_one_on_it(points: dict[int, tuple[float, float]]) -> None:
    front = pareto_front(points)
    for name, (cost, accuracy) in points.items():
        if name not in front:
            assert any(points[on][0] <= cost and points[on][1] >= accuracy for on in front)
