"""`eval gate`: floors that are pinned with what they were made of, and are never lowered without anybody noticing."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.terminal.cli import cli
from spadework.evals.runs.floors_file import read_floors
from spadework.prompts import prompts_digest

ROOT = Path(__file__).parents[1]


def line(number: int, **more: Any) -> dict[str, Any]:
    made = {"case": f"case {number}", "prompts": "p1", "web": "w1"}
    return {
        **{"suite": "s", "id": str(number), "strategy": "react", "budget": "5", "repeat": 1, "model": "m"},
        **{"search": "corpus:x", "seed": 0, "stop_reason": "answered", "correct": True, "violations": []},
        **{"made_of": made, "graded": "match"},
        **more,
    }


def sweep(folder: Path, *lines: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "runs.jsonl").write_text("".join(json.dumps(item) + "\n" for item in lines))
    return folder


def gate(folder: Path, *more: str, floors: Path | None = None) -> Result:
    file = floors or folder.parent / "floors.toml"
    return CliRunner().invoke(cli, ["eval", "gate", str(folder), "--floors", str(file), *more])


@pytest.fixture
def pinned(tmp_path: Path) -> Path:
    """A sweep of four runs, three of them right, that floors were pinned with."""
    folder = sweep(tmp_path / "runs", *(line(number, correct=number > 0) for number in range(4)))
    assert gate(folder, "--pin").stdout == "pinned react at 5 on s with m: 75.0% right of 4 runs\n"
    return folder


def test_what_was_pinned_is_reached_by_the_same_runs(pinned: Path) -> None:
    told = gate(pinned)
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout == "ok    react at 5 on s with m: 75.0% right, the floor is 75.0%\n"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([line(n, correct=n > 1) for n in range(4)], "50.0% right, the floor is 75.0%"),
        ([line(n) for n in range(3)], "its cases and recordings are others than those that it was pinned with"),
        (
            [line(n, stop_reason="error" if not n else "answered", correct=bool(n) or None) for n in range(4)],
            "failed: 1",
        ),
        ([line(n, violations=["searches: 6 of 5"] if not n else []) for n in range(4)], "violations: 1, at most 0"),
        ([line(n, differs=["spend"] if not n else []) for n in range(4)], "differs: 1, at most 0"),
        ([line(n, correct=None if not n else True, graded="unreadable") for n in range(4)], "unscored: 1, at most 0"),
        ([line(n, strategy="bats") for n in range(4)], "there are no runs of it"),
        (
            [line(n, made_of={"case": f"case {n}", "prompts": "p2", "web": "w2"}) for n in range(4)],
            "its prompts and recordings are others than those that it was pinned with",
        ),
    ],
)
def test_what_falls_short_is_told_and_fails(lines: list[dict[str, Any]], told: str, pinned: Path) -> None:
    result = gate(sweep(pinned, *lines))
    assert result.exit_code == 1
    (row,) = [row for row in result.stdout.splitlines() if row.startswith("below")]
    assert told in row


def test_what_has_no_floor_is_told_and_does_not_fail(pinned: Path) -> None:
    lines = [line(n, correct=n > 0) for n in range(4)]
    told = gate(sweep(pinned, *lines, *(line(n, strategy="bats") for n in range(4))))
    assert told.exit_code == 0
    assert "new   bats at 5 on s with m: 100.0% right, no floor is pinned" in told.stdout


def test_a_floor_is_raised_at_will_and_lowered_only_with_a_reason_that_stays(pinned: Path) -> None:
    floors = pinned.parent / "floors.toml"
    before = floors.read_bytes()
    lower = sweep(pinned, *(line(n, correct=n > 1) for n in range(4)))
    told = gate(lower, "--pin")
    assert (told.exit_code, floors.read_bytes()) == (2, before)
    assert "would be lower: right 75.0% to 50.0%; say why with --lower REASON" in told.stderr
    assert gate(lower, "--pin", "--lower", "question 1 was wrong\nitself").exit_code == 0
    assert read_floors(floors)[0].lowered == "right 75.0% to 50.0%: question 1 was wrong itself"
    assert gate(sweep(pinned, *(line(n) for n in range(4))), "--pin").exit_code == 0
    (floor,) = read_floors(floors)
    assert (floor.share, floor.lowered) == (1.0, "right 75.0% to 50.0%: question 1 was wrong itself")


def test_slack_pins_below_what_was_reached(tmp_path: Path) -> None:
    folder = sweep(tmp_path / "runs", *(line(n, correct=n > 0) for n in range(3)))
    assert gate(folder, "--pin", "--slack", "0.1").exit_code == 0
    assert read_floors(tmp_path / "floors.toml")[0].share == 0.5666


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("share = 0.75", "share = 0.5", "was edited by hand"),
        ("share = 0.75", 'share = "x"', "share is 'x', which is no float"),
        ("runs = 4", "", "runs is missing"),
        ("runs = 4", "rums = 4", "'rums' is no part of a floor"),
        ("[[floor]]", "[[flor]]", "holds no floors"),
        ("[[floor]]", "[[", "is no file of floors"),
        ('case = "', 'case = "0', "was edited by hand"),
    ],
)
def test_a_file_that_was_edited_is_refused_in_one_line(old: str, new: str, told: str, pinned: Path) -> None:
    file = pinned.parent / "floors.toml"
    file.write_text(file.read_text().replace(old, new, 1))
    for more in ([], ["--pin", "--lower", "why not"]):
        result = gate(pinned, *more)
        assert (result.exit_code, result.stdout) == (2, "")
        assert told in result.stderr
        assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--slack", "0.1"], "--slack goes with --pin"),
        (["--lower", "why"], "--lower goes with --pin"),
        (["--slack", "2", "--pin"], "--slack"),
    ],
)
def test_wrong_use_is_told(more: list[str], told: str, pinned: Path) -> None:
    result = gate(pinned, *more)
    assert (result.exit_code, told in result.stderr) == (2, True)


def test_runs_that_do_not_say_what_they_were_made_of_cannot_be_pinned(tmp_path: Path) -> None:
    old = {name: value for name, value in line(1).items() if name != "made_of"}
    result = gate(sweep(tmp_path / "runs", old), "--pin")
    assert (result.exit_code, "make them again" in result.stderr) == (2, True)
    assert not (tmp_path / "floors.toml").exists()
    assert "--pin makes them" in gate(tmp_path / "runs").stderr


@given(model=st.text(st.characters(exclude_categories=["Cs"]), max_size=30), right=st.lists(st.booleans(), min_size=1))
def test_whatever_is_pinned_is_read_again_and_reached(
    model: str, right: list[bool], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = sweep(
        tmp_path_factory.mktemp("any") / "runs", *(line(n, correct=one, model=model) for n, one in enumerate(right))
    )
    assert gate(folder, "--pin").exit_code == 0
    assert gate(folder).exit_code == 0
    (floor,) = read_floors(folder.parent / "floors.toml")
    assert floor.model == model
    assert floor.share <= sum(right) / len(right)


def test_the_shipped_evaluation_reaches_the_floors_that_are_pinned_for_it(tmp_path: Path) -> None:
    assert CliRunner().invoke(cli, ["eval", "run", "bundled", "--out", str(tmp_path / "out")]).exit_code == 0
    told = gate(tmp_path / "out", floors=ROOT / "cassettes" / "floors.toml")
    assert told.exit_code == 0, told.output
    assert told.stdout.count("ok ") == 2
    pinned = read_floors(ROOT / "cassettes" / "floors.toml")
    assert all(floor.case and floor.prompts and floor.web for floor in pinned), "or it would hold for anything"


def test_runs_of_the_same_case_have_the_same_digests_and_others_have_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["eval", "run", "bundled:20:1", "--model", "simulated", "--budget", "3,5", "--out", str(out)]
    assert CliRunner().invoke(cli, command).exit_code == 0
    lines = [json.loads(text) for text in (out / "runs.jsonl").read_text().splitlines()]
    assert len({item["made_of"]["case"] for item in lines}) == 2
    assert {item["made_of"]["prompts"] for item in lines} == {prompts_digest()}
    assert len({item["made_of"]["web"] for item in lines}) == 1
