"""Reading one page: its address in, its text out.

A browse is any object with an async `read` and an async `aclose`; a plain function does too (`FunctionBrowse`).
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from .backends.several import stages_of
from .cache import Cache
from .clean import one_line
from .errors import ConfigError, ToolError
from .reader import Reader
from .reading.extract import Page, extract_page
from .reading.formats import looks_like_html, read_body
from .reading.plain import text_page
from .reading.pool import shared_pool
from .search import Search, UserFunction, call_function, usable_url
from .shapes import is_mapping
from .web.http import Response, SafeClient


@runtime_checkable
class Browse(Protocol):
    """Something that reads pages."""

    async def read(self, url: str, *, timeout: float) -> Page:
        """The page at `url`, within `timeout` seconds; its `url` is the final one. Raises ToolError."""
        ...

    async def aclose(self) -> None:
        """Release what the browse itself opened."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A browse that keeps what it read."""

    def known(self, url: str) -> Page | None:
        """The page at `url` where it is kept and still holds: it costs no request."""
        ...


def make_browse(
    value: "Browse | UserFunction | None",
    client: SafeClient,
    search: Search,
    *,
    live: bool = True,
    reader: Reader | None = None,
    cache: Cache | None = None,
) -> Browse:
    """What reads the pages: `value`, a function wrapped; for None the search backend itself if it can read, as a
    corpus can, else the web through `client`, which stays the caller's to close; of several backends both.

    `live`, `reader` and `cache`: see WebBrowse. Raises ConfigError.
    """
    if value is None:
        if isinstance(search, Browse):
            return search
        web = WebBrowse(client, live=live, reader=reader, cache=cache)
        readers = [part for stage in stages_of(search) for part in stage if isinstance(part, Browse)]
        return CorpusFirst(readers, web) if readers else web
    if isinstance(value, Browse):
        return value
    if callable(value):
        return FunctionBrowse(value)
    raise ConfigError(f"browse is {value!r}: it has to be a function of a URL, or an object with read and aclose")


class WebBrowse:
    """Reads pages from the web, of all the kinds that `formats.read_body` knows.

    Pages are parsed in child processes that can be killed. Without `live`, they are recorded ones: those are parsed
    here, so that a replay starts nothing. `reader` is the second way to a page that shows no text to a program,
    `cache` what earlier runs read.
    """

    def __init__(
        self, client: SafeClient, *, live: bool = True, reader: Reader | None = None, cache: Cache | None = None
    ) -> None:
        self._client = client
        self._live = live
        self._reader = reader
        self._cache = cache

    def known(self, url: str) -> Page | None:
        """The page as an earlier run read it, where that still holds: it costs no request."""
        kept = self._cache.page(url) if self._cache is not None else None
        return kept.page if kept is not None and kept.fresh else None

    async def read(self, url: str, *, timeout: float) -> Page:
        """See Browse. A page of another type, or without text, is a ToolError (unreadable)."""
        if url.startswith("corpus:"):
            text = f"no corpus is loaded that has the page {one_line(url)}"
            raise ToolError(text, kind="not_found", sent=False, url=url)
        now = asyncio.get_running_loop().time
        deadline = now() + timeout
        kept = self._cache.page(url) if self._cache is not None else None
        try:
            response = await self._client.get(url, headers=kept.asking if kept else None, timeout=timeout)
            page = kept.page if kept and response.status == 304 else await self._parsed(response, deadline)
        except ToolError as error:
            if self._reader is None or not self._reader.may_help(error):
                raise
            return await self._reader.read(url, error, timeout=deadline - now())
        if self._cache is not None:
            headers = response.headers
            if kept is not None and response.status == 304:
                headers = {**kept.headers, **headers}
            self._cache.keep_page(url, page, headers)
        return page

    async def _parsed(self, response: Response, deadline: float) -> Page:
        """The page in a reply, by `deadline` on the loop's clock. Raises ToolError."""
        left = deadline - asyncio.get_running_loop().time()
        content_type = response.headers.get("content-type", "")
        try:
            if self._live:
                return await shared_pool().read(response.body, content_type, response.url, timeout=left)
            return read_body(response.body, content_type, response.url)
        except ToolError as error:
            raise ToolError(
                f"{one_line(response.url, 200)}: {error}",
                kind=error.kind,
                sent=True,
                url=response.url,
                status=response.status,
                attempts=response.attempts,
            ) from error

    async def aclose(self) -> None:
        """Nothing of its own is open."""


class CorpusFirst:
    """Reads what one of `readers` has, and the rest from the web."""

    def __init__(self, readers: Sequence[Browse], web: WebBrowse) -> None:
        self._readers = readers
        self._web = web

    def known(self, url: str) -> Page | None:
        """See Remembering."""
        return self._web.known(url)

    async def read(self, url: str, *, timeout: float) -> Page:
        """See Browse."""
        for reader in self._readers:
            try:
                return await reader.read(url, timeout=timeout)
            except ToolError as error:
                if error.kind != "not_found":
                    raise
        return await self._web.read(url, timeout=timeout)

    async def aclose(self) -> None:
        """Nothing of its own is open."""


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
            return extract_page(found, url) if looks_like_html(found) else text_page(url, found)
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
