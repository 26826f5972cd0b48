"""One fetch: from the URL asked for, over redirects, to the body. `http.py` sets its deadline and retries it."""

import math
import re
import ssl
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpcore
import httpx

from ..clean import neutralise, one_line
from ..errors import ToolError, ToolFailure
from .body import decode, inflate

if TYPE_CHECKING:
    from .manners import Manners

MAX_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING_STATUS = frozenset({429, 502, 503, 504})
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
_OPENSSL = re.compile(r"\[SSL: (?P<reason>\w+)\] (?:certificate verify failed: )?(?P<text>.*?)(?: \(_ssl\.c:\d+\))?")
_HEADERS_FOR_ANYONE = frozenset({"accept", "accept-encoding", "accept-language", "user-agent"})


@dataclass(frozen=True, slots=True)
class Response:
    """A reply with a 2xx status, or 304 to a request with a condition. `url` is the one that gave it, after redirects.

    `headers` have lower-case names. `attempts` counts the requests that were sent: retries and redirects too.
    """

    url: str
    status: int
    headers: dict[str, str]
    body: bytes
    attempts: int

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; "" when the server named none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text, decoded at each call. Never raises: what cannot be decoded becomes U+FFFD."""
        return decode(self.body, self.headers.get("content-type", ""))


@dataclass(slots=True)
class Fetch:
    """Where one call of `SafeClient` stands, and how many requests have left for it.

    `deadline` is on the clock of the event loop. `cut` takes the first `max_bytes` of a longer body. `passing` says
    that the last failure may be gone at the next try, `wait` what the server then asked to wait.
    """

    transport: httpx.AsyncBaseTransport
    asked: str
    url: httpx.URL
    headers: dict[str, str]
    timeout: float
    follow: bool
    max_bytes: int
    content: bytes | None = None
    """Posted, where there is any."""
    deadline: float = math.inf
    manners: "Manners | None" = None
    cut: bool = False
    requests: int = 0
    redirects: int = 0
    passing: bool = False
    wait: float | None = None

    async def run(self) -> Response:
        """Go on from the current URL to the reply; called again, it starts at the hop that failed.

        Raises ToolError.
        """
        self.passing, self.wait = False, None
        try:
            while True:
                async with self._turn():
                    reply = await self._send()
                    try:
                        if not self._moved(reply):
                            return await self._read(reply)
                    finally:
                        await reply.aclose()
        except ToolError as exc:
            raise self.error(str(exc), exc.kind, exc.status) from exc.__cause__
        except httpx.HTTPError as exc:
            raise self._failure(exc) from exc

    @property
    def shown(self) -> str:
        """The current URL for an error text, without its query: that is where search APIs take their keys."""
        return one_line(str(self.url.copy_with(query=None, fragment=None)), 200)

    def error(self, text: str, kind: ToolFailure, status: int | None = None) -> ToolError:
        """An error that knows what was asked for and what was sent for it."""
        return ToolError(text, kind=kind, sent=self.requests > 0, url=self.asked, status=status, attempts=self.requests)

    def _turn(self) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self.manners is None else self.manners.turn(self)

    async def _send(self) -> httpx.Response:
        limits = httpx.Timeout(self.timeout, connect=self.timeout / 3).as_dict()
        extensions = {"timeout": limits, "trace": self._trace}
        method = "GET" if self.content is None else "POST"
        request = httpx.Request(method, self.url, headers=self.headers, content=self.content, extensions=extensions)
        before = self.requests
        try:
            reply = await self.transport.handle_async_request(request)
        except httpx.LocalProtocolError:
            self.requests = before
            raise
        except _UNSENT:
            raise
        except httpx.TransportError as exc:
            self.requests = max(self.requests, before + 1)
            # Servers close idle connections just as a request comes. What may not be made twice is posted.
            self.passing = self.content is None and _never_came(exc)
            raise
        # A transport that replays reports no events, but what it replays was sent.
        self.requests = max(self.requests, before + 1)
        return reply

    async def _trace(self, event: str, info: Mapping[str, object]) -> None:
        request = info.get("request")
        if event.endswith("send_request_headers.started") and isinstance(request, httpcore.Request):
            # A CONNECT asks the proxy for a tunnel; nothing has reached the site yet.
            self.requests += request.method != b"CONNECT"

    def _moved(self, reply: httpx.Response) -> bool:
        location = reply.headers.get("location")
        if reply.status_code not in _REDIRECTS or not location or not self.follow:
            return False
        if self.redirects == MAX_REDIRECTS:
            raise self.error(f"{self.shown} redirects again after {MAX_REDIRECTS} redirects", "redirects")
        self.redirects += 1
        target = parse(location, base=self.url)
        if _origin(target) != _origin(self.url):
            self.headers = {name: value for name, value in self.headers.items() if name in _HEADERS_FOR_ANYONE}
        self.url = target
        return True

    async def _read(self, reply: httpx.Response) -> Response:
        unchanged = reply.status_code == 304 and not _CONDITIONS.isdisjoint(self.headers)
        if not reply.is_success and not unchanged:
            raise self._bad_status(reply)
        # A 304 tells the length that the page has, and comes without it.
        declared = "" if unchanged or self.cut else reply.headers.get("content-length", "")
        if declared.isdecimal() and len(declared) < 20 and int(declared) > self.max_bytes:
            raise self._too_large()
        body = bytearray()
        # The stream itself, not aiter_raw: a replayed reply may have been read before.
        assert isinstance(reply.stream, httpx.AsyncByteStream)
        async for chunk in reply.stream:
            body += chunk
            if len(body) > self.max_bytes:
                if not self.cut:
                    raise self._too_large()
                del body[self.max_bytes :]
                break
        try:
            plain = inflate(bytes(body), reply.headers.get("content-encoding", ""), self.max_bytes)
        except ToolError as exc:
            raise self.error(f"{self.shown} {exc}", exc.kind) from exc
        return Response(str(self.url), reply.status_code, dict(reply.headers.items()), plain, self.requests)

    def _too_large(self) -> ToolError:
        text = f"{self.shown} is larger than {self.max_bytes:,} bytes; read another page"
        return self.error(text, "too_large")

    def _bad_status(self, reply: httpx.Response) -> ToolError:
        status = reply.status_code
        text = f"{self.shown} answered {status} {httpx.codes.get_reason_phrase(status)}".rstrip()
        self.passing = status in _PASSING_STATUS
        if self.passing:
            self.wait = retry_after(reply.headers.get("retry-after", ""))
            if self.wait and self.manners is not None:
                self.manners.hold_back(self.url, self.wait)
        if self.wait is not None:
            text += f" and asks to wait {self.wait:.0f} s"
        if status in _REDIRECTS:
            text += " (a redirect that is not followed)"
        return self.error(text, "status", status)

    def _failure(self, exc: httpx.HTTPError) -> ToolError:
        where, why = self.shown, one_line(str(exc), 200) or "the connection was lost"
        if isinstance(exc, httpx.ConnectTimeout | httpx.PoolTimeout):
            self.passing = True
            return self.error(f"no connection to {where} in time", "timeout")
        if isinstance(exc, httpx.TimeoutException):
            return self.error(f"no complete reply from {where} in time", "timeout")
        if isinstance(exc, httpx.ConnectError):
            if fault := _tls_fault(exc, where, why):
                return self.error(fault, "unreachable")
            self.passing = True
            return self.error(f"no connection to {where} ({why})", "unreachable")
        return self.error(f"the exchange with {where} broke off ({why})", "unreachable")


def parse(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """The URL, checked: http or https, a host, a port, no user name or password.

    Raises ToolError (kind "blocked", sent False, attempts 0), which repeats no password.
    """
    try:
        target = base.join(url) if base else httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as exc:
        raise _refused("that is not a URL", url) from exc
    if target.userinfo:
        raise _refused("a URL with a user name or password is not opened; leave it out", url)
    if target.scheme not in ("http", "https"):
        raise _refused("only http:// and https:// URLs are opened", url)
    if not target.host or not 0 < (80 if target.port is None else target.port) < 65536:
        raise _refused("the URL has no usable host and port", url)
    return target


def retry_after(value: str, now: float | None = None) -> float | None:
    """Seconds to wait by a Retry-After header, given as seconds or as a date; None when it cannot be read."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:10])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now))
    except (ValueError, OverflowError):
        return None


def _refused(text: str, url: str) -> ToolError:
    safe = "" if "@" in url else url
    if safe:
        text = f"{text}: {neutralise(one_line(safe, 200))}"
    return ToolError(text, kind="blocked", sent=False, url=safe, attempts=0)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _tls_fault(exc: httpx.ConnectError, where: str, why: str) -> str:
    """What is wrong with the other side's TLS; empty where that is not it, or where it broke off and may pass."""
    # httpcore wraps the error of the ssl module as the argument of its own. A replay has the text only.
    args = exc.__cause__.args if exc.__cause__ else ()
    told = _OPENSSL.fullmatch(why)
    if any(isinstance(arg, ssl.SSLCertVerificationError) for arg in args):
        return f"the certificate of {where} does not hold ({told['text'] if told else why})"
    if told and told["reason"] != "UNEXPECTED_EOF_WHILE_READING":
        return f"no TLS could be agreed on with {where} ({told['text']})"
    return ""


def _never_came(exc: httpx.TransportError) -> bool:
    # By the text, as what httpcore raises for a reply that is no HTTP has the same type; a replay has no more.
    return isinstance(exc, httpx.NetworkError) or str(exc).startswith("Server disconnected")
