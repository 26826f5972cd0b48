"""`eval run --cassettes`: the web of each question recorded once, and played to every strategy, model and run."""

import gzip
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from alder import ANSWER, PAGES, QUESTION, replies
from click.testing import CliRunner, Result
from fake_openai import FakeOpenAI
from spadework.agent.terminal.cli import cli
from spadework.evals.recording.cassettes import load_cassette
from spadework.evals.recording.web import Mode, WebCassette
from spadework.evals.runs.webs import cassette_path
from spadework.tools.errors import CassetteError, ToolError
from spadework.tools.web.http import SafeClient

FACTS = {"question": "Why?"}


class Site:
    """The pages and a search on loopback, that counts what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.down = False
        self.base = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                path = self.path.partition("?")[0]
                rows = [
                    {"url": site.base + page, "title": title, "content": text} for page, (title, text) in PAGES.items()
                ]
                found = json.dumps({"results": rows}) if path == "/search" else f"<p>{PAGES.get(path, ('', ''))[1]}</p>"
                data = gzip.compress(found.encode()) if path == "/bridge" else found.encode()
                self.send_response(503 if site.down else 200 if path == "/search" or path in PAGES else 404)
                self.send_header("Content-Type", "application/json" if path == "/search" else "text/html")
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Set-Cookie", "sid=secret-cookie-1")
                if path == "/bridge":
                    self.send_header("Content-Encoding", "gzip")
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                """Tests keep their output to themselves."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def serving() -> Generator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        thread.join()
        site.server.server_close()


@pytest.fixture
def site() -> Generator[Site]:
    with serving() as found:
        yield found


def evaluate(folder: Path, site: Site, *more: str, out: str, strategies: int = 1) -> Result:
    """`eval run` of the one question, with a model that answers it as often as it is asked."""
    suite = folder / "suite.jsonl"
    suite.write_text(json.dumps({"id": "alder/1", "question": QUESTION, "answer": ANSWER}))
    with FakeOpenAI(*(replies(site.base) * strategies)) as model:
        command = ["eval", "run", str(suite), "--model", "fake", "--base-url", model.base_url, "--budget", "4"]
        command += ["--cassettes", str(folder / "tapes"), "--out", str(folder / out), "--jobs", "1"]
        command += ["--allow-host", site.base.removeprefix("http://"), *more]
        return CliRunner().invoke(cli, command, env={"SEARXNG_URL": site.base, "OPENAI_API_KEY": "sk-0123456789abcdef"})


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]


def test_what_is_recorded_once_is_played_to_all_runs_and_nothing_is_fetched_again(tmp_path: Path, site: Site) -> None:
    record = ("--search", "searxng", "--record", "new", "--strategy", "bats-early,bats")
    assert evaluate(tmp_path, site, *record, out="first", strategies=2).exit_code == 0
    assert sorted(path for path in site.asked if path != "/robots.txt") == [
        "/bridge",
        "/finch",
        "/search?q=alder+bridge+engineer&format=json",
    ]
    site.asked.clear()
    site.down = True
    told = evaluate(tmp_path, site, out="second")
    assert (told.exit_code, told.stderr, site.asked) == (0, "", [])
    first, second = lines_of(tmp_path / "first")[0], lines_of(tmp_path / "second")[0]
    assert (first["answer"], first["status"], first["correct"]) == (ANSWER, "verified", True)
    assert all(first[name] == second[name] for name in ("answer", "status", "correct", "decisions"))
    spent = ("searches", "browses", "model_calls", "tokens_in", "tokens_out")
    assert [first["spend"][name] for name in spent] == [second["spend"][name] for name in spent]


def test_the_file_is_compressed_scrubbed_and_the_same_for_whoever_asks(tmp_path: Path, site: Site) -> None:
    assert evaluate(tmp_path, site, "--search", "searxng", "--record", "new", out="out").exit_code == 0
    (file,) = (tmp_path / "tapes").iterdir()
    assert file == cassette_path(str(tmp_path / "tapes"), "alder/1")
    text = gzip.decompress(file.read_bytes()).decode()
    assert "secret-cookie" not in text
    assert "built by Mara Finch" in text
    cassette = load_cassette(file)
    assert (cassette.question, cassette.meta["search"], cassette.clock) == (QUESTION, "searxng", [])
    assert not [event for event in cassette.interactions if "completions" in event["request"]["uri"]]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "1 of 1 cases have no recording in"),
        (["--search", "searxng"], "--search: the --cassettes say it"),
        (["--record", "some"], "'some' is not one of"),
    ],
)
def test_what_was_not_recorded_is_refused_before_a_model_is_asked(
    given: list[str], told: str, tmp_path: Path, site: Site
) -> None:
    result = evaluate(tmp_path, site, *given, out="out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_a_request_that_was_never_recorded_fails_its_run_and_says_what_would_record_it(
    tmp_path: Path, site: Site
) -> None:
    assert evaluate(tmp_path, site, "--search", "searxng", "--record", "new", out="first").exit_code == 0
    tape = cassette_path(str(tmp_path / "tapes"), "alder/1")
    web = WebCassette(tape, FACTS, "new")
    kept = {key: found for key, found in web.held.items() if "/finch" not in key}
    tape.unlink()
    fresh = WebCassette(tape, {**FACTS, **load_facts(site)}, "all")
    for key, found in kept.items():
        fresh.keep(key, found)
    fresh.save()
    told = evaluate(tmp_path, site, out="second")
    assert told.exit_code == 1
    (line,) = lines_of(tmp_path / "second")
    assert (line["stop_reason"], line["correct"]) == ("error", None)
    assert f"does not hold GET {site.base}/finch" in line["fault"]
    assert "the same command with --record new records it" in line["fault"]


def load_facts(site: Site) -> dict[str, Any]:
    return {"search": "searxng", "search_settings": {"searxng": site.base}}


def client_of(web: WebCassette, site: Site) -> SafeClient:
    inner = httpx.AsyncHTTPTransport()
    return SafeClient(allow_hosts=[site.base.removeprefix("http://")], transport=web.around(inner))


@pytest.mark.parametrize(("mode", "again"), [("none", 0), ("new", 0), ("all", 1)])
async def test_the_modes_fetch_nothing_what_lacks_or_everything_once_more(
    mode: Mode, again: int, tmp_path: Path, site: Site
) -> None:
    path = tmp_path / "why.json.gz"
    web = WebCassette(path, FACTS, "new")
    client = client_of(web, site)
    assert "Mara Finch" in (await client.get(f"{site.base}/bridge")).text
    web.save()
    site.asked.clear()
    web = WebCassette(path, FACTS, mode)
    client = client_of(web, site)
    for _ in range(3):
        assert "Mara Finch" in (await client.get(f"{site.base}/bridge")).text
    assert len(site.asked) == again
    if mode == "none":
        with pytest.raises(CassetteError, match=rf"does not hold GET {site.base}/finch; the nearest it holds is"):
            await client.get(f"{site.base}/finch")
    else:
        await client.get(f"{site.base}/finch")
    web.save()
    assert len(load_cassette(path).interactions) == (1 if mode == "none" else 2)
    await client.aclose()


async def test_a_failure_is_played_again_where_nothing_is_fetched_and_tried_again_where_it_is(
    tmp_path: Path, site: Site
) -> None:
    path, gone = tmp_path / "why.json.gz", "http://127.0.0.1:9/gone"
    web = WebCassette(path, FACTS, "new")
    client = client_of(web, site)
    for _ in range(2):
        with pytest.raises(ToolError):
            await client.get(gone)
    web.save()
    assert [event["error"]["kind"] for event in load_cassette(path).failures] == ["ConnectError"]
    with pytest.raises(ToolError, match="no connection"):
        await client_of(WebCassette(path, FACTS, "none"), site).get(gone)
    assert WebCassette(path, FACTS, "new").find(next(iter(web.fresh))) is None


async def test_a_secret_in_what_came_is_never_written(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWN_API_KEY", "Mara Finch in 1871")
    web = WebCassette(tmp_path / "why.json.gz", FACTS, "new")
    await client_of(web, site).get(f"{site.base}/bridge")
    with pytest.raises(CassetteError, match=r"was not written: the value of \$OWN_API_KEY stands in interactions"):
        web.save()
    assert list(tmp_path.iterdir()) == []


def test_ids_that_are_no_file_names_get_one_each(tmp_path: Path) -> None:
    ids = ["5a8b57f2", "a/b", "a.b", "../up", "x" * 300, "", "ä", "ö", "A", "a b"]
    paths = {cassette_path(str(tmp_path), case) for case in ids}
    assert len(paths) == len(ids)
    assert {path.parent for path in paths} == {tmp_path}
