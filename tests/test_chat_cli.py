"""The commands `chat` and `sessions` as a shell runs them, with a pipe for their input."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import SETTINGS
from fake_openai import FakeOpenAI
from pty_screen import running
from talking import reply, write_corpus

TALK = "Who built the Alder Bridge?\n\nAnd where was she born?\n"


class Shell:
    """Runs the program in an otherwise empty folder, with a model by rules."""

    def __init__(self, server: FakeOpenAI, folder: Path) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
        self.folder, self.server = folder, server
        self.complained = ""
        self.environment = own | {
            "SPADEWORK_CONFIG": "none",
            "SPADEWORK_STORE": str(folder / "runs.db"),
            "SPADEWORK_MODEL": "rules",
            "SPADEWORK_BASE_URL": server.base_url,
            "SPADEWORK_SEARCH": f"corpus:{write_corpus(folder)}",
        }

    def run(self, *arguments: str, said: str = "", code: int = 0, **more: str) -> str:
        """What it prints on stdout; it has to end with this code, and without a traceback."""
        done = subprocess.run(
            [sys.executable, "-m", "spadework.agent", *arguments],
            cwd=self.folder,
            env=self.environment | more,
            input=said,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        self.complained = done.stderr
        return done.stdout


@pytest.fixture
def shell(tmp_path: Path) -> Generator[Shell]:
    with FakeOpenAI(otherwise=reply) as server:
        yield Shell(server, tmp_path)


def test_each_line_of_a_pipe_is_a_message_and_nobody_is_asked_anything(shell: Shell) -> None:
    told = shell.run(said=TALK)
    assert told.index("  Mara Finch\n") < told.index("  Wick\n")
    assert "\x1b" not in told, "a pipe gets no colours"
    told = shell.run("chat", "--budget", "1", said="What is the riddle?\n")
    assert "  nobody knows\n" in told
    assert "1 search" in told
    assert "add, take or stop" not in told


def test_the_code_is_that_of_the_last_line(shell: Shell) -> None:
    shell.run("chat", said="/nothing\n", code=2)
    assert shell.complained == "error: there is no command /nothing: /help lists the commands\n"
    shell.run("chat", said="")
    shell.run("chat", said="Who built the Alder Bridge?\n", code=2, SPADEWORK_MODEL="")
    assert shell.complained.startswith("error: no model is set")


def test_conversations_go_on_in_another_process_and_are_listed_and_deleted(shell: Shell) -> None:
    shell.run("chat", "--budget", "4", "--conversation", "searches=9", said=TALK.splitlines()[0] + "\n")
    (kept,) = json.loads(shell.run("sessions", "--json"))
    assert (kept["title"], kept["questions"]) == ("Who built the Alder Bridge?", 1)
    with closing(sqlite3.connect(shell.folder / "runs.db")) as store, store:
        store.execute("UPDATE spadework_runs SET updated = updated - ?", (40 * 86_400,))
    told = shell.run("chat", "--resume", said="And where was she born?\n/budget\n")
    assert "> Who built the Alder Bridge?\n  Mara Finch (verified)\n" in told
    assert "taken as: Where was Mara Finch born?" in told
    assert "each question: 4 searches, 4 page reads" in told
    assert "of 9 searches left" in told
    name = kept["id"]
    assert f"{name}  " in shell.run("sessions")
    assert name not in shell.run("runs")
    for command in (("resume", name), ("runs", "--delete", name)):
        shell.run(*command, code=2)
    assert shell.run("sessions", "--delete", name[:5]).startswith(f"deleted {name}")
    assert "no conversations are kept" in shell.run("sessions")
    shell.run("chat", "--resume", code=2)


def test_a_chat_is_traced_question_by_question(shell: Shell) -> None:
    shell.run("chat", "--trace", "talk.jsonl", said=TALK)
    shell.run("trace", "talk.jsonl")
    page = (shell.folder / "talk.html").read_text(encoding="utf-8")
    assert page.count("Mara Finch") > 1
    assert "Where was Mara Finch born?" in page
    assert "You speak for an agent" in page, "prompts as they were sent"


def test_limits_that_cannot_be_ones_are_refused_before_the_chat_begins(shell: Shell) -> None:
    for wrong in (("--conversation", "lots"), ("--budget", "-1"), ("--usd", "cheap"), ("--resume", "nobody")):
        shell.run("chat", *wrong, said=TALK, code=2)
    assert shell.server.requests == []


def test_a_dumb_terminal_gets_text_and_nothing_else(shell: Shell) -> None:
    environment: dict[str, Any] = shell.environment | {"TERM": "dumb"}
    with running("-m", "spadework.agent", **environment) as terminal:
        terminal.read_until(lambda seen: seen.count(">") == 1)
        terminal.type("/budget\n")
        terminal.read_until(lambda seen: seen.count(">") == 2)
        terminal.type("/quit\n")
        terminal.read_all()
    assert "Ask a question" in terminal.text
    assert b"\x1b" not in terminal.written


def test_the_usual_strategy_is_that_of_a_chat_too(shell: Shell) -> None:
    shell.run("chat", "--trace", "run.jsonl", said="Who built the Alder Bridge?\n", SPADEWORK_STRATEGY="react")
    begun = json.loads((shell.folder / "run.jsonl").read_text().partition("\n")[0])
    assert begun["strategy"] == "react"
    assert "react" in shell.run("chat", "--resume", said="/strategy\n"), "it was kept with the conversation"
