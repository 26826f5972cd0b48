"""The web of one question, recorded once and played for every run that asks it: searches and pages, no clock, no model.

A transport stands between the clients and the network, and nothing global is patched, so runs may go on side by side.
Every run gets the same reply to the same request, whatever its model: what is not recorded is fetched (`new`), or is an
error that says how to record it (`none`).
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import httpx

from ...tools.errors import CassetteError, ToolError
from ...tools.keys import environment_secrets
from .cassettes import Cassette, load_cassette, name_of, save_cassette
from .entries import body_bytes
from .leaks import find_secret, header_secrets
from .packing import MAX_BODY_BYTES, asked, event, packed_failure, packed_reply
from .replay import answered, missing, request_key

Mode = Literal["none", "new", "all"]
"""`none` plays only, `new` fetches what is not recorded, `all` fetches everything once more."""
MODES: tuple[Mode, ...] = ("none", "new", "all")
ADVICE = "the same command with --record new records it"


class WebCassette:
    """One file, NAME.json.gz, for all runs about one question. `facts` say what is searched with, and the question.

    Raises CassetteError: a file that is broken, or in mode `none` none at all.
    """

    def __init__(self, path: Path, facts: Mapping[str, Any], mode: Mode) -> None:
        self.path = path
        self.mode: Mode = mode
        self._facts = dict(facts)
        self.held = self._load() if mode == "none" or path.exists() else {}
        self.fresh: dict[str, dict[str, Any]] = {}
        self.secrets = environment_secrets()
        self._saved = 0

    def alone(self) -> "WebTransport":
        """Plays without any network."""
        return WebTransport(self, None)

    def around(self, inner: httpx.AsyncBaseTransport) -> "WebTransport":
        """Fetches through `inner` what is to be recorded."""
        return WebTransport(self, None if self.mode == "none" else inner)

    def find(self, key: str) -> dict[str, Any] | None:
        """What is played for a request. A failure that is recorded is tried again, unless there is nothing else."""
        if key in self.fresh or self.mode == "all":
            return self.fresh.get(key)
        found = self.held.get(key)
        return None if found and "error" in found and self.mode == "new" else found

    def keep(self, key: str, found: dict[str, Any]) -> dict[str, Any]:
        """Keep what was fetched; of two that were fetched at once the first, for both."""
        return self.fresh.setdefault(key, found)

    def save(self) -> None:
        """Add what was fetched to the file, where anything was. Raises CassetteError: a full disk, a secret in it."""
        if len(self.fresh) == self._saved:
            return
        found = {**(self._load() if self.path.exists() else {}), **self.fresh}
        events = [{**item, "order": order} for order, item in enumerate(found.values(), start=1)]
        stamp = {"created": datetime.now(UTC).date().isoformat(), "version": version("spadework")}
        replies, failures = ([item for item in events if part in item] for part in ("response", "error"))
        cassette = Cassette({**self._facts, **stamp}, replies, failures, [], path=str(self.path))
        if leak := find_secret(cassette, self.secrets):
            raise CassetteError(f"cassette {self.path} was not written: {leak}")
        save_cassette(cassette, self.path)
        self._saved = len(self.fresh)

    def _load(self) -> dict[str, dict[str, Any]]:
        return {_key(item["request"]): item for item in load_cassette(self.path).events()}


class WebTransport(httpx.AsyncBaseTransport):
    """Answers from the cassette, and fetches through `inner` what it does not hold. It closes `inner` with itself."""

    def __init__(self, web: WebCassette, inner: httpx.AsyncBaseTransport | None) -> None:
        self._web = web
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The reply, or the failure raised. CassetteError for what is not recorded where nothing may be fetched."""
        body = await request.aread()
        method, url = request.method, str(request.url)
        key = request_key(method, url, body)
        found = self._web.find(key)
        if found is None:
            if self._inner is None:
                raise CassetteError(missing(name_of(self._web.path), self._web.held, (method, url), ADVICE))
            found = self._web.keep(key, await self._fetched(self._inner, request, body))
        return await answered(found, request)

    async def aclose(self) -> None:
        if self._inner is not None:
            await self._inner.aclose()

    async def _fetched(self, inner: httpx.AsyncBaseTransport, request: httpx.Request, body: bytes) -> dict[str, Any]:
        self._web.secrets |= header_secrets(request.headers)
        sent, started = asked(request, body), time.monotonic()
        try:
            reply = await inner.handle_async_request(request)
            try:
                raw = await _raw(reply)
            finally:
                await reply.aclose()
        except (httpx.TransportError, ToolError) as error:
            return event(0, time.monotonic() - started, sent) | {"error": packed_failure(error, left=True)}
        status = {"code": reply.status_code, "message": reply.reason_phrase}
        return event(0, time.monotonic() - started, sent) | packed_reply(sent, status, reply.headers, raw)


async def _raw(reply: httpx.Response) -> bytes:
    """The body as it came, a little more of it at most than is kept."""
    assert isinstance(reply.stream, httpx.AsyncByteStream)
    raw = bytearray()
    async for chunk in reply.stream:
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            break
    return bytes(raw)


def _key(request: Mapping[str, Any]) -> str:
    return request_key(request["method"], request["uri"], body_bytes(request.get("body")))
