"""What earlier runs fetched: pages and search results in one SQLite file that many processes may use at once.

Off unless a user names a file. It can only save money and time: where it cannot be read or written, everything is
fetched as without it. The file is for its owner alone (mode 0600), as it tells what was searched and read.
"""

import json
import logging
import sqlite3
import threading
import time
import weakref
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .errors import ConfigError
from .home import with_home
from .private import make_private
from .reading.extract import Page
from .reading.stored import page_data, page_from
from .search import Hit, normalise_query, normalise_url
from .shapes import is_mapping
from .web.freshness import MOST_DAYS, USUAL_HOURS, lifetime, validators

MOST_BYTES = 500_000_000
VERSION = 1
"""Of the form of the rows, and of the way pages are read: rows of another version are not used."""
_WAIT_S = 0.5
_HEADERS = ("etag", "last-modified", "cache-control", "expires")

log = logging.getLogger("spadework")


@dataclass(frozen=True, slots=True)
class Kept:
    """A page as it was kept. `asking` are the headers that ask whether it still holds, `headers` those it came with."""

    page: Page
    fresh: bool
    asking: Mapping[str, str]
    headers: Mapping[str, str]


class Cache:
    """The cache in the file at `path`, made when it is not there; `hours` is the longest that anything counts as fresh.

    Raises ConfigError for a file that is something else, or a folder that cannot be written to.
    """

    def __init__(self, path: str | Path, *, hours: float = USUAL_HOURS, clock: Callable[[], float] = time.time) -> None:
        if not 0 < hours <= MOST_DAYS * 24:
            raise ConfigError(f"cache hours {hours!r}: give a number above 0, at most {MOST_DAYS * 24}")
        self._file = with_home(path)
        self._usual_s = hours * 3600
        self._clock = clock
        self._lock = threading.Lock()
        self._broken = False
        self._database = self._opened()
        weakref.finalize(self, self._database.close)

    def page(self, url: str) -> Kept | None:
        """The page kept for this address, fresh or not; None where there is none."""
        row = self._row("page", normalise_url(url))
        if row is None:
            return None
        until, stored = row
        try:
            page = page_from(stored["page"])
            headers: dict[str, str] = dict(stored["headers"])
        except (KeyError, TypeError, ValueError):
            return None
        return Kept(page, until > self._clock(), validators(headers), headers)

    def keep_page(self, asked: str, page: Page, headers: Mapping[str, str]) -> None:
        """Keep a page under the address that was asked for and under its own, as far as its headers allow it."""
        seconds = lifetime(headers, self._usual_s, self._clock())
        if seconds is None or (seconds == 0 and not validators(headers)):
            return
        told = {name: headers[name] for name in _HEADERS if name in headers}
        stored = {"page": page_data(page), "headers": told}
        for url in {normalise_url(asked), normalise_url(page.url)}:
            self._write("page", url, seconds, stored)

    def hits(self, backend: str, query: str, limit: int) -> list[Hit] | None:
        """The results kept for this query of this backend; None where there are none, or fewer were asked for."""
        row = self._row("search", f"{backend} {normalise_query(query)}")
        if row is None or row[0] <= self._clock():
            return None
        try:
            return [Hit(**fields) for fields in row[1]["hits"][:limit]] if row[1]["limit"] >= limit else None
        except (KeyError, TypeError):
            return None

    def keep_hits(self, backend: str, query: str, limit: int, hits: Sequence[Hit]) -> None:
        """Keep the results of a query; an empty list is no news that is worth keeping."""
        if hits:
            stored = {"limit": limit, "hits": [asdict(hit) for hit in hits]}
            self._write("search", f"{backend} {normalise_query(query)}", self._usual_s, stored)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    # -- the file

    def _opened(self) -> sqlite3.Connection:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            make_private(self._file)
            database = sqlite3.connect(self._file, timeout=_WAIT_S, check_same_thread=False, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"the cache {self._file} cannot be opened ({error}); name another file") from error
        try:
            tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if tables - {"spadework_cache"}:
                raise ConfigError(f"{self._file} is a database of something else; name another file for the cache")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = OFF")  # a lost row is fetched again
            database.execute(
                "CREATE TABLE IF NOT EXISTS spadework_cache (kind TEXT, key TEXT, version INTEGER, kept REAL,"
                " until REAL, data BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID"
            )
            self._prune(database)
        except sqlite3.OperationalError as error:
            self._give_up(error)
        except sqlite3.DatabaseError as error:
            database.close()
            raise ConfigError(f"{self._file} is no cache of ours ({error}); name another file, or delete it") from error
        except ConfigError:
            database.close()
            raise
        return database

    def _prune(self, database: sqlite3.Connection) -> None:
        """Old rows go, and then the oldest ones until the rest is small enough."""
        oldest = self._clock() - MOST_DAYS * 86_400
        database.execute("DELETE FROM spadework_cache WHERE kept < ? OR version <> ?", (oldest, VERSION))
        sizes = "SELECT kind, key, SUM(LENGTH(data)) OVER (ORDER BY kept DESC, kind, key) AS total FROM spadework_cache"
        database.execute(
            f"DELETE FROM spadework_cache WHERE (kind, key) IN (SELECT kind, key FROM ({sizes}) WHERE total > ?)",
            (MOST_BYTES,),
        )

    def _row(self, kind: str, key: str) -> tuple[float, Mapping[str, Any]] | None:
        sql = "SELECT until, data FROM spadework_cache WHERE kind = ? AND key = ? AND version = ?"
        try:
            with self._lock, closing(self._database.execute(sql, (kind, key, VERSION))) as cursor:
                row = cursor.fetchone()
            data = json.loads(zlib.decompress(row[1])) if row else None
        except (sqlite3.Error, zlib.error, ValueError) as error:
            self._give_up(error)
            return None
        return (float(row[0]), data) if row and is_mapping(data) else None

    def _write(self, kind: str, key: str, seconds: float, stored: object) -> None:
        now = self._clock()
        row = (kind, key, VERSION, now, now + seconds, zlib.compress(json.dumps(stored).encode(), 6))
        try:
            with self._lock:
                self._database.execute("INSERT OR REPLACE INTO spadework_cache VALUES (?, ?, ?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        if not self._broken:
            self._broken = True
            log.warning("the cache %s does not work (%s): going on without it", self._file, error)
