"""`eval run bundled` and `recorded:DIR`: recorded runs played again as an evaluation, offline and without a key."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from spadework.agent.terminal.cli import cli
from spadework.evals.recording.cassettes import load_cassette, open_bundled, save_cassette
from test_recorder import record

ONE = "plain-03-bats-early"
GUARDED = """
import sys
counted = []
def guard(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        counted.append(event)
        raise OSError(f"{event}: there is no network here")
sys.addaudithook(guard)
from spadework.agent.terminal.cli import cli
try:
    cli(sys.argv[1:])
except SystemExit as ended:
    print(f"exit {ended.code}, {len(counted)} connections", file=sys.stderr)
"""


def spadework(*given: object, **environment: str) -> Result:
    return CliRunner().invoke(cli, [str(part) for part in given], env=environment)


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]


def without_network(folder: Path) -> "subprocess.CompletedProcess[str]":
    """`eval run bundled` in a process that ends any attempt at a connection, and has no setting but a path."""
    command = [sys.executable, "-c", GUARDED, "eval", "run", "bundled", "--out", "here"]
    environment = {"HOME": str(folder), "PATH": "/nowhere"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `eval run bundled` leaves behind, made twice."""
    folder = tmp_path_factory.mktemp("played")
    for number in ("first", "second"):
        (folder / number).mkdir()
        told = without_network(folder / number)
        assert told.stderr.splitlines()[-1] == "exit 0, 0 connections"
        (folder / number / "told").write_text(told.stdout)
    return folder


def test_the_shipped_recordings_are_played_without_any_connection_and_give_the_same_each_time(played: Path) -> None:
    first, second = played / "first", played / "second"
    assert (first / "told").read_text() == (second / "told").read_text()
    assert (first / "here" / "runs.jsonl").read_bytes() == (second / "here" / "runs.jsonl").read_bytes()
    lines = lines_of(first / "here")
    assert not [line["id"] for line in lines if line["differs"] or line["violations"]]
    own = {line["id"] for line in lines if line["strategy"] == "bats-early"}
    other = {line["id"] for line in lines if line["strategy"] == "react"}
    assert len(own) >= 16
    assert {name.partition("-")[0] for name in own} == {"hard", "plain"}
    assert len(other) >= 6
    assert other <= own


def test_what_is_charged_and_decided_is_what_was_recorded(played: Path) -> None:
    for line in lines_of(played / "first" / "here"):
        recorded = open_bundled(f"{line['id']}-{line['strategy']}").meta["outcome"]
        assert (line["answer"], line["status"], line["spend"]) == tuple(
            recorded[name] for name in ("answer", "status", "spend")
        )


def changed(folder: Path, **meta: Any) -> Path:
    """A folder with one of the shipped recordings, of which something is told otherwise."""
    cassette = open_bundled(ONE)
    save_cassette(replace(cassette, meta={**cassette.meta, **meta}), folder / f"{ONE}.json.gz")
    return folder


def test_a_run_that_goes_otherwise_than_recorded_is_told_of_and_is_in_the_file(tmp_path: Path) -> None:
    outcome = open_bundled(ONE).meta["outcome"]
    suite = changed(tmp_path / "tapes", outcome={**outcome, "spend": {**outcome["spend"], "searches": 99}})
    told = spadework("eval", "run", f"recorded:{suite}", "--out", tmp_path / "out")
    assert told.exit_code == 1
    assert f"{ONE[:8]}, bats-early: not as recorded: spend: " in told.stderr
    assert "1 run went otherwise than recorded" in told.stderr
    (line,) = lines_of(tmp_path / "out")
    assert (line["suite"], line["correct"], len(line["differs"])) == ("recorded:tapes", True, 1)


def test_what_is_right_is_said_when_a_run_is_recorded(tmp_path: Path) -> None:
    tapes = tmp_path / "tapes"
    assert record(tapes, "--answer", "Mara Finch", "--answer", "Wendle", "--case", "bridge").exit_code == 0
    told = spadework("eval", "run", f"recorded:{tapes}", "--out", tmp_path / "out")
    assert (told.exit_code, told.stderr) == (0, "")
    (line,) = lines_of(tmp_path / "out")
    assert (line["id"], line["correct"]) == ("bridge", line["answer"] in ("Mara Finch", "Wendle"))


def test_played_runs_are_played_anew_but_other_runs_are_never_dropped(tmp_path: Path) -> None:
    suite, out = changed(tmp_path / "tapes"), tmp_path / "out"
    for _ in range(2):
        assert spadework("eval", "run", f"recorded:{suite}", "--out", out).exit_code == 0
        assert len(lines_of(out)) == 1
    made = spadework("eval", "run", "bundled:20:1", "--model", "simulated", "--budget", "3", "--out", out)
    assert made.exit_code == 0
    before = (out / "runs.jsonl").read_bytes()
    told = spadework("eval", "run", f"recorded:{suite}", "--out", out)
    assert (told.exit_code, "holds runs of bundled:20:1" in told.stderr) == (2, True)
    assert (out / "runs.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--search", "wikipedia"], "--search does not go with recorded runs"),
        (["--total-usd", "1"], "--total-usd does not go with recorded runs"),
        (["--strategy", "bats-paper"], "there are no recordings with these strategies and budgets"),
        (["--budget", "3"], "there are no recordings with these strategies and budgets"),
        (["--part", "3/2"], "--part '3/2'"),
    ],
)
def test_what_recordings_cannot_do_is_refused_before_anything_is_played(
    given: list[str], told: str, tmp_path: Path
) -> None:
    result = spadework("eval", "run", "bundled", *given, "--out", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("meta", "told"),
    [
        ({"case": None}, f"cassette {ONE} does not say what is right: record it with --answer"),
        ({"case": {"id": "a", "answer": ""}}, "does not say what is right"),
        ({"strategy": "reakt"}, "did you mean 'react'"),
        ({"model": ""}, "does not say its model"),
    ],
)
def test_a_recording_that_cannot_be_evaluated_says_why(meta: Mapping[str, Any], told: str, tmp_path: Path) -> None:
    suite = changed(tmp_path / "tapes", **meta)
    result = spadework("eval", "run", f"recorded:{suite}", "--out", tmp_path / "out")
    assert result.exit_code != 0
    assert told in result.stderr


def test_two_recordings_of_the_same_run_are_refused(tmp_path: Path) -> None:
    suite = changed(tmp_path / "tapes")
    save_cassette(load_cassette(suite / f"{ONE}.json.gz"), suite / "again.json")
    result = spadework("eval", "run", f"recorded:{suite}", "--out", tmp_path / "out")
    assert (result.exit_code, "are recordings of the same case" in result.stderr) == (2, True)
    for folder in (tmp_path / "none", tmp_path):
        assert "recorded" not in spadework("eval", "run", f"recorded:{folder}", "--out", tmp_path / "out").stdout


def test_strategy_limit_and_part_choose_among_the_recordings(tmp_path: Path) -> None:
    chosen: list[str] = []
    for part in ("1/2", "2/2"):
        out = tmp_path / part[0]
        args = ["--strategy", "bats-early", "--budget", "8", "--limit", "3", "--part", part, "--out", out]
        told = spadework("eval", "run", "bundled", *args, SPADEWORK_MODEL="not-asked")
        assert (told.exit_code, told.stderr.count("SPADEWORK_MODEL is not asked")) == (0, 1)
        chosen += [line["id"] for line in lines_of(out)]
    assert len(chosen) == len(set(chosen))
