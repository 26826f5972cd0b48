"""How the outside is reached: what the environment says, and what the caller says instead."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..tools.errors import ConfigError
from ..tools.web.addresses import parse_allow_hosts
from ..tools.web.freshness import MOST_DAYS, USUAL_HOURS

if TYPE_CHECKING:
    import httpx

MOST_HOURS = MOST_DAYS * 24
TOOL_TIMEOUT = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Ways to the outside. None means: what the environment says, else the usual.

    `allow_hosts` names servers on this machine or in a private network that pages may be read from. `proxy` and `ca`
    are for company networks. `prices` is a TOML price table. `robots` says whether pages are left alone that a
    robots.txt forbids; `reader` is the address of a reader service, the second way to a page that shows no text to a
    program; `cache` is a file that keeps pages and results for later runs, `cache_hours` how long they count at most.
    The timeouts are in seconds for a single call. Without a `model_timeout`, a reply that is streamed may take as long
    as pieces of it keep coming, and one that is not 120, or 600 from a server on this machine or in a private network;
    `first_token_timeout` says how long instead is waited until a reply begins.
    `transport` and `clock` stand in for the network and for time when a recording is made or played; `around` puts
    something around what reaches the web, and sees each request to it.
    """

    base_url: str | None = None
    context: int | None = None
    allow_hosts: tuple[str, ...] = ()
    proxy: str | None = None
    ca: str | None = None
    prices: str | None = None
    robots: bool = True
    reader: str | None = None
    cache: str | None = None
    cache_hours: float = USUAL_HOURS
    model_timeout: float | None = None
    first_token_timeout: float | None = None
    tool_timeout: float = TOOL_TIMEOUT
    transport: "httpx.AsyncBaseTransport | None" = None
    clock: Callable[[], float] = time.monotonic
    around: "Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport] | None" = None

    @classmethod
    def from_environment(cls) -> "Settings":
        """SPADEWORK_ALLOW_HOSTS, _PROXY, _CA, _PRICES, _ROBOTS, _READER, _CACHE, _CACHE_HOURS, and the timeouts
        _MODEL_TIMEOUT and _FIRST_TOKEN_TIMEOUT.

        The model's own settings (SPADEWORK_MODEL, SPADEWORK_BASE_URL, SPADEWORK_CONTEXT, OPENAI_API_KEY) are read where
        the model is made. Raises ConfigError on a value that cannot be used.
        """
        return cls(
            allow_hosts=tuple(parse_allow_hosts(os.environ.get("SPADEWORK_ALLOW_HOSTS", ""))),
            proxy=os.environ.get("SPADEWORK_PROXY") or None,
            ca=os.environ.get("SPADEWORK_CA") or None,
            prices=os.environ.get("SPADEWORK_PRICES") or None,
            robots=_switch("SPADEWORK_ROBOTS"),
            reader=os.environ.get("SPADEWORK_READER") or None,
            cache=os.environ.get("SPADEWORK_CACHE") or None,
            cache_hours=_number("SPADEWORK_CACHE_HOURS", USUAL_HOURS, MOST_HOURS, "hours"),
            model_timeout=_seconds("SPADEWORK_MODEL_TIMEOUT"),
            first_token_timeout=_seconds("SPADEWORK_FIRST_TOKEN_TIMEOUT"),
        )


def _switch(name: str) -> bool:
    text = (os.environ.get(name) or "on").strip().lower()
    if text not in ("on", "off"):
        raise ConfigError(f"{name}={text!r}: give on or off")
    return text == "on"


def _seconds(name: str) -> float | None:
    return _number(name, 0.0, 86_400, "seconds") or None


def _number(name: str, usual: float, most: float, unit: str) -> float:
    text = os.environ.get(name)
    if not text:
        return usual
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= most:
        raise ConfigError(f"{name}={text!r}: give {unit}, more than 0, at most {most:,}")
    return value
