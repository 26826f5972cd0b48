"""What `ask` makes of its options, what it prints, and its exit code."""

import json
import logging
from decimal import Decimal
from pathlib import Path

import pytest
from alder import ANSWER, QUESTION, alder_model, write_corpus
from click.testing import CliRunner, Result
from fake_openai import FakeOpenAI, calls, error
from spadework.agent.ask import Asked
from spadework.agent.budget import Budget
from spadework.agent.cli import cli
from spadework.agent.notices import one_line_notices
from spadework.tools.errors import ConfigError


def ask(model: FakeOpenAI, corpus: Path, *more: str) -> Result:
    command = ["ask", QUESTION, "--budget", "4", "--model", "fake", "--base-url", model.base_url]
    return CliRunner().invoke(cli, [*command, "--search", f"corpus:{corpus}", *more])


def test_limits_replace_the_usual_ones_one_by_one() -> None:
    assert Asked().limits() == Budget(searches=10, browses=10, seconds=300)
    assert Asked(budget=4).limits() == Budget(searches=4, browses=4)
    given = Asked(searches="3", usd="0.10", seconds="none", model_calls=" 7 ").limits()
    assert given == Budget(searches=3, browses=10, usd=Decimal("0.10"), model_calls=7)
    assert given.limits()["picousd"] == int(Decimal("0.10") * 10**12)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "ten", "nan"])
def test_a_limit_that_is_no_number_is_refused_by_the_name_of_its_option(text: str) -> None:
    with pytest.raises(ConfigError, match="--model-calls"):
        Asked(model_calls=text).limits()


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


def test_a_warning_is_one_line_without_a_traceback(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "spadework")
    with one_line_notices():
        try:
            raise ValueError("inside")
        except ValueError:
            logging.getLogger("spadework").exception("the run\nended early")
    assert capsys.readouterr().err == "error: the run ended early\n"
    assert not logging.getLogger("spadework").handlers
