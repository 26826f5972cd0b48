"""What a run opens to reach the outside: the clients, the search backends, the reading of pages, the cache."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..tools.backends.choice import default_backend, make_search
from ..tools.backends.corpus import Corpus
from ..tools.backends.frozen import FrozenWeb
from ..tools.backends.remembered import Remembered
from ..tools.backends.several import Several, stages_of
from ..tools.browse import Browse, make_browse
from ..tools.cache import Cache
from ..tools.reader import make_reader
from ..tools.search import FunctionSearch, Search
from ..tools.web.addresses import AllowList
from ..tools.web.http import SafeClient
from ..tools.web.manners import DELAY_S, Manners
from ..tools.web.transport import SafeTransport
from .settings import Settings
from .warn import say_once

if TYPE_CHECKING:
    import httpx

_SET_ELSEWHERE = ("SEARXNG_URL", "SPADEWORK_WIKIPEDIA_LANG", "GOOGLE_CSE_ID")


class Outside:
    """Made by `settings`; what it opened is closed with it. Raises ConfigError where something cannot be used.

    Where `settings` name a transport, all of it is recorded: then nothing is cached, waited for or parsed elsewhere.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._live = settings.transport is None
        self._clients: list[SafeClient] = []
        cached = settings.cache if self._live else None
        self._cache = Cache(cached, hours=settings.cache_hours) if cached else None

    def search(self, spec: Any) -> Search:
        """The backend, or the backends, that `spec` names; see `make_search`."""
        if spec is None and not os.environ.get("SPADEWORK_SEARCH"):
            usual = default_backend()
            say_once(
                "default search",
                f"no search is set: searching with {usual}. Set SPADEWORK_SEARCH, or search=, to searxng, brave, "
                "corpus:FILE or another (see `spadework ask --help`)",
            )
        found = make_search(spec, self._client(), client_for=self._client)
        if self._cache is None or found is spec:
            return found
        stages = [[self._remembered(part, self._cache) for part in stage] for stage in stages_of(found)]
        return Several(stages) if isinstance(found, Several) else stages[0][0]

    def browse(self, value: Any, search: Search) -> Browse:
        """What reads the pages; see `make_browse`."""
        reader = make_reader(self._settings.reader, self._client)
        return make_browse(
            value, self._client(manners=self._manners()), search, live=self._live, reader=reader, cache=self._cache
        )

    async def aclose(self) -> None:
        """Close what was opened; what the caller handed in stays open."""
        for client in self._clients:
            await client.aclose()
        if self._cache is not None:
            self._cache.close()

    def _client(self, hosts: Sequence[str] = (), manners: Manners | None = None) -> SafeClient:
        client = SafeClient(
            allow_hosts=[*self._settings.allow_hosts, *hosts],
            proxy=self._settings.proxy,
            ca=self._settings.ca,
            transport=self._settings.transport or self._around(hosts),
            manners=manners,
        )
        self._clients.append(client)
        return client

    def _around(self, hosts: Sequence[str]) -> "httpx.AsyncBaseTransport | None":
        """The usual transport with that around it which a recording asks for; None for the usual one alone."""
        if self._settings.around is None:
            return None
        allowed = [*self._settings.allow_hosts, *hosts]
        return self._settings.around(
            SafeTransport(allow_hosts=allowed, proxy=self._settings.proxy, ca=self._settings.ca)
        )

    def _manners(self) -> Manners:
        """The user's own hosts need none; in a replay nobody is there to be polite to."""
        own = AllowList.of(self._settings.allow_hosts)
        return Manners(own, robots=self._settings.robots, delay_s=DELAY_S if self._live else 0)

    def _remembered(self, part: Search, cache: Cache) -> Search:
        if isinstance(part, FunctionSearch | Corpus | FrozenWeb):
            return part
        return Remembered(part, cache, " ".join(os.environ.get(name, "") for name in _SET_ELSEWHERE))
