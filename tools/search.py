"""Searching: what a hit is, and what a search backend can do.

A backend is any object with a `name`, an async `search` and an async `aclose`; a plain function does too
(`FunctionSearch`). All text of a hit comes from outside, so it is cleaned and capped here, once, for every backend.
"""

import asyncio
import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol, runtime_checkable
from urllib.parse import quote, urlsplit, urlunsplit

from .clean import one_line
from .errors import ToolError
from .shapes import is_list, is_mapping
from .web.http import SafeClient

TITLE_CHARS = 200
SNIPPET_CHARS = 400
URL_CHARS = 2_000

# A result found by several queries outranks one found by a single query, unless that stood much higher
# (reciprocal rank fusion; 60 is the constant of the method's authors).
_FUSION = 60
_TRACKING = re.compile(r"(?i)(utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_cid|mc_eid|_ga|_gl)(=|$)")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result. `rank` counts from 1; `date` says when it was published, where the backend knows."""

    title: str
    url: str
    snippet: str
    backend: str
    rank: int
    date: str | None = None


@runtime_checkable
class Search(Protocol):
    """A search backend. `search` raises ToolError; finding nothing is an empty list."""

    name: str

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        """At most `limit` hits for `query`, best first, within `timeout` seconds."""
        ...

    async def aclose(self) -> None:
        """Release what the backend itself opened."""
        ...


UserFunction = Callable[[str], object]
"""A user's search or browse function, sync or async."""
ClientFor = Callable[[Sequence[str]], SafeClient]


class FunctionSearch:
    """A user's own function as a backend: `query -> list` of Hit, mapping (title, url, snippet, date) or string.

    A string that is a URL becomes a hit for it; any other string is a snippet with no page behind it, under a
    `corpus://text-...` address that cannot be opened. An async function is stopped at the timeout; a sync one runs
    directly on the event loop, so a slow one should be async.
    """

    def __init__(self, function: UserFunction) -> None:
        self.name: str = getattr(function, "__name__", type(function).__name__).strip("<>")
        self._function = function
        self._label = f"search function {self.name}"

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        """See Search. Whatever the function raises becomes a ToolError that names it."""
        found = await call_function(self._function, query, self._label, timeout)
        if found is None:
            return []
        items = found if is_list(found) else [found]
        return make_hits([self._row(item) for item in items], backend=self.name, limit=limit)

    def _row(self, item: object) -> Mapping[str, object]:
        if is_mapping(item):
            return item
        if isinstance(item, Hit):
            return {"title": item.title, "url": item.url, "snippet": item.snippet, "date": item.date}
        if not isinstance(item, str):
            text = f"{self._label} returned an item of type {type(item).__name__}; wanted Hit, dict or str"
            raise ToolError(text, kind="bad_reply", sent=True)
        if usable_url(item):
            return {"title": item, "url": item}
        digest = hashlib.sha256(item.encode(errors="replace")).hexdigest()
        return {"title": item, "url": f"corpus://text-{digest[:16]}", "snippet": item}

    async def aclose(self) -> None:
        """Nothing is held."""


async def call_function(function: UserFunction, argument: str, label: str, timeout: float) -> object:
    """What a user's sync or async function returns; what it raises becomes a ToolError that begins with `label`."""
    try:
        async with asyncio.timeout(timeout):
            result = function(argument)
            return await result if inspect.isawaitable(result) else result
    except ToolError:
        raise
    except TimeoutError as error:
        raise ToolError(f"{label} did not answer within {timeout:g} s", kind="timeout", sent=True) from error
    except Exception as error:
        text = one_line(f"{label} raised {type(error).__name__}: {error}")
        raise ToolError(text, kind="bad_reply", sent=True) from error


def make_hits(rows: Iterable[object], *, backend: str, limit: int) -> list[Hit]:
    """Clean hits from rows with title, url, snippet and date, best first.

    Rows without a usable URL are dropped, and so are repeats of a page. A missing title becomes the URL.
    """
    hits: dict[str, Hit] = {}
    for row in rows:
        if len(hits) >= limit:
            break
        url = usable_url(row.get("url")) if is_mapping(row) else ""
        if not url or not is_mapping(row) or normalise_url(url) in hits:
            continue
        hits[normalise_url(url)] = Hit(
            title=_text(row.get("title"), TITLE_CHARS) or url,
            url=url,
            snippet=_text(row.get("snippet"), SNIPPET_CHARS),
            backend=backend,
            rank=len(hits) + 1,
            date=_text(row.get("date"), 40) or None,
        )
    return list(hits.values())


def _text(value: object, limit: int) -> str:
    return one_line(value, limit) if isinstance(value, str) else ""


def usable_url(value: object) -> str:
    """`value` as an http, https or corpus URL with a host and no white space in it; else an empty string."""
    url = value.strip() if isinstance(value, str) else ""
    if not url or len(url) > URL_CHARS or " " in url or one_line(url) != url:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https", "corpus") and parts.hostname else ""


@lru_cache(maxsize=8_192)
def normalise_query(query: str) -> str:
    """What queries have in common that differ in case and white space only."""
    return " ".join(query.casefold().split())


def near_query(query: str, others: Iterable[str], least: float = 0.75) -> str:
    """The earlier query that shares most words with this one, order and punctuation aside; empty where none is near.

    `least` is the share of common words among all words of both.
    """
    words = set(re.findall(r"\w+", query.casefold()))
    best, share = "", least
    for other in others:
        known = set(re.findall(r"\w+", other.casefold()))
        common = len(words & known) / max(1, len(words | known))
        if common >= share:
            best, share = other, common
    return best


def normalise_url(url: str, *, keep_tracking: bool = False) -> str:
    """The key under which two spellings of one address are the same; not meant to be fetched.

    Host in lower case; default port, fragment, final slash and (unless kept) tracking parameters dropped; what is not
    ASCII percent-encoded. Text that is no URL comes back stripped.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return url.strip()
    if not parts.scheme or not host or re.search(r"\s", parts.netloc):
        return url.strip()
    login, at, _ = parts.netloc.rpartition("@")
    if ":" in host:
        host = f"[{host}]"
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    kept = "&".join(pair for pair in parts.query.split("&") if keep_tracking or not _TRACKING.match(pair))
    path = _encode(parts.path.rstrip("/"))
    return urlunsplit((parts.scheme, f"{login}{at}{host}", path, _encode(kept), ""))


def _encode(text: str) -> str:
    encoded = quote(text, safe="/%:@!$&'()*+,;=?~", errors="replace")
    return re.sub(r"%[0-9a-fA-F]{2}", lambda match: match[0].upper(), encoded)


def merge_hits(results: Iterable[Sequence[Hit]]) -> list[Hit]:
    """The hits of several queries as one ranking without repeats; each keeps its best-ranked title and snippet."""
    best: dict[str, Hit] = {}
    scores: dict[str, float] = {}
    for hit in (hit for hits in results for hit in hits):
        key = normalise_url(hit.url)
        scores[key] = scores.get(key, 0.0) + 1 / (_FUSION + hit.rank)
        if key not in best or hit.rank < best[key].rank:
            best[key] = hit
    order = sorted(best, key=lambda key: -scores[key])
    return [replace(best[key], rank=rank) for rank, key in enumerate(order, start=1)]
