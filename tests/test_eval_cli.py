"""`spadework eval` as a user meets it: the table, going on after a kill or Ctrl-C, parts, and mistakes."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from spadework.agent.terminal.cli import cli
from spadework.evals.runs.runs_file import read_lines

RUN = ["eval", "run", "bundled:20:1", "--model", "simulated", "--budget", "3"]
LONG = [*RUN, "--limit", "1", "--strategy", "react", "--repeat", "200"]


def spadework(*given: object) -> Result:
    return CliRunner().invoke(cli, [str(part) for part in given])


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]


def keys_of(folder: Path) -> list[tuple[Any, ...]]:
    return [tuple(line[name] for name in ("id", "strategy", "budget", "repeat")) for line in lines_of(folder)]


def started(folder: Path, runs: int, wanted: int = 200) -> "subprocess.Popen[str]":
    """A sweep in a process of its own, so many runs of which have been written."""
    command = [sys.executable, "-m", "spadework.agent", *LONG[:-1], str(wanted), "--out", str(folder)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    file = folder / "runs.jsonl"
    end = time.monotonic() + 20
    while time.monotonic() < end and (not file.exists() or file.read_bytes().count(b"\n") < runs):
        time.sleep(0.005)
    return running


def test_a_sweep_prints_one_row_for_each_strategy_and_budget_and_show_prints_it_again(tmp_path: Path) -> None:
    told = spadework(*RUN, "--budget", "10", "--strategy", "bats-early,react", "--out", tmp_path)
    assert (told.exit_code, told.stderr) == (0, "")
    rows = [line.split() for line in told.stdout.splitlines()]
    assert rows[0] == ["bundled:20:1", "with", "simulated"]
    assert [row[:3] for row in rows[2:]] == [
        ["bats-early", "3", "2"],
        ["bats-early", "10", "2"],
        ["react", "3", "2"],
        ["react", "10", "2"],
    ]
    assert len(lines_of(tmp_path)) == 8
    assert spadework("eval", "show", tmp_path).stdout == told.stdout


def test_the_same_command_makes_only_what_is_missing_or_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = spadework(*RUN, "--out", tmp_path)
    before = lines_of(tmp_path)
    assert spadework(*RUN, "--out", tmp_path).stdout == told.stdout
    assert lines_of(tmp_path) == before
    failed = {**before[0], "stop_reason": "error", "correct": None}
    (tmp_path / "runs.jsonl").write_text(json.dumps(failed) + "\n")
    again = spadework(*RUN, "--out", tmp_path)
    assert (again.exit_code, again.stdout) == (0, told.stdout)
    assert len(lines_of(tmp_path)) == 3

    async def failing(task: dict[str, Any]) -> dict[str, Any]:
        return {**failed, "id": task["id"], "repeat": task["repeat"], "seed": task["seed"]}

    monkeypatch.setattr("spadework.evals.runs.runner.run_one", failing)
    told = spadework(*RUN, "--repeat", "2", "--out", tmp_path)
    assert told.exit_code == 1
    row = told.stdout.splitlines()[-1].split()
    assert (row[2], row[8]) == ("4", "2")


def test_two_parts_in_two_folders_are_shown_together(tmp_path: Path) -> None:
    whole = spadework(*RUN, "--out", tmp_path / "whole").stdout
    for part in ("1", "2"):
        told = spadework(*RUN, "--part", f"{part}/2", "--out", tmp_path / part)
        assert [line["id"] for line in lines_of(tmp_path / part)] == [["hard-01"], ["plain-01"]][int(part) - 1]
        assert told.stdout != whole
    assert spadework("eval", "show", tmp_path / "1", tmp_path / "2").stdout == whole


def test_a_killed_sweep_goes_on_where_it_was_also_after_half_a_line(tmp_path: Path) -> None:
    running = started(tmp_path, 3)
    running.kill()
    running.communicate()
    kept = keys_of(tmp_path)
    assert 3 <= len(kept) < 200
    file = tmp_path / "runs.jsonl"
    last = file.read_bytes().splitlines()[-1]
    with file.open("ab") as stream:
        stream.write(last[: len(last) // 2])
    wanted = [*LONG[:-1], str(len(kept) + 3)]
    told = spadework(*wanted, "--out", tmp_path)
    assert told.exit_code == 0
    keys = keys_of(tmp_path)
    assert keys[: len(kept)] == kept
    assert len(keys) == len(set(keys)) == len(kept) + 3


@pytest.mark.skipif(sys.platform == "win32", reason="there is no lock")
def test_a_second_sweep_into_the_same_folder_is_refused(tmp_path: Path) -> None:
    running = started(tmp_path, 1, 5_000)
    told = spadework(*LONG, "--out", tmp_path)
    assert (told.exit_code, told.stderr.count("\n")) == (2, 1)
    assert "another process is making the runs" in told.stderr
    assert spadework("eval", "show", tmp_path).exit_code == 0
    running.kill()
    running.communicate(timeout=10)
    assert spadework(*RUN, "--limit", "1", "--strategy", "react", "--out", tmp_path).exit_code == 0


@pytest.mark.integration
def test_a_sweep_that_is_killed_twenty_times_makes_every_run_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted, chance, kills = 500, random.Random(20), 0
    command = [*LONG[:-1], str(wanted), "--out", str(tmp_path)]
    while kills < 20:
        before = len([*read_lines(tmp_path)]) if kills else 0
        running = started(tmp_path, before + 1, wanted)
        time.sleep(chance.uniform(0, 0.2))
        assert running.poll() is None, f"it was through after {kills} kills"
        running.kill()
        running.communicate(timeout=10)
        kills += 1
    kept = len([*read_lines(tmp_path)])
    assert spadework(*command).exit_code == 0
    keys = keys_of(tmp_path)
    assert len(keys) == len(set(keys)) == wanted
    with capsys.disabled():
        sys.stderr.write(f"\n{kills} kills: {kept} runs were kept, {wanted} made in all, each once\n")


def test_ctrl_c_keeps_what_is_written_prints_the_table_and_says_what_is_missing(tmp_path: Path) -> None:
    running = started(tmp_path, 3)
    running.send_signal(signal.SIGINT)
    stdout, stderr = running.communicate(timeout=10)
    made = len(lines_of(tmp_path))
    assert 3 <= made < 200
    assert running.returncode == 1
    assert stdout.splitlines()[-1].split()[:3] == ["react", "3", str(made)]
    assert stderr.endswith(f"stopped, {200 - made} runs are still to be made: the same command goes on\n")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["eval", "run", "nowhere.jsonl", "--model", "m", "--out", "OUT"], "cannot read the suite nowhere.jsonl"),
        ([*RUN, "--out", "/dev/null/x"], "cannot be written to"),
        ([*RUN, "--strategy", "reakt", "--out", "OUT"], "did you mean 'react'"),
        ([*RUN, "--budget", "x", "--out", "OUT"], "--budget 'x'"),
        ([*RUN, "--repeat", "0", "--out", "OUT"], "--repeat"),
        ([*RUN, "--skill", "2", "--out", "OUT"], "--skill"),
        ([*RUN, "--limit", "many", "--out", "OUT"], "--limit"),
        ([*RUN, "--judge", "simulated", "--out", "OUT"], "name a model on a server"),
        ([*RUN, "--judge", "openai:gpt-5", "--out", "OUT"], "set OPENAI_API_KEY"),
        ([*RUN, "--judge-base-url", "http://127.0.0.1:9/v1", "--out", "OUT"], "--judge-base-url needs a judge"),
        ([*RUN, "--judge-all", "--out", "OUT"], "--judge-all needs a judge"),
        (["eval", "show", "nowhere"], "cannot read nowhere/runs.jsonl"),
        (["eval", "show"], "missing argument"),
    ],
)
def test_a_mistake_is_one_line_and_starts_nothing(given: list[str], told: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = spadework(*(str(out) if part == "OUT" else part for part in given))
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
    assert not out.exists()


def test_each_help_has_an_example_that_works(tmp_path: Path) -> None:
    assert {"run", "show"} <= set(spadework("eval").output.split())
    told = spadework("eval", "run", "--help").stdout
    example = next(line for line in told.splitlines() if line.strip().startswith("spadework eval run bundled "))
    shorter = {"sweep": str(tmp_path), "bundled": "bundled:20:1"}
    words = [shorter.get(word, word) for word in example.split()[1:]]
    assert spadework(*words, "--limit", "1").exit_code == 0
    assert "spadework eval show sweep-1 sweep-2" in spadework("eval", "show", "--help").stdout
