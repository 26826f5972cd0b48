"""`record`: a live run is written, replays to the same result, and leaves nothing behind when it cannot be."""

import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from alder import ANSWER, QUESTION, alder_model, alder_web, options, write_corpus
from click.testing import CliRunner, Result
from fake_openai import FakeOpenAI
from spadework.agent.terminal.cli import cli
from spadework.evals.recording.cassettes import load_cassette
from spadework.evals.recording.playback import outcome_of, play

KEY = "sk-recorder-0123456789abcdef"


def record(folder: Path, *more: str, name: str = "alder", **environment: str) -> Result:
    """Record the question, as a user would, with all servers on loopback."""
    with alder_web() as base, alder_model(base) as model:
        command = ["record", name, QUESTION, "--out", str(folder), *options(model, base), *more]
        return CliRunner().invoke(cli, command, env={"SEARXNG_URL": base, "OPENAI_API_KEY": KEY, **environment})


def without_timing(result: dict[str, Any]) -> dict[str, Any]:
    """A result without the day it was made on, and without how long each of several pages read at once took."""
    for finding in result["findings"]:
        for item in finding["evidence"]:
            item.pop("fetched")
    for charge in result["charges"]:
        if charge["node"] == "act":
            charge["amounts"].pop("ms", None)
    splits = [rows for name, rows in result["receipt"].items() if name.startswith("by_")]
    for row in [result["receipt"]["total"], *chain(*splits)]:
        row.pop("call_ms")
    return result


def test_a_recorded_run_replays_to_the_same_answer_decisions_and_spend(tmp_path: Path) -> None:
    told = record(tmp_path / "new", "--json", "--note", "by hand\udcff")
    assert told.exit_code == 0
    assert told.stderr == f"recorded to {tmp_path / 'new' / 'alder.json'}\n"
    live = json.loads(told.stdout)
    cassette = load_cassette(tmp_path / "new" / "alder.json")
    played = play(cassette)
    assert played.faults == []
    assert without_timing(live) == without_timing(played.result.to_dict())
    assert (played.result.answer, played.result.status) == (ANSWER, "verified")
    assert cassette.meta["outcome"] == outcome_of(played.result)
    assert cassette.meta["replies"] == "by hand"
    assert cassette.meta["run"] == live["run"]


def test_no_key_reaches_the_file(tmp_path: Path) -> None:
    assert record(tmp_path).exit_code == 0
    assert KEY not in (tmp_path / "alder.json").read_text()


def test_a_price_table_goes_with_the_recording(tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text('[model."fake"]\ninput = 2\noutput = 8\n')
    told = record(tmp_path, "--usd", "0.5", "--json", SPADEWORK_PRICES=str(prices))
    prices.unlink()
    played = play(load_cassette(tmp_path / "alder.json"))
    assert played.faults == []
    assert str(played.result.spend.usd) == json.loads(told.stdout)["spend"]["usd"]
    assert played.result.spend.usd


@pytest.mark.parametrize("name", ["two words", "../up", "alder.json"])
def test_a_name_that_cannot_be_one_is_refused_before_anything_is_spent(tmp_path: Path, name: str) -> None:
    with FakeOpenAI() as model:
        command = ["record", name, QUESTION, "--out", str(tmp_path), "--model", "fake", "--base-url", model.base_url]
        told = CliRunner().invoke(cli, command)
    assert told.exit_code == 2
    assert "letters, digits and dashes only" in told.stderr
    assert model.requests == []


def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_spent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told = record(tmp_path / "file" / "below")
    assert told.exit_code == 2
    assert told.stderr.startswith("error: ")


def test_a_search_without_a_network_cannot_be_recorded(tmp_path: Path) -> None:
    told = record(tmp_path, "--search", f"corpus:{write_corpus(tmp_path)}")
    assert told.exit_code == 2
    assert "a search over corpus cannot be recorded" in told.stderr
    assert not (tmp_path / "alder.json").exists()


def test_a_question_that_cannot_be_used_leaves_no_file(tmp_path: Path) -> None:
    with alder_web() as base, alder_model(base) as model:
        command = ["record", "alder", " \udcff ", "--out", str(tmp_path), *options(model, base)]
        told = CliRunner().invoke(cli, command, env={"SEARXNG_URL": base})
    assert told.exit_code == 2
    assert "give a question as text" in told.stderr
    assert (list(tmp_path.iterdir()), model.requests) == ([], [])
