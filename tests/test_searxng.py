"""SearXNG as a search backend, against a loopback server that answers as one does."""

import json
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from spadework.tools.backends.choice import make_search
from spadework.tools.errors import ToolError
from spadework.tools.search import Hit
from spadework.tools.web.http import SafeClient

RESULTS = [
    {
        "title": "Demon Dice",
        "url": "https://a.example/dice",
        "content": "A collectible\n dice game.",
        "publishedDate": "1995-06-01T00:00:00",
        "engine": "x",
    },
    {"title": "No address", "content": "..."},
    {"title": "Second", "url": "https://b.example/", "content": None, "publishedDate": None},
]


class Server(ThreadingHTTPServer):
    """Answers every request with `status`, `kind` and `body`; keeps the paths it was asked for."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.kind, self.body, self.location = 200, "application/json", b"{}", ""
        self.asked: list[str] = []
        self.silent = False
        self.release = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, body: object, *, status: int = 200, kind: str = "application/json") -> None:
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status, self.kind = status, kind


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.asked.append(self.path)
        if server.silent:
            server.release.wait(10)
            return
        self.send_response(server.status)
        self.send_header("Content-Type", server.kind)
        self.send_header("Content-Length", str(len(server.body)))
        if server.location:
            self.send_header("Location", server.location)
        self.end_headers()
        self.wfile.write(server.body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    with Server() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("SEARXNG_URL", server.url)
        yield server
        server.release.set()
        server.shutdown()
        thread.join()


async def search(query: str = "demon dice", *, limit: int = 10, timeout: float = 5.0) -> list[Hit]:
    """As a run does it: the shared client allows no loopback host at all."""
    shared = SafeClient()
    backend = make_search("searxng", shared)
    try:
        return await backend.search(query, limit=limit, timeout=timeout)
    finally:
        await backend.aclose()
        await shared.aclose()


async def failure(*, timeout: float = 5.0) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await search(timeout=timeout)
    assert "\n" not in str(caught.value)
    return caught.value


async def test_results_become_hits(server: Server) -> None:
    server.answer({"query": "demon dice", "results": RESULTS, "unresponsive_engines": []})
    first, second = await search("demon dice & more")
    assert first == Hit("Demon Dice", "https://a.example/dice", "A collectible dice game.", "searxng", 1, "1995-06-01")
    assert (second.title, second.snippet, second.rank, second.date) == ("Second", "", 2, None)
    asked = urlsplit(server.asked[0])
    assert asked.path == "/search"
    assert parse_qs(asked.query) == {"q": ["demon dice & more"], "format": ["json"]}
    assert len(await search(limit=1)) == 1


async def test_a_server_below_a_path_is_asked_there(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARXNG_URL", f"{server.url}/searx/")
    server.answer({"results": RESULTS})
    assert len(await search()) == 2
    assert server.asked[0].startswith("/searx/search?")


async def test_its_server_stays_out_of_reach_for_the_shared_client(server: Server) -> None:
    shared = SafeClient()
    with pytest.raises(ToolError) as caught:
        await shared.get(f"{server.url}/config")
    await shared.aclose()
    assert caught.value.kind == "blocked"
    assert server.asked == []


async def test_nothing_found_is_an_empty_list(server: Server) -> None:
    server.answer({"results": [], "unresponsive_engines": []})
    assert await search() == []


async def test_nothing_found_because_engines_failed_is_an_error_that_names_them(server: Server) -> None:
    server.answer({"results": [], "unresponsive_engines": [["google", "timeout"], ["bing", "CAPTCHA"]]})
    error = await failure()
    assert "engines failed: google (timeout), bing (CAPTCHA)" in str(error)
    assert (error.kind, error.sent) == ("bad_reply", True)
    server.answer({"results": RESULTS, "unresponsive_engines": [["google", "timeout"]]})
    assert len(await search()) == 2


async def test_json_that_is_not_enabled_says_how_to_enable_it(server: Server) -> None:
    server.answer(b"<h1>Forbidden</h1>", status=403, kind="text/html")
    error = await failure()
    assert server.url in str(error)
    assert "settings.yml: search: formats: [html, json]" in str(error)
    assert error.status == 403
    server.answer(b"<!doctype html><h1>Results</h1>", kind="text/html; charset=utf-8")
    error = await failure()
    assert "answered text/html instead of a JSON object" in str(error)
    assert "formats: [html, json]" in str(error)
    assert error.sent


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"results": [', b"[" * 100_000, b"\xff\xfe"])
async def test_a_reply_that_is_no_json_object_is_a_bad_reply(server: Server, body: bytes) -> None:
    server.answer(body)
    assert (await failure()).kind == "bad_reply"


@pytest.mark.parametrize(
    "reply", [b'{"results": {"a": 1}}', b'{"results": [1, null, {}]}', b'{"unresponsive_engines": 3}', b"{}"]
)
async def test_parts_of_an_unexpected_form_are_passed_over(server: Server, reply: bytes) -> None:
    server.answer(reply)
    assert await search() == []


async def test_the_servers_own_error_is_shown(server: Server) -> None:
    server.answer({"error": "search error"})
    assert "refused the search: search error" in str(await failure())


async def test_a_redirect_is_not_followed(server: Server) -> None:
    server.answer(b"", status=302)
    server.location = f"{server.url}/elsewhere"
    error = await failure()
    assert "set SEARXNG_URL to the final address" in str(error)
    assert all(path.startswith("/search?") for path in server.asked)


async def test_too_many_requests_say_what_to_do(server: Server) -> None:
    server.answer(b"", status=429)
    assert "limiter: false" in str(await failure(timeout=3))


async def test_a_silent_server_is_a_timeout(server: Server) -> None:
    server.silent = True
    error = await failure(timeout=0.2)
    assert f"SearXNG at {server.url} did not answer within 0.2 s" in str(error)
    assert (error.kind, error.sent) == ("timeout", True)


async def test_a_server_that_is_not_there_is_named_and_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as gone:
        port = gone.server_address[1]
    monkeypatch.setenv("SEARXNG_URL", f"http://127.0.0.1:{port}")
    error = await failure(timeout=10)
    assert f"SearXNG at http://127.0.0.1:{port} cannot be reached; start the server or set SEARXNG_URL" in str(error)
    assert (error.kind, error.sent) == ("unreachable", False)


async def test_a_site_is_passed_on_and_held_to(server: Server) -> None:
    server.answer({"results": RESULTS})
    hits = await search("dice site:b.example after:2020")
    assert [(hit.title, hit.rank) for hit in hits] == [("Second", 1)]
    assert parse_qs(urlsplit(server.asked[0]).query)["q"] == ["dice site:b.example"]
