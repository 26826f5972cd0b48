"""What each run did is kept beside its line: whole, also after a kill, and without the words of encrypted sets."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from alder import ANSWER, QUESTION, alder_model, write_corpus
from reported import DETAILS, line, written
from spadework.agent.events import CallEvent, PageEvent
from spadework.agent.money.amounts import Amounts
from spadework.agent.money.charges import Charge
from spadework.evals.runs.details import NAME, DetailsFile, read_details
from spadework.evals.runs.runner import run_one
from spadework.evals.runs.runs_file import Json, read_lines
from spadework.evals.runs.tasks import Sweep, Tasks
from spadework.evals.runs.trace import Trace
from spadework.tools.errors import ConfigError
from spadework.tools.shapes import is_list, is_mapping

COMMAND = [sys.executable, "-m", "spadework.agent", "eval", "run", "bundled:20:1", "--model", "simulated"]
LONG = [*COMMAND, "--budget", "3", "--limit", "1", "--strategy", "react", "--repeat", "150"]


def kept(folder: Path) -> list[Json | None]:
    with read_details(folder) as details:
        return [details.of(item) for item in read_lines(folder)]


def test_details_are_found_by_their_run_and_replaced_when_it_is_made_again(tmp_path: Path) -> None:
    folder = written(tmp_path, [line(1), line(2)], DETAILS)
    assert kept(folder) == [DETAILS, DETAILS]
    file = DetailsFile(folder)
    again = {**line(1), "details": {"question": "again"}}
    file.keep(again)
    assert "details" not in again, "the line itself has none"
    assert kept(folder) == [{"question": "again"}, DETAILS], "also while it is open"
    file.close()
    assert sorted(path.name for path in folder.iterdir()) == [NAME, "runs.jsonl"]


def test_a_folder_without_details_has_none_and_one_that_is_no_database_is_named(tmp_path: Path) -> None:
    folder = written(tmp_path, [line(1)])
    assert kept(folder) == [None]
    (folder / NAME).unlink()
    assert kept(folder) == [None]
    (folder / NAME).write_bytes(b"no database" * 99)
    with pytest.raises(ConfigError, match=r"details\.db cannot be read: .*; delete it for a report without"):
        kept(folder)
    with pytest.raises(ConfigError, match=r"details\.db cannot be used: .*; delete it, or name another --out"):
        DetailsFile(folder)


def test_details_that_are_damaged_are_missing(tmp_path: Path) -> None:
    folder = written(tmp_path, [line(1)], DETAILS)
    with sqlite3.connect(folder / NAME) as connection:
        connection.execute("UPDATE runs SET details = x'00'")
    connection.close()
    assert kept(folder) == [None]


def test_calls_are_told_in_their_order_with_what_became_of_them() -> None:
    trace = Trace()
    for event in (
        CallEvent("search", "a", "started"),
        CallEvent("search", "b", "started"),
        CallEvent("search", "b", "done", "3 results"),
        CallEvent("search", "a", "failed", "gone"),
        CallEvent("search", "c", "refused", "refused: 0 searches left"),
        CallEvent("browse", "u", "started"),
        CallEvent("browse", "u", "done", "A page"),
        PageEvent("other", "A page", 900),
        CallEvent("browse", "u", "free", "read before"),
        CallEvent("model", "searcher", "started"),
        CallEvent("model", "searcher", "failed", "busy"),
        CallEvent("model", "searcher", "started"),
        CallEvent("model", "searcher", "done"),
        CallEvent("search", "z", "started"),
    ):
        trace.note(event)
    charges = [
        charge("search", "a"),
        charge("search", "b", constraints=("c1",)),
        charge("model", "searcher"),
        charge("model", "searcher", amounts=Amounts(tokens_in=9, tokens_out=4), marks=("estimated",)),
    ]
    assert trace.calls(charges) == [
        {"tool": "search", "what": "a", "state": "failed", "detail": "gone"},
        {"tool": "search", "what": "b", "state": "done", "detail": "3 results", "proved": ["c1"]},
        {"tool": "search", "what": "c", "state": "refused", "detail": "refused: 0 searches left"},
        {"tool": "browse", "what": "u", "state": "done", "detail": "A page", "chars": 900},
        {"tool": "browse", "what": "u", "state": "free", "detail": "read before"},
        {"tool": "model", "what": "searcher", "state": "failed", "detail": "busy"},
        {"tool": "model", "what": "searcher", "state": "done", "tokens_in": 9, "tokens_out": 4, "marks": ["estimated"]},
        {"tool": "search", "what": "z", "state": "started"},
    ]


def charge(kind: Any, what: str, **more: Any) -> Charge:
    plain: dict[str, Any] = {"id": "r/1/act/0/1", "node": "act", "status": "settled", "amounts": Amounts()}
    return Charge(kind=kind, what=what, **{**plain, **more})


async def details_of(tmp_path: Path, **suite: Any) -> Json:
    file = tmp_path / "alder.jsonl"
    file.write_text(json.dumps({"id": "1", "question": QUESTION, "answer": ANSWER}))
    search = f"corpus:{write_corpus(tmp_path)}"
    with alder_model("https://alder.example") as model:
        options: dict[str, Any] = {"model": "fake", "base_url": model.base_url, "search": search}
        (task,) = Tasks.of(Sweep(suite=str(file), out=tmp_path, budget=("4",), **options))
        return await run_one({**task, **suite})


async def test_a_run_keeps_what_it_planned_called_found_and_decided(tmp_path: Path) -> None:
    made = await details_of(tmp_path)
    details = made["details"]
    assert (details["question"], details["expected"]) == (QUESTION, [ANSWER])
    assert details["constraints"][0]["id"] == "c0"
    spend = made["spend"]
    tools = [call["tool"] for call in details["calls"] if call["state"] == "done"]
    assert [tools.count(name) for name in ("search", "browse", "model")] == [
        spend[name] for name in ("searches", "browses", "model_calls")
    ]
    assert sum(call.get("tokens_in", 0) for call in details["calls"]) == spend["tokens_in"]
    quotes = [item["quote"] for found in details["findings"] for item in found.get("evidence", [])]
    assert any(ANSWER in quote for quote in quotes)
    assert details["decisions"][-1]["outcome"] == "SUCCESS"
    assert "searcher" in details["receipt"]
    assert sum(made["claims"].values()) == len(details["constraints"])


async def test_nothing_of_an_encrypted_question_is_kept_in_the_clear(tmp_path: Path) -> None:
    plain = (await details_of(tmp_path))["details"]
    made = await details_of(tmp_path, canary="a canary")
    details = made["details"]
    assert details["sealed"]
    assert [call["tool"] for call in details["calls"]] == [call["tool"] for call in plain["calls"]]
    kinds = {name for name, _ in texts(details)}
    assert kinds <= {"id", "kind", "state", "tool", "constraint", "verdict", "proof", "by", "marks", *DECIDED}
    told = json.dumps(details).casefold()
    words = {word for _, value in texts(plain) for word in value.casefold().split() if len(word) > 5}
    assert ANSWER.casefold() not in told
    assert not {word for word in words & set(QUESTION.casefold().split()) if word in told}


DECIDED = ("outcome", "rule", "proposed", "regime", "receipt", "proved")


def texts(value: object, name: str = "") -> list[tuple[str, str]]:
    """All texts with the names that they stand under."""
    if isinstance(value, str):
        return [(name, value)]
    if is_mapping(value):
        return [found for key, item in value.items() for found in texts(item, key)]
    return [found for item in value for found in texts(item, name)] if is_list(value) else []


def killed(command: Sequence[str], folder: Path, lines: int, chance: random.Random) -> None:
    """Start a process, and kill it a little after so many lines."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    file, end = folder / "runs.jsonl", time.monotonic() + 60
    while time.monotonic() < end and (not file.exists() or file.read_bytes().count(b"\n") < lines):
        time.sleep(0.002)
    time.sleep(chance.random() * 0.05)
    running.kill()
    running.wait()


def check(folder: Path) -> int:
    """How many runs there are, each with its details."""
    made = kept(folder)
    assert all(details and details["calls"] for details in made)
    connection = sqlite3.connect(folder / NAME)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    return len(made)


def test_after_a_kill_every_line_has_its_details(tmp_path: Path) -> None:
    code = (
        "import itertools, pathlib, sys; sys.path.insert(0, sys.argv[2]); import reported;"
        "reported.written(pathlib.Path(sys.argv[1]), map(reported.line, itertools.count()), reported.DETAILS)"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parent)]
    chance = random.Random(1)
    for kill in range(1, 4):
        killed(command, tmp_path, 30 * kill, chance)
        assert check(tmp_path) >= 30 * kill


@pytest.mark.integration
def test_a_sweep_that_is_killed_again_and_again_has_every_run_with_its_details_in_the_end(tmp_path: Path) -> None:
    chance = random.Random(2)
    for kill in range(8):
        killed([*LONG, "--out", str(tmp_path)], tmp_path, 4 * (kill + 1), chance)
        check(tmp_path)
    assert subprocess.run([*LONG, "--out", str(tmp_path)], capture_output=True, check=False).returncode == 0
    assert check(tmp_path) == int(LONG[-1])
