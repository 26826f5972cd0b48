"""A day's purse from the command line: what runs share, what is told at its end, and what is left of it."""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alder import ANSWER, QUESTION, alder_model, replies, write_corpus
from click.testing import CliRunner, Result
from fake_openai import FakeOpenAI, calls, slow
from spadework.agent.money.budget import Budget
from spadework.agent.storage.store import default_file
from spadework.agent.terminal import standing
from spadework.agent.terminal.cli import cli
from spadework.agent.terminal.daily import Daily, daily_of
from spadework.tools.errors import ConfigError
from test_resume_cli import MODULE, started, wait_for

BASE = "https://alder.example"
LOST = calls(("search", {"queries": ["nothing there"]}))
FULL = r"it is full again at 00:00 UTC, in (\d+ h )?\d+ min"


def command(*line: str) -> Result:
    return CliRunner().invoke(cli, list(line))


def arguments(model: FakeOpenAI, folder: Path, *more: str) -> list[str]:
    given = ["--model", "fake", "--base-url", model.base_url, "--search", f"corpus:{write_corpus(folder)}"]
    return ["ask", QUESTION, "--budget", "4", *given, "--json", *more]


def ask(folder: Path, *more: str) -> Result:
    """A run that answers with 1 search, 2 page reads and 3 model calls, if it may."""
    with alder_model(BASE) as model:
        return command(*arguments(model, folder, *more))


def refused(folder: Path, *more: str) -> Result:
    """A run that is refused in one line before a model is called, and leaves nothing in the store."""
    before = runs()
    with alder_model(BASE) as model:
        told = command(*arguments(model, folder, *more))
        assert model.requests == []
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("error: ")
    assert told.stderr.count("\n") == 1
    assert runs() == before
    return told


def runs() -> list[dict[str, Any]]:
    told = command("runs", "--json", "--store", os.environ["SPADEWORK_STORE"])
    return json.loads(told.stdout) if told.exit_code == 0 else []


def today(*more: str) -> dict[str, Any]:
    (shown,) = json.loads(command("purse", "--json", *more).stdout)
    return shown


@pytest.fixture
def tomorrow(monkeypatch: pytest.MonkeyPatch) -> Any:
    def go() -> None:
        later = standing.now() + timedelta(days=1)
        monkeypatch.setattr(standing, "now", lambda: later)

    return go


def test_the_runs_of_a_day_share_its_limits_and_the_last_ones_get_what_is_left(tmp_path: Path) -> None:
    daily = ("--daily", "model_calls=6,searches=9")
    first = ask(tmp_path, *daily)
    assert (first.exit_code, first.stderr) == (0, "")
    assert today()["left"] == {"searches": 8, "model_calls": 2}
    second = ask(tmp_path, *daily)
    result = json.loads(second.stdout)
    assert (result["stop_reason"], result["resource"], result["spend"]["model_calls"]) == ("budget", "model_calls", 2)
    why, going_on = second.stderr.splitlines()
    assert re.fullmatch(f"today's purse had no more model calls for this run: 6 of 6 spent; {FULL}", why)
    assert going_on == f"to go on: spadework resume {result['run']} --top-up model_calls=10 --daily {daily[1]}"
    third = refused(tmp_path, *daily)
    assert re.fullmatch(f"error: today's purse has no model calls left: 6 of 6 spent; {FULL}\n", third.stderr)
    assert today()["left"] == {"searches": 7, "model_calls": 0}
    raised = ask(tmp_path, "--daily", "model_calls=12")
    assert (raised.exit_code, today()["left"]) == (0, {"model_calls": 2})


def test_a_run_that_gets_less_than_its_own_budget_is_told_so_before_it_begins(tmp_path: Path) -> None:
    daily = ("--daily", "browses=5,model_calls=90")
    assert ask(tmp_path, *daily).stderr == ""
    second = ask(tmp_path, *daily)
    assert second.stderr == "warning: today's purse leaves this run 3 of 4 page reads\n"
    assert json.loads(second.stdout)["budget"]["browses"] == 3


def test_the_next_day_is_full_again(tmp_path: Path, tomorrow: Any) -> None:
    assert ask(tmp_path, "--daily", "searches=1").exit_code == 0
    refused(tmp_path, "--daily", "searches=1")
    tomorrow()
    assert command("purse").stdout.startswith("no purse was opened today in ")
    assert ask(tmp_path, "--daily", "searches=1").exit_code == 0
    assert today()["day"] == standing.now().date().isoformat()


def test_a_run_that_ended_with_the_day_goes_on_with_the_next_ones_purse(tmp_path: Path, tomorrow: Any) -> None:
    daily = ("--daily", "model_calls=2")
    first, *rest = replies(BASE)
    with FakeOpenAI(first, otherwise=LOST) as model:
        told = command(*arguments(model, tmp_path, *daily))
    result = json.loads(told.stdout)
    assert (told.exit_code, result["stop_reason"]) == (3, "budget")
    go_on = ("resume", result["run"], "--top-up", "model_calls=10", "--json", "--daily")
    with FakeOpenAI() as model:
        told = command(*go_on, daily[1], "--base-url", model.base_url)
        assert model.requests == []
    assert (told.exit_code, told.stdout) == (2, "")
    assert re.fullmatch(f"error: today's purse has no model calls left: 2 of 2 spent; {FULL}\n", told.stderr)
    tomorrow()
    with FakeOpenAI(*rest) as model:
        told = command(*go_on, "model_calls=5", "--base-url", model.base_url)
    again = json.loads(told.stdout)
    assert (told.exit_code, again["answer"], again["spend"]["model_calls"]) == (0, ANSWER, 5)
    assert again["budget"]["model_calls"] == 7
    assert today()["left"] == {"model_calls": 2}, "yesterday's two are not counted"


@pytest.mark.integration
def test_purses_are_shared_in_postgres_too(postgres: str, tmp_path: Path, tomorrow: Any) -> None:
    daily = ("--daily", "searches=1", "--store", postgres)
    assert ask(tmp_path, *daily).exit_code == 0
    assert today("--store", postgres)["left"] == {"searches": 0}
    with alder_model(BASE) as model:
        told = command(*arguments(model, tmp_path, *daily))
    assert (told.exit_code, told.stderr.startswith("error: today's purse has no searches left: 1 of 1 spent")) == (
        2,
        True,
    )
    tomorrow()
    assert ask(tmp_path, *daily).exit_code == 0


def test_looking_again_at_an_ended_run_takes_nothing(tmp_path: Path) -> None:
    daily = ("--daily", "searches=1")
    first = json.loads(ask(tmp_path, *daily).stdout)
    told = command("resume", first["run"], "--json", *daily)
    assert (told.exit_code, json.loads(told.stdout)["answer"]) == (0, ANSWER)


def test_what_a_killed_run_left_aside_comes_back_and_what_it_spent_does_not(tmp_path: Path) -> None:
    first, *_ = replies(BASE)
    daily = ("--daily", "searches=4,model_calls=9")
    with FakeOpenAI(first, otherwise=slow(first, 20)) as model:
        running = started(arguments(model, tmp_path, *daily))
        wait_for(model, 2)
        aside = today()
        assert (aside["left"], aside["set_aside"]) == (
            {"searches": 0, "model_calls": 0},
            {"searches": 4, "model_calls": 9},
        )
        assert "0 of 4 left, 4 set aside for 1 run that goes on" in command("purse").stdout
        told = refused(tmp_path, *daily).stderr
        assert "no searches left: 0 of 4 spent, 4 set aside for 1 run that goes on (what a run does not limit" in told
        running.kill()
        running.communicate(timeout=10)
    assert running.returncode == -signal.SIGKILL
    assert ask(tmp_path, *daily).exit_code == 0
    shown = today()
    assert shown["set_aside"] == {"searches": 0, "model_calls": 0}
    assert shown["spent"] == {"searches": 2, "model_calls": 6}, "of the killed run one search, and two calls to a model"


def test_a_killed_run_goes_on_within_the_same_day_and_is_counted_once(tmp_path: Path) -> None:
    first, *rest = replies(BASE)
    daily = ("--daily", "model_calls=6")
    with FakeOpenAI(first, otherwise=slow(first, 20)) as model:
        running = started(arguments(model, tmp_path, *daily))
        wait_for(model, 2)
        running.kill()
        running.communicate(timeout=10)
    (run,) = runs()
    with FakeOpenAI(*rest) as model:
        told = command("resume", run["run"], "--json", "--base-url", model.base_url, *daily)
    result = json.loads(told.stdout)
    assert (told.exit_code, result["answer"], result["spend"]["model_calls"]) == (0, ANSWER, 5)
    shown = today()
    assert (shown["spent"], shown["set_aside"]) == ({"model_calls": 5}, {"model_calls": 0})


def test_a_dollar_a_day_needs_a_price_for_the_model(tmp_path: Path) -> None:
    table = tmp_path / "prices.toml"
    table.write_text('[model."fake"]\ninput = 10\noutput = 10\n', encoding="utf-8")
    told = CliRunner().invoke(
        cli,
        ["ask", QUESTION, "--model", "nobody-knows", "--base-url", "http://192.0.2.1/v1", "--daily", "usd=1"],
    )
    assert (told.exit_code, told.stdout) == (2, "")
    assert "no price is known for model 'nobody-knows'" in told.stderr
    with alder_model(BASE) as model:
        line = arguments(model, tmp_path, "--daily", "usd=0.50")
        told = CliRunner().invoke(cli, line, env={"SPADEWORK_PRICES": str(table)})
    spent = json.loads(told.stdout)["spend"]["usd"]
    assert float(spent) > 0
    assert today()["spent"] == {"usd": spent}
    shown = command("purse").stdout.splitlines()
    assert re.fullmatch(rf"today's purse \({standing.now().date()}\); {FULL}", shown[0])
    assert re.fullmatch(r"dollars     \$0\.4\d* of \$0\.5 left", shown[1])


def test_purses_with_names_and_stores_of_their_own_are_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPADEWORK_DAILY", "ada:searches=1")
    assert ask(tmp_path).exit_code == 0
    assert "error: today's purse 'ada' has no searches left" in refused(tmp_path).stderr
    assert ask(tmp_path, "--daily", "bo:searches=1").exit_code == 0
    assert ask(tmp_path, "--daily", "none").exit_code == 0
    assert ask(tmp_path, "--store", str(tmp_path / "other.db")).exit_code == 0
    assert today()["purse"] == "ada"
    everything = ("purse", "--json", "--daily", "none")
    both = json.loads(command(*everything).stdout)
    assert [(shown["purse"], shown["left"]) for shown in both] == [("ada", {"searches": 0}), ("bo", {"searches": 0})]
    assert today("--daily", "cy:searches=7,usd=0.10")["left"] == {"searches": 7, "usd": "0.1"}
    assert [shown["purse"] for shown in json.loads(command("purse", "--json", "--daily", "none").stdout)] == [
        "ada",
        "bo",
    ]


@pytest.mark.parametrize(("option", "setting"), [("--no-store", ""), ("--json", "none")])
def test_without_a_store_there_is_nothing_to_count_in(
    option: str, setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPADEWORK_STORE", setting or os.environ["SPADEWORK_STORE"])
    with alder_model(BASE) as model:
        told = command(*arguments(model, tmp_path, "--daily", "searches=1", option))
        assert model.requests == []
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("error: a daily purse is counted in the store, and this run has none")
    assert told.stderr.count("\n") == 1
    assert ask(tmp_path, "--daily", "none", option).exit_code == 0


def test_a_usual_place_that_cannot_be_written_is_an_error_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPADEWORK_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(write_corpus(tmp_path)))
    with alder_model(BASE) as model:
        told = command(*arguments(model, tmp_path, "--daily", "searches=1"))
        assert model.requests == []
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith(f"error: the store {default_file()} cannot be written: ")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "--daily '': give NAME=AMOUNT, such as searches=5,usd=0.05"),
        ("searches", "--daily 'searches': give NAME=AMOUNT"),
        ("serches=5", "--daily has no limit named 'serches': did you mean searches?"),
        ("usd=0", "--daily usd=0: give dollars, such as 0.10, more than 0"),
        (":usd=1", "--daily ':usd=1': give NAME:LIMITS, or LIMITS alone"),
        ("a\nb:usd=1", "cannot name a purse"),
    ],
)
def test_each_mistake_in_the_limits_of_a_day_is_one_clear_line(text: str, named: str, tmp_path: Path) -> None:
    assert named in refused(tmp_path, "--daily", text).stderr


def test_the_setting_is_read_where_the_option_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert daily_of(None) is None
    monkeypatch.setenv("SPADEWORK_DAILY", "my team: usd=1, searches=200")
    assert daily_of(None) == Daily("my team", Budget(usd=1, searches=200))
    assert daily_of("tokens=5") == Daily("daily", Budget(tokens=5))
    assert daily_of(" None ") is None
    monkeypatch.setenv("SPADEWORK_DAILY", "usd=lots")
    with pytest.raises(ConfigError, match="SPADEWORK_DAILY usd=lots: give dollars"):
        daily_of(None)


def test_showing_purses_makes_no_store_and_does_not_wait_for_the_graph(tmp_path: Path) -> None:
    told = command("purse", "--store", str(tmp_path / "none.db"))
    assert told.exit_code == 0
    opens = "`spadework ask --daily usd=1,searches=200 ...` opens one"
    assert told.stdout == f"no purse was opened today in {tmp_path / 'none.db'}: {opens}\n"
    assert today("--store", str(tmp_path / "none.db"), "--daily", "searches=7")["left"] == {"searches": 7}
    assert not (tmp_path / "none.db").exists()
    heavy = ("langgraph", "langchain_core", "httpx", "pydantic", "rich")
    code = (
        "import sys\nfrom spadework.agent.terminal.cli import cli\n"
        "try:\n    cli(['purse', '--json'], standalone_mode=False)\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]"]
    helped = subprocess.run([*MODULE, "purse", "--help"], capture_output=True, text=True, check=True)
    assert "SPADEWORK_DAILY" in helped.stdout
