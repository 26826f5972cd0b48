"""What a frozen web says of itself, and whether it still holds that: `spadework web show`."""

import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import click
import orjson

from ...tools.backends.frozen_file import AGAIN, about, open_frozen
from ...tools.clean import one_line
from .tables import content_digest

_TOLD = {
    "schema": "version of the file",
    "spadework": "made with Spadework",
    "created": "newest recording",
    "pages": "pages",
    "results": "only shown by searches",
    "failures": "failures",
    "differing": "pages that were read in differing forms",
    "digest": "digest",
}


def show_frozen(file: Path, *, check: bool) -> int:
    """Print what the file says of itself; with `check` see whether its content has that digest.

    Returns 1 where it does not, else 0. Raises ConfigError for a file that is no frozen web; OSError.
    """
    with closing(open_frozen(file)) as database:
        told = about(database)
        click.echo("\n".join(_lines(file, told)))
        fault = _fault(database, told.get("digest", "")) if check else ""
    if fault:
        click.echo(f"error: {file} is damaged ({fault}): {AGAIN}", err=True)
    elif check:
        click.echo("the content has this digest")
    return int(bool(fault))


def _lines(file: Path, told: Mapping[str, str]) -> Iterator[str]:
    yield f"frozen web: {one_line(str(file))}, {file.stat().st_size:,} bytes"
    for name, words in _TOLD.items():
        value = one_line(told.get(name, ""), 100)
        yield f"{words}: {int(value):,}" if value.isdecimal() and name != "schema" else f"{words}: {value or '-'}"
    sources = orjson.loads(told.get("sources", "[]"))
    yield f"{len(sources)} sources:"
    for source in sources:
        counts = [f"{count:,} {name}" for name, count in source.items() if isinstance(count, int)]
        yield one_line(f"{source['kind']} {source['name']}, {', '.join(counts)}, sha256 {source['sha256']}")


def _fault(database: sqlite3.Connection, digest: str) -> str:
    """What is wrong with the content; empty where nothing is."""
    try:
        with closing(database.execute("PRAGMA integrity_check(1)")) as cursor:
            said = str(cursor.fetchone()[0])
        if said != "ok":
            return one_line(said, 100)
        found = content_digest(database)
    except (sqlite3.Error, zlib.error, ValueError) as error:
        return one_line(str(error), 100)
    return "" if found == digest else f"its content has the digest {found}"
