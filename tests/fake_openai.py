"""A fake OpenAI-compatible server on loopback, in a thread. It plays a list of answers, broken ones included.

    with FakeOpenAI(text("Paris"), error(429, "slow down", headers={"Retry-After": "2"})) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url)

An answer is an `Answer`, or a function that makes one of the request's body. When the list is used up, `otherwise`
answers. Requests that ask for a stream get text and tool calls as server-sent events.
"""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


@dataclass(frozen=True)
class Answer:
    """What goes out for one request. `reset_after` bytes of the body the connection is reset; `delay` is in seconds."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay: float = 0.0
    reset_after: int | None = None
    events: tuple[Any, ...] | None = None
    event_delay: float = 0.0

    def payload(self) -> bytes:
        """The body's bytes: bytes as they are, anything else as JSON."""
        if self.events is not None:
            return b"".join(self.event_bytes())
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()

    def event_bytes(self) -> list[bytes]:
        """Server-sent events; strings stand for themselves."""
        texts = [event if isinstance(event, str) else json.dumps(event) for event in self.events or ()]
        return [f"data: {text}\n\n".encode() for text in texts]


@dataclass(frozen=True)
class Received:
    """One request as it came in; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: Any


Script = Answer | Callable[[dict[str, Any]], Answer]


def message(content: Any = "ok", *, finish: Any = "stop", usage: Any = USAGE, **fields: Any) -> Answer:
    """A reply whose assistant message has this content and these other fields; usage None leaves usage out."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content, **fields}, "finish_reason": finish}
    body: dict[str, Any] = {"id": "r1", "object": "chat.completion", "model": "fake", "choices": [choice]}
    return Answer(body=body if usage is None else {**body, "usage": usage})


def text(content: str, **more: Any) -> Answer:
    """A plain text reply."""
    return message(content, **more)


def calls(*wanted: tuple[str, Any], **more: Any) -> Answer:
    """A reply that asks for tool calls, each a name and its arguments (a dict, or a string sent as it is)."""
    entries = [
        {
            "id": f"c{number}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for number, (name, given) in enumerate(wanted)
    ]
    return message(None, **{"finish": "tool_calls", "tool_calls": entries, **more})


def error(status: int, said: str, *, headers: Mapping[str, str] | None = None, **fields: Any) -> Answer:
    """An error in OpenAI's form; `fields` such as param and code stand beside the message."""
    return Answer(status, {"error": {"message": said, **fields}}, headers or {})


def unsupported(parameter: str) -> Answer:
    """The 400 with which OpenAI refuses a parameter."""
    said = f"Unsupported parameter: '{parameter}' is not supported with this model."
    return error(400, said, param=parameter, code="unsupported_parameter")


def raw(body: Any, **fields: Any) -> Answer:
    """Any JSON value, or any bytes, with status 200."""
    return Answer(body=body, **fields)


def slow(answer: Answer, seconds: float) -> Answer:
    """The same answer, but only after a while."""
    return replace(answer, delay=seconds)


def broken(answer: Answer, after: int = 20) -> Answer:
    """The same answer, but the connection is reset within its body."""
    return replace(answer, reset_after=after)


def stream(*events: Any, event_delay: float = 0.0) -> Answer:
    """Server-sent events as they are given; end with "[DONE]"."""
    return Answer(events=events, event_delay=event_delay)


def streamed(answer: Answer) -> Answer:
    """A whole reply cut into chunks: text by characters, arguments of tool calls in two, then the usage."""
    choice = answer.body["choices"][0]
    said = choice["message"]
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": character} for character in said.get("content") or ""]
    for index, call in enumerate(said.get("tool_calls") or ()):
        function, half = call["function"], len(call["function"]["arguments"]) // 2
        first, second = function["arguments"][:half], function["arguments"][half:]
        deltas.append({"tool_calls": [{**call, "index": index, "function": {**function, "arguments": first}}]})
        deltas.append({"tool_calls": [{"index": index, "function": {"arguments": second}}]})
    deltas += [{name: value} for name, value in said.items() if name not in ("role", "content", "tool_calls")]
    chunks: list[Any] = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]})
    if "usage" in answer.body:
        chunks.append({"choices": [], "usage": answer.body["usage"]})
    return replace(answer, events=(*chunks, "[DONE]"))


class FakeOpenAI:
    """The server. Use it as a context manager; `requests` holds what came in, in order."""

    def __init__(self, *answers: Script, otherwise: Script | None = None) -> None:
        self.requests: list[Received] = []
        self._answers = list(answers)
        self.otherwise = otherwise or text("ok")
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def base_url(self) -> str:
        """What to set SPADEWORK_BASE_URL to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def bodies(self) -> list[Any]:
        """The bodies of the requests, in order."""
        return [request.body for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection in list(self._open):
            connection.close()

    def take(self, received: Received) -> Answer:
        """Note a request and choose its answer."""
        with self._lock:
            self.requests.append(received)
            script = self._answers.pop(0) if self._answers else self.otherwise
        answer = script if isinstance(script, Answer) else script(received.body)
        wants_stream = answer.status == 200 and answer.events is None and received.body.get("stream")
        return streamed(answer) if wants_stream and "choices" in (answer.body or {}) else answer

    def opened(self, connection: socket.socket) -> None:
        """Note a connection, which is closed with the server."""
        self._open.add(connection)

    @property
    def connections(self) -> int:
        """How many connections were opened."""
        return len(self._open)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients of a fault test go away in the middle of things."""


def _handler(fake: FakeOpenAI) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            fake.opened(self.connection)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = fake.take(Received(self.path, headers, json.loads(body)))
            time.sleep(answer.delay)
            payload = answer.payload()
            kind = "application/json" if answer.events is None else "text/event-stream"
            sent = {"Content-Type": kind, "Content-Length": str(len(payload)), **answer.headers}
            head = f"HTTP/1.1 {answer.status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in sent.items())
            self.wfile.write(head.encode() + b"\r\n")
            if answer.reset_after is not None:
                self.wfile.write(payload[: answer.reset_after])
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return
            for part in answer.event_bytes() if answer.event_delay else [payload]:
                self.wfile.write(part)
                time.sleep(answer.event_delay)

        def log_message(self, format: str, *args: Any) -> None:
            """Tests keep their output to themselves."""

    return Handler
