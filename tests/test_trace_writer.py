"""Traces as they are written: a line as each thing happens, each text once, nothing that must not be in a file."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from alder import ANSWER, BRIDGE, FINCH, QUESTION, replies, write_corpus
from click.testing import CliRunner, Result
from fake_openai import Answer, FakeOpenAI, error, text
from spadework.agent.events import DeltaEvent, PlanEvent
from spadework.agent.terminal.cli import cli
from spadework.agent.trace.writer import TraceWriter
from spadework.tools.errors import ConfigError

BASE = "https://alder.example"
KEY = "sk-0123456789-never-to-be-written"


def asked(tmp_path: Path, *more: str, said: list[Answer] | None = None, trace: str = "run.jsonl") -> Result:
    with FakeOpenAI(*(replies(BASE) if said is None else said)) as server:
        options = ["--model", "fake", "--base-url", server.base_url, "--budget", "4"]
        search = ["--search", f"corpus:{write_corpus(tmp_path, BASE)}"]
        return CliRunner().invoke(cli, ["ask", QUESTION, *options, *search, "--trace", str(tmp_path / trace), *more])


def lines(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "run.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_trace_says_what_was_asked_and_how_it_ended(tmp_path: Path) -> None:
    assert asked(tmp_path).exit_code == 0
    first, *_, last = lines(tmp_path)
    assert (first["kind"], first["schema"], first["question"]) == ("trace", 1, QUESTION)
    assert (first["models"], first["strategy"]) == ({"default": "fake"}, "bats-early")
    assert first["budget"]["searches"] == 4
    assert first["started"].endswith("+00:00")
    assert (last["kind"], last["result"]["answer"], last["result"]["run"]) == ("end", ANSWER, first["run"])
    assert last["result"]["charges"]
    assert all(isinstance(line["t"], int | float) for line in lines(tmp_path))
    assert stat.S_IMODE((tmp_path / "run.jsonl").stat().st_mode) == 0o600


def test_each_message_is_written_once_and_named_by_the_prompts_that_repeat_it(tmp_path: Path) -> None:
    asked(tmp_path)
    found = lines(tmp_path)
    messages = {line["id"]: line["message"] for line in found if line["kind"] == "message"}
    assert len({json.dumps(message) for message in messages.values()}) == len(messages)
    prompts = [line["messages"] for line in found if line["kind"] == "prompt"]
    assert len(prompts) == 4
    assert Counter(name for prompt in prompts for name in prompt).most_common(1)[0][1] == 3
    assert next(line for line in found if line["kind"] == "reply")["message"] in prompts[1], "and so are replies"
    seen: set[str] = set()
    for line in found:
        if line["kind"] == "message":
            seen.add(line["id"])
        elif line["kind"] == "prompt":
            assert {*line["messages"]} <= seen, "a name is explained before it is used"


def test_the_prompts_are_those_that_the_server_got(tmp_path: Path) -> None:
    with FakeOpenAI(*replies(BASE)) as server:
        options = ["--model", "fake", "--base-url", server.base_url, "--budget", "4"]
        search = ["--search", f"corpus:{write_corpus(tmp_path, BASE)}", "--trace", str(tmp_path / "run.jsonl")]
        CliRunner().invoke(cli, ["ask", QUESTION, *options, *search])
    found = lines(tmp_path)
    messages = {line["id"]: line["message"] for line in found if line["kind"] == "message"}
    tools = {line["id"]: line["tools"] for line in found if line["kind"] == "tools"}
    for prompt, body in zip((line for line in found if line["kind"] == "prompt"), server.bodies, strict=True):
        assert [messages[name] for name in prompt["messages"]] == body["messages"]
        assert tools.get(prompt["tools"]) == body.get("tools")
        assert prompt["max_tokens"] in (body.get("max_tokens"), body.get("max_completion_tokens"))


def test_without_page_text_its_words_stand_nowhere_and_ours_stay(tmp_path: Path) -> None:
    asked(tmp_path, "--trace-redact")
    written = (tmp_path / "run.jsonl").read_text(encoding="utf-8")
    for page in (BRIDGE, FINCH):
        for sentence in page.split(". "):
            assert sentence.strip(".") not in written
    assert "[page text, 34 characters]" in written
    found = lines(tmp_path)
    assert found[0]["redacted"] is True
    for kept in (QUESTION, ANSWER, "alder bridge engineer", f"{BASE}/finch", "who built the bridge, and where was she"):
        assert kept in written
    assert found[-1]["result"]["findings"][0]["evidence"][0]["quote"] == "[page text, 34 characters]"


def test_no_key_of_the_environment_is_ever_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = 'odd"key\\with-quotes'
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("BRAVE_API_KEY", odd)
    with FakeOpenAI(otherwise=error(401, f"you sent Authorization: Bearer {KEY} {odd}")) as server:
        options = ["--model", "fake", "--base-url", server.base_url, "--search", f"corpus:{write_corpus(tmp_path)}"]
        question = f"Is {KEY} a key, or {odd}?"
        CliRunner().invoke(cli, ["ask", question, *options, "--trace", str(tmp_path / "run.jsonl")])
        assert KEY in server.requests[0].headers["authorization"]
    written = (tmp_path / "run.jsonl").read_text(encoding="utf-8")
    assert KEY not in written
    assert "with-quotes" not in written
    assert "you sent" in written
    assert lines(tmp_path)[0]["question"] == "Is [key] a key, or [key]?"


@pytest.mark.parametrize("name", ["", "missing/run.jsonl", "pages.jsonl"])
def test_a_file_that_cannot_be_a_trace_is_refused_before_anything_is_spent(tmp_path: Path, name: str) -> None:
    with FakeOpenAI() as server:
        corpus = write_corpus(tmp_path, BASE)
        before = corpus.read_bytes()
        options = ["--model", "fake", "--base-url", server.base_url, "--search", f"corpus:{corpus}"]
        done = CliRunner().invoke(cli, ["ask", QUESTION, *options, "--trace", str(tmp_path / name)])
        assert done.exit_code == 2
        assert server.requests == []
    assert done.stderr.count("\n") == 1
    assert str(tmp_path / name) in done.stderr
    assert corpus.read_bytes() == before


def test_redacting_no_trace_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["ask", QUESTION, "--model", "fake", "--search", "wikipedia", "--trace-redact"])
    assert done.exit_code == 2
    assert done.stderr == "error: --trace-redact: there is no trace; give --trace FILE, too\n"


def test_a_run_that_is_refused_leaves_no_file(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["ask", QUESTION, "--search", "wikipedia", "--trace", str(tmp_path / "run.jsonl")])
    assert done.exit_code == 2
    assert not (tmp_path / "run.jsonl").exists()


def test_a_second_question_goes_on_in_the_same_file(tmp_path: Path) -> None:
    asked(tmp_path)
    with (tmp_path / "run.jsonl").open("a") as file:
        file.write('{"t":1.5,"kind":"ca')  # as a kill leaves it
    asked(tmp_path)
    whole = (tmp_path / "run.jsonl").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith('{"t":0,"kind":"trace"') for line in whole) == 2
    assert sum(not line.endswith("}") for line in whole) == 1


def test_a_resumed_run_is_traced_too(tmp_path: Path) -> None:
    asked(tmp_path, "--searches", "0", "--browses", "0", said=[text("ANSWER: nothing")] * 3)
    run = lines(tmp_path)[0]["run"]
    with FakeOpenAI(*replies(BASE)) as server:
        more = [
            "--top-up",
            "searches=4,browses=4",
            "--base-url",
            server.base_url,
            "--trace",
            str(tmp_path / "run.jsonl"),
        ]
        done = CliRunner().invoke(cli, ["resume", run, *more])
    assert done.exit_code == 0, done.output
    headers = [line for line in lines(tmp_path) if line["kind"] == "trace"]
    assert [line["run"] for line in headers] == [run, run]
    assert headers[1]["models"] == {"default": "fake"}
    assert headers[1]["budget"]["searches"] == 4


def test_a_disk_that_fills_up_costs_the_trace_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    left = [9_000]

    def write(file: int, data: bytes) -> int:
        done = os.pwrite(file, data[: left[0]], os.fstat(file).st_size)
        left[0] -= done
        if not done:
            raise OSError(28, "No space left on device")
        return done

    monkeypatch.setattr("os.write", write)
    done = asked(tmp_path)
    monkeypatch.undo()
    assert done.exit_code == 0
    assert ANSWER in done.stdout
    assert done.stderr.count("No space left on device; the run goes on") == 1
    whole = (tmp_path / "run.jsonl").read_bytes()
    assert len(whole) == 9_000
    assert all(json.loads(line) for line in whole.splitlines()[:-1])


def test_what_cannot_be_written_as_json_ends_the_trace_alone(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "run.jsonl") as trace:
        trace.start("q", {}, run="r", models={}, strategy="react")
        trace.on_event(DeltaEvent("searcher", "pieces are not written"))
        trace.on_event(PlanEvent([{"id": "c0", "text": "\ud800", "kind": "asked"}], []))
        trace.on_event(PlanEvent([object()], []))  # type: ignore[list-item]
        trace.on_event(PlanEvent([], []))
    assert [line["kind"] for line in lines(tmp_path)] == ["trace", "plan"]


def test_a_run_that_is_killed_leaves_all_but_a_last_line(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from spadework.agent.events import CallEvent;"
        "from spadework.agent.trace.writer import TraceWriter\n"
        "trace = TraceWriter(Path(sys.argv[1])); trace.start('q', {}, run='r', models={}, strategy='react')\n"
        "for number in range(50): trace.on_event(CallEvent('search', str(number), 'started'))\n"
        "print('ready', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "run.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert [line.get("what") for line in lines(tmp_path)] == [None, *map(str, range(50))]


def test_a_folder_is_no_place_for_a_trace(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no file: name another one"):
        TraceWriter(tmp_path)
