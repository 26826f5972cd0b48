"""Brave Search, an index of its own, as a search backend; the key stands in BRAVE_API_KEY.

Request and reply are as in Brave's public documentation (api-dashboard.search.brave.com, "Web search" reference, and
the skill file web-search of github.com/brave/brave-search-skills, both read in November 2026): GET
/res/v1/web/search?q=...&count=..., the key in X-Subscription-Token, answered with {"web": {"results": [{"title",
"url", "description", "page_age", "age"}]}}. Not tried against the live API.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from ..query import Query, cut
from ..web.http import SafeClient
from .api import ApiSearch, Key, Row, day, plain, read_key

BASE = "https://api.search.brave.com"
MAX_LIMIT = 20
# Longer queries are refused.
QUERY_CHARS, QUERY_WORDS = 400, 50
_FIRST_DAY = date(1990, 1, 1)


def make_brave(client: SafeClient, *, base: str = BASE) -> "BraveSearch":
    """The backend with the key in BRAVE_API_KEY. Raises ConfigError."""
    return BraveSearch(client, read_key("BRAVE_API_KEY", "Brave Search"), base=base)


class BraveSearch(ApiSearch):
    """Searches the web results of the API at `base`."""

    name = "brave"

    def __init__(self, client: SafeClient, key: Key, *, base: str = BASE) -> None:
        # A key that Brave does not know is answered with 422, like any request it cannot read.
        hints: dict[int | str, str] = {422: f"{key.variable} is probably wrong: check it with the provider"}
        super().__init__(client, label="Brave Search", key=key, hints=hints)
        self._url = f"{base.rstrip('/')}/res/v1/web/search"

    async def find(self, query: Query, *, limit: int, timeout: float) -> list[Row]:
        """See ApiSearch."""
        params = {
            "q": _with_site(query),
            "count": str(min(limit, MAX_LIMIT)),
            "result_filter": "web",
            "text_decorations": "false",
        }
        if query.since or query.until:
            params["freshness"] = _range(query, datetime.now(UTC).date())
        headers = {"x-subscription-token": self._secret, "accept": "application/json"}
        reply = await self.get(self._url, params, headers=headers, timeout=timeout)
        return [_row(result) for result in reply.rows("web", "results")]


def _with_site(query: Query) -> str:
    site = f" site:{query.site}" if query.site else ""
    return cut(query.words, QUERY_CHARS - len(site), QUERY_WORDS - 1) + site


def _range(query: Query, today: date) -> str:
    """The wanted time with both of its ends, as Brave wants it."""
    last = query.until or max(today, query.since or today)
    return f"{query.since or min(_FIRST_DAY, last)}to{last}"


def _row(result: Mapping[str, object]) -> Row:
    return {
        "title": plain(result.get("title")),
        "url": result.get("url"),
        "snippet": plain(result.get("description")),
        "date": day(result.get("page_age")) or day(result.get("age")),
    }
