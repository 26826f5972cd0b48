"""Searching and reading without an agent: one call, with the same guards, manners and parsing as in a run."""

import os
from collections.abc import Sequence

from .backends.choice import make_search
from .browse import WebBrowse
from .errors import ConfigError
from .reading.extract import Page
from .search import Hit, Search, UserFunction
from .web.addresses import AllowList
from .web.http import SafeClient
from .web.manners import Manners

TIMEOUT_S = 20.0


async def search_web(
    query: str, backend: "str | Search | UserFunction | None" = None, *, limit: int = 10, timeout: float = TIMEOUT_S
) -> list[Hit]:
    """At most `limit` results for `query`, best first, within `timeout` seconds.

    `backend` is a name or several ("searxng", "brave+wikipedia"; see `make_search`); None means SPADEWORK_SEARCH, else
    DuckDuckGo where the package `ddgs` is installed, else Wikipedia. A query may say `site:example.org` and
    `after:2024-05-01`. Raises ToolError where the search failed, ConfigError for a backend that cannot be used.
    """
    if limit < 1:
        raise ConfigError(f"limit={limit!r}: give a number of results, 1 or more")
    clients: list[SafeClient] = []

    def client_for(hosts: Sequence[str]) -> SafeClient:
        clients.append(_client(hosts))
        return clients[-1]

    try:
        search = make_search(backend, client_for(()), client_for=client_for)
        return await search.search(query, limit=limit, timeout=timeout)
    finally:
        for client in clients:
            await client.aclose()


async def fetch_page(
    url: str, allow_hosts: Sequence[str] = (), *, timeout: float = TIMEOUT_S, robots: bool = True
) -> Page:
    """The page at `url` as text, within `timeout` seconds: HTML, plain text, Markdown, JSON, XML, feeds, and PDF.

    Public addresses only, `allow_hosts` ("localhost:8080", "10.0.0.5") apart, at every redirect; a robots.txt that
    forbids the page is honoured unless `robots` is False. SPADEWORK_PROXY and SPADEWORK_CA hold as in a run. Raises
    ToolError: its text says what happened.
    """
    client = _client(allow_hosts, Manners(AllowList.of(allow_hosts), robots=robots))
    try:
        return await WebBrowse(client).read(url, timeout=timeout)
    finally:
        await client.aclose()


def _client(hosts: Sequence[str], manners: Manners | None = None) -> SafeClient:
    proxy, ca = os.environ.get("SPADEWORK_PROXY"), os.environ.get("SPADEWORK_CA")
    return SafeClient(allow_hosts=hosts, proxy=proxy or None, ca=ca or None, manners=manners)
