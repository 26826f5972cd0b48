"""Wikipedia's own search as a backend; needs no key and no server.

The request and the reply follow the public manual page "API:Search" at mediawiki.org (action=query, list=search) in
the form formatversion=2: {"query": {"search": [{"title", "snippet", ...}]}}, with matches in the snippet marked by
<span class="searchmatch">, or {"error": {"code", "info"}}. The tests play such replies from a loopback server; they
do not show that Wikipedia answers so today.
"""

import os
import re
from collections.abc import Mapping
from urllib.parse import quote

from ..errors import ConfigError
from ..query import Query, cut
from ..web.http import SafeClient
from .api import ApiSearch, Row, plain

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


class WikipediaSearch(ApiSearch):
    """Searches the wiki at `base`."""

    name = "wikipedia"

    def __init__(self, client: SafeClient, *, base: str = f"https://{DEFAULT_LANG}.wikipedia.org") -> None:
        self._base = base.rstrip("/")
        super().__init__(client, label=f"Wikipedia at {self._base}")

    async def find(self, query: Query, *, limit: int, timeout: float) -> list[Row]:
        """See ApiSearch. Another site than this wiki is not asked for: it has no pages of it."""
        if not query.on_site(self._base):
            return []
        params = {
            "action": "query",
            "list": "search",
            "srsearch": cut(query.words, QUERY_CHARS),
            "srlimit": str(min(limit, MAX_LIMIT)),
            # Without this the reply also carries the date of the last edit, which says nothing about the content.
            "srprop": "snippet",
            "format": "json",
            "formatversion": "2",
        }
        reply = await self.get(f"{self._base}/w/api.php", params, timeout=timeout)
        return [self._row(result) for result in reply.rows("query", "search")]

    def _row(self, result: Mapping[str, object]) -> Row:
        title = result.get("title")
        if not isinstance(title, str):
            return {}
        path = quote(title.replace(" ", "_"), safe="/:@!$'()*,;~", errors="replace")
        return {"title": title, "url": f"{self._base}/wiki/{path}", "snippet": plain(result.get("snippet"))}
