"""The wire: connections that go only where they may.

The name is resolved here, every address it has is checked, and the connection is made to one of those very
addresses; there is no second look-up that could answer differently. Odd spellings of IPv4 (127.1, 0x7f.1,
2130706433) are resolved before the check like any name. TLS still sees the name.

With `proxy` the proxy resolves and connects, so the address check is the proxy's own business.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpcore
import httpx

from ..errors import ConfigError, ToolError
from .addresses import AllowList, refusal
from .certificates import trust

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# A dead first address (often IPv6 without a route) must not use up the time of the others.
PATIENCE_S = 1.0
MOST_ADDRESSES = 4


async def system_resolve(host: str, port: int) -> list[str]:
    """The addresses of a host name in the order of the system's resolver; raises OSError or UnicodeError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, checks and connects. `resolve` and `inner` (what opens the socket) are there to be replaced in tests.

    `connect_tcp` raises ToolError (kind "blocked") when an address may not be reached and (kind "unreachable")
    when the name does not exist, and httpcore's ConnectError and ConnectTimeout for what may pass.
    """

    def __init__(
        self,
        allow: AllowList,
        *,
        resolve: Resolve = system_resolve,
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allow = allow
        self._resolve = resolve
        self._inner = inner or _sockets()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a checked address of `host`, within `timeout` seconds over all of them."""
        try:
            async with asyncio.timeout(timeout):
                *others, last = await self._checked(host, port)
                for address in others:
                    try:
                        return await self._inner.connect_tcp(address, port, PATIENCE_S, local_address, socket_options)
                    except (httpcore.ConnectError, httpcore.ConnectTimeout):
                        continue
                return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)
        except TimeoutError as exc:
            raise httpcore.ConnectTimeout(f"no connection to {host}:{port}") from exc

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as exc:
            if isinstance(exc, socket.gaierror) and exc.errno == socket.EAI_AGAIN:
                raise httpcore.ConnectError(f"the name {host} could not be looked up") from exc
            addresses = ()
        if not addresses:
            raise ToolError(
                f"there is no host named {host}; check the URL or use another source", kind="unreachable", sent=False
            )
        if not self._allow.allows(host, port):
            for address in addresses:
                if reason := refusal(address):
                    raise ToolError(_blocked(host, port, reason), kind="blocked", sent=False)
        return addresses[:MOST_ADDRESSES]

    async def sleep(self, seconds: float) -> None:
        """Wait; httpcore asks its backend for this."""
        await asyncio.sleep(seconds)


class SafeTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over checked connections. Ignores proxy and CA settings of the environment.

    `ca` is the path of a CA bundle (PEM) used in place of the usual one. `backend` replaces the guard built from
    `allow_hosts`. Raises ConfigError for a CA bundle or a proxy that cannot be used.
    """

    def __init__(
        self,
        *,
        allow_hosts: Iterable[str] = (),
        proxy: str | None = None,
        ca: str | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        context = trust(ca)
        try:
            if proxy is not None and not httpx.URL(proxy).host:
                raise ValueError("no host")
            super().__init__(verify=context, trust_env=False, proxy=proxy)
        except (ValueError, ImportError, httpx.InvalidURL) as exc:
            # The value is not shown: a proxy URL often holds a password.
            raise ConfigError(
                "proxy cannot be used: write http://HOST:PORT, or socks5://HOST:PORT after `pip install httpx[socks]`"
            ) from exc
        if proxy is None:
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=context,
                max_connections=100,
                max_keepalive_connections=20,
                keepalive_expiry=5.0,
                network_backend=backend or GuardedBackend(AllowList.of(allow_hosts)),
            )


def _sockets() -> httpcore.AsyncNetworkBackend:
    # httpcore declares this class twice, once as a stand-in without anyio; httpx always brings anyio.
    backend: object = httpcore.AnyIOBackend()
    assert isinstance(backend, httpcore.AsyncNetworkBackend)
    return backend


def _blocked(host: str, port: int, reason: str) -> str:
    # Which address it was is kept back: a page must not learn the inside of the network from our errors.
    shown = f"[{host}]" if ":" in host else host
    return (
        f"{host} is not a public address ({reason}), so it was not opened; "
        f"SPADEWORK_ALLOW_HOSTS={shown}:{port} would allow it"
    )
