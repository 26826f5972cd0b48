"""Replay of a cassette: an httpx transport that answers from it, and the clock of that run.

Nothing global is patched and no socket is opened, so runs may replay side by side. Chat turns are answered one after
the other, whatever was asked; where the question differs from the recorded one, `differences` says so. All other
requests are looked up by method, URL and body.
"""

import difflib
import hashlib
import re
import ssl
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpcore
import httpx
import orjson

from ...tools.clean import one_line
from ...tools.errors import CassetteError, ToolError
from .cassettes import Cassette
from .entries import HEADERS_LEAVE, TRANSPORT_FAILURES, body_bytes, chat_digest, is_chat, is_list, is_object, redact_url

_STEP_S = 0.001


class Difference(NamedTuple):
    """A model turn that was asked something else than in the recording."""

    turn: int
    """Counted from 1."""
    text: str


class ReplayTransport(httpx.AsyncBaseTransport):
    """Answers from one cassette. A request that it does not hold raises CassetteError, naming the nearest one."""

    def __init__(self, cassette: Cassette) -> None:
        self.differences: list[Difference] = []
        self._cassette = cassette
        self._turns: list[dict[str, Any]] = []
        self._by_key: dict[str, list[dict[str, Any]]] = {}
        self._unused: dict[int, dict[str, Any]] = {}
        for event in cassette.events():
            self._unused[id(event)] = event
            request: dict[str, Any] = event["request"]
            if is_chat(request["method"], request["uri"]):
                self._turns.append(event)
            else:
                key = request_key(request["method"], request["uri"], body_bytes(request.get("body")))
                self._by_key.setdefault(key, []).append(event)
        self._turn_count = len(self._turns)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The recorded reply, or the recorded failure raised again; CassetteError when there is neither."""
        body = await request.aread()
        url = str(request.url)
        event = self._next_turn(body) if is_chat(request.method, url) else self._find(request.method, url, body)
        self._unused.pop(id(event), None)
        return await answered(event, request)

    def unused(self) -> list[str]:
        """The recorded requests that nobody asked for, as method and URL, in order."""
        return [f"{event['request']['method']} {event['request']['uri']}" for event in self._unused.values()]

    def _next_turn(self, body: bytes) -> dict[str, Any]:
        if not self._turns:
            raise CassetteError(
                f"cassette {self._cassette.name} holds {self._turn_count} model turns and one more was asked for; "
                + self._advice()
            )
        turn = self._turn_count - len(self._turns) + 1
        digest = chat_digest(body)
        # Turns asked at the same time may come in another order: one that was asked to the letter goes first.
        same = (index for index, event in enumerate(self._turns) if _digest(event) == digest)
        index = next(same, None)
        event = self._turns.pop(index or 0)
        if index is None:
            recorded = body_bytes(event["request"].get("body"))
            self.differences.append(Difference(turn, explain(recorded, body)))
        return event

    def _find(self, method: str, url: str, body: bytes) -> dict[str, Any]:
        events = self._by_key.get(request_key(method, url, body))
        if events is None:
            raise CassetteError(missing(self._cassette.name, self._by_key, (method, url), self._advice()))
        return events.pop(0) if len(events) > 1 else events[0]

    def _advice(self) -> str:
        question = re.sub(r'(["$`\\])', r"\\\1", one_line(self._cassette.question))
        return f'to record it again: spadework record {self._cassette.name} "{question}"'


class ReplayClock:
    """The clock of a recorded run: each call gives the next recorded reading, in seconds.

    Once they have run out it goes on from the last one in steps of 0.001, and `exhausted` counts these.
    """

    def __init__(self, cassette: Cassette) -> None:
        self.exhausted = 0
        self._readings = iter(cassette.clock)
        self._last = 0.0

    def __call__(self) -> float:
        reading = next(self._readings, None)
        if reading is None:
            self.exhausted += 1
            reading = self._last + _STEP_S
        self._last = reading
        return reading


def request_key(method: str, url: str, body: bytes) -> str:
    """What a request is looked up by: method, URL (secrets redacted, query sorted, no fragment), digest of the body."""
    parts = urlsplit(redact_url(url))
    query = "&".join(sorted(parts.query.split("&")))
    digest = hashlib.sha256(body).hexdigest() if body else "-"
    return f"{method} {parts.scheme}://{parts.netloc}{parts.path or '/'}{'?' if query else ''}{query} {digest}"


def missing(name: str, keys: Iterable[str], wanted: tuple[str, str], advice: str) -> str:
    """What to say of a request, method and URL, that is not in a cassette: the nearest there is, and what to do."""
    method, url = wanted
    recorded = [key.rpartition(" ")[0] for key in keys]
    asked = f"{method} {redact_url(url)}"
    nearest = difflib.get_close_matches(asked, recorded, n=1, cutoff=0)
    told = f"the nearest it holds is {nearest[0]}" if nearest else "it holds no search and no page"
    if nearest and nearest[0] == request_key(method, url, b"").rpartition(" ")[0]:
        told = "it holds that URL with another body"
    return one_line(f"cassette {name} does not hold {asked}; {told}; {advice}")


async def answered(event: dict[str, Any], request: httpx.Request) -> httpx.Response:
    """The reply that was recorded, or the failure raised again."""
    if "error" in event:
        raise await _failure(event["error"], request)
    return _response(event["response"])


def explain(recorded: bytes, asked: bytes) -> str:
    """What differs between two chat requests, in a few lines: settings by name, then the first differing message."""
    try:
        old, new = orjson.loads(recorded), orjson.loads(asked)
    except orjson.JSONDecodeError:
        old = new = None
    if not (is_object(old) and is_object(new)):
        return "the request is not a JSON object"
    names = sorted(name for name in old.keys() | new.keys() if name != "messages" and old.get(name) != new.get(name))
    told = [
        f"{name}: {_short(new.get(name))}, recorded {_short(old.get(name))}" for name in names if "timeout" not in name
    ]
    return "\n".join([*told, *_first_message(old.get("messages"), new.get("messages"))])


def _first_message(old: object, new: object) -> list[str]:
    if not (is_list(old) and is_list(new)):
        return ["messages: not a list"] if old != new else []
    for index in range(max(len(old), len(new))):
        if index >= len(new):
            return [f"message {index}: missing, recorded {_short(old[index])}"]
        if index >= len(old):
            return [f"message {index}: {_short(new[index])}, recorded none"]
        if old[index] != new[index]:
            lines = difflib.unified_diff(_lines(old[index]), _lines(new[index]), n=0, lineterm="")
            changes = [one_line(line, 200) for line in lines if not line.startswith(("---", "+++", "@@"))]
            return [f"message {index}:", *changes[:12], *(["..."] if len(changes) > 12 else [])]
    return []


def _lines(message: object) -> list[str]:
    if not is_object(message):
        return [str(message)]
    content = message.get("content")
    rest = {key: value for key, value in message.items() if key != "content"}
    text = content if isinstance(content, str) else _dump(content)
    return [*(f"{key}: {_dump(rest[key])}" for key in sorted(rest)), *text.splitlines()]


def _short(value: object) -> str:
    return one_line(_dump(value), 160)


def _dump(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _digest(event: dict[str, Any]) -> str:
    return event.get("digest") or chat_digest(body_bytes(event["request"].get("body")))


def _response(recorded: dict[str, Any]) -> httpx.Response:
    message: str = recorded["status"].get("message") or ""
    return httpx.Response(
        recorded["status"]["code"],
        headers=[(name, value) for name, values in recorded["headers"].items() for value in values],
        # A stream, as from the network: with `content` httpx would close and decode it before the client reads.
        stream=httpx.ByteStream(body_bytes(recorded["body"])),
        extensions={"reason_phrase": message.encode("ascii", "ignore")} if message else {},
    )


async def _failure(error: dict[str, Any], request: httpx.Request) -> Exception:
    kind, text = error["kind"], error["text"]
    if kind == "ToolError":
        return ToolError(text, kind=error["failure"], sent=error["sent"], url=error.get("url", ""))
    if kind not in TRANSPORT_FAILURES:
        trace = request.extensions.get("trace")
        if error["sent"] and trace is not None:
            sent = httpcore.Request(request.method.encode(), str(request.url))
            await trace(f"http11.{HEADERS_LEAVE}", {"request": sent})
        # It was the caller's own deadline that ended this: asyncio.timeout raises the same.
        return TimeoutError(text)
    made: type[httpx.TransportError] = getattr(httpx, kind)
    failure = made(text, request=request)
    if error.get("certificate"):
        failure.__cause__ = httpcore.ConnectError(ssl.SSLCertVerificationError(text))
    return failure
