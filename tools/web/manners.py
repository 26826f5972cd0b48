"""Manners towards web servers: robots.txt is kept, hosts are not crowded, and who asks for a pause gets it.

All of it is about page reads. An API is asked as its provider allows, and the user's own servers as the user likes.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from ..clean import one_line
from ..errors import ConfigError, ToolError
from .addresses import AllowList
from .fetch import Fetch
from .robots import Robots

DELAY_S = 0.25
PER_HOST = 2
LONGEST_DELAY_S = 10.0
LONGEST_HOLD_S = 3_600.0
MOST_HOSTS = 1_000
_PORTS = {"http": 80, "https": 443}


@dataclass(slots=True)
class _Host:
    """`free_at` is when the next request may start, `held_until` when the host wants to be asked again.

    `users` counts those who are in a request or wait for one.
    """

    places: asyncio.Semaphore
    free_at: float = float("-inf")
    held_until: float = float("-inf")
    users: int = 0


class Manners:
    """How politely a client reads pages; `SafeClient(manners=...)` asks before each request, redirects included.

    Hosts in `exempt` are the user's own: none of this holds for them. `robots` says whether robots.txt is kept.
    Requests to one host start at least `delay_s` seconds apart, at most `per_host` at once; a Crawl-delay makes that
    longer, up to LONGEST_DELAY_S. 0 means that nothing is ever waited for, as in a replay. Belongs to one event loop.
    Raises ConfigError.
    """

    def __init__(
        self,
        exempt: AllowList | None = None,
        *,
        robots: bool = True,
        delay_s: float = DELAY_S,
        per_host: int = PER_HOST,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if delay_s < 0 or per_host < 1:
            raise ConfigError(f"delay_s={delay_s!r}, per_host={per_host!r}: give 0 or more seconds, and 1 or more")
        self._exempt = exempt or AllowList()
        self._robots = Robots(clock) if robots else None
        self._delay_s = delay_s
        self._per_host = per_host
        self._clock = clock
        self._sleep = sleep
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    @asynccontextmanager
    async def turn(self, fetch: Fetch) -> AsyncGenerator[None, None]:
        """Wait for the turn of the current URL of `fetch`; its host stays taken until the exchange is over.

        Raises ToolError: kind "blocked" where robots.txt forbids the page, or "timeout" where the turn would come too
        late. Also raises what kept robots.txt from being reached.
        """
        name = _name(fetch.url)
        if self._exempt.allows(name, fetch.url.port or _PORTS[fetch.url.scheme]):
            yield
            return
        host = self._host(name)
        host.users += 1
        try:
            await self._held(host, fetch)
            delay = await self._permitted(fetch)
            async with host.places:
                await self._start(host, fetch, delay)
                yield
        finally:
            host.users -= 1

    def hold_back(self, url: httpx.URL, seconds: float) -> None:
        """Send nothing more to the host of `url` for so long (at most LONGEST_HOLD_S): it asked for that."""
        held = self._host(_name(url))
        held.held_until = max(held.held_until, self._clock() + min(seconds, LONGEST_HOLD_S))

    async def _permitted(self, fetch: Fetch) -> float:
        """The seconds from this request to the next one. Raises ToolError where robots.txt forbids it."""
        if self._robots is None:
            return self._delay_s
        rules = await self._robots.rules(fetch)
        if rules.trouble:
            fetch.passing, fetch.wait = rules.passing, rules.wait
            told = f"robots.txt of {_named(fetch)} {rules.trouble}, so its pages are not read now; use another source"
            raise ToolError(told, kind="blocked", sent=False)
        if not rules.allow(fetch.url):
            told = f"robots.txt of {_named(fetch)} does not let programs read {fetch.shown}; use another source"
            raise ToolError(told, kind="blocked", sent=False)
        return max(self._delay_s, min(rules.crawl_delay_s, LONGEST_DELAY_S))

    async def _held(self, host: _Host, fetch: Fetch) -> None:
        """Wait until the host wants to be asked again."""
        while (wait := host.held_until - self._clock()) > 0:
            if wait >= _left(fetch):
                told = f"{_named(fetch)} wants no request for another {wait:.0f} s; use another source"
                raise ToolError(told, kind="timeout", sent=False)
            if not self._delay_s:
                return
            await self._sleep(wait)

    async def _start(self, host: _Host, fetch: Fetch, delay: float) -> None:
        """Wait for the own turn, which is taken at once, so that others line up behind it."""
        while True:
            await self._held(host, fetch)
            now = self._clock()
            start = max(now, host.free_at)
            if start - now >= _left(fetch):
                told = f"{_named(fetch)} wants {delay:g} s between requests, too long for this one; use another source"
                raise ToolError(told, kind="timeout", sent=False)
            if not self._delay_s:
                return
            host.free_at = start + delay
            await self._sleep(start - now)
            # Meanwhile somebody may have been told to wait.
            if host.held_until <= self._clock():
                return

    def _host(self, name: str) -> _Host:
        """What is known of a host. The one asked longest ago is forgotten when there are too many, unless in use."""
        host = self._hosts.pop(name, None) or _Host(asyncio.Semaphore(self._per_host))
        self._hosts[name] = host
        if len(self._hosts) > MOST_HOSTS:
            idle = (other for other, known in self._hosts.items() if not known.users and other != name)
            self._hosts.pop(next(idle, ""), None)
        return host


def _name(url: httpx.URL) -> str:
    """The host as the transport looks it up."""
    return url.raw_host.decode("ascii", "replace").lower().removesuffix(".")


def _left(fetch: Fetch) -> float:
    return fetch.deadline - asyncio.get_running_loop().time()


def _named(fetch: Fetch) -> str:
    return one_line(fetch.url.netloc.decode("ascii", "replace"), 100)
