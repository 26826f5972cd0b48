"""A small local model's server on loopback: it reads slowly, writes in pieces, falls silent, refuses, or ignores tools.

    with SlowServer(text("Paris"), habits=Habits(read_s=0.2, piece_s=0.01, thoughts="Hm.")) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url)

The script is a list of answers (those of `fake_openai`), or functions that make one of the request's body; the last one
answers all further requests. What the server really counts is CHARS_PER_TOKEN bytes a token, which is generous.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

from fake_openai import Answer, error, text

CHARS_PER_TOKEN = 3.5
Script = Answer | Callable[[dict[str, Any]], Answer]


@dataclass(frozen=True)
class Habits:
    """What this server is like. Times are in seconds; keep the delays short, tests wait for them."""

    read_s: float = 0.0
    """Before the first piece: the model is loaded, the prompt is read."""
    piece_s: float = 0.0
    piece_chars: int = 4
    hang_after: int | None = None
    """Pieces after which it falls silent for `hang_s`."""
    hang_s: float = 30.0
    ping_s: float | None = None
    """So often it says that it is there, while it reads and while it hangs."""
    cut_after: int | None = None
    """Pieces after which the stream ends without a word."""
    wire_bytes: int | None = None
    """The bytes go out in parts of this size, wherever that cuts them."""
    streams: Literal["yes", "refuses", "ignores"] = "yes"
    usage: Literal["asked", "refuses", "never"] = "asked"
    """Whether it counts tokens in a stream that asks for it."""
    tools: Literal["yes", "refuses", "ignores"] = "yes"
    context: int | None = None
    """Tokens that prompt and reply may have together; more is refused."""
    thoughts: str = ""
    thinks_in: Literal["reasoning_content", "reasoning", "content", "unopened"] = "reasoning_content"
    """Where its thoughts stand: in a field, or in the text between marks of which the first may be missing."""


class SlowServer:
    """The server. Use it as a context manager.

    `bodies` holds the requests, `refused` why some were refused, `asked` the paths of the others; `told` has answers to
    those by path, such as "/props".
    """

    def __init__(self, *script: Script, habits: Habits | None = None, told: dict[str, Any] | None = None) -> None:
        self.script = script or (text("ok"),)
        self.habits = habits or Habits()
        self.told = told or {}
        self.bodies: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.refused: list[str] = []
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def base_url(self) -> str:
        """What to set SPADEWORK_BASE_URL to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, body: dict[str, Any]) -> Answer:
        """Note a request; refuse it, or make the answer as this server's model does."""
        with self._lock:
            self.bodies.append(body)
            refusal = self._refusal(body)
            if refusal is not None:
                self.refused.append(refusal.body["error"]["message"])
                return refusal
            number = len(self.bodies) - len(self.refused) - 1
            script = self.script[min(number, len(self.script) - 1)]
        seen = {**body, "tools": None} if self.habits.tools == "ignores" else body
        answer = script if isinstance(script, Answer) else script(seen)
        return self._counted(answer, seen) if answer.status == 200 and "choices" in answer.body else answer

    def _refusal(self, body: dict[str, Any]) -> Answer | None:
        habits = self.habits
        if body.get("stream") and habits.streams == "refuses":
            return error(400, "Streaming is not supported by this server")
        if body.get("stream_options") and habits.usage == "refuses":
            return error(400, "Unrecognized request argument supplied: stream_options")
        if body.get("tools") and habits.tools == "refuses":
            return error(400, "this model does not support tools")
        tokens, reply = tokens_of(body), body.get("max_tokens") or 0
        if habits.context is not None and tokens + reply > habits.context:
            said = (
                f"This model's maximum context length is {habits.context} tokens. However, you requested "
                f"{tokens + reply} tokens ({tokens} in the messages, {reply} in the completion)."
            )
            return error(400, said, code="context_length_exceeded")
        return None

    def _counted(self, answer: Answer, body: dict[str, Any]) -> Answer:
        """The answer as it is after this server's model has thought, with what it really counts."""
        choice = answer.body["choices"][0]
        said = dict(choice["message"])
        if self.habits.thoughts:
            if self.habits.thinks_in in ("content", "unopened"):
                opening = "<think>" if self.habits.thinks_in == "content" else ""
                said["content"] = f"{opening}{self.habits.thoughts}</think>{said.get('content') or ''}"
            else:
                said = {self.habits.thinks_in: self.habits.thoughts, **said}
        tokens, most = tokens_of(body), body.get("max_tokens") or 10**9
        out = max(1, round(len(json.dumps(said, ensure_ascii=False).encode()) / CHARS_PER_TOKEN))
        if len(self.habits.thoughts) / CHARS_PER_TOKEN > most:  # it is still thinking when its room is used up
            field = "content" if self.habits.thinks_in in ("content", "unopened") else self.habits.thinks_in
            thought = str(said[field])[: int(most * CHARS_PER_TOKEN)]
            said, out = {"role": "assistant", "content": "", field: thought}, most
            choice = {**choice, "finish_reason": "length"}
        usage = {"prompt_tokens": tokens, "completion_tokens": out, "total_tokens": tokens + out}
        return Answer(body={**answer.body, "choices": [{**choice, "message": said}], "usage": usage})


def tokens_of(body: dict[str, Any]) -> int:
    """What the server counts for a prompt."""
    prompt = [*body.get("messages", ()), *(body.get("tools") or ())]
    size = sum(len(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode()) for part in prompt)
    return int(size / CHARS_PER_TOKEN) + 1


def deltas(message: dict[str, Any], chars: int) -> Iterator[dict[str, Any]]:
    """A message in pieces: thoughts, then words, then each call's name and its arguments bit by bit."""
    for name, value in message.items():
        if name not in ("role", "tool_calls") and isinstance(value, str):
            yield from ({name: value[at : at + chars]} for at in range(0, len(value), chars))
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        yield {"tool_calls": [{**call, "index": index, "function": {**function, "arguments": ""}}]}
        for at in range(0, len(function["arguments"]), chars):
            yield {"tool_calls": [{"index": index, "function": {"arguments": function["arguments"][at : at + chars]}}]}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, slow: SlowServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.slow = slow

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients go away while this server is still writing."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def _slow(self) -> SlowServer:
        assert isinstance(self.server, _Server)
        return self.server.slow

    def do_GET(self) -> None:
        self._slow.asked.append(self.path)
        self._whole(
            Answer(200, self._slow.told[self.path]) if self.path in self._slow.told else Answer(404, {"error": "no"})
        )

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        if not self.path.endswith("/chat/completions"):
            self.do_GET()
            return
        answer = self._slow.take(body)
        if answer.status != 200 or not body.get("stream") or self._slow.habits.streams == "ignores":
            self._wait(self._slow.habits.read_s if answer.status == 200 else 0)
            self._whole(answer)
            return
        self._stream(answer, with_usage=bool(body.get("stream_options")) and self._slow.habits.usage == "asked")

    def _whole(self, answer: Answer) -> None:
        payload = answer.payload()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def _stream(self, answer: Answer, *, with_usage: bool) -> None:
        habits, choice = self._slow.habits, answer.body["choices"][0]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._event({"role": "assistant", "content": ""})
        self._quiet(habits.read_s)
        for number, delta in enumerate(deltas(choice["message"], habits.piece_chars)):
            if number == habits.hang_after:
                self._quiet(habits.hang_s)
            if number == habits.cut_after:
                self.wfile.write(b"0\r\n\r\n")
                return
            self._event(delta)
            self._wait(habits.piece_s)
        self._event({}, choice["finish_reason"])
        if with_usage:
            self._data(json.dumps({"choices": [], "usage": answer.body["usage"]}))
        self._data("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _quiet(self, seconds: float) -> None:
        """Nothing but signs of life for so long."""
        end = time.monotonic() + seconds
        while (
            self._slow.habits.ping_s
            and time.monotonic() + self._slow.habits.ping_s < end
            and not self._slow.stopping.is_set()
        ):
            self._wait(self._slow.habits.ping_s)
            self._send(b": ping\n\n")
        self._wait(max(0.0, end - time.monotonic()))

    def _wait(self, seconds: float) -> None:
        if seconds:
            self._slow.stopping.wait(seconds)

    def _event(self, delta: dict[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self._data(json.dumps({"object": "chat.completion.chunk", "choices": [choice]}, ensure_ascii=False))

    def _data(self, line: str) -> None:
        self._send(f"data: {line}\n\n".encode())

    def _send(self, data: bytes) -> None:
        size = self._slow.habits.wire_bytes or len(data)
        for at in range(0, len(data), size):
            part = data[at : at + size]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))

    def log_message(self, format: str, *args: Any) -> None:
        """Tests keep their output to themselves."""
