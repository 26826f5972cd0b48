"""The search backends of a recorded run: what a replay must know of them, and how it builds them, without any key."""

import os
from collections.abc import Callable, Mapping
from typing import Any

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


def recorded_search(cassette: Cassette, client: SafeClient) -> Search:
    """The backends of a recording, whose requests go to `client`. Raises CassetteError for any that are not known."""
    meta = cassette.meta
    spec = str(meta.get("search") or "")
    settings: Mapping[str, str] = meta.get("search_settings") or {spec: str(meta.get("search_url") or "")}

    def build(name: str) -> Search:
        if name not in _BUILD:
            raise CassetteError(f"cassette {cassette.name} searched with {one_line(name)!r}, which cannot be played")
        return _BUILD[name](client, settings.get(name, ""))

    stages = [[build(name) for name in stage] for stage in read_stages(spec)]
    return stages[0][0] if len(stages) == len(stages[0]) == 1 else Several(stages)
