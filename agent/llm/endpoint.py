"""One chat completions endpoint: posts a body, gives back parsed JSON, or raises ModelError.

Nothing is retried, redirects are not followed (they would carry the key elsewhere), a reply is read up to MAX_BYTES,
and one deadline holds over the whole call, or over each silence of a stream. What a server refuses is learnt, and said
by `Adapted`.
"""

import asyncio
import math
import time
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import aclosing, contextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from ...tools.clean import one_line
from ...tools.errors import ModelError
from .adaptations import Adaptations
from .connections import Connections
from .patience import Patience
from .replies import TEXT_SHOWN, error_text
from .wire import Adapted, dump_json, load_json

MAX_BYTES = 32_000_000
CONNECT_SECONDS = 15.0
SHORTEST_KEY = 6
END_S = 0.2
"""So long the end of a body is waited for behind the last event: only then its connection can be used again."""
REDIRECTED = "; redirects are not followed: correct SPADEWORK_BASE_URL"
HINTS = {
    **dict.fromkeys((301, 302, 303, 307, 308), REDIRECTED),
    401: "; check OPENAI_API_KEY",
    403: "; check OPENAI_API_KEY",
    404: "; check the model's name, and that SPADEWORK_BASE_URL ends as the server wants it (often in /v1)",
}
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.LocalProtocolError)


class Endpoint:
    """Where one model is asked. `who` names it in error texts, in which the key never shows."""

    def __init__(self, url: httpx.URL, *, key: str, who: str, connections: Connections, adapt: Adaptations) -> None:
        self.who = who
        self.adapt = adapt
        self._url = url
        self._key = key
        self.connections = connections
        self._headers = httpx.Headers(
            {"accept-encoding": "identity", "content-type": "application/json", "user-agent": "spadework"}
        )
        if key:
            self._headers["authorization"] = f"Bearer {key}"

    async def post(self, body: dict[str, Any], timeout: float) -> Any:
        """Send one request and give back the JSON of its reply. `timeout` is in seconds. Raises ModelError."""
        content = self._content(body, timeout)
        patience = Patience(timeout)
        with self._failures(patience):
            async with asyncio.timeout_at(patience.deadline):
                response = await self._send(content, timeout)
                data = await self._whole(response)
        return self._parsed(response, data, body)

    async def events(self, body: dict[str, Any], patience: Patience) -> AsyncGenerator[Any, None]:
        """Send one request and give back the JSON of each server-sent event, `{"done": true}` for the last one.

        A server that does not stream gives one event, its whole reply. Whoever takes the events tells `patience` of
        those with a piece of the reply in them. Raises ModelError.
        """
        content = self._content(body, patience.whole)
        with self._failures(patience):
            async with asyncio.timeout_at(patience.deadline):
                response = await self._send(content, patience.whole)
            if response.status_code != 200 or "event-stream" not in response.headers.get("content-type", ""):
                async with asyncio.timeout_at(patience.deadline):
                    data = await self._whole(response)
                yield self._parsed(response, data, body)
                return
            async with aclosing(self._parts(response, patience)) as parts, aclosing(_lines(parts)) as lines:
                async for line in lines:
                    name, _, data = line.partition(b":")
                    if name == b"data" and data.strip() == b"[DONE]":
                        yield {"done": True}
                        with suppress(TimeoutError, httpx.HTTPError):
                            async with asyncio.timeout(END_S):
                                _ = [line async for line in lines]
                        return
                    if name == b"data":
                        yield self._json(response, data)
                    elif name == b"error":  # as llama.cpp says it within a stream
                        yield {"error": self._json(response, data)}

    def _content(self, body: dict[str, Any], timeout: float) -> bytes:
        if timeout <= 0:
            raise ModelError(f"no time was left to ask {self.who}", kind="timeout", sent=False)
        try:
            return dump_json(self.adapt.fit(body))
        except (TypeError, ValueError, RecursionError) as error:
            text = f"the request to {self.who} cannot be written as JSON: {error}"
            raise ModelError(text, kind="rejected", sent=False) from error

    async def _send(self, content: bytes, timeout: float) -> httpx.Response:
        connect = min(CONNECT_SECONDS, timeout * 0.9)  # below the deadline, so that "never connected" can be told
        extensions = {"timeout": {"connect": connect, "read": None, "write": None, "pool": None}}
        request = httpx.Request("POST", self._url, headers=self._headers, content=content, extensions=extensions)
        transport = await self.connections.transport()
        return await transport.handle_async_request(request)

    async def _parts(self, response: httpx.Response, patience: Patience | None = None) -> AsyncGenerator[bytes, None]:
        """The body as it comes; the connection is given back at the end, whatever the end is."""
        stream = response.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError("the transport must be an asynchronous one")
        size = 0
        try:
            parts = aiter(stream)
            while True:
                async with asyncio.timeout_at(patience and patience.deadline):
                    part = await anext(parts, None)
                if part is None:
                    return
                if patience is not None:
                    patience.alive()
                size += len(part)
                if size > MAX_BYTES:
                    raise self._too_large()
                yield part
        finally:
            await stream.aclose()

    async def _whole(self, response: httpx.Response) -> bytes:
        data = b"".join([part async for part in self._parts(response)])
        encoding = response.headers.get("content-encoding", "identity")
        if encoding == "identity":
            return data
        if encoding not in ("gzip", "deflate"):
            raise ModelError(
                f"{self.who} answered in the encoding {one_line(encoding, 40)}", kind="bad_reply", sent=True
            )
        try:
            inflated = zlib.decompressobj(47).decompress(data, MAX_BYTES + 1)
        except zlib.error as error:
            raise ModelError(f"{self.who} answered with broken {encoding}", kind="bad_reply", sent=True) from error
        if len(inflated) > MAX_BYTES:
            raise self._too_large()
        return inflated

    def _too_large(self) -> ModelError:
        return ModelError(f"{self.who} answered with more than {MAX_BYTES:,} bytes", kind="bad_reply", sent=True)

    def _parsed(self, response: httpx.Response, data: bytes, body: dict[str, Any]) -> Any:
        if 200 <= response.status_code < 300:
            return self._json(response, data)
        raise self._refusal(response, data, body)

    def _json(self, response: httpx.Response, data: bytes) -> Any:
        try:
            return load_json(data)
        except ValueError as error:
            kind = one_line(response.headers.get("content-type", "no content type"), 60)
            text = f"{self.who} answered with something else than JSON ({kind}): {self._shown(data)}"
            raise ModelError(text, kind="bad_reply", sent=True, status=response.status_code) from error

    def _refusal(self, response: httpx.Response, data: bytes, body: dict[str, Any]) -> ModelError:
        status = response.status_code
        try:
            reply = load_json(data)
        except ValueError:
            reply = None
        text = f"{self.who} answered with status {status}: {self._shown(error_text(reply) or data)}"
        parameter = self.adapt.learn(status, reply, body)
        if parameter == "context":
            text = f"{text}; from now on prompts are kept within {self.adapt.context:,} tokens"
            return Adapted(text, parameter=parameter, status=status)
        if parameter:
            text = f"{text}; from now on {parameter} is not sent like this, so the call can be made again"
            return Adapted(text, parameter=parameter, status=status)
        text += HINTS.get(status, "")
        if 400 <= status < 500 and status != 429:
            return ModelError(text, kind="rejected", sent=True, status=status)
        wait = retry_after(response.headers)
        return ModelError(text, kind="status", sent=True, status=status, retry_after=wait)

    def _shown(self, text: str | bytes) -> str:
        """What a server said, on one line, without the key."""
        said = text if isinstance(text, str) else text[: 4 * TEXT_SHOWN].decode("utf-8", "replace")
        if len(self._key) >= SHORTEST_KEY:
            said = said.replace(self._key, "***")
        return one_line(said, TEXT_SHOWN) or "(nothing)"

    @contextmanager
    def _failures(self, patience: Patience) -> Generator[None, None, None]:
        """Whatever goes wrong on the way becomes a ModelError; cancelling and a recording's errors pass."""
        try:
            yield
        except _NEVER_SENT as error:
            text = f"{self.who} cannot be reached: {self._shown(str(error) or type(error).__name__)}; is it running?"
            raise ModelError(text, kind="unreachable", sent=False) from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise patience.fault(self.who) from error
        except (httpx.HTTPError, OSError, ValueError) as error:
            text = f"the connection to {self.who} broke: {self._shown(str(error) or type(error).__name__)}"
            raise ModelError(text, kind="unreachable", sent=True) from error


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait, from `retry-after-ms` or `retry-after` (seconds or a date)."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            seconds = float(value) * scale
        except ValueError:
            continue
        return max(seconds, 0.0) if math.isfinite(seconds) else None
    try:
        return max(parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


async def _lines(parts: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Lines of a body that comes in parts, each byte looked at once."""
    pending: list[bytes] = []
    async for part in parts:
        *lines, rest = part.split(b"\n")
        for line in lines:
            yield b"".join((*pending, line))
            pending.clear()
        if rest:
            pending.append(rest)
    if pending:
        yield b"".join(pending)
