"""BM25 over the pages of the bundled web: it decides which questions are hard, and serves the search endpoint."""

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from ...tools.backends.corpus import TITLE_WEIGHT, match_expression

_SNIPPET_WORDS = 40
_KEPT = 2000
"""Searches whose results are kept: the same few are made again and again."""


@dataclass(frozen=True, slots=True)
class Found:
    """One result: the page's path, its title, and the part of the text in which the words were found."""

    path: str
    title: str
    snippet: str


class Ranking:
    """An index of (path, title, text), held in memory. Safe to search from several threads."""

    def __init__(self, pages: Iterable[tuple[str, str, str]]) -> None:
        self._lock = Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute(
            "CREATE VIRTUAL TABLE pages USING fts5"
            "(path UNINDEXED, title, text, tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        self._db.executemany("INSERT INTO pages VALUES (?, ?, ?)", pages)
        self._search = lru_cache(_KEPT)(self._found)

    def close(self) -> None:
        """Free the index."""
        self._db.close()

    def paths(
        self, query: str, limit: int = -1, *, every_word: bool = False, title_weight: float = TITLE_WEIGHT
    ) -> list[str]:
        """Paths of the pages that hold any word of the query, best first; all of them without a limit.

        Words are chosen as the corpus search does it, or taken all with `every_word`.
        """
        # Rounded, so that the last bit of a float cannot order pages differently on another machine.
        sql = "SELECT path FROM pages WHERE pages MATCH ? ORDER BY round(bm25(pages, 0, ?, 1.0), 6), rowid LIMIT ?"
        return [
            str(row[0])
            for row in self._rows(sql, _every(query) if every_word else match_expression(query), title_weight, limit)
        ]

    def search(self, query: str, limit: int = 10) -> list[Found]:
        """The best results with their snippets."""
        return [*self._search(query, limit)]

    def _found(self, query: str, limit: int) -> tuple[Found, ...]:
        sql = (
            f"SELECT path, title, snippet(pages, 2, '', '', ' ... ', {_SNIPPET_WORDS}) FROM pages WHERE pages MATCH ?"
            " ORDER BY round(bm25(pages, 0, ?, 1.0), 6), rowid LIMIT ?"
        )
        return tuple(
            Found(str(row[0]), str(row[1]), str(row[2]))
            for row in self._rows(sql, match_expression(query), TITLE_WEIGHT, limit)
        )

    def _rows(self, sql: str, matching: str, weight: float, limit: int) -> list[tuple[object, ...]]:
        if not matching:
            return []
        with self._lock:
            return self._db.execute(sql, (matching, weight, limit)).fetchall()


def _every(query: str) -> str:
    return " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", query.lower())))
