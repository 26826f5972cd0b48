"""The figures of a report, against ones that were worked out by hand."""

import csv
import io
from math import inf, isinf
from typing import Any

import pytest
from reported import SPEND, failed, line, told
from spadework.evals.report.cells import Way, grids_of, limits_of, once, scale_of
from spadework.evals.report.csv_file import DOCUMENTED, csv_text
from spadework.evals.report.figures import Figures
from spadework.evals.report.said import said
from spadework.evals.report.study import cost_of_pass
from spadework.evals.report.table import Share, Table
from spadework.evals.report.tables import tables
from spadework.evals.report.versus import verdicts
from spadework.evals.runs.runs_file import Json

OURS, REACT = Way("bats-early", "m"), Way("react", "m")


def figures(*lines: Json) -> Figures:
    (found,) = told(lines).figures.values()
    return found


def spend(**changes: Any) -> dict[str, Any]:
    return {**SPEND, **changes}


def table(lines: list[Json], key: str) -> Table:
    return next(found for found in tables(told(lines), 9) if found.key == key)


def test_a_share_has_its_interval_and_every_mean_is_of_the_runs_that_ended_well() -> None:
    found = figures(
        *(line(n, right=n < 8) for n in range(9)),
        line(9, right=False, spend=spend(searches=5, browses=4, tokens_in=19_000, usd="0.025")),
        failed(10, spend=spend(searches=99)),
        line(11, right=None),
    )
    assert (found["runs"], found["failed"], found["unscored"], found["questions"]) == (11, 1, 1, 10)
    assert (found["right"], found["share"]) == (8, 0.8)
    assert (found["share_low"], found["share_high"]) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert found["searches"] == pytest.approx((10 * 2 + 5) / 11)
    assert found["tool_calls"] == pytest.approx((10 * 5 + 9) / 11)
    assert found["tokens_in"] == pytest.approx((10 * 9_000 + 19_000) / 11)
    assert found["tokens_cached"] == 500
    assert found["usd"] == pytest.approx((10 * 0.015 + 0.025) / 11)
    assert found["unified_usd"] == pytest.approx(found["usd"] + 0.001 * found["tool_calls"])


def test_what_right_answers_cost_by_hand() -> None:
    found = figures(line(1), line(2, right=False))
    assert found["unified_usd"] == pytest.approx(0.02)
    assert found["usd_of_pass"] == pytest.approx(0.04)
    assert found["tokens_of_pass"] == 20_000
    assert found["e3"] == pytest.approx(50**2 / 10_000)
    assert found["tool_productivity"] == pytest.approx(1 / 10)
    none = figures(line(1, right=False))
    assert (none["usd_of_pass"], none["e3"], none["tool_productivity"]) == (inf, 0, 0)


def test_what_is_not_known_is_none_and_never_0() -> None:
    found = figures(line(1, spend=spend(usd=None)), line(2))
    assert (found["usd"], found["unified_usd"], found["usd_of_pass"]) == (None, None, None)
    found = figures(failed(1))
    assert (found["share"], found["searches"], found["e3"], found["at_limit"]) == (None, None, None, None)
    old = line(1)
    del old["claims"]
    assert figures(old)["claims"] is None


def test_a_limit_is_used_up_by_the_spend_or_ended_the_run() -> None:
    at = [
        line(1, budget="searches=2,usd=9"),
        line(2, budget="searches=2,usd=9", spend=spend(searches=1)),
        line(3, budget="searches=2,usd=9", spend=spend(searches=1), resource="usd"),
        line(4, budget="searches=2,usd=9", spend=spend(searches=1), violations=["usd: 2 of 1", "x"]),
    ]
    found = figures(*at)
    assert (found["at_limit"], found["violations"]) == (0.5, 0.25)
    assert figures(line(1, budget="0", spend=spend(searches=0, browses=0)))["at_limit"] == 0


def test_claims_are_counted_over_all_answers() -> None:
    found = figures(line(1), line(2, claims={"inference": 1, "snippet": 1, "open": 2}), line(3, claims={}))
    assert found["claims"] == 8
    assert (found["claims_supported"], found["claims_by_page"]) == (5 / 8, 3 / 8)


def test_statuses_say_how_often_they_are_right_over_all_budgets() -> None:
    lines = [line(n, budget=b) for n in range(4) for b in ("3", "5")]
    lines += [line(n, status="unverified", right=n == 5) for n in (5, 6)]
    lines += [failed(7, budget="5")]
    (row,) = table(lines, "statuses").rows
    assert [str(cell) for cell in row] == [
        "bats-early",
        "100% (51% to 100%), 8 right",
        "-",
        "50% (9% to 91%), 1 right",
    ]


def test_a_run_counts_once_and_one_that_failed_until_it_did_not() -> None:
    again = line(1, right=False)
    assert once([failed(1), line(1), again, failed(1)]) == [line(1)]
    assert once([failed(1), failed(1, fault="later")]) == [failed(1, fault="later")]


def test_suites_are_apart_and_budgets_go_by_size() -> None:
    lines = [line(1, suite=s, budget=b) for s in ("t", "s") for b in ("searches=9", "10", "5", "searches=2")]
    grids = grids_of(lines)
    assert [grid.suite for grid in grids] == ["s", "t"]
    assert grids[0].budgets == ["5", "10", "searches=2", "searches=9"]


def test_a_way_is_named_by_what_sets_it_apart() -> None:
    def names(*lines: Json) -> list[str]:
        (grid,) = grids_of(lines)
        return [grid.name(way) for way in grid.ways]

    assert names(line(1), line(1, "react")) == ["bats-early", "react"]
    assert names(line(1, model="a"), line(1, model="b")) == ["a", "b"]
    assert names(line(1, model="a"), line(1, "react", model="b")) == ["bats-early · a", "react · b"]


def test_budgets_have_a_scale_only_where_they_limit_the_same() -> None:
    assert limits_of("5") == {"searches": 5, "browses": 5}
    assert limits_of("tokens=9000,usd=0.05") == {"tokens": 9_000, "usd": 0.05}
    assert limits_of("of an older version") == {}
    assert scale_of(["3", "10"]) == {"3": 3, "10": 10}
    assert scale_of(["usd=0.05", "usd=0.1"]) == {"usd=0.05": 0.05, "usd=0.1": 0.1}
    assert scale_of(["5", "searches=5"]) == scale_of(["searches=5,usd=1", "searches=9,usd=1"]) == {}


def test_anytime_accuracy_is_the_height_of_the_curve_and_needs_one() -> None:
    lines = [line(n, budget=b, right=n < most) for b, most in (("5", 1), ("10", 3), ("15", 3)) for n in range(4)]
    assert told(lines).anytime == {OURS: 0.625}
    assert told([*lines, line(1, "react")]).anytime == {OURS: 0.625}, "react has one budget only"
    one = table([line(1)], "anytime")
    assert not one.rows
    assert "no curve" in one.lead[0]


def sweep() -> list[Json]:
    """Ours is right and dear, react cheap and wrong, react-full as dear as ours and never better."""
    dear, cheap = spend(searches=4), spend(searches=1, tokens_in=4_000, usd="0.005")
    ours = [line(n, right=n < 9, spend=dear) for n in range(12)]
    react = [line(n, "react", right=n in (0, 9), spend=cheap) for n in range(12)]
    return [*ours, *react, *(line(n, "react-full", right=n < 2, spend=dear) for n in range(12))]


def test_the_front_holds_what_nothing_beats() -> None:
    found = told(sweep())
    assert found.unit == "usd"
    assert found.front_by_calls == found.front_by_cost == [(REACT, "5"), (OURS, "5")]


def test_the_frontier_takes_the_cheapest_for_each_question_that_all_were_asked() -> None:
    found = told([*sweep(), line(99)]).frontier
    assert (found.questions, found.solved) == (12, 10)
    assert found.mean == pytest.approx((2 * (0.005 + 0.004) + 8 * (0.015 + 0.007)) / 10)
    assert [found.cheapest[way, "5"] for way in (OURS, REACT, Way("react-full", "m"))] == [8, 2, 1]


def test_without_prices_costs_are_in_tokens() -> None:
    free = [{**item, "spend": {**item["spend"], "usd": None if item["id"] == "q3" else "0"}} for item in sweep()]
    found = told(free)
    assert found.unit == "tokens"
    assert cost_of_pass(found.figures[OURS, "5"], found.unit) == pytest.approx(10_000 / 0.75)
    assert "no price" in table(free, "spend").lead[0]
    assert not any("$" in name for name, _ in (*table(free, "spend").columns, *table(free, "worth").columns))


def test_two_ways_are_compared_by_question_and_held_to_all_comparisons() -> None:
    found = told(sweep())
    (first, second, third) = found.versus
    assert (first.first, first.second, first.found.better) == (OURS, REACT, (8, 1))
    assert first.found.p == pytest.approx(0.0390625)
    assert first.found.p_of_all == pytest.approx(2 * 0.0390625), "Holm: the second smallest of three"
    assert second.found.p_of_all == pytest.approx(3 * 0.015625)
    assert (first.right.mean, third.found.better) == (pytest.approx(7 / 12), (1, 1))
    assert verdicts(found) == [
        "budget 5: bats-early did better in 8 questions, react in 1,"
        " p = 0.039 (McNemar; 0.078 as one of 3 comparisons): no clear difference",
        "budget 5: bats-early did better in 7 questions, react-full in 0,"
        " p = 0.016 (McNemar; 0.047 as one of 3 comparisons): a clear difference",
        "budget 5: react did better in 1 question, react-full in 1: no difference",
    ]
    assert said(found)[:2] == [
        "Right most often: bats-early with budget 5, 75% (47% to 91%).",
        "Clear differences, 1 in the 3 comparisons of strategies: bats-early over react-full with budget 5.",
    ]


def test_a_difference_that_is_clear_with_several_budgets_is_told_once() -> None:
    lines = [
        line(n, way, budget=b, right=way == "bats-early") for n in range(12) for b in "35" for way in (OURS[0], "react")
    ]
    assert said(told(lines))[1].endswith(
        "2 in the 2 comparisons of strategies: bats-early over react with budget 3 and 5."
    )


def test_shares_of_other_questions_are_not_held_against_each_other() -> None:
    easy = [line(n, "react") for n in range(6)]
    lines = [*(line(n, right=n < 14) for n in range(16)), *easy]
    found = told(lines)
    assert said(found)[0].startswith("The strategies and budgets were not asked the same questions")
    assert (found.front_by_calls, found.front_by_cost) == ([], [])
    nearly = told([*(line(n, right=n < 14) for n in range(16)), *(line(n, "react") for n in range(15))])
    assert said(nearly)[0].startswith("Right most often: react"), "one that failed or is still to be made"
    assert len(nearly.front_by_calls) == 1


def test_little_is_said_of_little() -> None:
    found = told([failed(1, violations=["searches: 4 of 3"])])
    assert said(found) == [
        "No run has an answer that is known to be right or wrong.",
        "There is nothing to compare: no two strategies were asked the same questions with the same budget.",
        "Of 1 runs 1 failed, and 1 passed a limit or called verified what was not shown.",
    ]
    assert [found.key for found in tables(found, 9)][-2:] == ["failed", "violations"]
    assert "No difference is clear" in said(told([line(1), line(1, "react", right=False)]))[1]


def test_csv_has_a_documented_column_for_every_figure() -> None:
    rows = [*csv.DictReader(io.StringIO(csv_text([told(sweep())])))]
    assert list(rows[0]) == list(DOCUMENTED)
    assert all(DOCUMENTED.values())
    assert [row["strategy"] for row in rows] == ["bats-early", "react", "react-full"]
    assert (rows[0]["share"], rows[0]["right"], rows[0]["on_front_by_cost"], rows[2]["on_front_by_cost"]) == (
        *("0.75", "9"),
        *("1", "0"),
    )
    assert isinf(float(next(csv.DictReader(io.StringIO(csv_text([told([line(1, right=False)])]))))["usd_of_pass"]))
    assert csv_text([told([line(1, suite="=cmd()")])]).splitlines()[1].startswith("'=cmd()")


def test_a_share_is_told_with_its_interval() -> None:
    (row,) = table([line(1)], "results").rows
    assert isinstance(row[2], Share)
    assert str(row[2]) == "100% (21% to 100%)"
