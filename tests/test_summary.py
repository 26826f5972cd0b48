"""The table of a sweep: one row for each strategy and budget, quality next to spend, failures apart."""

from collections.abc import Iterable
from typing import Any

from spadework.evals.runs.summary import HEAD, table


def line(case: int, **changes: Any) -> dict[str, Any]:
    spend = {"searches": 2, "browses": 3, "model_calls": 4, "tokens_in": 10_000, "tokens_out": 500, "tokens_cached": 0}
    plain: dict[str, Any] = {
        **{"suite": "s", "id": str(case), "strategy": "react", "budget": "5", "repeat": 1, "model": "m", "search": "x"},
        **{
            "seed": 0,
            "status": "verified",
            "stop_reason": "answered",
            "correct": True,
            "spend": spend,
            "violations": [],
        },
    }
    return plain | changes


FAILED = {"stop_reason": "error", "status": "none", "correct": None}


def rows(lines: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """The rows of the table by the names of its columns."""
    found = [text.split() for text in table(lines)]
    names = [name.replace(" ", "_") for name in HEAD]
    return [dict(zip(names, cells, strict=True)) for cells in found if len(cells) == len(HEAD)]


def test_a_row_says_how_many_were_right_and_what_they_took() -> None:
    dear = {**line(0)["spend"], "searches": 5, "tokens_in": 20_001}
    (row,) = rows(
        [
            line(1),
            line(2, status="supported", correct=False),
            line(3, status="unverified", correct=True, spend=dear, violations=["searches: 6 of 5", "tokens: 2 of 1"]),
        ]
    )
    told = {name: row[name] for name in ("strategy", "budget", "runs", "right", "share", "verified", "supported")}
    assert [*told.values()] == ["react", "5", "3", "2", "67%", "1", "1"]
    assert [row[name] for name in ("failed", "searches", "reads", "calls")] == ["0", "3.00", "3.00", "4.00"]
    assert [row[name] for name in ("tokens_in", "tokens_out", "violations")] == ["13,334", "500", "2"]


def test_the_interval_of_a_share_counts_questions_and_not_their_repetitions() -> None:
    (once,) = rows([line(n, correct=n < 8) for n in range(10)])
    assert once["95_%"] == "49%-94%"
    (thrice,) = rows([line(n, correct=n < 8, repeat=repeat) for n in range(10) for repeat in (1, 2, 3)])
    assert thrice["95_%"] == once["95_%"]


def test_failures_are_neither_right_nor_wrong_and_have_no_part_in_the_means() -> None:
    nothing = dict.fromkeys(line(0)["spend"], 0)
    (row,) = rows([line(1), line(2, spend=nothing, **FAILED)])
    assert (row["runs"], row["share"], row["failed"], row["searches"]) == ("2", "100%", "1", "2.00")
    (row,) = rows([line(2, spend=nothing, **FAILED)])
    assert (row["runs"], row["right"], row["share"], row["searches"]) == ("1", "0", "-", "-")


def test_unscored_runs_are_neither_right_nor_wrong_but_their_spend_counts() -> None:
    dear = {**line(0)["spend"], "searches": 4}
    (row,) = rows([line(1), line(2, correct=None, spend=dear), line(3, **FAILED)])
    assert [row[name] for name in ("runs", "right", "share", "failed", "unscored")] == ["3", "1", "100%", "1", "1"]
    assert row["searches"] == "3.00"
    (row,) = rows([line(1, correct=None)])
    assert (row["share"], row["95_%"]) == ("-", "-")


def test_a_run_counts_once_and_as_failed_only_until_it_succeeds() -> None:
    (row,) = rows([line(1, **FAILED), line(1, **FAILED), line(2, **FAILED), line(1), line(1), line(1, repeat=2)])
    assert (row["runs"], row["right"], row["failed"]) == ("3", "2", "1")


def test_rows_are_ordered_and_each_suite_and_model_has_a_head() -> None:
    lines = [line(1, budget=budget) for budget in ("10", "searches=5", "3")]
    lines += [line(1, strategy="bats-early"), line(1, model="another")]
    text = [*table(lines)]
    assert [text[0], text[3], text[4]] == ["s with another", "", "s with m"]
    assert text[1].split()[0] == "strategy"
    assert [row["budget"] for row in rows(lines)][1:] == ["5", "3", "10", "searches=5"]
    assert len({len(item) for item in text if item.startswith("react")}) == 1


def test_nothing_is_told_as_nothing() -> None:
    assert [*table([])] == ["no runs"]
