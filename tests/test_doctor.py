"""What `doctor` says about settings that are right, wrong or missing, with real servers on loopback."""

import json
import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from alder import alder_web, write_corpus
from click.testing import CliRunner
from fake_openai import Answer, FakeOpenAI, calls, error, text
from slow_server import Habits, SlowServer
from spadework.agent.llm.model import OpenAICompatible
from spadework.agent.terminal.cli import cli

KEY = "sk-doctor-0123456789abcdef"
UNLISTED = "fix   {base} answers, but does not list the model m"
UNREACHABLE = "http://127.0.0.1:9/v1"


@contextmanager
def models_server(status: int, body: object) -> Generator[tuple[str, list[str]]]:
    """A server whose list of models is `body`; gives its base URL and the authorization it was sent. It says ok."""
    sent: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent.append(f"{self.path} {self.headers.get('authorization', '')}")
            self._say(status, body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self._say(200, text("ok").body)

        def _say(self, status: int, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Tests keep their output to themselves."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def doctor(*options: str, **environment: str) -> tuple[int, dict[str, str], str]:
    """The exit code, the checks by name, and all of the output."""
    told = CliRunner().invoke(cli, ["doctor", *options], env=environment)
    assert told.stderr == ""
    checks = {line[6:16].strip(): line[:6] + line[16:].strip() for line in told.stdout.splitlines()}
    return told.exit_code, checks, told.stdout


@pytest.fixture
def corpus(tmp_path: Path) -> str:
    return f"corpus:{write_corpus(tmp_path)}"


def test_all_is_well_and_the_key_is_sent_but_never_printed(corpus: str) -> None:
    with models_server(200, {"data": [{"id": "m"}, {"id": "n"}]}) as (base, sent):
        code, checks, output = doctor("--model", "m", "--base-url", base, "--search", corpus, OPENAI_API_KEY=KEY)
    assert code == 0
    assert checks["server"] == f"ok    {base} answers and has m"
    assert checks["key"] == "ok    OPENAI_API_KEY is set"
    assert checks["search"] == "ok    corpus with 2 pages"
    assert checks["price"].startswith("ok    free")
    assert "langgraph 1." in checks["versions"]
    assert sent == [f"/v1/models Bearer {KEY}"] * 2, "for its models, and for the context of this one"
    assert KEY not in output


def test_a_missing_model_says_how_to_get_one(corpus: str) -> None:
    code, checks, _ = doctor("--search", corpus)
    assert code == 1
    assert checks["model"].startswith("fix   no model is set: ")
    assert checks["search"].startswith("ok")


def test_a_server_without_a_named_model_says_which_it_has(corpus: str) -> None:
    with models_server(200, {"data": [{"id": "qwen3"}, {"id": "gemma"}]}) as (base, _):
        code, checks, _ = doctor("--search", corpus, SPADEWORK_BASE_URL=base)
    assert code == 1
    said = f"fix   no model is set; {base} has qwen3, gemma: spadework config set model qwen3"
    assert checks["model"] == said
    _, checks, _ = doctor("--search", corpus, SPADEWORK_BASE_URL=UNREACHABLE)
    assert checks["model"].startswith("fix   no model is set, and its server does not say which it has: ")


def test_the_configuration_in_force_is_named_and_the_end_says_what_to_do_next(corpus: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    with models_server(200, {"data": [{"id": "m"}]}) as (base, _):
        file.write_text(f'model = "m"\nbase_url = "{base}"\nsearch = "{corpus}"\n')
        code, checks, output = doctor(SPADEWORK_CONFIG=str(file))
    assert (code, checks["server"]) == (0, f"ok    {base} answers and has m")
    assert checks["config"].startswith(f"ok    {file}; ")
    assert output.endswith('\nready: spadework ask "..." --budget 5\n')
    _, checks, output = doctor("--search", corpus, SPADEWORK_CONFIG="none")
    assert checks["config"] == "note  no file is used, as SPADEWORK_CONFIG=none says"
    assert output.endswith("\nto fix: model\n")


def test_a_base_url_without_v1_is_met_with_that(corpus: str) -> None:
    with models_server(404, {}) as (base, _):
        _, checks, _ = doctor("--model", "m", "--base-url", base.removesuffix("/v1"), "--search", corpus)
    assert checks["server"].endswith("(status 404); most servers want SPADEWORK_BASE_URL to end in /v1")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {}, "fix   {base} refuses the key (status 401): check OPENAI_API_KEY"),
        (404, {}, "note  {base} answers, but gives no list of models (status 404)"),
        (200, {"data": [{"id": "other"}]}, f"{UNLISTED}: it has other"),
        (
            200,
            {"data": [{"id": "a"}, {"id": "mm"}]},
            "fix   {base} answers, but does not list the model m: did you mean mm?",
        ),
        (200, {"data": "odd"}, "ok    {base} answers"),
        (200, ["odd"], "ok    {base} answers"),
    ],
)
def test_what_the_server_answers_is_told(status: int, body: object, said: str, corpus: str) -> None:
    with models_server(status, body) as (base, _):
        code, checks, _ = doctor("--model", "m", "--base-url", base, "--search", corpus)
    assert checks["server"] == said.format(base=base)
    assert code == int(said.startswith("fix"))


def test_a_server_and_a_search_that_cannot_be_reached_are_told_with_what_to_do() -> None:
    code, checks, _ = doctor(
        "--model", "m", "--base-url", UNREACHABLE, "--search", "searxng", SEARXNG_URL="http://127.0.0.1:9"
    )
    assert code == 1
    assert checks["server"].startswith(f"fix   {UNREACHABLE} cannot be reached")
    assert "SPADEWORK_BASE_URL" in checks["server"]
    assert checks["search"].startswith("fix   searxng: SearXNG at http://127.0.0.1:9 cannot be reached")


def test_a_search_backend_that_answers_is_told() -> None:
    with alder_web() as base:
        _, checks, _ = doctor("--model", "m", "--base-url", UNREACHABLE, "--search", "searxng", SEARXNG_URL=base)
    assert checks["search"] == "ok    searxng answers, 2 results for a test query"


def test_proxy_certificates_hosts_and_broken_settings_are_told(corpus: str, tmp_path: Path) -> None:
    environment = {
        "SPADEWORK_PROXY": "http://me:hunter2@127.0.0.1:9",
        "SPADEWORK_CA": str(tmp_path / "none.pem"),
        "SPADEWORK_ALLOW_HOSTS": "localhost:8080",
    }
    code, checks, output = doctor("--model", "m", "--base-url", UNREACHABLE, "--search", corpus, **environment)
    assert code == 1
    assert checks["proxy"].startswith("note  http://127.0.0.1:9 (SPADEWORK_PROXY)")
    assert "hunter2" not in output
    assert checks["CA file"].endswith("none.pem: no such file (SPADEWORK_CA)")
    assert checks["hosts"].endswith("localhost:8080")
    code, checks, _ = doctor("--search", corpus, SPADEWORK_MODEL_TIMEOUT="soon")
    assert (code, checks["settings"][:6]) == (1, "fix   ")


def test_a_proxy_that_cannot_be_read_is_told_without_its_value(corpus: str) -> None:
    code, checks, output = doctor("--search", corpus, SPADEWORK_PROXY="me:hunter2", LANGSMITH_TRACING="true")
    assert (code, checks["proxy"]) == (1, "fix   SPADEWORK_PROXY cannot be read: write http://HOST:PORT")
    assert "hunter2" not in output
    assert checks["tracing"].startswith("note  LANGSMITH_TRACING is set")


def test_a_model_of_unknown_price_is_told_with_the_line_to_add(corpus: str) -> None:
    server = ("--model", "no-such", "--base-url", "http://models.example/v1")
    _, checks, _ = doctor(*server, "--search", corpus, SPADEWORK_PROXY="http://127.0.0.1:9")
    assert checks["price"].startswith("note  no price is known for model 'no-such'")
    assert "SPADEWORK_PRICES" in checks["price"]


def test_the_probe_finds_a_server_that_cuts_prompts(corpus: str) -> None:
    with FakeOpenAI(otherwise=text("no idea", usage={"prompt_tokens": 2_048, "completion_tokens": 3})) as server:
        code, checks, _ = doctor("--probe", "--model", "m", "--base-url", server.base_url, "--search", corpus)
    assert code == 1
    assert checks["context"].startswith("fix   the server cut the prompt: ")
    assert "OLLAMA_CONTEXT_LENGTH" in checks["context"]


NOTED = calls(("note", {"text": "the tools are ready"}))
WRITTEN = text('{"calls": [{"name": "note", "arguments": {"text": "the tools are ready"}}]}')


@pytest.mark.parametrize(
    ("answer", "habits", "said"),
    [
        (
            NOTED,
            Habits(),
            r"it began after \d.\d s, in \d+ pieces, .*; it makes tool calls; 1 request, \d+ tokens in and",
        ),
        (NOTED, Habits(streams="ignores"), r"it came as a whole after \d.\d s, not in pieces; it makes tool calls"),
        (NOTED, Habits(streams="refuses"), r"it came as a whole .*; 2 requests, 1 of them refused, \d+ tokens in"),
        (
            text("ok then"),
            Habits(tools="refuses"),
            r"; it takes no tool calls, so it is asked in text; 2 requests, 1 of",
        ),
        (WRITTEN, Habits(), r"; it writes tool calls into its text, which is understood; 1 request"),
        (text("I have noted that."), Habits(), r"; it did not make the tool call that it was asked for"),
        (NOTED, Habits(usage="never"), r"; 1 request, of tokens that the server did not count$"),
        (NOTED, Habits(read_s=0.4, piece_s=0.02), r"it began after 0\.[4-9] s, .* and was whole after [01]\.[5-9] s"),
    ],
)
def test_a_model_on_this_machine_is_asked_for_a_word(answer: Answer, habits: Habits, said: str, corpus: str) -> None:
    told = {"/v1/models": {"data": [{"id": (name := f"m{time.monotonic_ns()}")}]}}
    with SlowServer(answer, habits=habits, told=told) as server:
        code, checks, _ = doctor("--model", name, "--base-url", server.base_url, "--search", corpus)
    assert (code, checks["server"]) == (0, f"ok    {server.base_url} answers and has {name}")
    assert checks["reply"].startswith("ok    ")
    assert re.search(said, checks["reply"]), checks["reply"]
    assert max(len(json.dumps(body)) for body in server.bodies) < 600, "a tiny message"


def test_a_model_that_only_thinks_or_does_not_reply_is_told(corpus: str) -> None:
    with SlowServer(NOTED, habits=Habits(thoughts="Hm. " * 2_000)) as server:
        code, checks, _ = doctor("--model", "thinker", "--base-url", server.base_url, "--search", corpus)
    assert (code, checks["reply"][:40]) == (0, "note  there was nothing in it, maybe but")
    with FakeOpenAI(otherwise=error(404, "model 'wrong' not found, try pulling it first")) as server:
        code, checks, output = doctor("--model", "wrong", "--base-url", server.base_url, "--search", corpus, "--probe")
    assert code == 1
    assert checks["reply"].startswith("fix   there is none: wrong at 127.0.0.1 answered with status 404: model 'wrong'")
    assert "context" not in checks, "what cannot be asked is not asked again"
    assert output.endswith("\nto fix: reply\n")


def test_a_model_that_may_cost_something_is_asked_with_a_probe_only(
    corpus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenAICompatible, "local", False)
    with FakeOpenAI(otherwise=NOTED) as server:
        settings = ("--model", "gpt-5-mini", "--base-url", server.base_url, "--search", corpus)
        code, checks, _ = doctor(*settings)
        assert (code, server.bodies) == (0, [])
        assert checks["reply"].startswith(
            "note  not asked, as that may cost something: `spadework doctor --probe` sends"
        )
        code, checks, _ = doctor(*settings, "--probe")
    assert re.search(r"; it makes tool calls; 1 request, 11 tokens in and 7 out, \$0\.0000\d+$", checks["reply"])
