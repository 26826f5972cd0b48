"""The one safe HTTP client: every page and every search result comes through here.

One deadline covers name look-up, redirects, retries and the last byte. Sizes are capped on the wire and again after
inflating. Each redirect is checked like the first URL. Which addresses may be reached is the business of the
transport. No cookies are kept, and no settings of the environment are used.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential, wait_random

from ..errors import ConfigError
from .addresses import AllowList
from .fetch import Fetch, Response, parse
from .transport import SafeTransport

if TYPE_CHECKING:
    from .manners import Manners

__all__ = ["MAX_RETRIES", "Response", "SafeClient"]

MAX_RETRIES = 2
_EARLY_S = 0.2
ACCEPT = "text/html,application/xhtml+xml,application/json;q=0.9,text/plain;q=0.9,*/*;q=0.5"

_BACKOFF = wait_exponential(multiplier=0.25, max=2.0) + wait_random(0.0, 0.25)


class SafeClient:
    """Fetches over http and https, and reaches public addresses only.

    `allow_hosts` names exceptions ("localhost:8080", "127.0.0.1:8899"). With `proxy` the address check is the proxy's
    own business. `ca` is the path of a CA bundle (PEM) that takes the place of the usual one. A given `transport`
    (replay) is used as it is: no look-up, no address check. `max_bytes` caps the body, both as sent and inflated.
    `manners` is how servers are spared, None for not at all: pages are read with some, APIs are asked without.
    Connections are kept open and belong to one event loop. Raises ConfigError for settings that cannot be used.
    """

    def __init__(
        self,
        *,
        allow_hosts: Sequence[str] = (),
        proxy: str | None = None,
        ca: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        max_bytes: int = 5_000_000,
        manners: "Manners | None" = None,
    ) -> None:
        AllowList.of(allow_hosts)
        if ca is not None and not Path(ca).is_file():
            raise ConfigError(f"CA bundle {ca!r} is not a file: give the path of a PEM file")
        self._allow_hosts = tuple(allow_hosts)
        self._proxy = proxy
        self._ca = ca
        self._transport = transport
        self._max_bytes = max_bytes
        self._manners = manners

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 20.0,
        follow_redirects: bool = True,
    ) -> Response:
        """Fetch `url` within `timeout` seconds, redirects and retries included.

        `params` are added to the query. `headers` go to the origin of `url` only; after a redirect to another one
        just the harmless ones are sent. Too many requests (429), a gateway in trouble (502, 503, 504), failed
        connections and ones that broke before a reply are tried again, at most MAX_RETRIES times, if the wait the
        server asks for fits.

        Raises ToolError for anything but a 2xx reply, or a 304 where `headers` hold a condition (if-none-match,
        if-modified-since); its `sent` is False only when no request left this machine.
        """
        fetch = self._fetch(url, headers or {}, timeout)
        fetch.url = fetch.url.copy_merge_params(dict(params)) if params else fetch.url
        fetch.follow = follow_redirects
        return await self._run(fetch)

    async def post(
        self, url: str, *, json: object, headers: Mapping[str, str] | None = None, timeout: float = 20.0
    ) -> Response:
        """Send `json` to an API and take its reply: deadline, retries and errors as with `get`, no redirects.

        A connection that broke once the request was on it is not tried again: the API may have counted it.
        """
        fetch = self._fetch(url, {"content-type": "application/json", **(headers or {})}, timeout)
        fetch.content = dumps(json).encode()
        return await self._run(fetch)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._transport is not None:
            await self._transport.aclose()

    def _fetch(self, url: str, headers: Mapping[str, str], timeout: float) -> Fetch:
        # A little before a caller's own clock strikes: what is raised here says whether anything was sent.
        deadline = asyncio.get_running_loop().time() + timeout - min(_EARLY_S, timeout / 20)
        return Fetch(
            transport=self._opened(),
            asked=url,
            url=parse(url),
            headers=_headers(headers),
            timeout=timeout,
            follow=False,
            max_bytes=self._max_bytes,
            deadline=deadline,
            manners=self._manners,
        )

    async def _run(self, fetch: Fetch) -> Response:
        try:
            async with asyncio.timeout_at(fetch.deadline):
                return await _retrying(fetch)(fetch.run)
        except TimeoutError:
            what = "no complete reply from" if fetch.requests else "nothing could be sent to"
            raise fetch.error(f"{what} {fetch.shown} in {fetch.timeout:g} s", "timeout") from None

    def _opened(self) -> httpx.AsyncBaseTransport:
        # Building it loads the CA certificates (tens of milliseconds), so this waits for the first request.
        if self._transport is None:
            self._transport = SafeTransport(allow_hosts=self._allow_hosts, proxy=self._proxy, ca=self._ca)
        return self._transport


def _retrying(fetch: Fetch) -> AsyncRetrying:
    def passing(_: BaseException) -> bool:
        return fetch.passing

    def pause(state: RetryCallState) -> float:
        return _BACKOFF(state) if fetch.wait is None else fetch.wait

    def stop(state: RetryCallState) -> bool:
        too_late = asyncio.get_running_loop().time() + state.upcoming_sleep >= fetch.deadline
        return too_late or state.attempt_number > MAX_RETRIES

    return AsyncRetrying(retry=retry_if_exception(passing), wait=pause, stop=stop, reraise=True)


def _headers(own: Mapping[str, str]) -> dict[str, str]:
    headers = {"user-agent": _user_agent(), "accept": ACCEPT} | {name.lower(): value for name, value in own.items()}
    # Only what the reading of bodies understands is asked for.
    return headers | {"accept-encoding": "gzip, deflate"}


@cache
def _user_agent() -> str:
    try:
        version = metadata.version("spadework")
    except metadata.PackageNotFoundError:
        version = "0"
    return f"Spadework/{version} (+https://pypi.org/project/spadework/)"
