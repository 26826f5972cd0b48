"""DuckDuckGo as a search backend, through the package `ddgs` (extra `ddg`); needs no key.

`ddgs` reads DuckDuckGo's result page, and it opens its own connections: not through our client, so without its check
of addresses, its proxy and CA settings, its caps and its recording. It is blocking and runs in a thread. The call is
as in the README of ddgs 9.16 (pypi.org, November 2026): DDGS(timeout=...).text(query, max_results=..., backend=...)
gives [{"title", "href", "body"}]. Not tried against the live site.
"""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from math import ceil
from threading import Thread

from ..clean import one_line
from ..errors import ConfigError, ToolError, ToolFailure
from ..query import cut, read_query
from ..search import Hit, make_hits
from ..shapes import is_list, is_mapping
from .api import Row

PACKAGE = "ddgs"
QUERY_CHARS = 400
_FAILURES: dict[str, tuple[ToolFailure, int | None, str]] = {
    "RatelimitException": ("status", 429, "limits the rate of searches: wait, or use another search backend"),
    "TimeoutException": ("timeout", None, "did not answer in time"),
}


def make_duckduckgo() -> "DuckDuckGoSearch":
    """The backend, if the package is there. Raises ConfigError."""
    if not installed():
        raise ConfigError("DuckDuckGo is searched with the package ddgs: pip install 'spadework[ddg]'")
    return DuckDuckGoSearch()


def installed() -> bool:
    """Whether the package can be imported; it is not imported for that."""
    return bool(sys.modules[PACKAGE] if PACKAGE in sys.modules else find_spec(PACKAGE))


class DuckDuckGoSearch:
    """Searches DuckDuckGo; no other of the engines that `ddgs` knows."""

    name = "duckduckgo"

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        """See Search. The timeout ends the wait; the thread ends by a timeout of its own, of as many seconds."""
        wanted = read_query(query)
        if not wanted.words or limit < 1:
            return []
        site = f" site:{wanted.site}" if wanted.site else ""
        text = cut(wanted.words, QUERY_CHARS - len(site)) + site
        try:
            async with asyncio.timeout(timeout):
                found = await _in_thread(lambda: _ask(text, limit, timeout))
        except TimeoutError as error:
            raise _error("timeout", f"did not answer within {timeout:g} s") from error
        if isinstance(found, BaseException):
            raise _failure(found) from found
        rows = [_row(result) for result in found] if is_list(found) else []
        return make_hits((row for row in rows if wanted.on_site(row.get("url"))), backend=self.name, limit=limit)

    async def aclose(self) -> None:
        """Nothing is held."""


def _ask(text: str, limit: int, timeout: float) -> object:
    engine = import_module(PACKAGE).DDGS(timeout=max(1, ceil(timeout)))
    return engine.text(text, max_results=limit, backend="duckduckgo")


async def _in_thread(work: Callable[[], object]) -> object:
    """What `work` returns, or the exception it raised. Nobody waits for the thread when the process ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[object] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # what the package is built on also raises others than Exception
            result = error
        # The loop is gone when the process is about to end.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, result)

    def tell(result: object) -> None:
        if not done.done():
            done.set_result(result)

    Thread(target=run, name="ddgs search", daemon=True).start()
    return await done


def _row(result: object) -> Row:
    if not is_mapping(result):
        return {}
    return {"title": result.get("title"), "url": result.get("href"), "snippet": result.get("body")}


def _failure(error: BaseException) -> ToolError:
    if isinstance(error, ImportError):
        return _error("bad_reply", f"cannot be searched: {PACKAGE} does not load ({error})", sent=False)
    if known := _FAILURES.get(type(error).__name__):
        kind, status, what = known
        return _error(kind, what, status=status)
    if "No results found" in str(error):
        # The package says the same when DuckDuckGo turned it away.
        what = "found nothing, or turned the search away; try other words, or another search backend"
        return _error("bad_reply", what)
    return _error("bad_reply", f"failed: {type(error).__name__}: {error}")


def _error(kind: ToolFailure, what: str, *, sent: bool = True, status: int | None = None) -> ToolError:
    text = one_line(f"DuckDuckGo {what}", 400)
    return ToolError(text, kind=kind, sent=sent, status=status, attempts=int(sent))
