"""SearXNG, a metasearch server that the user runs, as a search backend.

Its search API (docs.searxng.org, "Search API"): GET /search?q=...&format=json, which the server answers with
{"results": [{"title", "url", "content", "publishedDate"}], "unresponsive_engines": [[name, reason]]}. searx, which
SearXNG grew out of, answers in the same form. JSON has to be enabled in the server's settings.yml.
"""

import json
import os
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from ..clean import one_line
from ..errors import ConfigError, ToolError
from ..search import ClientFor, Hit, make_hits
from ..shapes import is_list, is_mapping
from ..web.http import Response, SafeClient

DEFAULT_URL = "http://127.0.0.1:8888"
_ENABLE_JSON = "enable it in the server's settings.yml: search: formats: [html, json]"


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


class SearxngSearch:
    """Searches the server at `base`. `client` is its own and is closed with it."""

    name = "searxng"

    def __init__(self, base: str, client: SafeClient) -> None:
        self._base = base.strip().rstrip("/")
        self._client = client

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        """See Search. A server that found nothing because its engines failed is an error, not an empty list."""
        params = {"q": query, "format": "json"}
        try:
            # The server's own address was let through the address guard; one that it redirects to was not.
            response = await self._client.get(
                f"{self._base}/search", params=params, timeout=timeout, follow_redirects=False
            )
        except ToolError as error:
            raise self._explained(error, timeout) from error
        reply = self._decoded(response)
        results = reply.get("results")
        rows = [_row(result) for result in results if is_mapping(result)] if is_list(results) else []
        hits = make_hits(rows, backend=self.name, limit=limit)
        if not hits and (failed := _failed_engines(reply.get("unresponsive_engines"))):
            raise self._bad_reply(f"found nothing because engines failed: {failed}", response)
        return hits

    def _decoded(self, response: Response) -> Mapping[str, object]:
        try:
            reply: object = json.loads(response.text)
        except (ValueError, RecursionError):
            reply = None
        if not is_mapping(reply):
            kind = response.content_type or "something"
            raise self._bad_reply(f"answered {kind} instead of a JSON object; {_ENABLE_JSON}", response)
        if isinstance(fault := reply.get("error"), str):
            raise self._bad_reply(f"refused the search: {fault}", response)
        return reply

    def _bad_reply(self, what: str, response: Response) -> ToolError:
        return ToolError(
            one_line(f"SearXNG at {self._base} {what}"),
            kind="bad_reply",
            sent=True,
            url=response.url,
            status=response.status,
            attempts=response.attempts,
        )

    def _explained(self, error: ToolError, timeout: float) -> ToolError:
        what = f"failed: {error}"
        if error.status == 403:
            what = f"answered 403, so JSON is probably not enabled; {_ENABLE_JSON}"
        elif error.status == 429:
            what = "answered 429, too many requests; wait, or set server: limiter: false in its settings.yml"
        elif error.status is not None and 300 <= error.status < 400:
            what = f"answered {error.status}, a redirect; set SEARXNG_URL to the final address"
        elif error.kind == "timeout":
            what = f"did not answer within {timeout:g} s"
        elif error.kind == "unreachable":
            what = "cannot be reached; start the server or set SEARXNG_URL"
        return ToolError(
            one_line(f"SearXNG at {self._base} {what}"),
            kind=error.kind,
            sent=error.sent,
            url=error.url,
            status=error.status,
            attempts=error.attempts,
        )

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()


def _row(result: Mapping[str, object]) -> dict[str, object]:
    published = result.get("publishedDate")
    return {
        "title": result.get("title"),
        "url": result.get("url"),
        "snippet": result.get("content"),
        "date": published[:10] if isinstance(published, str) else None,
    }


def _failed_engines(engines: object) -> str:
    """'name (reason)' of each engine that did not answer."""
    pairs: Sequence[object] = engines if is_list(engines) else []
    return ", ".join(f"{pair[0]} ({pair[1]})" for pair in pairs if is_list(pair) and len(pair) >= 2)
