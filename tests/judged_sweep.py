"""A small sweep whose answers a judge has to grade: suite, model and judge are real ones, the servers on loopback."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alder import write_corpus
from click.testing import CliRunner, Result
from fake_openai import Answer, FakeOpenAI, slow, text
from spadework.agent.terminal.cli import cli

MARA = "It was Mara Finch, surely."
TOM = "Tom Reed built it."
RIGHT = "Mara Finch"
JUDGE_USAGE = {"prompt_tokens": 400, "completion_tokens": 40}


def suite(folder: Path, *answers: str, expected: str = RIGHT) -> Path:
    """A suite with a question for each answer that the model is to give."""
    rows = [
        {"id": f"q{n}", "question": f"Who built it? Say: {said}", "answer": expected} for n, said in enumerate(answers)
    ]
    (folder / "suite.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "suite.jsonl"


def model(delay: float = 0.0) -> FakeOpenAI:
    """It answers what the question tells it to, after so many seconds."""

    def reply(body: dict[str, Any]) -> Answer:
        found = re.search(r"Say: ([^\n]*)", "\n".join(str(message["content"]) for message in body["messages"]))
        said = text(found[1].strip() if found else "", usage={"prompt_tokens": 100, "completion_tokens": 10})
        return slow(said, delay)

    return FakeOpenAI(otherwise=reply)


def verdict(correct: bool, extracted: str = "", why: str = "so it is") -> Answer:
    """The reply of a judge in the form that it is asked for."""
    said = {"extracted": extracted, "why": why, "correct": "yes" if correct else "no"}
    return text(json.dumps(said), usage=JUDGE_USAGE)


def given_of(body: dict[str, Any]) -> str:
    """The answer that a judge is asked about."""
    found = re.search(r"<<<given [^\n]*\n(.*?)\ngiven ", body["messages"][1]["content"], re.DOTALL)
    return found[1] if found else ""


def honest(body: dict[str, Any]) -> Answer:
    """A judge that looks for the name."""
    return verdict(RIGHT in given_of(body), RIGHT if RIGHT in given_of(body) else "")


def judge(reply: Answer | Callable[[dict[str, Any]], Answer] = honest, *first: Answer) -> FakeOpenAI:
    return FakeOpenAI(*first, otherwise=reply)


def command(folder: Path, server: FakeOpenAI, grader: FakeOpenAI | None = None, *more: str) -> list[str]:
    reach = ["--model", "fake", "--base-url", server.base_url, "--search", f"corpus:{write_corpus(folder)}"]
    graded = ["--judge", "grader", "--judge-base-url", grader.base_url] if grader else []
    what = [str(folder / "suite.jsonl"), "--strategy", "react", "--budget", "3", "--out", str(folder / "out")]
    return ["eval", "run", *what, *reach, *graded, *more]


def spadework(*given: object) -> Result:
    return CliRunner().invoke(cli, [str(part) for part in given])


def lines(folder: Path) -> list[dict[str, Any]]:
    """All that was written, in order."""
    return [json.loads(line) for line in (folder / "out" / "runs.jsonl").read_text().splitlines()]


def last(folder: Path) -> dict[str, dict[str, Any]]:
    """The last line of each question."""
    return {line["id"]: line for line in lines(folder)}
