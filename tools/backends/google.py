"""Google's Custom Search JSON API as a search backend; the keys stand in GOOGLE_API_KEY and GOOGLE_CSE_ID.

Request and reply are as in Google's public documentation (developers.google.com/custom-search/v1, "cse.list" and
"Filtering and sorting search results", read in November 2026): GET /customsearch/v1?cx=...&q=...&num=..., answered
with {"items": [{"title", "link", "snippet", "pagemap"}]} or {"error": {"message"}}. The key goes into the header
X-Goog-Api-Key (cloud.google.com, "System parameters") and so never into a URL. Google takes no new customers for
this API and ends it on 1 January 2027. Not tried against the live API.
"""

from collections.abc import Mapping

from ..query import Query, cut
from ..shapes import is_list, is_mapping
from ..web.http import SafeClient
from .api import ApiSearch, Key, Row, day, read_key

BASE = "https://customsearch.googleapis.com"
MAX_LIMIT = 10
# Google reads 32 words; the length is a bound of our own.
QUERY_CHARS, QUERY_WORDS = 1_000, 32
_DATES = ("article:published_time", "datepublished", "dc.date", "date")
_FIRST_DAY, _LAST_DAY = "10000101", "21001231"


def make_google(client: SafeClient, *, base: str = BASE) -> "GoogleSearch":
    """The backend with the key in GOOGLE_API_KEY and the engine in GOOGLE_CSE_ID. Raises ConfigError."""
    key, engine = (read_key(name, "Google Custom Search") for name in ("GOOGLE_API_KEY", "GOOGLE_CSE_ID"))
    return GoogleSearch(client, key, engine.value, base=base)


class GoogleSearch(ApiSearch):
    """Searches with the engine (`cx`) at the API at `base`; one search gives ten results at most."""

    name = "google"

    def __init__(self, client: SafeClient, key: Key, engine: str, *, base: str = BASE) -> None:
        # Google answers a key or an engine that it does not know with 400, like any request it cannot read.
        hints: dict[int | str, str] = {400: f"{key.variable} or GOOGLE_CSE_ID is probably wrong: check both"}
        super().__init__(client, label="Google Custom Search", key=key, hints=hints)
        self._url = f"{base.rstrip('/')}/customsearch/v1"
        self._engine = engine

    async def find(self, query: Query, *, limit: int, timeout: float) -> list[Row]:
        """See ApiSearch."""
        params = {
            "cx": self._engine,
            "q": cut(query.words, QUERY_CHARS, QUERY_WORDS),
            "num": str(min(limit, MAX_LIMIT)),
        }
        if query.site:
            params |= {"siteSearch": query.site, "siteSearchFilter": "i"}
        if query.since or query.until:
            first, last = (f"{end:%Y%m%d}" if end else "" for end in (query.since, query.until))
            params["sort"] = f"date:r:{first or _FIRST_DAY}:{last or _LAST_DAY}"
        headers = {"x-goog-api-key": self._secret, "accept": "application/json"}
        reply = await self.get(self._url, params, headers=headers, timeout=timeout)
        return [_row(item) for item in reply.rows("items")]


def _row(item: Mapping[str, object]) -> Row:
    return {
        "title": item.get("title"),
        "url": item.get("link"),
        "snippet": item.get("snippet"),
        "date": _published(item.get("pagemap")),
    }


def _published(pagemap: object) -> str | None:
    """The date in the meta tags of the page, as Google passes them on."""
    metatags = pagemap.get("metatags") if is_mapping(pagemap) else None
    tags = metatags[0] if is_list(metatags) and metatags else None
    return next((found for name in _DATES if (found := day(tags.get(name)))), None) if is_mapping(tags) else None
