"""A server on loopback that counts what really reaches it: a chat model, a search engine and pages, all a little slow.

The model decides from its prompt alone, so it plays on sensibly after its client was killed and resumed.
"""

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

QUESTION = "Who built the Alder Bridge, and in which town was that person born?"
BUILT = "It was built by Mara Finch in 1871 from local stone."
HITS = 3
LEFT = re.compile(r"^searches: (\d+) of (\d+) left$", re.MULTILINE)
PAGE = re.compile(r"http://127\.0\.0\.1:\d+/page/\w+")
READ = re.compile(r"<<<page \w+: (http://\S+)|read (http://\S+)|pages read \(free to open again\): (.*)")


@dataclass
class Counting:
    """Every request as it arrived: (kind, what, when it arrived, when it was answered or None)."""

    port: int = 0
    slow: float = 0.03
    """A reply takes up to so many seconds."""
    log: list[list[Any]] = field(default_factory=list[list[Any]])
    arrived: threading.Condition = field(default_factory=threading.Condition)
    tokens: int = 0
    _random: random.Random = field(default_factory=lambda: random.Random(7))

    @property
    def counts(self) -> Counter[str]:
        return Counter(kind for kind, *_ in self.log)

    def times(self, kind: str) -> Counter[str]:
        """How often each query or page was asked for."""
        return Counter(what for known, what, *_ in self.log if known == kind)

    def unanswered(self) -> int:
        return sum(1 for *_, answered in self.log if answered is None)

    def wait_for(self, requests: int, timeout: float) -> None:
        """Until so many requests arrived in all."""
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.log) >= requests, timeout)

    def clear(self) -> None:
        self.log.clear()
        self.tokens = 0

    def note(self, kind: str, what: str) -> list[Any]:
        entry: list[Any] = [kind, what, time.monotonic(), None]
        with self.arrived:
            self.log.append(entry)
            self.arrived.notify_all()
        time.sleep(self._random.uniform(0.2, 1) * self.slow)
        return entry

    # -- what it says

    def results(self, query: str) -> dict[str, Any]:
        number = sum(map(ord, query)) % 89
        urls = [f"http://127.0.0.1:{self.port}/page/{number * HITS + place}" for place in range(HITS)]
        rows = [{"title": f"Page {url[-3:]}", "url": url, "content": f"About {query}"} for url in urls]
        return {"query": query, "results": rows}

    def page(self, path: str) -> str:
        words = f"Page {path} tells of bridges and of those who built them. " * 8
        return f"<html><title>{path}</title><body><p>{words}</p><p>{BUILT}</p><p>{words}</p></body></html>"

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        text = "\n".join(str(message.get("content") or "") for message in body["messages"])
        calls = self._turn(text) if body.get("tools") else []
        content = "" if calls else json.dumps({"checks": [], "decision": "CONTINUE", "reason": "go on", "answer": "x"})
        message: dict[str, Any] = {"role": "assistant", "content": content}
        if calls:
            message["tool_calls"] = [
                {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
                for n, (name, arguments) in enumerate(calls)
            ]
        usage = {"prompt_tokens": len(text) // 4, "completion_tokens": 60, "total_tokens": len(text) // 4 + 60}
        self.tokens += usage["total_tokens"]
        finish = "tool_calls" if calls else "stop"
        return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage}

    def _turn(self, text: str) -> list[tuple[str, dict[str, Any]]]:
        left, limit = map(int, (LEFT.findall(text) or [("0", "0")])[-1])
        read = {url for found in READ.findall(text) for part in found for url in part.split()}
        unread = [url for url in dict.fromkeys(PAGE.findall(text)) if url not in read]
        record: dict[str, Any] = {"constraints": []} if "not stated yet" in text else {}
        if read:
            quote = {"url": max(read), "quote": BUILT}
            told = {"candidate": "Mara Finch", "constraint": "c0", "verdict": "unverifiable", "quotes": [quote]}
            record["findings"] = [told]
        calls: list[tuple[str, dict[str, Any]]] = [("record", record)] if record else []
        if left <= 2:
            return [*calls, ("answer", {"answer": "Mara Finch"})]
        calls.append(("search", {"queries": [f"bridge number {limit - left + n}" for n in range(3)]}))
        if unread:
            calls.append(("browse", {"urls": unread[:3], "goal": "who built the bridge"}))
        return calls


@contextmanager
def counting(slow: float = 0.03) -> Generator[Counting]:
    """The server, on a thread of its own while the block runs."""
    count = Counting(slow=slow)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/search":
                query = parse_qs(parts.query)["q"][0]
                self._send(count.note("search", query), json.dumps(count.results(query)), "application/json")
            else:
                self._send(count.note("browse", parts.path), count.page(parts.path), "text/html")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(count.note("model", ""), json.dumps(count.reply(body)), "application/json")

        def _send(self, entry: list[Any], text: str, kind: str) -> None:
            data = text.encode()
            try:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
                self.wfile.flush()
                entry[3] = time.monotonic()
            except OSError:
                self.close_connection = True  # its client was killed

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Its client was killed."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    count.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield count
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
