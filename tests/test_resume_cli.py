"""Going on with stored runs from the command line: real processes, killed, interrupted, and topped up."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from alder import ANSWER, PAGES, QUESTION, alder_model, replies, write_corpus
from click.testing import CliRunner, Result
from fake_openai import Answer, FakeOpenAI, calls, slow
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.money.budget import Budget
from spadework.agent.money.limits import parse_limits
from spadework.agent.terminal.cli import cli
from spadework.tools.errors import ConfigError

BASE = "https://alder.example"
MODULE = [sys.executable, "-m", "spadework.agent"]
LOST = calls(("search", {"queries": ["nothing there"]}))


def arguments(model: FakeOpenAI, corpus: Path, *more: str) -> list[str]:
    given = ["--model", "fake", "--base-url", model.base_url, "--search", f"corpus:{corpus}"]
    return ["ask", QUESTION, "--budget", "4", *given, "--json", *more]


def command(*line: str) -> Result:
    return CliRunner().invoke(cli, list(line))


def listed() -> dict[str, Any]:
    (run,) = json.loads(command("runs", "--json").stdout)
    return run


def started(line: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen([*MODULE, *line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(model: FakeOpenAI, requests: int) -> None:
    end = time.monotonic() + 20
    while len(model.requests) < requests and time.monotonic() < end:
        time.sleep(0.02)
    assert len(model.requests) >= requests


def spent(result: dict[str, Any]) -> tuple[int, int, int]:
    return tuple(result["spend"][name] for name in ("searches", "browses", "model_calls"))


def calls_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [charge for charge in result["charges"] if charge["kind"] != "clock"]


@pytest.fixture
def ended(tmp_path: Path) -> dict[str, Any]:
    """A run that its budget ended, after one search that brought the pages and one model call more."""
    first, *_ = replies(BASE)
    with FakeOpenAI(first, otherwise=LOST) as model:
        told = command(*arguments(model, write_corpus(tmp_path), "--searches", "2", "--model-calls", "2"))
    assert told.exit_code == 3, told.stderr
    return json.loads(told.stdout)


def goes_on(run: str, *answers: Answer, options: tuple[str, ...] = ()) -> Result:
    """`resume` on another server, as a fake has another port each time."""
    with FakeOpenAI(*answers) as model:
        return command("resume", run, "--base-url", model.base_url, *options)


def test_an_ended_run_is_shown_again_with_its_exit_code_and_how_to_go_on(ended: dict[str, Any]) -> None:
    told = command("resume", ended["run"][:6], "--json")
    again = json.loads(told.stdout)
    assert told.exit_code == 3
    assert (again["run"], again["question"], again["status"]) == (ended["run"], QUESTION, "none")
    assert spent(again) == spent(ended)
    assert calls_of(again) == calls_of(ended)
    assert told.stderr == f"to go on: spadework resume {ended['run']} --top-up model_calls=10\n"


def test_a_topped_up_run_goes_on_from_what_it_had_found(ended: dict[str, Any]) -> None:
    _, *rest = replies(BASE)
    told = goes_on(ended["run"], *rest, options=("--top-up", "model_calls=5", "--json"))
    result = json.loads(told.stdout)
    assert (told.exit_code, result["answer"], result["status"]) == (0, ANSWER, "verified")
    assert result["budget"]["model_calls"] == 7
    assert result["spend"]["browses"] == len(PAGES)
    assert result["spend"]["model_calls"] == ended["spend"]["model_calls"] + 3
    assert result["spend"]["searches"] == ended["spend"]["searches"], "what was searched is not searched again"
    assert "to go on" not in told.stderr
    assert (listed()["state"], listed()["answer"], listed()["budget"]["model_calls"]) == ("ended", ANSWER, 7)


def test_a_run_that_goes_on_takes_model_and_search_from_where_it_began(
    ended: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPADEWORK_MODEL", "another")
    monkeypatch.setenv("SPADEWORK_SEARCH", "wikipedia")
    _, *rest = replies(BASE)
    with FakeOpenAI(*rest) as model:
        line = ("resume", ended["run"], "--top-up", "model_calls=5", "--base-url", model.base_url)
        assert command(*line).exit_code == 0
        assert {request.body["model"] for request in model.requests} == {"fake"}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--top-up", "usd=0.05"], "has no limit on that (its limits: searches, browses, model_calls)"),
        (["--top-up", "serches=5"], "did you mean searches?"),
        (["--search", "gogle", "--top-up", "searches=1"], "'gogle'"),
        (["--json", "--receipt"], "--json and --receipt"),
    ],
)
def test_wrong_use_is_told_before_anything_is_spent(options: list[str], named: str, ended: dict[str, Any]) -> None:
    with FakeOpenAI() as model:
        told = command("resume", ended["run"], "--base-url", model.base_url, *options)
        assert model.requests == []
    assert (told.exit_code, told.stdout) == (2, "")
    assert named in told.stderr
    assert told.stderr.count("\n") == 1


def test_an_unknown_run_names_the_nearest(ended: dict[str, Any]) -> None:
    run = ended["run"]
    told = command("resume", run[:-1] + "!")
    assert told.exit_code == 2
    assert told.stderr == f"error: there is no run '{run[:-1]}!': did you mean {run}?\n"


def test_without_a_store_there_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    told = command("resume", "abc", "--store", str(tmp_path / "none.db"))
    assert told.exit_code == 2
    assert told.stderr == f"error: there is no run 'abc': no runs are stored in {tmp_path / 'none.db'}\n"
    assert not (tmp_path / "none.db").exists()


def test_an_interrupted_run_says_how_to_go_on_and_does(tmp_path: Path) -> None:
    first, *rest = replies(BASE)
    with FakeOpenAI(first, otherwise=slow(first, 20)) as model:
        running = started(arguments(model, write_corpus(tmp_path)))
        wait_for(model, 2)
        running.send_signal(signal.SIGINT)
        stdout, stderr = running.communicate(timeout=10)
    stopped = json.loads(stdout)
    assert (running.returncode, stopped["stop_reason"]) == (3, "cancelled")
    assert stderr == f"to go on: spadework resume {stopped['run']}\n"
    assert listed()["state"] == "stopped"
    result = json.loads(goes_on(stopped["run"], *rest, options=("--json",)).stdout)
    assert (result["answer"], result["status"]) == (ANSWER, "verified")
    assert spent(result) == (1, 2, 5), "the call that was in flight counts"


def test_two_ctrl_c_in_a_row_leave_at_once_and_the_call_in_flight_still_counts(tmp_path: Path) -> None:
    first, *rest = replies(BASE)
    with FakeOpenAI(first, otherwise=slow(first, 20)) as model:
        running = started(arguments(model, write_corpus(tmp_path)))
        wait_for(model, 2)
        running.send_signal(signal.SIGINT)
        running.send_signal(signal.SIGINT)
        before = time.monotonic()
        _, stderr = running.communicate(timeout=10)
    assert time.monotonic() - before < 5
    assert "Traceback" not in stderr
    run = listed()["run"]
    assert stderr.startswith(f"to go on: spadework resume {run}\n")
    result = json.loads(goes_on(run, *rest, options=("--json",)).stdout)
    assert (result["answer"], spent(result)) == (ANSWER, (1, 2, 5))


def test_a_killed_run_goes_on_and_forgets_no_spend_and_only_one_at_a_time(tmp_path: Path) -> None:
    first, second, third, *_ = replies(BASE)
    with FakeOpenAI(first, second, otherwise=slow(first, 20)) as model:
        running = started(arguments(model, write_corpus(tmp_path)))
        wait_for(model, 3)
        assert listed()["state"] == "running"
        run = listed()["run"]
        told = command("resume", run)
        assert (told.exit_code, told.stdout) == (1, "")
        assert told.stderr.startswith(f"error: run {run} is running now")
        assert told.stderr.count("\n") == 1
        running.kill()
        running.communicate(timeout=10)
    assert running.returncode == -signal.SIGKILL
    assert listed()["state"] == "stopped"
    told = goes_on(run, third, options=("--json",))
    result = json.loads(told.stdout)
    assert (told.exit_code, result["answer"], result["status"]) == (0, ANSWER, "verified")
    assert spent(result) == (1, 2, 5), "three that were sent before the kill, one after it"
    assert listed()["state"] == "ended"


def test_a_second_resume_of_an_answered_run_shows_the_same_answer_and_calls_nobody(tmp_path: Path) -> None:
    with alder_model(BASE) as model:
        first = json.loads(command(*arguments(model, write_corpus(tmp_path))).stdout)
        before = len(model.requests)
        told = command("resume", first["run"], "--json")
        assert len(model.requests) == before
    again = json.loads(told.stdout)
    assert told.exit_code == 0
    for name in ("answer", "status", "stop_reason", "findings", "sources", "decisions", "plan"):
        assert again[name] == first[name], name
    assert calls_of(again) == calls_of(first)
    assert told.stderr.startswith(f"to go on: spadework resume {first['run']} --top-up ")


WHOLE = st.integers(1, 10**9)
AMOUNTS = st.fixed_dictionaries(
    {},
    optional={
        "searches": WHOLE,
        "browses": WHOLE,
        "tokens": WHOLE,
        "model_calls": WHOLE,
        "usd": st.decimals("0.000001", "1000", places=6),
        "seconds": WHOLE,
        "tools.translate": WHOLE,
    },
).filter(bool)


@given(AMOUNTS)
def test_a_top_up_is_read_as_it_was_written(amounts: dict[str, Any]) -> None:
    read = parse_limits("--top-up", " , ".join(f"{name} = {amount}" for name, amount in amounts.items()))
    expected = dict(amounts)
    tools = {"translate": expected.pop("tools.translate")} if "tools.translate" in expected else {}
    assert read == Budget(**expected, tools=tools)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "give NAME=AMOUNT, such as searches=5,usd=0.05"),
        ("5", "give NAME=AMOUNT"),
        ("searches=5,", "give NAME=AMOUNT"),
        ("searches=", "--top-up searches=: give a whole number, more than 0"),
        ("searches=5,searches=6", "searches is there twice"),
        ("search=5", "did you mean searches?"),
        ("=5", "known are searches, browses"),
        ("quux=5", "known are searches, browses"),
        ("pages=5", "did you mean browses?"),
        ("reads=5", "did you mean browses?"),
        ("model calls=5", "did you mean model_calls?"),
        ("searches=1_0", "--top-up searches=1_0: give a whole number, more than 0"),
        ("searches=٣", "more than 0"),
        ("usd=1e9", "more than 0"),
        ("usd=1000001", "--top-up usd: 1000001 is more than can be counted; give at most 1,000,000"),
        ("searches=1.5", "--top-up searches=1.5: give a whole number, more than 0"),
        ("searches=-1", "more than 0"),
        ("searches=0", "more than 0"),
        ("usd=none", "--top-up usd=none: give dollars, such as 0.10, more than 0"),
        ("usd=NaN", "more than 0"),
        ("usd=sNaN", "more than 0"),
        ("seconds=inf", "--top-up seconds=inf: give seconds, more than 0"),
        ("tools.=3", "a tool cannot be named ''"),
        ("tools.search=3", "a tool cannot be named 'search'"),
        ("tools.translate=many", "--top-up tools.translate=many: give a whole number, more than 0"),
    ],
)
def test_each_mistake_in_a_top_up_is_one_clear_line(text: str, named: str) -> None:
    with pytest.raises(ConfigError) as told:
        parse_limits("--top-up", text)
    assert named in str(told.value)
    assert "\n" not in str(told.value)


def test_no_test_of_this_file_writes_into_the_real_home() -> None:
    assert os.environ["SPADEWORK_STORE"].endswith("runs.db")


def test_a_run_finds_its_corpus_again_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    corpus = write_corpus(tmp_path)
    first, *rest = replies(BASE)
    with FakeOpenAI(first, otherwise=LOST) as model:
        told = command(*arguments(model, Path(corpus.name), "--searches", "2", "--model-calls", "2"))
    run = json.loads(told.stdout)["run"]
    monkeypatch.chdir("/")
    told = goes_on(run, *rest, options=("--top-up", "searches=2,model_calls=8", "--json"))
    assert told.exit_code == 0, told.stderr
