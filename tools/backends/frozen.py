"""A frozen web: pages in one read-only SQLite file, searched and read without any network.

`spadework web freeze` makes such files, out of recordings and collections of text. What was read is served as it was
read. What a search only showed can be found but not read; what failed fails again; the rest is not in the file.
"""

import json
import re
import sqlite3
import weakref
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any, cast, get_args

from ..clean import clean, one_line
from ..errors import ConfigError, ToolError, ToolFailure
from ..home import with_home
from ..query import Query, read_query
from ..reading.extract import Page
from ..reading.snippet import best_passage
from ..search import Hit, make_hits, normalise_url, usable_url
from .api import Row, day
from .frozen_file import AGAIN, first_row, open_frozen, unpacked
from .frozen_index import TITLE_WEIGHT, matching
from .names import SHIPPED

NOT_HERE = "not in the frozen web"
_ADDRESS = re.compile(r"https?://([^/?#]+)(/.*)")
_NEAR = 0.85
_NEIGHBOURS = 200


def load_frozen(path: str) -> "FrozenWeb":
    """The frozen web in the file at `path`, or the one that comes with Spadework under its name, `bundled`.

    A file that did not change is opened once in a process.

    Raises ConfigError: no path, no such file, another file, another version, a damaged file.
    """
    if not path.strip():
        raise ConfigError("the search backend 'frozen' needs a file: write frozen:FILE")
    file = with_home(path.strip())
    if path.strip() == SHIPPED and not file.exists():
        file = Path(str(files(f"{(__package__ or '').rsplit('.', 2)[0]}.cassettes"))) / f"{SHIPPED}.db"
    try:
        stat = file.stat()
        return _loaded(file.resolve(), stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise ConfigError(f"cannot read the frozen web {path}: {error.strerror or error}") from error


@lru_cache(maxsize=4)
def _loaded(file: Path, _changed: int, _size: int) -> "FrozenWeb":
    return FrozenWeb(file)


class FrozenWeb:
    """A file as a search backend and as the browse that reads its pages; both are free of network and of waiting.

    Raises ConfigError for a file that is no frozen web of this version, or is damaged; OSError.
    """

    name = "frozen"

    def __init__(self, file: Path) -> None:
        self.file = file
        # Runs may search from several threads; the lock lets one at a time use the connection.
        self._lock = Lock()
        self._database = open_frozen(file)
        weakref.finalize(self, self._database.close)
        try:
            with closing(self._database.execute("SELECT term, pages FROM common")) as cursor:
                self._common: dict[str, int] = dict(cursor.fetchall())
            self._size = int(first_row(self._database, "SELECT count(*) FROM pages")[0])
        except sqlite3.Error as error:
            raise ConfigError(f"the frozen web {file} is damaged ({error}): {AGAIN}") from error

    def __len__(self) -> int:
        """How many pages can be found."""
        return self._size

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        """See Search. Pages by BM25 (see frozen_index), each with its best passage; the timeout is not needed.

        The operators site:, after: and before: leave pages out; one without a date stays.
        """
        wanted = read_query(query)
        asked = matching(wanted.words, self._common)
        if not asked or limit < 1:
            return []
        with self._reading():
            return make_hits(self._found(wanted, asked, limit), backend=self.name, limit=limit)

    def _found(self, wanted: Query, asked: str, limit: int) -> Iterator[Row]:
        # Rounded, so that the last bit of a float cannot order pages differently on another machine.
        sql = (
            "SELECT rowid FROM words WHERE words MATCH ?"
            f" ORDER BY round(bm25(words, {TITLE_WEIGHT}, 1.0), 6), rowid LIMIT ?"
        )
        # What the filters leave out must not use the limit up.
        most = -1 if wanted.filtered else limit
        with closing(self._database.execute(sql, (asked, most))) as cursor:
            for (number,) in cursor:
                url, date, title = self._one("SELECT url, dated, title FROM pages WHERE id = ?", number)
                if wanted.on_site(url) and wanted.in_time(day(date)):
                    yield {"title": title, "url": url, "snippet": self._snippet(number, wanted.words), "date": date}

    def _snippet(self, number: int, query: str) -> str:
        text, shown = self._one("SELECT text, snippet FROM pages WHERE id = ?", number)
        return best_passage(shown if text is None else unpacked(text), query)

    async def read(self, url: str, *, timeout: float) -> Page:
        """The page at `url`, or where that led when it was recorded.

        Raises ToolError: the failure that was recorded, or not_found (nothing sent) for what is not in the file.
        """
        key = normalise_url(url)
        with self._reading():
            if page := self._page(key):
                return page
            if failed := self._failure(key, url):
                raise failed
            raise self._missing(key, url)

    def _page(self, key: str) -> Page | None:
        sql = (
            "SELECT url, title, date, site, canonical, links, text FROM addresses"
            " JOIN pages ON pages.id = addresses.page WHERE addresses.key = ? AND text IS NOT NULL"
        )
        row = first_row(self._database, sql, key)
        if not row:
            return None
        # Cleaned once more: a file may come from anybody.
        url, title, date, site, canonical = (value if value is None else one_line(value) for value in row[:5])
        links = ((one_line(label), usable_url(target)) for label, target in json.loads(unpacked(row[5])))
        kept = tuple((label, target) for label, target in links if target)
        return Page(str(url), str(title), clean(unpacked(row[6])), kept, date, str(site), str(canonical))

    def _failure(self, key: str, url: str) -> ToolError | None:
        row = first_row(self._database, "SELECT text, kind, sent, status FROM failures WHERE key = ?", key)
        if not row:
            return None
        text, kind, sent, status = row
        known = cast(ToolFailure, kind if kind in get_args(ToolFailure) else "unreadable")
        return ToolError(one_line(text), kind=known, sent=bool(sent), url=url, status=status)

    def _missing(self, key: str, url: str) -> ToolError:
        told = f"{NOT_HERE}: {one_line(url, 200)}"
        if first_row(self._database, "SELECT 1 FROM addresses WHERE key = ?", key):
            told = f"{NOT_HERE} beyond its title and snippet: {one_line(url, 200)}"
        elif near := self._nearest(key):
            told += f"; near it is {near}"
        return ToolError(told, kind="not_found", sent=False, url=url)

    def _nearest(self, key: str) -> str:
        """A readable address of the same host whose path is much the same; empty where there is none."""
        match = _ADDRESS.fullmatch(key)
        if not match:
            return ""
        host, path = match[1].removeprefix("www."), match[2]
        known: dict[str, str] = {}
        for place in (f"{scheme}://{name}" for scheme in ("https", "http") for name in (host, f"www.{host}")):
            known |= {other.removeprefix(place): url for other, url in self._neighbours(place, path)}
        return next((one_line(known[near]) for near in get_close_matches(path, known, n=1, cutoff=_NEAR)), "")

    def _neighbours(self, place: str, path: str) -> Iterator[tuple[str, str]]:
        """Readable addresses at `place` that stand next to `path` in the order of letters."""
        for side, order in ((">=", "ASC"), ("<", "DESC")):
            sql = (
                "SELECT addresses.key, url FROM addresses JOIN pages ON pages.id = addresses.page"
                f" WHERE addresses.key {side} ? AND addresses.key BETWEEN ? AND ? AND text IS NOT NULL"
                f" ORDER BY addresses.key {order} LIMIT {_NEIGHBOURS}"
            )
            # "0" comes right after "/": other hosts and ports stay out.
            with closing(self._database.execute(sql, (place + path, f"{place}/", f"{place}0"))) as cursor:
                yield from cursor

    def _one(self, sql: str, number: int) -> tuple[Any, ...]:
        row = first_row(self._database, sql, number)
        if not row:
            raise sqlite3.DatabaseError(f"page {number} is missing")
        return row

    @contextmanager
    def _reading(self) -> Generator[None]:
        """One at a time; what cannot be read is a ToolError."""
        try:
            with self._lock:
                yield
        except (sqlite3.Error, zlib.error, ValueError, TypeError) as error:
            told = f"the frozen web {self.file} is damaged ({one_line(str(error), 100)})"
            raise ToolError(told, kind="bad_reply", sent=False) from error

    async def aclose(self) -> None:
        """Nothing: the file stays open for the next run in this process."""
