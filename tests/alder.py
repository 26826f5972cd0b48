"""One small question with everything it needs: pages, a search endpoint on loopback, and what a model says to it."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from fake_openai import Answer, FakeOpenAI, calls, text

QUESTION = "Which engineer built the Alder Bridge, and was she born in Wick?"
ANSWER = "Mara Finch"
BRIDGE = "The Alder Bridge crosses the Thurle. It was built by Mara Finch in 1871 and widened in 1902."
FINCH = "Mara Finch, engineer, was born in Wick on 3 May 1840. She built four bridges and a lighthouse."
USAGE = {"prompt_tokens": 1_500, "completion_tokens": 60}
PAGES = {"/bridge": ("Alder Bridge", BRIDGE), "/finch": ("Mara Finch", FINCH)}


def replies(base: str) -> list[Answer]:
    """What a good model says, turn by turn; `base` is the address of the pages."""
    bridge, finch = f"{base}/bridge", f"{base}/finch"
    stated = [
        {"text": "built the Alder Bridge", "kind": "exploration"},
        {"text": "born in Wick", "kind": "verification"},
    ]
    quoted = [{"url": bridge, "quote": "It was built by Mara Finch in 1871"}]
    born = [{"url": finch, "quote": "Mara Finch, engineer, was born in Wick on 3 May 1840."}]
    found = [
        {"candidate": ANSWER, "constraint": "c0", "verdict": "satisfied", "quotes": quoted},
        {"candidate": ANSWER, "constraint": "c1", "verdict": "satisfied", "quotes": quoted},
        {"candidate": ANSWER, "constraint": "c2", "verdict": "satisfied", "quotes": born},
    ]
    plan = [{"step": "find who built the bridge", "state": "todo"}]
    said = [
        [("record", {"constraints": stated, "plan": plan}), ("search", {"queries": ["alder bridge engineer"]})],
        [("browse", {"urls": [bridge, finch], "goal": "who built the bridge, and where was she born"})],
        [("record", {"findings": found}), ("answer", {"answer": ANSWER})],
    ]
    return [*(calls(*turn, usage=USAGE) for turn in said), text('{"doubts": []}', usage=USAGE)]


def write_corpus(folder: Path, base: str = "https://alder.example") -> Path:
    """The pages as a corpus file."""
    file = folder / "pages.jsonl"
    rows = [{"title": title, "text": text, "url": base + path} for path, (title, text) in PAGES.items()]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


@contextmanager
def alder_web() -> Generator[str]:
    """The pages and a search endpoint as SearXNG has it, served from a thread; gives their address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def options(model: FakeOpenAI, base: str) -> list[str]:
    """The options of a run on the served pages, within a budget so small that no planner is asked."""
    search = ["--search", "searxng", "--allow-host", base.removeprefix("http://")]
    return ["--model", "fake", "--base-url", model.base_url, "--budget", "4", *search]


@contextmanager
def alder_model(base: str) -> Generator[FakeOpenAI]:
    """A model that answers the question."""
    with FakeOpenAI(*replies(base)) as server:
        yield server


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        base = f"http://{self.headers['host']}"
        path = urlsplit(self.path).path
        kind, body = "text/html", ""
        if path == "/search":
            kind = "application/json"
            rows = [{"url": base + page, "title": title, "content": text} for page, (title, text) in PAGES.items()]
            body = json.dumps({"results": rows, "unresponsive_engines": []})
        elif path in PAGES:
            title, text = PAGES[path]
            body = f"<html><head><title>{title}</title></head><body><main><p>{text}</p></main></body></html>"
        data = body.encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Tests keep their output to themselves."""
