"""A frozen web written to its file, and the digest over what is in it."""

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import orjson

from ...tools.backends.frozen_file import packed, unpacked
from ...tools.backends.frozen_index import COMMON, TOKENIZER, indexed
from ...tools.errors import ConfigError
from ...tools.replacing import replacing
from .collected import Collected, Entry

_TABLES = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pages (
    id INTEGER PRIMARY KEY, url TEXT NOT NULL, title TEXT NOT NULL, date TEXT, dated TEXT, site TEXT NOT NULL,
    canonical TEXT NOT NULL, snippet TEXT NOT NULL, text BLOB, links BLOB
);
CREATE TABLE addresses (key TEXT PRIMARY KEY, page INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE failures (
    key TEXT PRIMARY KEY, url TEXT NOT NULL, text TEXT NOT NULL, kind TEXT NOT NULL, sent INTEGER NOT NULL,
    status INTEGER
) WITHOUT ROWID;
CREATE TABLE common (term TEXT PRIMARY KEY, pages INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5 (title, text, content = '', tokenize = '{TOKENIZER}');
INSERT INTO words (words, rank) VALUES ('hashsize', 268435456);
"""
# The words of all pages are sorted in memory and written once: merging parts would take as long again.
_VOCABULARY = "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, words, row)"
_CONTENT = (
    "SELECT id, url, title, date, dated, site, canonical, snippet, text, links FROM pages ORDER BY id",
    "SELECT key, page FROM addresses ORDER BY key",
    "SELECT key, url, text, kind, sent, status FROM failures ORDER BY key",
    "SELECT term, doc, cnt FROM temp.vocabulary ORDER BY term",
)


def write_frozen(collected: Collected, meta: Mapping[str, str], path: Path) -> None:
    """Write the file in one step: whatever goes wrong, an older one stays whole. Raises ConfigError, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(path) as fresh, closing(sqlite3.connect(fresh)) as database:
            _fill(database, collected, meta)
    except sqlite3.Error as error:
        raise ConfigError(f"the frozen web {path} was not written: {error}") from error


def _fill(database: sqlite3.Connection, collected: Collected, meta: Mapping[str, str]) -> None:
    # Nobody else sees the file before it is done: nothing has to be rolled back.
    database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES}")
    numbers: dict[str, int] = {}
    for number, entry in enumerate(collected.entries(), start=1):
        numbers[entry.key] = number
        _add(database, number, entry)
    addresses = ((key, numbers[led]) for key, led in collected.addresses() if led in numbers)
    database.executemany("INSERT INTO addresses VALUES (?, ?)", addresses)
    failures = ((key, e.url, str(e), e.kind, e.sent, e.status) for key, e in collected.failures())
    database.executemany("INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?)", failures)
    database.commit()
    database.execute("INSERT INTO words (words) VALUES ('optimize')")
    database.execute(_VOCABULARY)
    database.execute("INSERT INTO common SELECT term, doc FROM temp.vocabulary WHERE doc >= ? ORDER BY term", (COMMON,))
    facts = {**meta, "digest": _digest(database)}
    database.executemany("INSERT INTO meta VALUES (?, ?)", sorted(facts.items()))
    database.commit()


def _add(database: sqlite3.Connection, number: int, entry: Entry) -> None:
    page, shown = entry.page, entry.shown
    title = (page.title if page else "") or (shown.title if shown else "")
    dated = (shown.date if shown else None) or (page.date if page else None)
    url = page.url if page else shown.url if shown else entry.key
    snippet = "" if page or not shown else entry.found_text
    rest = (page.date, dated, page.site, page.canonical) if page else (None, dated, "", "")
    body = (packed(page.text), packed(orjson.dumps(page.links).decode())) if page else (None, None)
    values = (number, url, title, *rest, snippet, *body)
    database.execute("INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    words = (number, indexed(title), indexed(entry.found_text))
    database.execute("INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)", words)


def content_digest(database: sqlite3.Connection) -> str:
    """SHA-256, in hex, over all that the file serves and the words it is found by, however SQLite laid it out.

    Raises sqlite3.Error, zlib.error or ValueError where something cannot be read.
    """
    database.execute(_VOCABULARY)
    return _digest(database)


def _digest(database: sqlite3.Connection) -> str:
    digest = hashlib.sha256()
    for sql in _CONTENT:
        with closing(database.execute(sql)) as rows:
            for row in rows:
                plain = [unpacked(value) if isinstance(value, bytes) else value for value in row]
                digest.update(orjson.dumps(plain, option=orjson.OPT_APPEND_NEWLINE))
    return digest.hexdigest()
