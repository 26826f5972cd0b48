"""The bundled web on loopback: its pages at their paths, and a search endpoint in the forms that searchers speak.

`/search?q=...&format=json` answers as SearXNG does, so SEARXNG_URL can point here; without `format` it is a page of
results. `/api?q=...` is the plain form, {"results": [{"url", "title", "content"}]}, as searx's json_engine reads it.
"""

import json
import socket
import sys
import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from ...tools.errors import ConfigError
from .making import BASE, SEED, World, WorldPage, make_world, move_world
from .rank import Ranking

HOST = "127.0.0.1"
SHOWN = 10
"""Results on each page of a search."""
_LONGEST_QUERY = 2000  # characters
_MISSING = (
    "<!DOCTYPE html><html lang='en'><head><title>Not found</title></head><body><main><h1>Not found</h1>"
    "<p>There is no such page here. The <a href='/'>front page</a> lists all there are.</p></main></body></html>"
)

_Reply = tuple[int, str, str]


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: tuple[str, int]
    ) -> None:
        # A client that hangs up is its own affair; anything else is a fault of ours and shown.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class WorldServer:
    """Serves a world from a thread of its own, inside `with`. Port 0 takes a free port; `world` then has its address.

    Raises ConfigError when the port cannot be had.
    """

    def __init__(self, world: World, port: int = 0) -> None:
        handler = _handler(self)
        try:
            self._http = _Listener((HOST, port), handler)
        except (OSError, OverflowError) as error:
            raise ConfigError(f"cannot serve the world on port {port}: {error}; choose another port") from error
        self.port = int(self._http.server_address[1])
        self.url = f"http://{HOST}:{self.port}"
        self.world = world if world.base == self.url else move_world(world, self.url)
        self._pages: dict[str, WorldPage] = {page.path: page for page in self.world.pages}
        self._ranking = Ranking((page.path, page.title, page.text) for page in self.world.pages)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> "WorldServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self.close()

    def run(self) -> None:
        """Serve in this thread until it is interrupted."""
        try:
            self._http.serve_forever()
        finally:
            self.close()

    def close(self) -> None:
        """Give the port and the index back."""
        self._http.server_close()
        self._ranking.close()

    def answer(self, target: str) -> _Reply:
        """Status, content type and body for a request target."""
        parts = urlsplit(target)
        asked = parse_qs(parts.query)
        query = asked.get("q", [""])[0][:_LONGEST_QUERY]
        if parts.path == "/api":
            return 200, "application/json", json.dumps({"results": self._results(query, 1)})
        if parts.path == "/search" and asked.get("format", [""])[0] == "json":
            number = asked.get("pageno", ["1"])[0]
            return self._searxng(query, int(number) if number.isascii() and number.isdigit() else 1)
        if parts.path == "/search":
            return 200, "text/html", _result_page(query, self._results(query, 1))
        if parts.path == "/robots.txt":
            return 200, "text/plain", "User-agent: *\nAllow: /\n"
        page = self._pages.get(parts.path if parts.path == "/" else parts.path.rstrip("/"))
        return (200, "text/html", page.html) if page else (404, "text/html", _MISSING)

    def _results(self, query: str, number: int) -> list[dict[str, str]]:
        first = SHOWN * (max(1, min(number, 100)) - 1)
        found = self._ranking.search(query, first + SHOWN)[first:]
        return [{"url": self.url + item.path, "title": item.title, "content": item.snippet} for item in found]

    def _searxng(self, query: str, number: int) -> _Reply:
        if not query.strip():
            return 400, "application/json", json.dumps({"error": "No query"})
        rows: list[dict[str, object]] = []
        for row in self._results(query, number):
            day = self._pages[row["url"].removeprefix(self.url)].date
            rows.append({**row, "engine": "world", "category": "general", "publishedDate": f"{day}T00:00:00"})
        lists: dict[str, list[str]] = {
            name: [] for name in ("answers", "corrections", "infoboxes", "suggestions", "unresponsive_engines")
        }
        body = {"query": query, "number_of_results": len(rows), "results": rows, **lists}
        return 200, "application/json", json.dumps(body)


def _handler(server: WorldServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_GET(self) -> None:
            self._send(with_body=True)

        def do_HEAD(self) -> None:
            self._send(with_body=False)

        def _send(self, *, with_body: bool) -> None:
            status, kind, text = server.answer(self.path)
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: who runs it sees the requests in their own client."""

    return Handler


def _result_page(query: str, results: list[dict[str, str]]) -> str:
    rows = "".join(
        f'<li><a href="{escape(row["url"])}">{escape(row["title"])}</a><p>{escape(row["content"])}</p></li>'
        for row in results
    )
    title = f"Search: {escape(query)}"
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{title}</title></head>"
        f"<body><main><h1>{title}</h1><ol>{rows or '<li>Nothing found.</li>'}</ol></main></body></html>"
    )


def serve(world: World, port: int) -> None:
    """Serve a world until it is interrupted. Raises ConfigError when the port cannot be had."""
    WorldServer(world, port).run()


def serve_world(seed: int = SEED, pages: int = 300, port: int = 8931) -> None:
    """Make a world and serve it until it is interrupted. Raises ConfigError for a size or port that cannot be had."""
    serve(make_world(seed, pages, BASE.rpartition(":")[0] + f":{port}" if port else BASE), port)
