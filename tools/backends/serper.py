"""Serper, which answers with the results of Google, as a search backend; the key stands in SERPER_API_KEY.

Serper's own documentation is its playground behind a login. Request and reply are as public clients describe them
(GoogleSerperAPIWrapper of langchain-community; the OpenAPI description at github.com/api-evangelist/serper, read in
November 2026): POST /search with {"q", "num"}, the key in X-API-KEY, answered with {"organic": [{"title", "link",
"snippet", "date"}]} or {"message", "statusCode"}. The query goes on to Google, so Google's operators site:, after:
and before: hold in it. Not tried against the live API.
"""

from collections.abc import Mapping
from datetime import timedelta

from ..query import Query, cut
from ..web.http import SafeClient
from .api import ApiSearch, Key, Row, day, read_key

BASE = "https://google.serper.dev"
MAX_LIMIT = 100
# Google reads 32 words; the length is a bound of our own.
QUERY_CHARS, QUERY_WORDS = 1_000, 32


def make_serper(client: SafeClient, *, base: str = BASE) -> "SerperSearch":
    """The backend with the key in SERPER_API_KEY. Raises ConfigError."""
    return SerperSearch(client, read_key("SERPER_API_KEY", "Serper"), base=base)


class SerperSearch(ApiSearch):
    """Searches with the API at `base`."""

    name = "serper"

    def __init__(self, client: SafeClient, key: Key, *, base: str = BASE) -> None:
        super().__init__(client, label="Serper", key=key)
        self._url = f"{base.rstrip('/')}/search"

    async def find(self, query: Query, *, limit: int, timeout: float) -> list[Row]:
        """See ApiSearch."""
        body = {"q": _with_operators(query), "num": min(limit, MAX_LIMIT)}
        headers = {"x-api-key": self._secret, "accept": "application/json"}
        reply = await self.post(self._url, body, headers=headers, timeout=timeout)
        return [_row(result) for result in reply.rows("organic")]


def _with_operators(query: Query) -> str:
    parts = [cut(query.words, QUERY_CHARS, QUERY_WORDS - 3)]
    if query.site:
        parts.append(f"site:{query.site}")
    # Google's operators are taken to leave the day itself out, so a day more is asked for.
    if query.since:
        parts.append(f"after:{query.since - timedelta(days=1)}")
    if query.until:
        parts.append(f"before:{query.until + timedelta(days=1)}")
    return " ".join(parts)


def _row(result: Mapping[str, object]) -> Row:
    return {
        "title": result.get("title"),
        "url": result.get("link"),
        "snippet": result.get("snippet"),
        "date": day(result.get("date")),
    }
