"""The search backends of a recorded run: what a replay must know of them, and how it builds them, without any key."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...tools.backends import brave, google, serper, tavily
from ...tools.backends.api import Key
from ...tools.backends.brave import BraveSearch
from ...tools.backends.choice import make_search, read_stages
from ...tools.backends.google import GoogleSearch
from ...tools.backends.searxng import DEFAULT_URL, SearxngSearch
from ...tools.backends.serper import SerperSearch
from ...tools.backends.several import Several, stages_of
from ...tools.backends.tavily import TavilySearch
from ...tools.backends.wikipedia import DEFAULT_LANG, WikipediaSearch
from ...tools.clean import one_line
from ...tools.errors import CassetteError, ConfigError
from ...tools.search import Search
from ...tools.web.http import SafeClient
from .cassettes import Cassette

_PLAYED = Key("the recording", "played")
# What stands in for each in a replay; the text is what `search_facts` keeps of its settings.
_BUILD: Mapping[str, Callable[[SafeClient, str], Search]] = {
    "searxng": lambda client, url: SearxngSearch(url, client),
    "wikipedia": lambda client, url: WikipediaSearch(client, base=url),
    "brave": lambda client, _: BraveSearch(client, _PLAYED),
    "tavily": lambda client, _: TavilySearch(client, _PLAYED),
    "serper": lambda client, _: SerperSearch(client, _PLAYED),
    "google": lambda client, engine: GoogleSearch(client, _PLAYED, engine),
}


def search_facts(spec: str | None) -> dict[str, Any]:
    """The backends that `spec` names, with the settings that show in their requests; no keys.

    Raises ConfigError for one whose traffic is no HTTP of ours, and as `make_search` does.
    """
    backend = make_search(spec, SafeClient())
    parts = [part for stage in stages_of(backend) for part in stage]
    for part in parts:
        if part.name not in _BUILD:
            names = ", ".join(_BUILD)
            raise ConfigError(f"a search over {one_line(part.name)} cannot be recorded: use --search with {names}")
    lang = (os.environ.get("SPADEWORK_WIKIPEDIA_LANG") or DEFAULT_LANG).strip().lower()
    settings = {
        "searxng": os.environ.get("SEARXNG_URL") or DEFAULT_URL,
        "wikipedia": f"https://{lang}.wikipedia.org",
        "google": os.environ.get("GOOGLE_CSE_ID", ""),
    }
    used = {part.name: settings[part.name] for part in parts if part.name in settings}
    return {"search": backend.name, "search_settings": used}


# Where each is asked, below its base, and under which name the query stands there.
_ASKED: Mapping[str, tuple[str, str]] = {
    "searxng": ("{}/search", "q"),
    "wikipedia": ("{}/w/api.php", "srsearch"),
    "brave": (f"{brave.BASE}/res/v1/web/search", "q"),
    "tavily": (f"{tavily.BASE}/search", "query"),
    "serper": (f"{serper.BASE}/search", "q"),
    "google": (f"{google.BASE}/customsearch/v1", "q"),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A search in a recording: where it was asked, under which name, and the adapter that reads its replies."""

    url: str
    parameter: str
    make: Callable[[SafeClient], Search]


def endpoints_of(cassette: Cassette) -> list[Endpoint]:
    """The searches of a recording. Raises CassetteError for any that are not known."""
    if cassette.meta.get("search") is None:
        return []
    return [_endpoint(name, setting) for name, setting in _parts(cassette)]


def _endpoint(name: str, setting: str) -> Endpoint:
    place, parameter = _ASKED[name]
    base = setting.strip().rstrip("/")
    return Endpoint(place.format(base), parameter, lambda client: _BUILD[name](client, base))


def _parts(cassette: Cassette) -> list[tuple[str, str]]:
    """Name and setting of each backend. Raises CassetteError."""
    spec = str(cassette.meta.get("search") or "")
    settings: Mapping[str, str] = cassette.meta.get("search_settings") or {
        spec: str(cassette.meta.get("search_url") or "")
    }
    names = [name for stage in read_stages(spec) for name in stage]
    for name in names:
        if name not in _BUILD:
            raise CassetteError(f"cassette {cassette.name} searched with {one_line(name)!r}, which cannot be played")
    return [(name, settings.get(name, "")) for name in names]


def recorded_search(cassette: Cassette, client: SafeClient) -> Search:
    """The backends of a recording, whose requests go to `client`. Raises CassetteError for any that are not known."""
    built = {name: _BUILD[name](client, setting) for name, setting in _parts(cassette)}
    stages = [[built[name] for name in stage] for stage in read_stages(str(cassette.meta.get("search") or ""))]
    return stages[0][0] if len(stages) == len(stages[0]) == 1 else Several(stages)
