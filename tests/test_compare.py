"""Two ways side by side: only what both were asked counts, and chance is not called a difference."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from spadework.agent.terminal.cli import cli
from spadework.evals.runs.compare import Way, compare
from spadework.evals.runs.compare_text import told
from spadework.evals.runs.runs_file import Json, RunsFile
from spadework.tools.errors import ConfigError

SPEND = {"searches": 2, "browses": 3, "model_calls": 4, "tokens_in": 9_000, "tokens_out": 400, "usd": None}


def line(case: int, strategy: str = "bats-early", *, right: bool = True, **changes: Any) -> Json:
    plain = {"suite": "s", "id": f"q{case}", "strategy": strategy, "budget": "5", "repeat": 1, "model": "m"}
    plain |= {"search": "x", "seed": 0, "answer": "Mara Finch" if right else "Tom Reed", "status": "verified"}
    return {**plain, "stop_reason": "answered", "correct": right, "spend": SPEND, "violations": [], **changes}


def ways(first: Iterable[Json], second: Iterable[Json]) -> tuple[Way, Way]:
    return Way.of(first, None, "A"), Way.of(second, None, "B")


def text(first: Iterable[Json], second: Iterable[Json]) -> list[str]:
    pair = ways(first, second)
    return [*told(*pair, compare(*pair))]


def test_figures_with_intervals_what_they_mean_and_what_changed() -> None:
    dear = {**SPEND, "searches": 4}
    ours = [line(n, right=n < 12) for n in range(16)]
    theirs = [line(n, "react", right=n < 2, spend=dear) for n in range(16)]
    shown = text(ours, theirs)
    assert shown[0] == "s, budget 5: bats-early against react, 16 questions"
    assert shown[2] == "  right        75% (51% to 90%)  12% (3% to 36%)  +62.5% (+37.5% to +87.5%)"
    assert shown[3].split() == ["searches", "2.00", "4.00", "-2.00", "(-2.00", "to", "-2.00)"]
    assert not any("usd" in row for row in shown), "what is not known of all runs is not compared"
    verdict = "  bats-early did better in 10 questions, react in 0, p = 0.002 (McNemar): a clear difference"
    assert verdict in shown
    assert shown[-10:] == [
        f"  {f'q{n}':3}  bats-early right (Mara Finch); react wrong (Tom Reed)" for n in range(2, 12)
    ]


def test_a_few_questions_more_are_no_clear_difference() -> None:
    shown = text([line(n) for n in range(9)], [line(n, "react", right=n > 2) for n in range(9)])
    assert shown[-4] == "  bats-early did better in 3 questions, react in 0, p = 0.250 (McNemar): no clear difference"


def test_equal_ways_differ_in_nothing() -> None:
    shown = text([line(n) for n in range(9)], [line(n, model="n") for n in range(9)])
    assert shown[-1] == "  m did better in 0 questions, n in 0: no difference"


def test_what_only_one_was_asked_and_what_failed_is_left_out() -> None:
    failed: dict[str, Any] = {"stop_reason": "error", "correct": None}
    ours = [line(1), line(2), line(3), line(4, budget="10"), line(5, **failed)]
    theirs = [line(1, "react"), line(2, "react", right=False), line(3, "react", **failed), line(5, "react")]
    (comparison,) = compare(*ways(ours, theirs))
    assert [*comparison.pairs] == ["q1", "q2"]
    assert text(ours, theirs)[-1] == "left out, as only one of the two was asked: 2 of bats-early, 1 of react"


def test_repetitions_are_averaged_and_a_line_that_is_there_twice_counts_once() -> None:
    ours = [line(1, repeat=1), line(1, repeat=2, right=False), line(1, repeat=2, right=False), line(1, repeat=3)]
    theirs = [line(1, "react", repeat=n, right=n == 2) for n in (1, 2, 3)]
    (comparison,) = compare(*ways(ours, theirs))
    assert comparison.right()[:2] == pytest.approx((2 / 3, 1 / 3))
    assert comparison.better == (1, 0)
    assert text(ours, theirs)[-1] == "  q1  bats-early 2 of 3 right (Mara Finch); react 1 of 3 right (Tom Reed)"


def test_each_of_several_budgets_is_held_to_more() -> None:
    both = [(budget, n) for budget in ("3", "5") for n in range(8)]
    shown = text([line(n, budget=b) for b, n in both], [line(n, "react", budget=b, right=n > 5) for b, n in both])
    verdicts = [row for row in shown if "McNemar" in row]
    assert len(verdicts) == 2
    assert verdicts[0].endswith("p = 0.031 (McNemar; 0.062 as one of 2 comparisons): no clear difference")


def test_several_ways_in_one_place_have_to_be_chosen_from() -> None:
    lines = [line(1), line(1, "react")]
    with pytest.raises(ConfigError, match="A has several ways: bats-early with m, react with m; choose"):
        Way.of(lines, None, "A")
    with pytest.raises(ConfigError, match="no runs of bats in A"):
        Way.of(lines, "bats", "A")
    with pytest.raises(ConfigError, match="no question that both"):
        compare(*ways([line(1)], [line(2, "react")]))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[str, str]:
    for name, strategies in (("both", ("bats-early", "react")), ("other", ("react",))):
        file = RunsFile(tmp_path / name)
        for strategy in strategies:
            file.append(line(1, strategy, right=strategy == "react", model=name))
        file.close()
    return str(tmp_path / "both"), str(tmp_path / "other")


def test_two_strategies_of_one_folder_or_one_of_two_folders(folders: tuple[str, str]) -> None:
    both, other = folders
    done = CliRunner().invoke(cli, ["eval", "compare", both, "--strategy", "bats-early,react"])
    assert done.output.startswith("s, budget 5: bats-early against react, 1 question\n")
    assert done.exit_code == 0
    done = CliRunner().invoke(cli, ["eval", "compare", both, other, "--strategy", "react"])
    assert done.output.startswith("s, budget 5: both against other, 1 question\n")
    done = CliRunner().invoke(cli, ["eval", "compare", both, other, "--strategy", "bats-early,react"])
    assert "bats-early did better in 0 questions, react in 1" in done.output


@pytest.mark.parametrize(
    "options", [[], ["--strategy", "react"], ["--strategy", "react,react"], ["--strategy", "a,b,c"]]
)
def test_one_folder_needs_two_strategies(folders: tuple[str, str], options: list[str]) -> None:
    done = CliRunner().invoke(cli, ["eval", "compare", folders[0], *options])
    assert done.exit_code == 2
    assert "give two folders, or two strategies of one" in done.output
    assert "Traceback" not in done.output


def test_a_folder_without_runs_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["eval", "compare", str(tmp_path / "a"), str(tmp_path / "b")])
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert "cannot read" in done.output
