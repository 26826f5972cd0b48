"""Traces for tests: of the small question about the Alder Bridge, through the real command; and lines made by hand."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alder import QUESTION, replies, write_corpus
from click.testing import CliRunner
from fake_openai import Answer, FakeOpenAI
from spadework.agent.terminal.cli import cli

BASE = "https://alder.example"


def traced(folder: Path, *more: str, said: Sequence[Answer] | None = None, question: str = QUESTION) -> Path:
    """The trace of a run on the Alder pages, with what a good model says, or with what is given."""
    file = folder / "run.jsonl"
    with FakeOpenAI(*(replies(BASE) if said is None else said)) as server:
        options = ["--model", "fake", "--base-url", server.base_url, "--budget", "4", "--no-store"]
        search = ["--search", f"corpus:{write_corpus(folder, BASE)}", "--trace", str(file)]
        done = CliRunner().invoke(cli, ["ask", question, *options, *search, *more])
    assert done.exit_code in (0, 3), done.output
    return file


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def written(file: Path, *lines: Mapping[str, Any] | str) -> Path:
    """A trace of lines made by hand; text stands for itself."""
    told = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    file.write_text("".join(f"{line}\n" for line in told), encoding="utf-8")
    return file


def header(**more: Any) -> dict[str, Any]:
    """The line that a question begins with."""
    return {"t": 0, "kind": "trace", "schema": 1, "question": "Who?", "run": "r1", "strategy": "react", **more}
