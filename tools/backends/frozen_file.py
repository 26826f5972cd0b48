"""The file of a frozen web: opened so that nothing is ever written to it, checked, and how texts stand in it."""

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

from ..clean import one_line
from ..errors import ConfigError

SCHEMA = "1"
"""The version of the tables; `evals/frozen/tables.py` makes them."""
MOST_BYTES = 32_000_000
"""Of one text, unpacked."""
AGAIN = "freeze it again with `spadework web freeze`"


def open_frozen(file: Path) -> sqlite3.Connection:
    """The file as a database that nothing is written to or beside. Raises ConfigError for one that is none; OSError."""
    with file.open("rb") as opened:
        start = opened.read(16)
    if start != b"SQLite format 3\0":
        raise ConfigError(f"{file} is no frozen web: make one with `spadework web freeze`")
    database = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    try:
        _check(database, file)
    except sqlite3.Error as error:
        database.close()
        raise ConfigError(f"the frozen web {file} is damaged ({error}): {AGAIN}") from error
    except ConfigError:
        database.close()
        raise
    return database


def _check(database: sqlite3.Connection, file: Path) -> None:
    if not first_row(database, "SELECT 1 FROM sqlite_master WHERE name = 'meta'"):
        raise ConfigError(f"{file} is a database of something else: make a frozen web with `spadework web freeze`")
    version = about(database).get("schema", "none")
    if version != SCHEMA:
        told = f"it has version {one_line(version, 20)}, this Spadework reads version {SCHEMA}"
        raise ConfigError(f"the frozen web {file} cannot be used: {told}; {AGAIN}")
    pages, size = (first_row(database, f"PRAGMA {name}")[0] for name in ("page_count", "page_size"))
    if pages * size != file.stat().st_size:
        told = f"{file.stat().st_size:,} bytes where {pages * size:,} should be"
        raise ConfigError(f"the frozen web {file} is damaged ({told}): {AGAIN}")


def about(database: sqlite3.Connection) -> dict[str, str]:
    """What the file says of itself."""
    with closing(database.execute("SELECT name, value FROM meta ORDER BY name")) as cursor:
        return {str(name): str(value) for name, value in cursor}


def packed(text: str) -> bytes:
    """A text as it stands in the file."""
    return zlib.compress(text.encode(), 9)


def unpacked(data: bytes) -> str:
    """The text again. Raises zlib.error or ValueError for what is none, or is far longer than any page is kept."""
    reader = zlib.decompressobj()
    text = reader.decompress(data, MOST_BYTES)
    if not reader.eof:
        raise zlib.error("a text is cut off or too long")
    return text.decode()


def first_row(database: sqlite3.Connection, sql: str, *values: object) -> tuple[Any, ...]:
    """The first row; empty where there is none."""
    with closing(database.execute(sql, values)) as cursor:
        return cursor.fetchone() or ()
