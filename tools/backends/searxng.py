"""SearXNG, a metasearch server that the user runs, as a search backend.

Its search API (docs.searxng.org, "Search API"): GET /search?q=...&format=json, which the server answers with
{"results": [{"title", "url", "content", "publishedDate"}], "unresponsive_engines": [[name, reason]]}. searx, which
SearXNG grew out of, answers in the same form. JSON has to be enabled in the server's settings.yml.
"""

import os
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from ..errors import ConfigError
from ..query import Query
from ..search import ClientFor, usable_url
from ..shapes import is_list
from ..web.http import SafeClient
from .api import ApiSearch, Row, day

DEFAULT_URL = "http://127.0.0.1:8888"
_ENABLE_JSON = "enable it in the server's settings.yml: search: formats: [html, json]"
_HINTS: Mapping[int | str, str] = {
    403: f"JSON is probably not enabled: {_ENABLE_JSON}",
    429: "too many requests: wait, or set server: limiter: false in its settings.yml",
    "no json": _ENABLE_JSON,
    "redirect": "set SEARXNG_URL to the final address",
    "unreachable": "start the server or set SEARXNG_URL",
}


def make_searxng(client_for: ClientFor | None = None) -> "SearxngSearch":
    """The backend for the server in SEARXNG_URL (default http://127.0.0.1:8888).

    Its client may reach that one host and port even on loopback or a private network. Raises ConfigError.
    """
    base = os.environ.get("SEARXNG_URL") or DEFAULT_URL
    host = _host(base)
    client = client_for([host]) if client_for else SafeClient(allow_hosts=[host])
    return SearxngSearch(base, client)


def _host(base: str) -> str:
    try:
        parts = urlsplit(base.strip())
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.username is not None:
        # The value is not shown: it holds a password, and error texts reach the model.
        raise ConfigError("SEARXNG_URL holds a user name or password: a server behind a login cannot be used")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"SEARXNG_URL is {base!r}: it has to be the address of a server, such as {DEFAULT_URL}")
    return f"[{parts.hostname}]:{port}" if ":" in parts.hostname else f"{parts.hostname}:{port}"


class SearxngSearch(ApiSearch):
    """Searches the server at `base`. `client` is its own and is closed with it."""

    name = "searxng"

    def __init__(self, base: str, client: SafeClient) -> None:
        base = base.strip().rstrip("/")
        super().__init__(client, label=f"SearXNG at {base}", hints=_HINTS)
        self._url = f"{base}/search"

    async def find(self, query: Query, *, limit: int, timeout: float) -> list[Row]:
        """See ApiSearch. A server that found nothing because its engines failed is an error, not an empty list."""
        reply = await self.get(self._url, {"q": query.with_site, "format": "json"}, timeout=timeout)
        rows = [_row(result) for result in reply.rows("results")]
        failed = _failed_engines(reply.data.get("unresponsive_engines"))
        if failed and not any(usable_url(row["url"]) for row in rows):
            raise self.bad_reply(f"found nothing because engines failed: {failed}", reply.response)
        return rows

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()


def _row(result: Mapping[str, object]) -> Row:
    return {
        "title": result.get("title"),
        "url": result.get("url"),
        "snippet": result.get("content"),
        "date": day(result.get("publishedDate")),
    }


def _failed_engines(engines: object) -> str:
    """'name (reason)' of each engine that did not answer."""
    pairs: Sequence[object] = engines if is_list(engines) else []
    return ", ".join(f"{pair[0]} ({pair[1]})" for pair in pairs if is_list(pair) and len(pair) >= 2)
