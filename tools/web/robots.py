"""robots.txt (RFC 9309): what a site asks programs not to read, looked up once for each origin.

The file is a stranger's. protego parses it, from 0.6.2 on: before, a rule with six stars held it for seconds. It needs
minutes and gigabytes where many agents share many rules, so it gets only the groups that speak to us or to everyone,
and of these some 4,000 rules.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
from protego import Protego

from ..errors import CassetteError, ToolError
from .fetch import Fetch

TOKEN = "Spadework"
MAX_BYTES = 500_000
TIMEOUT_S = 5.0
KEPT_S = 86_400.0
TROUBLE_KEPT_S = 60.0
MOST_ORIGINS = 64
MOST_CHARS = 200_000
_PER_RULE = 20
LONGEST_RULE = 500
LONGEST_URL = 2_000

_AGENT = re.compile(r"user[ -]?agent(?:\s*:|\s)\s*([\w*-]*)", re.IGNORECASE | re.ASCII)
_WHOLE_SITE = re.compile(r"(?:site-?maps?|host)\b", re.IGNORECASE | re.ASCII)
_HEADERS = {"accept": "text/plain,*/*;q=0.5", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Rules:
    """What one origin asks of us. `crawl_delay_s` is the time it wants between two requests, 0 where it names none.

    `trouble` says why they could not be learnt; nothing may be read then. `passing` and `wait` are as in Fetch.
    """

    parsed: Protego | None = None
    crawl_delay_s: float = 0.0
    trouble: str = ""
    passing: bool = False
    wait: float | None = None

    def allow(self, url: httpx.URL) -> bool:
        """Whether the page may be read. Takes at most tens of milliseconds, whatever the rules and the URL are."""
        if self.trouble:
            return False
        path = url.raw_path.decode("ascii", "replace")[:LONGEST_URL]
        # With a host before it, as a path may begin with two slashes.
        return self.parsed is None or self.parsed.can_fetch(f"http://site{path}", TOKEN)


EVERYTHING = Rules()


def read_rules(body: bytes) -> Rules:
    """The rules in a robots.txt. Never raises: what is no rule is passed over."""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    parsed = Protego.parse("\n".join(_for_us(text)))
    return Rules(parsed, parsed.crawl_delay(TOKEN) or 0.0)


def _for_us(text: str) -> Iterator[str]:
    """The lines of the groups for our token or for "*", named by that alone."""
    left, ours, naming = MOST_CHARS, False, False
    for whole in text.splitlines():
        line = whole.partition("#")[0].strip()
        if not line or _WHOLE_SITE.match(line):
            continue
        if named := _AGENT.match(line):
            name = named[1].lower()
            mine = name in ("*", TOKEN.lower())
            ours, naming = mine or (naming and ours), True
            if mine:
                yield f"User-agent: {name}"
            continue
        naming = False
        # A rule that is longer than any URL of ours would be fits none.
        if ours and len(line) <= min(LONGEST_RULE, left):
            left -= len(line) + _PER_RULE
            yield line


@dataclass(slots=True)
class _Known:
    """What is known of one origin: its rules, or how the last look-up failed before anything was sent."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    outcome: Rules | ToolError | httpx.HTTPError = EVERYTHING
    learnt: float = float("-inf")
    until: float = float("-inf")


class Robots:
    """The rules of the origins visited last. `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._origins: OrderedDict[str, _Known] = OrderedDict()

    async def rules(self, fetch: Fetch) -> Rules:
        """The rules for the current URL of `fetch`, asked for where not known; who comes meanwhile shares the answer.

        Raises ToolError or httpx.HTTPError where the origin cannot be reached at all: the page could not be, either.
        """
        known = self._known(str(fetch.url.copy_with(raw_path=b"/", fragment=None)))
        arrived = self._clock()
        async with known.lock:
            if known.until <= arrived and known.learnt < arrived:
                known.outcome = await _ask(fetch)
                known.learnt = self._clock()
                known.until = known.learnt + _kept_s(known.outcome)
        if isinstance(known.outcome, Exception):
            # Raised by many, so each time without the frames of the one before.
            raise known.outcome.with_traceback(None)
        return known.outcome

    def _known(self, origin: str) -> _Known:
        known = self._origins.pop(origin, None) or _Known()
        self._origins[origin] = known
        if len(self._origins) > MOST_ORIGINS:
            self._origins.popitem(last=False)
        return known


def _kept_s(outcome: object) -> float:
    if not isinstance(outcome, Rules) or outcome.passing:
        return 0.0
    return TROUBLE_KEPT_S if outcome.trouble else KEPT_S


async def _ask(fetch: Fetch) -> Rules | ToolError | httpx.HTTPError:
    """Fetch robots.txt over the transport of `fetch`, once: trying again is left to whoever wants the page."""
    left = fetch.deadline - asyncio.get_running_loop().time()
    timeout = min(TIMEOUT_S, left)
    url = fetch.url.copy_with(raw_path=b"/robots.txt", fragment=None)
    probe = Fetch(
        transport=fetch.transport,
        asked=str(url),
        url=url,
        headers={"user-agent": fetch.headers["user-agent"]} | _HEADERS,
        timeout=timeout,
        follow=True,
        max_bytes=MAX_BYTES,
        cut=True,
    )
    try:
        async with asyncio.timeout(timeout):
            reply = await probe.run()
        # In a thread: a nasty file takes most of a second.
        return await asyncio.to_thread(read_rules, reply.body)
    except CassetteError:
        # A recording made before robots.txt was asked for, or without it: what it holds was allowed then.
        return EVERYTHING
    except TimeoutError:
        if timeout < TIMEOUT_S:
            # The time of this one caller was too short; others may have more.
            raise
        return Rules(trouble=f"could not be read in {timeout:g} s")
    except ToolError as error:
        return _without(probe, error)
    finally:
        if probe.wait and fetch.manners is not None:
            fetch.manners.hold_back(probe.url, probe.wait)


def _without(probe: Fetch, error: ToolError) -> Rules | ToolError | httpx.HTTPError:
    """What holds where there is no robots.txt to be had."""
    if not error.sent:
        return error.__cause__ if isinstance(error.__cause__, httpx.HTTPError) else error
    if error.kind == "redirects" or (error.status is not None and error.status < 500):
        return EVERYTHING
    why = f"answered {error.status}" if error.status else "could not be read"
    return Rules(trouble=why, passing=probe.passing, wait=probe.wait)
