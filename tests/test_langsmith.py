"""LangSmith: what it is told of a run, by its own environment variables, and that it never fails or holds one."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import langsmith.run_helpers
import pytest
from alder import ANSWER, QUESTION, replies, write_corpus
from fake_openai import FakeOpenAI
from scripted import QUESTION as ALDER
from scripted import ScriptedChat, good_script, small_web
from spadework.agent import Budget, run_agent
from spadework.agent import langsmith_runs as module
from spadework.agent.langsmith_runs import as_run, graph_config, is_traced

BASE = "https://alder.example"
SIZES = {"size_limit": 100, "size_limit_bytes": 20_000_000, "scale_up_nthreads_limit": 16}
SCALING = {"scale_up_qsize_trigger": 1_000, "scale_down_nempty_trigger": 4}
INFO = {"version": "0.10", "batch_ingest_config": {"use_multipart_endpoint": False, **SIZES, **SCALING}}


@contextmanager
def collecting(*, silent: bool = False) -> Generator[tuple[int, list[dict[str, Any]]]]:
    """A server that takes what LangSmith is told; one that is `silent` never answers. Gives its port and the runs."""
    runs: list[dict[str, Any]] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if silent:
                over.wait(30)
                return
            told: dict[str, Any] = json.loads(body) if body else {}
            runs.extend(told.get("post") or [])
            patches: list[dict[str, Any]] = told.get("patch") or []
            for patch in patches:
                next(run for run in runs if run["id"] == patch["id"]).update(patch)
            sent = json.dumps(INFO).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PATCH = _answer

        def log_message(self, format: str, *args: Any) -> None:
            """Tests need no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1], runs
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def asked(tmp_path: Path, port: int) -> tuple[subprocess.CompletedProcess[str], float]:
    """The real command with tracing on, and the seconds that it took."""
    tracing = {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "x", "LANGSMITH_ENDPOINT": f"http://127.0.0.1:{port}"}
    with FakeOpenAI(*replies(BASE)) as server:
        options = ["--model", "fake", "--base-url", server.base_url, "--budget", "4", "--no-store"]
        line = [sys.executable, "-m", "spadework.agent", "ask", QUESTION, *options]
        line += ["--search", f"corpus:{write_corpus(tmp_path, BASE)}"]
        started = time.monotonic()
        done = subprocess.run(line, env=os.environ | tracing, capture_output=True, text=True, check=False)
        return done, time.monotonic() - started


def test_a_run_is_told_with_its_nodes_and_the_calls_of_each(tmp_path: Path) -> None:
    with collecting() as (port, runs):
        done, _ = asked(tmp_path, port)
    assert (done.returncode, done.stderr) == (0, "")
    names = {run["id"]: run["name"] for run in runs}
    tree = [(names.get(run.get("parent_run_id"), ""), run["name"], run["run_type"]) for run in runs]
    [root] = [run for run in runs if not run.get("parent_run_id")]
    assert root["name"] == QUESTION
    assert root["extra"]["metadata"]["strategy"] == "bats-early"
    assert len(root["extra"]["metadata"]["spadework_run"]) == 12
    nodes = {name for parent, name, _ in tree if parent == QUESTION}
    assert nodes == {"begin", "planner", "searcher", "act", "verifier", "decide", "finish"}
    assert sorted(one for one in tree if one[0] not in ("", QUESTION)) == [
        ("act", "read page", "tool"),
        ("act", "read page", "tool"),
        ("act", "search", "tool"),
        *[("searcher", "searcher: fake", "llm")] * 3,
        ("verifier", "verifier: fake", "llm"),
    ]
    call = next(run for run in runs if run["run_type"] == "llm")
    assert call["inputs"]["messages"][0]["role"] == "system"
    assert call["outputs"]["choices"][0]["message"]["tool_calls"]
    assert call["outputs"]["usage_metadata"] == {"input_tokens": 1_500, "output_tokens": 60, "total_tokens": 1_560}
    assert call["extra"]["metadata"]["ls_model_name"] == "fake"
    search = next(run for run in runs if run["name"] == "search")
    assert search["inputs"] == {"query": "alder bridge engineer"}
    assert search["outputs"]["results"][0]["title"] == "Alder Bridge"


@pytest.mark.integration
@pytest.mark.parametrize("silent", [False, True])
def test_a_langsmith_that_is_not_there_costs_a_line_and_some_seconds(tmp_path: Path, silent: bool) -> None:
    with collecting(silent=silent) as (port, _):
        done, seconds = asked(tmp_path, port if silent else 9)
    assert done.returncode == 0
    assert ANSWER in done.stdout
    assert seconds < 15
    assert 1 <= done.stderr.count("\n") <= 2
    assert all("LangSmith" in line for line in done.stderr.splitlines())


def test_without_its_variables_nothing_is_imported_or_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_traced()
    assert graph_config("q", "r", "s") == {}
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    assert not is_traced()
    monkeypatch.setenv("LANGCHAIN_TRACING_V2", "True")
    assert is_traced()


async def test_a_call_that_is_not_traced_is_just_awaited() -> None:
    async def work() -> int:
        return 7

    def never(*_: object) -> dict[str, Any]:
        raise AssertionError("nobody listens")

    assert await as_run("tool", "x", work(), never, never) == 7
    started = time.perf_counter()
    for _ in range(1_000):
        await as_run("tool", "x", work(), never, never)
    assert time.perf_counter() - started < 0.1, "a tenth of a millisecond each at most"


class Broken:
    """A run of LangSmith's that fails at everything."""

    def create_child(self, *_: object, **__: object) -> "Broken":
        return self

    def post(self) -> None:
        """Only what comes later fails."""

    def end(self, **_: object) -> None:
        raise RuntimeError("not today")


@pytest.mark.parametrize("parent", [Broken(), object(), None], ids=["later", "at once", "no parent"])
def test_whatever_fails_in_langsmith_the_run_is_as_without_it(monkeypatch: pytest.MonkeyPatch, parent: object) -> None:
    monkeypatch.setattr(module, "is_traced", lambda: True)
    monkeypatch.setattr(langsmith.run_helpers, "get_current_run_tree", lambda: parent)
    chat, web = ScriptedChat(good_script()), small_web()
    result = run_agent(ALDER, Budget(searches=4, browses=4), model=chat, search=web, browse=web)
    assert result.answer
    assert result.status == "verified"
