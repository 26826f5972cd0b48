"""`record`: a live run is written, replays to the same result, and leaves nothing behind when it cannot be."""

import gzip
import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from alder import ANSWER, QUESTION, alder_model, alder_web, options, write_corpus
from click.testing import CliRunner, Result
from fake_openai import FakeOpenAI
from spadework.agent.terminal.cli import cli
from spadework.evals.recording.backends import recorded_search, search_facts
from spadework.evals.recording.cassettes import Cassette, load_cassette
from spadework.evals.recording.playback import outcome_of, play
from spadework.evals.recording.replay import ReplayTransport
from spadework.tools.web.http import SafeClient

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
    assert told.stderr == f"recorded to {tmp_path / 'new' / 'alder.json.gz'}\n"
    live = json.loads(told.stdout)
    cassette = load_cassette(tmp_path / "new" / "alder.json.gz")
    played = play(cassette)
    assert played.faults == []
    assert without_timing(live) == without_timing(played.result.to_dict())
    assert (played.result.answer, played.result.status) == (ANSWER, "verified")
    assert cassette.meta["outcome"] == outcome_of(played.result)
    assert cassette.meta["replies"] == "by hand"
    assert cassette.meta["run"] == live["run"]


def test_no_key_reaches_the_file(tmp_path: Path) -> None:
    assert record(tmp_path).exit_code == 0
    assert KEY.encode() not in gzip.decompress((tmp_path / "alder.json.gz").read_bytes())


def test_a_price_table_goes_with_the_recording(tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text('[model."fake"]\ninput = 2\noutput = 8\n')
    told = record(tmp_path, "--usd", "0.5", "--json", SPADEWORK_PRICES=str(prices))
    prices.unlink()
    played = play(load_cassette(tmp_path / "alder.json.gz"))
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
    assert not (tmp_path / "alder.json.gz").exists()


def test_a_question_that_cannot_be_used_leaves_no_file(tmp_path: Path) -> None:
    with alder_web() as base, alder_model(base) as model:
        command = ["record", "alder", " \udcff ", "--out", str(tmp_path), *options(model, base)]
        told = CliRunner().invoke(cli, command, env={"SEARXNG_URL": base})
    assert told.exit_code == 2
    assert "give a question as text" in told.stderr
    assert (list(tmp_path.iterdir()), model.requests) == ([], [])


@pytest.mark.parametrize(
    ("spec", "environment", "name"),
    [
        ("brave", {"BRAVE_API_KEY": KEY}, "brave"),
        ("google+wikipedia,serper", {"GOOGLE_API_KEY": KEY, "GOOGLE_CSE_ID": "cse-1", "SERPER_API_KEY": KEY}, None),
        ("tavily,searxng", {"TAVILY_API_KEY": KEY, "SEARXNG_URL": "http://127.0.0.1:8899"}, None),
    ],
)
def test_every_backend_of_ours_is_built_again_for_a_replay_without_its_key(
    spec: str, environment: dict[str, str], name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    facts = search_facts(spec)
    assert KEY not in json.dumps(facts)
    for variable in environment:
        monkeypatch.delenv(variable)
    played = recorded_search(Cassette({"question": "q", **facts}, [], [], []), SafeClient())
    assert played.name == (name or spec)


async def test_a_search_by_key_replays_to_the_same_hits_without_the_key() -> None:
    reply = {"organic": [{"title": "Alder", "link": "https://a.example/", "snippet": "a bridge"}]}
    request: dict[str, Any] = {"method": "POST", "uri": "https://google.serper.dev/search", "headers": {}}
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"content-type": ["application/json"]},
        "body": {"string": json.dumps(reply)},
    }
    event: dict[str, Any] = {
        "order": 1,
        "request": request | {"body": '{"q": "alder", "num": 5}'},
        "response": response,
    }
    cassette = Cassette({"question": "q", "search": "serper", "search_settings": {}}, [event], [], [])
    search = recorded_search(cassette, SafeClient(transport=ReplayTransport(cassette)))
    hits = await search.search("alder", limit=5, timeout=5)
    assert [(hit.title, hit.url, hit.backend) for hit in hits] == [("Alder", "https://a.example/", "serper")]
