"""The pages, search results and failures in a recording, read as a live run reads them."""

from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from ...agent.llm.wire import is_object, load_json
from ...tools.clean import one_line
from ...tools.errors import CassetteError, ConfigError, ToolError
from ...tools.reading.extract import Page
from ...tools.reading.formats import read_body
from ...tools.web.fetch import Fetch, Response, parse
from ...tools.web.http import SafeClient
from ..recording.backends import Endpoint, endpoints_of
from ..recording.cassettes import Cassette
from ..recording.entries import body_bytes
from ..recording.replay import ReplayTransport, answered
from .collected import Collected

MAX_BYTES = 5_000_000
"""Of a body, as in a live run."""
_ALL = 1_000


async def add_recorded(cassette: Cassette, collected: Collected) -> dict[str, int]:
    """Add all that a recording holds of the web. Returns how many pages, results and failures that were.

    Raises CassetteError for a search that is not known, ConfigError for a PDF where pypdf is missing.
    """
    counts = {"pages": 0, "results": 0, "failures": 0}
    endpoints = endpoints_of(cassette)
    transport = ReplayTransport(cassette)
    for event in cassette.events():
        method: str = event["request"]["method"]
        url: str = event["request"]["uri"]
        asked = next((endpoint for endpoint in endpoints if url.partition("?")[0] == endpoint.url), None)
        if asked is not None:
            counts["results"] += await _add_results(asked, event, collected)
        elif method != "GET" or urlsplit(url).path == "/robots.txt":
            continue
        elif f"GET {url}" in transport.unused():
            # Where a redirect led is read with the address that led there.
            counts[await _add_reading(url, transport, collected)] += 1
    return counts


async def _add_results(endpoint: Endpoint, event: dict[str, Any], collected: Collected) -> int:
    """The results in one reply, as the adapter understands it; a search that failed has none."""
    if event.get("response", {}).get("status", {}).get("code") != 200:
        return 0

    async def answer(request: httpx.Request) -> httpx.Response:
        # The adapter may ask in another spelling: whatever it asks, this is the reply.
        return await answered(event, request)

    search = endpoint.make(SafeClient(transport=httpx.MockTransport(answer)))
    query = _query(event["request"], endpoint.parameter)
    try:
        hits = await search.search(query, limit=_ALL, timeout=60)
    except ToolError:
        return 0
    for hit in hits:
        collected.add_hit(hit)
    return len(hits)


def _query(request: dict[str, Any], parameter: str) -> str:
    """What was asked for: in the address, or in the JSON that was posted."""
    url: str = request["uri"]
    if request["method"] == "GET":
        return parse_qs(urlsplit(url).query).get(parameter, [""])[0]
    try:
        posted = load_json(body_bytes(request.get("body")))
    except ValueError:
        return ""
    return str(posted.get(parameter, "")) if is_object(posted) else ""


async def _add_reading(url: str, transport: ReplayTransport, collected: Collected) -> str:
    """Read a page and say what came of it: "pages" or "failures"."""
    try:
        page = await _read(url, transport)
    except ToolError as error:
        collected.add_failure(url, error)
        return "failures"
    collected.add_page(url, page)
    return "pages"


async def _read(url: str, transport: ReplayTransport) -> Page:
    """As the browse of a live run does it, but for trying again: whatever was tried is in the recording."""
    fetch = Fetch(transport, url, parse(url), {}, 60, follow=True, max_bytes=MAX_BYTES)
    try:
        reply = await fetch.run()
    except TimeoutError as error:
        raise fetch.error(f"no complete reply from {fetch.shown} in time", "timeout") from error
    except CassetteError as error:
        raise fetch.error(f"{fetch.shown} was not read when this was recorded", "not_found") from error
    try:
        return read_body(reply.body, reply.headers.get("content-type", ""), reply.url)
    except ToolError as error:
        if _is_pdf(reply) and find_spec("pypdf") is None:
            raise ConfigError(f"{one_line(url, 200)} is a PDF: pip install 'spadework[pdf]' to freeze it") from error
        told = f"{one_line(reply.url, 200)}: {error}"
        raise fetch.error(told, error.kind, reply.status) from error


def _is_pdf(reply: Response) -> bool:
    return b"%PDF-" in reply.body[:1024]
