"""What `ask` makes of its options, what it prints, where it is stored, and its exit code."""

import errno
import json
import logging
import re
import stat
from decimal import Decimal
from pathlib import Path

import pytest
from alder import ANSWER, QUESTION, alder_model, write_corpus
from click.testing import CliRunner, Result
from fake_openai import FakeOpenAI, calls, error
from spadework.agent import run
from spadework.agent.loop import start
from spadework.agent.money.budget import Budget
from spadework.agent.storage.store import default_file, store_place
from spadework.agent.terminal.ask import Asked
from spadework.agent.terminal.cli import cli
from spadework.agent.terminal.notices import one_line_notices
from spadework.agent.terminal.runs import Listed, stored_runs
from spadework.tools.errors import ConfigError


def ask(model: FakeOpenAI, corpus: Path, *more: str) -> Result:
    command = ["ask", QUESTION, "--budget", "4", "--model", "fake", "--base-url", model.base_url]
    return CliRunner().invoke(cli, [*command, "--search", f"corpus:{corpus}", *more])


def stored(store: str | None) -> list[tuple[str, str, str, str]]:
    found = [Listed.of(run) for run in start(stored_runs(store_place(store))).result()]
    return [(run.run, run.state, run.status, run.answer) for run in found]


def test_limits_replace_the_usual_ones_one_by_one() -> None:
    assert Asked().limits() == Budget(searches=10, browses=10, seconds=300)
    assert Asked(budget="4").limits() == Budget(searches=4, browses=4)
    given = Asked(searches="3", usd="0.10", seconds="none", model_calls=" 7 ").limits()
    assert given == Budget(searches=3, browses=10, usd=Decimal("0.10"), model_calls=7)
    assert given.limits()["picousd"] == int(Decimal("0.10") * 10**12)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "ten", "nan", "1e3", "1_000", "٣", "9" * 5_000])
def test_a_limit_that_is_no_number_is_refused_by_the_name_of_its_option(text: str) -> None:
    with pytest.raises(ConfigError, match="--model-calls"):
        Asked(model_calls=text).limits()
    with pytest.raises(ConfigError, match="--budget"):
        Asked(budget=text).limits()


def test_a_limit_that_no_store_could_count_is_refused_at_once() -> None:
    assert Asked(usd="1000000", seconds="none").limits().limits()["picousd"] < 2**63
    for given in (Asked(usd="1000001"), Asked(seconds="9" * 13), Asked(budget="1" + "0" * 13)):
        with pytest.raises(ConfigError, match="more than can be counted; give at most 1,000,000"):
            given.limits()


def test_hosts_and_server_are_added_to_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPADEWORK_ALLOW_HOSTS", "localhost:1")
    settings = Asked(allow_host=("127.0.0.1:2", "localhost:3"), base_url="http://x/v1", context=9_000).settings()
    assert settings.allow_hosts == ("localhost:1", "127.0.0.1:2", "localhost:3")
    assert (settings.base_url, settings.context) == ("http://x/v1", 9_000)


def test_the_answer_its_quotes_and_the_receipt_are_printed(tmp_path: Path) -> None:
    with alder_model("https://alder.example") as model:
        told = ask(model, write_corpus(tmp_path))
    assert (told.exit_code, told.stderr) == (0, "")
    head, *rest = told.stdout.split("\n\n")
    assert head == ANSWER
    assert rest[0].startswith("verified")
    assert '"It was built by Mara Finch in 1871" [1]' in told.stdout
    assert "[2] Mara Finch\n    https://alder.example/finch" in told.stdout
    assert rest[-1].startswith("receipt")


def test_json_is_one_document_and_nothing_else(tmp_path: Path) -> None:
    with alder_model("https://alder.example") as model:
        told = ask(model, write_corpus(tmp_path), "--json")
    result = json.loads(told.stdout)
    assert told.stderr == ""
    assert (result["answer"], result["status"]) == (ANSWER, "verified")
    assert result["budget"]["searches"] == 4
    assert sum(charge["amounts"].get("browses", 0) for charge in result["charges"]) == result["spend"]["browses"] == 2


def test_a_question_comes_from_standard_input_and_an_empty_one_costs_nothing(tmp_path: Path) -> None:
    with alder_model("https://alder.example") as model:
        command = ["ask", "-", "--budget", "4", "--model", "fake", "--base-url", model.base_url, "--json"]
        for empty in ("", " \n"):
            told = CliRunner().invoke(cli, command, input=empty)
            assert (told.exit_code, told.stdout) == (2, "")
            assert told.stderr.startswith("error: the question is empty: ")
        assert model.requests == []
        told = CliRunner().invoke(
            cli, [*command, "--search", f"corpus:{write_corpus(tmp_path)}"], input=f"{QUESTION}\n"
        )
    assert json.loads(told.stdout)["question"] == QUESTION


def test_a_result_that_cannot_be_written_is_kept_and_can_be_seen_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with alder_model("https://alder.example") as model:
        monkeypatch.setattr("spadework.agent.terminal.ask.print_result", full)
        told = ask(model, write_corpus(tmp_path))
    ((name, state, _, answer),) = stored(None)
    assert (told.exit_code, state, answer) == (1, "ended", ANSWER)
    assert told.stderr == f"to see it again: spadework resume {name}\nerror: No space left on device\n"


@pytest.mark.parametrize(("limit", "more"), [("--tokens", "tokens=20000"), ("--seconds", "seconds=60")])
def test_a_top_up_is_proposed_that_has_room_for_a_call(limit: str, more: str, tmp_path: Path) -> None:
    with alder_model("https://alder.example") as model:
        told = ask(model, write_corpus(tmp_path), limit, "0")
    assert told.exit_code == 3
    assert told.stdout.startswith("no answer was found\nstopped: the budget is too small for a first call")
    assert told.stderr.rstrip().endswith(f" --top-up {more}")


def test_no_answer_exits_with_3(tmp_path: Path) -> None:
    with FakeOpenAI(otherwise=calls(("search", {"queries": ["nothing there"]}))) as model:
        told = ask(model, write_corpus(tmp_path), "--model-calls", "2")
    assert told.exit_code == 3
    assert told.stdout.startswith("no answer was found\nstopped: the budget ran out (model calls)")


def test_a_model_that_fails_exits_with_1_and_says_why(tmp_path: Path) -> None:
    with FakeOpenAI(otherwise=error(401, "bad key")) as model:
        told = ask(model, write_corpus(tmp_path))
    assert told.exit_code == 1
    assert "last failure: " in told.stdout
    assert "bad key" in told.stdout


def test_a_run_is_stored_in_the_users_data_folder_where_only_its_owner_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPADEWORK_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with alder_model("https://alder.example") as model:
        told = ask(model, write_corpus(tmp_path), "--json")
    assert default_file().is_relative_to(tmp_path)
    assert stat.S_IMODE(default_file().stat().st_mode) == 0o600
    assert stored(None) == [(json.loads(told.stdout)["run"], "ended", "verified", ANSWER)]


@pytest.mark.parametrize(("option", "setting"), [("--no-store", ""), ("--json", "none")])
def test_on_request_nothing_is_kept(option: str, setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "empty"))
    monkeypatch.setenv("SPADEWORK_STORE", setting)
    with alder_model("https://alder.example") as model:
        told = ask(model, write_corpus(tmp_path), option)
    assert (told.exit_code, told.stderr) == (0, "")
    assert list((tmp_path / "empty").iterdir()) == []
    assert not (tmp_path / "store").exists()


def test_where_the_usual_place_cannot_be_written_ask_goes_on_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = write_corpus(tmp_path)
    monkeypatch.delenv("SPADEWORK_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(corpus))
    with alder_model("https://alder.example") as model:
        told = ask(model, corpus)
    assert told.exit_code == 0
    assert told.stdout.startswith(ANSWER)
    assert told.stderr.startswith(f"warning: the store {default_file()} cannot be written: ")
    assert told.stderr.endswith("; this run is not stored\n")
    assert told.stderr.count("\n") == 1


@pytest.mark.parametrize("by", ["option", "setting"])
def test_a_place_that_was_named_and_cannot_be_written_is_an_error_before_anything_is_spent(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = write_corpus(tmp_path)
    monkeypatch.setenv("SPADEWORK_STORE", str(corpus / "runs.db"))
    with alder_model("https://alder.example") as model:
        told = ask(model, corpus, *(["--store", str(corpus / "runs.db")] if by == "option" else []))
        assert model.requests == []
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith(f"error: the store {corpus / 'runs.db'} cannot be written: ")
    assert told.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "days", "named"),
    [
        (["--no-store", "--store", "x.db"], "30", "--store and --no-store"),
        (["--store", "mysql://host/runs"], "30", "'mysql://host/runs'"),
        (["--json", "--receipt"], "30", "--json and --receipt"),
        ([], "soon", "SPADEWORK_KEEP_DAYS='soon'"),
    ],
)
def test_wrong_use_of_the_store_is_told_before_anything_is_spent(
    options: list[str], days: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPADEWORK_KEEP_DAYS", days)
    with alder_model("https://alder.example") as model:
        told = ask(model, write_corpus(tmp_path), *options)
        assert model.requests == []
    assert (told.exit_code, told.stdout) == (2, "")
    assert named in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_run_that_the_budget_ended_says_in_one_line_how_to_go_on(tmp_path: Path) -> None:
    place = tmp_path / "my runs.db"
    with FakeOpenAI(otherwise=calls(("search", {"queries": ["nothing there"]}))) as model:
        told = ask(model, write_corpus(tmp_path), "--model-calls", "2", "--store", str(place))
    ((name, state, status, answer),) = stored(str(place))
    assert (state, status, answer) == ("ended", "none", "")
    line = f"to go on: spadework resume {name} --top-up model_calls=10 --store '{place}'"
    assert [told for told in told.stderr.splitlines() if told.startswith("to go on")] == [line]


def test_a_second_ctrl_c_still_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "run_agent", interrupted)
    with alder_model("https://alder.example") as model:
        told = ask(model, write_corpus(tmp_path), "--allow-host", "127.0.0.1:80")
    assert (told.exit_code, told.stdout) == (1, "")
    assert re.search(
        r"^to go on: spadework resume [0-9a-f]{12} --allow-host 127\.0\.0\.1:80$", told.stderr, re.MULTILINE
    )


def test_asking_deletes_what_nothing_touched_for_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = write_corpus(tmp_path)
    for days, left in (("30", 2), ("none", 3), ("0", 1)):
        monkeypatch.setenv("SPADEWORK_KEEP_DAYS", days)
        with alder_model("https://alder.example") as model:
            if days == "30":
                ask(model, corpus)
        with alder_model("https://alder.example") as model:
            ask(model, corpus)
        assert len(stored(None)) == left


def test_the_receipt_in_full_comes_on_request(tmp_path: Path) -> None:
    with alder_model("https://alder.example") as model:
        told = ask(model, write_corpus(tmp_path), "--receipt")
    assert told.stdout.startswith(ANSWER)
    assert "alder bridge engineer" in told.stdout.split("\n\nreceipt\n")[1], "each call is there by its words"


def test_a_warning_is_one_line_without_a_traceback(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "spadework")
    with one_line_notices():
        try:
            raise ValueError("inside")
        except ValueError:
            logging.getLogger("spadework").exception("the run\nended early")
    assert capsys.readouterr().err == "error: the run ended early: inside\n"
    assert not logging.getLogger("spadework").handlers
