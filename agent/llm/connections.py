"""Connections to models' servers: one httpx transport for each event loop, closed when its loop shuts down.

Transports are used without a client: nothing then follows redirects, keeps cookies or reads proxies from the
environment, and building one costs little. A loop's connections must not be used from another loop.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address

import httpx

from ...tools.errors import ConfigError
from ...tools.web.certificates import trust

IDLE_SECONDS = {"http": 4.0, "https": 30.0}
"""How long an idle connection is kept: shorter than the 5 s after which common local servers close it."""


NEAR_NAMES = (".local", ".lan", ".internal", ".home.arpa", ".localdomain")
"""How names end that only a private network knows; one without any dot is of that kind, too."""


def read_base_url(text: str) -> httpx.URL:
    """The URL that the paths of an API are joined to. Raises ConfigError."""
    try:
        url = httpx.URL(text.strip().rstrip("/"))
    except (httpx.InvalidURL, ValueError) as error:
        raise ConfigError(f"the base URL {text!r} cannot be read: {error}") from error
    if url.scheme not in IDLE_SECONDS or not url.host:
        raise ConfigError(f"the base URL must be like https://api.openai.com/v1, not {text!r}")
    if url.userinfo:
        raise ConfigError("the base URL must not hold a name or a password: a key goes into OPENAI_API_KEY")
    return url


def is_loopback(url: httpx.URL) -> bool:
    """Whether a URL names this machine, by name or by address, without asking any name server."""
    if url.host == "localhost" or url.host.endswith(".localhost"):
        return True
    try:
        address = ip_address(url.host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def is_near(url: httpx.URL) -> bool:
    """Whether a URL names this machine or one of a private network, as far as its name or address tells."""
    try:
        return not ip_address(url.host).is_global
    except ValueError:
        return is_loopback(url) or "." not in url.host or url.host.endswith(NEAR_NAMES)


@dataclass(frozen=True, slots=True)
class Route:
    """How a server is reached. `ca` is a file of certificates to trust instead of the usual ones.

    A `transport` that is given (a recording, say) is used as it is, in every loop, and never closed.
    """

    proxy: str | None = None
    ca: str | None = None
    transport: httpx.AsyncBaseTransport | None = None


class Connections:
    """The way to one server. All that go the same way share a loop's connections."""

    def __init__(self, scheme: str, route: Route) -> None:
        if scheme == "https" and route.ca is not None:
            trust(route.ca)
        if route.proxy is not None and not route.proxy.startswith(("http://", "https://")):
            # The value is not shown: a proxy's URL often holds a password.
            raise ConfigError("the proxy cannot be used: write http://HOST:PORT or https://HOST:PORT")
        self._scheme = scheme
        self._route = route

    async def transport(self) -> httpx.AsyncBaseTransport:
        """The transport of the running loop, built at its first use there."""
        if self._route.transport is not None:
            return self._route.transport
        key = (asyncio.get_running_loop(), self._scheme, self._route)
        kept = _OPEN.get(key)
        if kept is None:
            for old in [old for old in list(_OPEN) if old[0].is_closed()]:
                _OPEN.pop(old, None)
            transport = self._build()
            kept = _OPEN[key] = (transport, _close_with_loop(transport))
            await anext(kept[1])
        return kept[0]

    def _build(self) -> httpx.AsyncBaseTransport:
        limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=100, keepalive_expiry=IDLE_SECONDS[self._scheme]
        )
        tls = trust(self._route.ca) if self._scheme == "https" else _trust_nobody()

        def build() -> httpx.AsyncHTTPTransport:
            return httpx.AsyncHTTPTransport(verify=tls, trust_env=False, limits=limits, proxy=self._route.proxy)

        return _OneEach(build, IDLE_SECONDS[self._scheme])


class _OneEach(httpx.AsyncBaseTransport):
    """Gives each request that is under way a transport of its own, and uses it again for the next one.

    A single transport looks at all of its connections at the start and the end of every request: with 100 runs at once
    that took more time than everything else together.
    """

    def __init__(self, build: Callable[[], httpx.AsyncHTTPTransport], idle_seconds: float) -> None:
        self._build = build
        self._idle_seconds = idle_seconds
        self._open: set[httpx.AsyncHTTPTransport] = set()
        self._idle: dict[bytes, deque[tuple[httpx.AsyncHTTPTransport, float]]] = {}
        """By host, with the time of the last use; the one used last is used first."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        loop = asyncio.get_running_loop()
        idle = self._idle.setdefault(request.url.netloc, deque())
        while idle and idle[0][1] < loop.time() - self._idle_seconds:
            old = idle.popleft()[0]
            self._open.discard(old)
            await old.aclose()
        transport = idle.pop()[0] if idle else self._build()
        self._open.add(transport)

        def give_back() -> None:
            idle.append((transport, loop.time()))

        try:
            response = await transport.handle_async_request(request)
        except BaseException:
            give_back()
            raise
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _Returning(response.stream, give_back)
        return response

    async def aclose(self) -> None:
        self._idle.clear()
        while self._open:
            await self._open.pop().aclose()


class _Returning(httpx.AsyncByteStream):
    """A body whose transport is free for the next request once it is closed."""

    def __init__(self, stream: httpx.AsyncByteStream, give_back: Callable[[], None]) -> None:
        self._stream = stream
        self._give_back: Callable[[], None] | None = give_back

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            if self._give_back is not None:
                self._give_back()
                self._give_back = None


_OPEN: dict[
    tuple[asyncio.AbstractEventLoop, str, Route], tuple[httpx.AsyncBaseTransport, AsyncGenerator[None, None]]
] = {}
"""The open transports, kept here and not by a model: one that goes away cannot wait until they are closed."""


async def close_connections() -> None:
    """Close the running loop's connections to models. Whoever ends a loop as asyncio does need not call it."""
    loop = asyncio.get_running_loop()
    for key in [key for key in list(_OPEN) if key[0] is loop]:
        _, keeper = _OPEN.pop(key)
        await keeper.aclose()


async def _close_with_loop(transport: httpx.AsyncBaseTransport) -> AsyncGenerator[None, None]:
    """Started and then left waiting: asyncio closes what is left of its async generators before it ends a loop."""
    try:
        yield
    finally:
        await transport.aclose()


@cache
def _trust_nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
