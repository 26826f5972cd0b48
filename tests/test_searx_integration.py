"""The SearXNG backend against a real searx server (Debian package searx), whose one engine asks an endpoint here."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.error import URLError
from urllib.parse import parse_qs, urlsplit
from urllib.request import ProxyHandler, build_opener

import pytest
from spadework.tools.backends.choice import make_search
from spadework.tools.errors import ToolError
from spadework.tools.search import Hit
from spadework.tools.web.http import SafeClient

PYTHON = Path("/usr/bin/python3")
SEARX = Path("/usr/bin/searx-run")
BASE = Path("/usr/share/doc/searx/examples/settings.yml")
# The package ships no default settings, only a complete example: ours are laid over that.
MERGE = """
import json, sys, yaml
settings = yaml.safe_load(open(sys.argv[1]))
for section, values in json.load(sys.stdin).items():
    settings[section] = {**settings[section], **values} if isinstance(values, dict) else values
json.dump(settings, sys.stdout)
"""
START_S = 60

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not (PYTHON.exists() and SEARX.exists() and BASE.exists()),
        reason="a real searx server is needed: apt-get install searx",
    ),
]


class Endpoint(ThreadingHTTPServer):
    """The search engine behind searx: knows dice, and fails when asked for trouble."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.queries: list[str] = []


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Endpoint)
        query = parse_qs(urlsplit(self.path).query)["q"][0]
        self.server.queries.append(query)
        rows = [
            {
                "url": "https://a.example/dice?utm_source=x",
                "title": "Demon Dice",
                "content": "A dice game of 1995 & later.",
            },
            {"url": "https://b.example/", "title": "Dragon Dice", "content": "By the same designer."},
        ]
        body = json.dumps({"results": rows if "dice" in query else []}).encode()
        self.send_response(500 if "trouble" in query else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def searx(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a searx server that was started for these tests."""
    folder = tmp_path_factory.mktemp("searx")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    settings = folder / "settings.yml"
    settings.write_text(settings_text(f"http://127.0.0.1:{endpoint.server_address[1]}/?q={{query}}", port))
    with running(settings, folder / "searx.log") as process:
        wait_for(f"http://127.0.0.1:{port}/about", process, folder / "searx.log")
        yield f"http://127.0.0.1:{port}"


def settings_text(engine_url: str, port: int) -> str:
    engine = {
        "name": "here",
        "engine": "json_engine",
        "shortcut": "he",
        "categories": "general",
        "enable_http": True,
        "timeout": 5.0,
        "search_url": engine_url,
        "results_query": "results",
        "url_query": "url",
        "title_query": "title",
        "content_query": "content",
    }
    ours = {
        "general": {"debug": False},
        "server": {"port": port, "bind_address": "127.0.0.1", "secret_key": "for-tests-only", "limiter": False},
        # A test that makes the engine fail must not have it banned for the next one.
        "search": {"formats": ["html", "json"], "ban_time_on_fail": 0, "max_ban_time_on_fail": 0},
        "engines": [engine],
    }
    done = subprocess.run(
        [PYTHON, "-c", MERGE, BASE], input=json.dumps(ours), capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


@contextmanager
def running(settings: Path, log: Path) -> Generator[subprocess.Popen[bytes], None, None]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(settings.parent), "SEARX_SETTINGS_PATH": str(settings)}
    with log.open("wb") as output:
        process = subprocess.Popen([PYTHON, SEARX], env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = build_opener(ProxyHandler({}))
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with opener.open(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"searx did not start:\n{log.read_text(errors='replace')[-2000:]}")


async def search(query: str, *, limit: int = 10) -> list[Hit]:
    shared = SafeClient()
    backend = make_search("searxng", shared)
    try:
        return await backend.search(query, limit=limit, timeout=20)
    finally:
        await backend.aclose()
        await shared.aclose()


@pytest.fixture(autouse=True)
def use_searx(searx: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARXNG_URL", searx)


async def test_a_real_server_finds_what_its_engine_knows(endpoint: Endpoint) -> None:
    hits = await search("demon dice & more")
    assert endpoint.queries[-1] == "demon dice & more"
    assert [(h.title, h.rank, h.backend) for h in hits] == [("Demon Dice", 1, "searxng"), ("Dragon Dice", 2, "searxng")]
    assert hits[0].url.startswith("https://a.example/dice")
    assert hits[0].snippet == "A dice game of 1995 & later."
    assert len(await search("dice", limit=1)) == 1


async def test_a_real_server_passes_a_site_on_and_other_sites_are_dropped(endpoint: Endpoint) -> None:
    hits = await search("dice site:b.example")
    assert endpoint.queries[-1] == "dice site:b.example"
    assert [(hit.title, hit.rank) for hit in hits] == [("Dragon Dice", 1)]


async def test_a_real_server_that_finds_nothing_gives_an_empty_list() -> None:
    assert await search("zeppelin") == []


async def test_a_real_server_whose_engine_failed_says_which() -> None:
    with pytest.raises(ToolError, match=r"found nothing because engines failed: here \(.+\)$") as caught:
        await search("trouble")
    assert caught.value.sent
