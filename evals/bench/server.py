"""The model of the step benchmark: a small server on loopback that plays a script, and the tools' texts that fit it.

A question names its run and how many tool calls it gets, "run ab12 of 50 calls", so that the server needs no state but
a counter a run, and no look at the prompt but for those words. It answers at once, or after a fixed latency. Run it in
a process of its own: `python -m spadework.evals.bench.server 0.05` prints its port.
"""

import asyncio
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson

RESULT_CHARS = 4_000
HITS = 10
RECORD_EVERY = 3
"""Below the four actions without a finding after which the policy gives a lead up."""
CELLS = 3
_RUN = re.compile(rb"run (\w+) of (\d+) calls")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_FILLER = (
    "The keeper wrote each loan into the book, with the day, the shelf and the name of whoever took it away, and "
    "struck the line out when it came back. Where a book was lost, the line stayed and the price was put beside it. "
)


def question(run: str, calls: int) -> str:
    """A question that is not simple, so that ours plans it with a call of its own."""
    return f"Which hall holds the last entry that the archive's register names, after run {run} of {calls} calls?"


def address(call: int, rank: int = 0) -> str:
    return f"https://archive.example/register/{call}/{rank}"


def fact(call: int) -> str:
    """The sentence of a page that findings quote."""
    return f"Entry {call} of the register lies in Hall {call}."


def hits(query: str) -> list[dict[str, str]]:
    """Ten results, about 4 KB in all."""
    call = int(query.rpartition(" ")[2])
    snippet = (_FILLER * 3)[: RESULT_CHARS // HITS - 90]
    return [
        {"title": f"Register of the archive, sheet {rank}", "url": address(call, rank), "snippet": f"{rank} {snippet}"}
        for rank in range(HITS)
    ]


def page(url: str) -> dict[str, str]:
    """A page of 4 KB that states its fact in the middle."""
    call = int(url.split("/")[-2])
    half = (_FILLER * 20)[: RESULT_CHARS // 2 - 50]
    return {"title": f"Sheet {call}", "text": f"# Sheet {call}\n\n{half}\n\n{fact(call)}\n\n{half}"}


def reply(body: bytes, turn: int, calls: int) -> dict[str, Any]:
    """The scripted reply to turn number `turn`: tool call after tool call, and then the answer."""
    ours = b'"name":"record"' in body
    last_read = turn // 2 * 2 - 2  # the search of which the last page read was a result
    if turn >= calls:
        answer = f"Hall {last_read}"
        if not ours:
            return _message(body, content=f"The answer is {answer}.")
        proven = [_finding(answer, f"c{number}", last_read) for number in range(CELLS + 1)]
        return _message(body, _call(turn, "record", {"findings": proven}), _call(turn, "answer", {"answer": answer}))
    if turn % 2:
        wanted = _call(turn, "browse", {"urls": [address(turn - 1)], "goal": "the hall of the entry"})
    else:
        wanted = _call(turn, "search", {"queries": [f"archive register hall of entry number {turn}"]})
    if not ours or turn < 2 or turn % RECORD_EVERY:
        return _message(body, wanted)
    number = turn // RECORD_EVERY
    found = _finding(f"Hall {1_000 + number // CELLS}", f"c{1 + number % CELLS}", last_read)
    return _message(body, _call(turn, "record", {"findings": [found]}), wanted)


def plan(body: bytes) -> dict[str, Any]:
    """The reply to our planner: as many constraints as the findings fill."""
    constraints = [{"text": f"the register says it, part {number}", "kind": "verification"} for number in range(CELLS)]
    steps = [{"text": "find the register"}, {"text": "read its last sheet"}]
    return _message(body, content=orjson.dumps({"constraints": constraints, "steps": steps}).decode())


def _finding(candidate: str, constraint: str, call: int) -> dict[str, Any]:
    quotes = [{"url": address(call), "quote": fact(call)}]
    return {"candidate": candidate, "constraint": constraint, "verdict": "satisfied", "quotes": quotes}


def _call(turn: int, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    text = orjson.dumps(arguments).decode()
    return {"id": f"call_{turn}_{name}", "type": "function", "function": {"name": name, "arguments": text}}


def _message(body: bytes, *calls: dict[str, Any], content: str | None = None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if calls:
        message["tool_calls"] = list(calls)
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
    counted = {"prompt_tokens": len(body) // 4, "completion_tokens": 40, "total_tokens": len(body) // 4 + 40}
    return {
        "id": "bench",
        "object": "chat.completion",
        "created": 0,
        "model": "bench",
        "choices": [choice],
        "usage": counted,
    }


@dataclass
class FakeModel:
    """What one server knows: how many turns each run has had. `latency` is in seconds."""

    latency: float = 0.0
    turns: Counter[bytes] = field(default_factory=Counter[bytes])

    def answer(self, body: bytes) -> bytes:
        """The JSON of the reply to one request."""
        found = _RUN.search(body)
        if found is None:
            return orjson.dumps({"error": {"message": "the prompt names no run"}})
        if b'"response_format"' in body:
            return orjson.dumps(plan(body))
        turn = self.turns[found[1]]
        self.turns[found[1]] += 1
        return orjson.dumps(reply(body, turn, int(found[2])))

    async def start(self) -> asyncio.Server:
        """Listen on a free port of 127.0.0.1."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=512)


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive and content-length, which is all that the contenders' clients use."""

    def __init__(self, model: FakeModel) -> None:
        self._model = model
        self._received = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, end) if end >= 0 else None
        if length is None or len(self._received) < end + 4 + int(length[1]):
            return
        body = self._model.answer(bytes(self._received[end + 4 :]))
        self._received.clear()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        if self._model.latency:
            asyncio.get_running_loop().call_later(self._model.latency, self._write, head.encode() + body)
        else:
            self._write(head.encode() + body)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


async def _serve(latency: float) -> None:
    server = await FakeModel(latency).start()
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0))
