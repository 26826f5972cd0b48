"""Recording of a run, on vcrpy: all that its httpx clients send and receive, and its clock readings.

vcrpy patches httpx for the whole process: one recording at a time, and any other httpx request that the process makes
meanwhile is recorded too. Failures, the order of sending and the time each request took are not in vcrpy's cassettes;
they are noted here, around its patch.
"""

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from ...tools.errors import CassetteError, ToolError
from ...tools.keys import environment_secrets
from .cassettes import Cassette, check_cassette, save_cassette
from .entries import HEADERS_LEAVE, redact_url
from .leaks import find_secret, header_secrets
from .packing import Sent, asked, event, packed_failure, packed_reply

_ONE_AT_A_TIME = threading.Lock()


@dataclass(slots=True)
class _OnItsWay:
    """A request on its way: its place in the order of sending, when it was made (seconds), whether it has left."""

    order: int
    started: float
    left: bool = False


_SENT: ContextVar[_OnItsWay | None] = ContextVar("spadework_sent", default=None)


class Recording:
    """What a run gets while it is recorded: `clock` to read the time from, in seconds since the start.

    After the recording has been written, `cassette` is what stands in the file.
    """

    def __init__(self, clock: Callable[[], float] | None) -> None:
        begin = time.monotonic()
        self.readings: list[float] = []
        self.failures: list[dict[str, Any]] = []
        self.secrets: dict[str, str] = environment_secrets()
        self.cassette: Cassette | None = None
        self._now = clock or (lambda: time.monotonic() - begin)
        self._orders = itertools.count(1)

    def clock(self) -> float:
        """The time now, rounded to microseconds; each reading is kept."""
        self.readings.append(round(self._now(), 6))
        return self.readings[-1]

    def begin(self, request: httpx.Request) -> _OnItsWay:
        """Note that a request has been made."""
        self.secrets |= header_secrets(request.headers)
        return _OnItsWay(next(self._orders), time.monotonic())

    def fail(self, sent: _OnItsWay, request: httpx.Request, body: bytes, error: BaseException) -> None:
        """Note that a request got no reply."""
        stored = event(sent.order, time.monotonic() - sent.started, asked(request, body))
        self.failures.append(stored | {"error": packed_failure(error, sent.left)})


@asynccontextmanager
async def recording(
    path: Path, meta: Mapping[str, Any], *, model_url: str, clock: Callable[[], float] | None = None
) -> AsyncGenerator[Recording, None]:
    """Record all that happens inside to the cassette `path` (NAME.json.gz or NAME.json); `meta` needs a question.

    It is written when the block ends well: an exception leaves an older file as it was. Raises CassetteError when
    another recording is under way, when meta or the name cannot be used, and when a secret would be written.
    """
    facts = {
        "created": datetime.now(UTC).date().isoformat(),
        "model_url": redact_url(model_url),
        "version": version("spadework"),
        **meta,
    }
    # Now, not after the run: it costs money.
    check_cassette(Cassette(facts, [], [], []), path)
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        raise CassetteError(f"cassette {path} was not recorded: another recording is under way in this process")
    try:
        run = Recording(clock)
        with _tape(path) as tape, _noting(run):
            yield run
        replies = sorted((_interaction(*pair) for pair in tape.data), key=lambda event: event["order"])
        failures = sorted(run.failures, key=lambda event: event["order"])
        cassette = Cassette(facts, replies, failures, run.readings, path=str(path))
        if leak := find_secret(cassette, run.secrets):
            raise CassetteError(f"cassette {path} was not written: {leak}")
        save_cassette(cassette, path)
        run.cassette = cassette
    finally:
        _ONE_AT_A_TIME.release()


@contextmanager
def _tape(path: Path) -> Generator[Any, None, None]:
    """A vcrpy cassette that records everything sent through `_noting` and keeps it in memory."""
    vcr = import_module("vcr")
    not_found: type[Exception] = import_module("vcr.persisters.filesystem").CassetteNotFoundError

    class Memory:
        # vcrpy stays patched in when its own saving fails; we save ourselves, once it is out of the way.
        @staticmethod
        def load_cassette(cassette_path: str, serializer: object) -> None:
            raise not_found(cassette_path)

        @staticmethod
        def save_cassette(cassette_path: str, cassette_dict: object, serializer: object) -> None:
            return None

    recorder = vcr.VCR(record_mode="all", before_record_request=_ours, before_record_response=_stamped)
    recorder.register_persister(Memory)
    with recorder.use_cassette(str(path)) as tape:
        yield tape


@contextmanager
def _noting(run: Recording) -> Generator[None, None, None]:
    """Put a wrapper around vcrpy's patch of httpx that notes order, time and failures of each request."""
    patched = httpx.AsyncHTTPTransport.handle_async_request

    async def noted(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        sent = run.begin(request)
        trace = request.extensions.get("trace")

        async def told(event: str, info: Mapping[str, Any]) -> None:
            sent.left = sent.left or (event.endswith(HEADERS_LEAVE) and info["request"].method != b"CONNECT")
            if trace is not None:
                await trace(event, info)

        request.extensions = {**request.extensions, "trace": told}
        token = _SENT.set(sent)
        try:
            return await patched(self, request)
        except (httpx.TransportError, ToolError, asyncio.CancelledError) as error:
            run.fail(sent, request, body, error)
            raise
        finally:
            _SENT.reset(token)

    httpx.AsyncHTTPTransport.handle_async_request = noted
    try:
        yield
    finally:
        httpx.AsyncHTTPTransport.handle_async_request = patched


def _ours(request: Any) -> Any:
    """vcrpy's hook: what other HTTP libraries send (a tracing client, say) is no part of the run."""
    return request if _SENT.get() else None


def _stamped(response: dict[str, Any]) -> dict[str, Any]:
    """vcrpy's hook, called in the context of the request whose reply has come."""
    sent = _SENT.get()
    assert sent is not None
    return response | {"order": sent.order, "seconds": time.monotonic() - sent.started}


def _interaction(request: Any, response: dict[str, Any]) -> dict[str, Any]:
    """What vcrpy holds of one exchange, as it is stored."""
    headers = [(name, value) for name, values in response["headers"].items() for value in values]
    sent = Sent(request.method, request.uri, bytes(request.body or b""), httpx.Headers(dict(request.headers)))
    stored = packed_reply(sent, response["status"], httpx.Headers(headers), response["body"]["string"])
    return event(response["order"], response["seconds"], sent) | stored
