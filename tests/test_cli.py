"""The command line as a user meets it: help, errors, exit codes, signals and broken outputs."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alder import ANSWER, PAGES, QUESTION, alder_model, alder_web, options, replies, write_corpus
from click.testing import CliRunner
from fake_openai import FakeOpenAI, calls, slow
from spadework.agent.terminal import doctor
from spadework.agent.terminal.cli import cli

MODULE = [sys.executable, "-m", "spadework.agent"]
HEAVY = ("rich", "langgraph", "langchain_core", "httpx", "pydantic", "bs4", "vcr", "orjson", "asyncio", "sqlite3")


def test_the_command_alone_is_a_chat() -> None:
    told = CliRunner().invoke(cli, [], input="/help\n")
    assert told.exit_code == 0
    assert "/budget [LIMITS]" in told.stdout


def test_the_help_lists_the_commands_and_the_exit_codes() -> None:
    told = CliRunner().invoke(cli, ["--help"])
    assert told.exit_code == 0
    for name in (
        "chat",
        "sessions",
        "ask",
        "runs",
        "resume",
        "purse",
        "doctor",
        "graph",
        "demo",
        "record",
        "cassette",
        "world",
    ):
        assert f"\n  {name} " in told.stdout
    assert "3 no answer was found" in " ".join(told.stdout.split())


def test_help_and_version_import_nothing_heavy() -> None:
    code = (
        "import sys\nfrom spadework.agent.terminal.cli import cli\n"
        f"cli(['--help'], standalone_mode=False)\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"


def test_listing_runs_does_not_wait_for_the_graph(tmp_path: Path) -> None:
    graph = ("langgraph", "langchain_core", "httpx", "pydantic", "aiosqlite", "psycopg")
    code = (
        "import sys\nfrom spadework.agent.terminal.cli import cli\n"
        "try:\n    cli(['runs'], standalone_mode=False)\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print([name for name in {graph!r} if name in sys.modules])"
    )
    (tmp_path / "runs.db").touch()
    environment = {**os.environ, "SPADEWORK_STORE": str(tmp_path / "runs.db")}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert told.stdout.splitlines() == [f"no runs are stored in {tmp_path / 'runs.db'}", "[]"]


def test_the_module_runs_as_the_command() -> None:
    told = subprocess.run([*MODULE, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("spadework ")


def test_the_graph_is_drawn_without_a_model_or_a_key() -> None:
    told = CliRunner().invoke(cli, ["graph"])
    assert told.exit_code == 0
    assert "decide -." in told.stdout
    assert "PIVOT" in told.stdout


def test_without_a_model_one_line_names_the_ways_to_get_one() -> None:
    told = CliRunner().invoke(cli, ["ask", QUESTION])
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("error: no model is set: ")
    assert "spadework demo" in told.stderr
    assert told.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--searches", "many"], "--searches 'many'"),
        (["--seconds", "inf"], "--seconds 'inf'"),
        (["--usd", "-3"], "--usd '-3'"),
        (["--model-calls", "1.5"], "--model-calls '1.5'"),
        (["--budget", "x"], "--budget 'x'"),
        (["--budget", "-1"], "--budget '-1': give a whole number of 0 or more\n"),
        (["--context", "x"], "'x' is not a valid integer; see `spadework ask --help`\n"),
        (["without", "quotes"], "got unexpected extra arguments (without quotes); see `spadework ask --help`\n"),
        (["--searches"], "requires an argument; see `spadework ask --help`\n"),
        (["--strategy", "batz", "--model", "m", "--base-url", "http://127.0.0.1:9/v1"], "'batz'"),
        (
            ["--search", "corpus:~nobody-here/a.jsonl", "--model", "m", "--base-url", "http://127.0.0.1:9/v1"],
            "~nobody-h",
        ),
        (["--search", "frozen:~nobody-here/a.db", "--model", "m", "--base-url", "http://127.0.0.1:9/v1"], "~nobody-h"),
        (["--search", "gogle", "--model", "m", "--base-url", "http://127.0.0.1:9/v1"], "'gogle'"),
        (["--serches", "3"], "--serches"),
    ],
)
def test_wrong_use_exits_with_2_and_names_what_was_wrong(given: list[str], named: str) -> None:
    told = CliRunner().invoke(cli, ["ask", QUESTION, *given])
    assert (told.exit_code, told.stdout) == (2, "")
    assert named in told.stderr
    assert told.stderr.startswith("error: ")
    assert told.stderr.count("\n") == 1


def test_an_unknown_command_or_option_is_one_line_and_a_group_shows_its_help() -> None:
    for given, line in (
        (["frob"], "error: no such command 'frob'; see `spadework --help`\n"),
        (["--frob"], "error: no such option '--frob'; see `spadework --help`\n"),
    ):
        told = CliRunner().invoke(cli, given)
        assert (told.exit_code, told.stdout, told.stderr) == (2, "", line)
    assert "Usage: " in CliRunner().invoke(cli, ["cassette"]).output


def test_a_failure_exits_with_1_in_one_line() -> None:
    told = CliRunner().invoke(cli, ["cassette", "show", "nowhere.json"])
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr == "error: cassette nowhere.json cannot be read: No such file or directory\n"


def test_an_unexpected_error_is_one_line_and_says_how_to_see_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> int:
        raise KeyError("two\nlines")

    monkeypatch.setattr(doctor, "examine", broken)
    told = CliRunner().invoke(cli, ["doctor"])
    assert told.exit_code == 1
    assert told.stderr.startswith("error: KeyError: ")
    assert "SPADEWORK_DEBUG=1" in told.stderr
    assert told.stderr.count("\n") == 1
    monkeypatch.setenv("SPADEWORK_DEBUG", "1")
    assert isinstance(CliRunner().invoke(cli, ["doctor"]).exception, KeyError)


def test_a_terminal_of_another_encoding_gets_question_marks() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    told = subprocess.run(
        [*MODULE, "cassette", "show", "łąka-höhle.json"], capture_output=True, env=environment, check=False
    )
    assert told.returncode == 1
    assert told.stderr.startswith("error: cassette ??ka-höhle.json".encode("latin-1"))


def test_a_closed_pipe_ends_quietly_and_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    closed = subprocess.Popen([*MODULE, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert closed.stdout is not None
    assert closed.stderr is not None
    closed.stdout.close()
    assert closed.stderr.read() == b""
    closed.stderr.close()
    assert closed.wait() == 1
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        told = subprocess.run([*MODULE, "graph"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (told.returncode, told.stderr) == (1, "error: No space left on device\n")


def test_ask_in_a_pipe_prints_plain_text_and_nothing_on_stderr(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path)
    with alder_model("https://alder.example") as model:
        command = [*MODULE, "ask", QUESTION, "--budget", "4", "--model", "fake", "--base-url", model.base_url]
        told = subprocess.run(
            [*command, "--search", f"corpus:{corpus}"], capture_output=True, text=True, timeout=30, check=False
        )
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"{ANSWER}\n\nverified")
    assert "\x1b" not in told.stdout


@pytest.mark.parametrize("sent", [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)])
def test_stopping_ask_prints_the_best_answer_so_far(sent: tuple[signal.Signals, ...], tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path)
    first, second, *_ = replies("https://alder.example")
    quotes = [{"url": "https://alder.example/bridge", "quote": "It was built by Mara Finch in 1871"}]
    found = [{"candidate": ANSWER, "constraint": "c0", "verdict": "satisfied", "quotes": quotes}]
    third = calls(("record", {"findings": found}), ("search", {"queries": ["mara finch birthplace"]}))
    with FakeOpenAI(first, second, third, otherwise=slow(first, 20)) as model:
        command = [*MODULE, "ask", QUESTION, "--budget", "4", "--model", "fake", "--base-url", model.base_url, "--json"]
        running = subprocess.Popen(
            [*command, "--search", f"corpus:{corpus}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        end = time.monotonic() + 20
        while len(model.requests) < 4 and time.monotonic() < end:
            time.sleep(0.02)
        for signum in sent:
            # Twice at once is one request: `timeout` signals the command, and then its group.
            running.send_signal(signum)
        stdout, stderr = running.communicate(timeout=10)
    result = json.loads(stdout)
    assert (running.returncode, result["answer"], result["status"]) == (0, ANSWER, "unverified")
    assert result["stop_reason"] == "cancelled"
    assert result["spend"]["browses"] == len(PAGES)
    assert "Traceback" not in stderr


def test_the_bundled_world_can_be_written_and_its_questions_listed(tmp_path: Path) -> None:
    file = tmp_path / "world.jsonl"
    told = CliRunner().invoke(cli, ["world", "corpus", str(file), "--pages", "200"])
    assert told.exit_code == 0
    assert told.stdout.endswith(f"pages written to {file}\n")
    assert len(file.read_text().splitlines()) >= 200
    questions = CliRunner().invoke(cli, ["world", "questions", "--pages", "200"])
    assert all(json.loads(line)["id"] for line in questions.stdout.splitlines())


def test_ask_reads_pages_and_searches_over_http() -> None:
    with alder_web() as base, alder_model(base) as model:
        told = CliRunner().invoke(cli, ["ask", QUESTION, *options(model, base)], env={"SEARXNG_URL": base})
    assert told.exit_code == 0
    assert f"{base}/finch" in told.stdout
