"""Reading one page: its address in, its text out.

A browse is any object with an async `read` and an async `aclose`; a plain function does too (`FunctionBrowse`).
"""

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from .clean import one_line
from .errors import ConfigError, ToolError, ToolFailure
from .reading.extract import Page, extract_page
from .reading.plain import text_page
from .search import Search, UserFunction, call_function, usable_url
from .shapes import is_mapping
from .web.http import Response, SafeClient

# Parsing a page of this many bytes takes about 20 ms; a larger one would hold up every other call of the run.
INLINE_BYTES = 200_000
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_HTML_MARK = re.compile(r"<(!doctype html|html|head|body)\b", re.IGNORECASE)


@runtime_checkable
class Browse(Protocol):
    """Something that reads pages."""

    async def read(self, url: str, *, timeout: float) -> Page:
        """The page at `url`, within `timeout` seconds; its `url` is the final one. Raises ToolError."""
        ...

    async def aclose(self) -> None:
        """Release what the browse itself opened."""
        ...


def make_browse(value: "Browse | UserFunction | None", client: SafeClient, search: Search) -> Browse:
    """What reads the pages: `value`, a function wrapped; for None the search backend itself if it can read, as a
    corpus can, else the web through `client`, which stays the caller's to close. Raises ConfigError."""
    if value is None:
        return search if isinstance(search, Browse) else WebBrowse(client)
    if isinstance(value, Browse):
        return value
    if callable(value):
        return FunctionBrowse(value)
    raise ConfigError(f"browse is {value!r}: it has to be a function of a URL, or an object with read and aclose")


class WebBrowse:
    """Reads pages from the web: HTML as its main text; plain text, Markdown and JSON as they are."""

    def __init__(self, client: SafeClient) -> None:
        self._client = client

    async def read(self, url: str, *, timeout: float) -> Page:
        """See Browse. A page of another type, or without text, is a ToolError (unreadable)."""
        if url.startswith("corpus:"):
            text = f"no corpus is loaded that has the page {one_line(url)}"
            raise ToolError(text, kind="not_found", sent=False, url=url)
        deadline = asyncio.get_running_loop().time() + timeout
        response = await self._client.get(url, timeout=timeout)
        try:
            async with asyncio.timeout_at(deadline):
                large = len(response.body) > INLINE_BYTES
                page = await asyncio.to_thread(_parsed, response) if large else _parsed(response)
        except TimeoutError as error:
            raise _failure(response, f"page was fetched but not parsed within {timeout:g} s", "timeout") from error
        if not page.text.strip():
            raise _failure(response, "page has no readable text (script-only?)")
        return page

    async def aclose(self) -> None:
        """Nothing of its own is open."""


def _parsed(response: Response) -> Page:
    kind = response.content_type
    if response.body.startswith(b"%PDF-"):
        kind = "application/pdf"
    if kind in _HTML_TYPES or (not kind and _looks_like_html(response.text)):
        return extract_page(response.text, response.url)
    if kind == "application/json" or kind.endswith("+json"):
        return text_page(response.url, _readable_json(response.text))
    if not kind or kind.startswith("text/"):
        return text_page(response.url, response.text)
    raise _failure(response, f"cannot read content of type {kind}")


def _looks_like_html(text: str) -> bool:
    start = text[:4_000].lstrip()
    return start.startswith("<") and _HTML_MARK.search(start) is not None


def _failure(response: Response, what: str, kind: ToolFailure = "unreadable") -> ToolError:
    return ToolError(
        one_line(f"{what}: {response.url}"),
        kind=kind,
        sent=True,
        url=response.url,
        status=response.status,
        attempts=response.attempts,
    )


def _readable_json(text: str) -> str:
    """JSON with one value a line and no escapes, so that passages can be chosen and quoted; as it is if broken."""
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


class FunctionBrowse:
    """A user's own function as browse: `url -> page`, sync or async, where the page is a Page, HTML or plain text,
    or a mapping with text and optionally title, url and date. See FunctionSearch for timeouts."""

    def __init__(self, function: UserFunction) -> None:
        name: str = getattr(function, "__name__", type(function).__name__)
        self._function = function
        self._label = f"browse function {name.strip('<>')}"

    async def read(self, url: str, *, timeout: float) -> Page:
        """See Browse. What the function raises becomes a ToolError that names it."""
        found = await call_function(self._function, url, self._label, timeout)
        page = self._page(url, found)
        if not page.text.strip():
            raise ToolError(f"{self._label} found no text: {one_line(url)}", kind="unreadable", sent=True, url=url)
        return page

    def _page(self, url: str, found: object) -> Page:
        if isinstance(found, Page):
            return found
        if isinstance(found, str):
            return extract_page(found, url) if _looks_like_html(found) else text_page(url, found)
        if is_mapping(found):
            return _mapped(url, found)
        if found is None:
            return text_page(url, "")
        text = f"{self._label} returned {type(found).__name__}; wanted str, Page or dict"
        raise ToolError(text, kind="bad_reply", sent=True, url=url)

    async def aclose(self) -> None:
        """Nothing is held."""


def _mapped(url: str, found: Mapping[str, object]) -> Page:
    values = {name: value for name in ("url", "text", "title", "date") if isinstance(value := found.get(name), str)}
    return text_page(
        usable_url(values.get("url")) or url,
        values.get("text", ""),
        title=values.get("title", ""),
        date=values.get("date"),
    )
