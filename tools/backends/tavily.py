"""Tavily, a search made for language models, as a search backend; the key stands in TAVILY_API_KEY.

Request and reply are as in Tavily's public documentation (docs.tavily.com, "API reference: Search", and the client
github.com/tavily-ai/tavily-python, both read in November 2026): POST /search with {"query", "max_results",
"search_depth", "include_domains", "start_date", "end_date"}, the key as a Bearer token, answered with {"results":
[{"title", "url", "content", "published_date"}]} or {"detail": {"error"}}. Not tried against the live API.
"""

from collections.abc import Mapping
from datetime import timedelta

from ..query import Query, cut
from ..web.http import SafeClient
from .api import ApiSearch, Key, Row, day, read_key

BASE = "https://api.tavily.com"
MAX_LIMIT = 20
# Longer queries are refused.
QUERY_CHARS = 400
_SPENT = "the searches of the plan are used up: see your account at the provider, or use another search backend"


def make_tavily(client: SafeClient, *, base: str = BASE) -> "TavilySearch":
    """The backend with the key in TAVILY_API_KEY. Raises ConfigError."""
    return TavilySearch(client, read_key("TAVILY_API_KEY", "Tavily"), base=base)


class TavilySearch(ApiSearch):
    """Searches with the API at `base`, at the basic depth (one credit a search)."""

    name = "tavily"

    def __init__(self, client: SafeClient, key: Key, *, base: str = BASE) -> None:
        super().__init__(client, label="Tavily", key=key, hints={432: _SPENT, 433: _SPENT})
        self._url = f"{base.rstrip('/')}/search"

    async def find(self, query: Query, *, limit: int, timeout: float) -> list[Row]:
        """See ApiSearch."""
        body = {
            "query": cut(query.words, QUERY_CHARS),
            "max_results": min(limit, MAX_LIMIT),
            "search_depth": "basic",
            **_filters(query),
        }
        headers = {"authorization": f"Bearer {self._secret}", "accept": "application/json"}
        reply = await self.post(self._url, body, headers=headers, timeout=timeout)
        return [_row(result) for result in reply.rows("results")]


def _filters(query: Query) -> dict[str, object]:
    filters: dict[str, object] = {}
    # A bare ending such as "gov" is refused as a domain.
    if query.site and "." in query.site:
        filters["include_domains"] = [query.site]
    if query.since:
        filters["start_date"] = query.since.isoformat()
    if query.until:
        # The end has to be later than the start, so a single day is asked for with the next one.
        last = query.until + timedelta(days=1) if query.until == query.since else query.until
        filters["end_date"] = last.isoformat()
    return filters


def _row(result: Mapping[str, object]) -> Row:
    return {
        "title": result.get("title"),
        "url": result.get("url"),
        "snippet": result.get("content"),
        "date": day(result.get("published_date")),
    }
