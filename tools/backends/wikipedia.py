"""Wikipedia's own search as a backend; needs no key and no server.

The request and the reply follow the public manual page "API:Search" at mediawiki.org (action=query, list=search) in
the form formatversion=2: {"query": {"search": [{"title", "snippet", ...}]}}, with matches in the snippet marked by
<span class="searchmatch">, or {"error": {"code", "info"}}. The tests play such replies from a loopback server; they
do not show that Wikipedia answers so today.
"""

import html
import json
import os
import re
from collections.abc import Mapping
from urllib.parse import quote

from ..clean import one_line
from ..errors import ConfigError, ToolError
from ..search import Hit, make_hits
from ..shapes import is_list, is_mapping
from ..web.http import Response, SafeClient

DEFAULT_LANG = "en"
# Wikipedia refuses longer queries; a part of a query still finds something.
QUERY_CHARS = 300
MAX_LIMIT = 50


def make_wikipedia(client: SafeClient) -> "WikipediaSearch":
    """The backend for the language in SPADEWORK_WIKIPEDIA_LANG (default en). Raises ConfigError."""
    lang = (os.environ.get("SPADEWORK_WIKIPEDIA_LANG") or DEFAULT_LANG).strip().lower()
    if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)*", lang):
        raise ConfigError(
            f"SPADEWORK_WIKIPEDIA_LANG is {lang!r}: it has to be a language code such as en, de or zh-yue"
        )
    return WikipediaSearch(client, base=f"https://{lang}.wikipedia.org")


class WikipediaSearch:
    """Searches the wiki at `base`. `client` stays the caller's to close."""

    name = "wikipedia"

    def __init__(self, client: SafeClient, *, base: str = f"https://{DEFAULT_LANG}.wikipedia.org") -> None:
        self._base = base.rstrip("/")
        self._client = client

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        """See Search."""
        if not query.strip() or limit < 1:
            return []
        params = {
            "action": "query",
            "list": "search",
            "srsearch": _shortened(query),
            "srlimit": str(min(limit, MAX_LIMIT)),
            # Without this the reply also carries the date of the last edit, which says nothing about the content.
            "srprop": "snippet",
            "format": "json",
            "formatversion": "2",
        }
        response = await self._client.get(
            f"{self._base}/w/api.php", params=params, timeout=timeout, follow_redirects=False
        )
        rows = [self._row(result) for result in self._results(response) if is_mapping(result)]
        return make_hits(rows, backend=self.name, limit=limit)

    def _results(self, response: Response) -> list[object]:
        try:
            reply: object = json.loads(response.text)
        except (ValueError, RecursionError):
            reply = None
        if not is_mapping(reply):
            raise self._bad_reply(f"answered {response.content_type or 'something'} instead of a JSON object", response)
        if is_mapping(error := reply.get("error")):
            raise self._bad_reply(f"refused the search: {error.get('info') or error.get('code')}", response)
        # A query that nothing matches may come back without "query".
        found = reply.get("query")
        results = found.get("search") if is_mapping(found) else None
        return list(results) if is_list(results) else []

    def _row(self, result: Mapping[str, object]) -> dict[str, object]:
        title, snippet = result.get("title"), result.get("snippet")
        if not isinstance(title, str):
            return {}
        text = html.unescape(re.sub(r"<[^>]*>", "", snippet)) if isinstance(snippet, str) else ""
        path = quote(title.replace(" ", "_"), safe="/:@!$'()*,;~", errors="replace")
        return {"title": title, "url": f"{self._base}/wiki/{path}", "snippet": text}

    def _bad_reply(self, what: str, response: Response) -> ToolError:
        return ToolError(
            one_line(f"Wikipedia at {self._base} {what}"),
            kind="bad_reply",
            sent=True,
            url=response.url,
            status=response.status,
            attempts=response.attempts,
        )

    async def aclose(self) -> None:
        """Nothing of its own is open."""


def _shortened(query: str) -> str:
    query = " ".join(query.split())
    if len(query) <= QUERY_CHARS:
        return query
    return query[:QUERY_CHARS].rsplit(" ", 1)[0]
