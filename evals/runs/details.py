"""What a run did, beside its line: plan, calls, findings, decisions and receipt, in DIR/details.db, for the report.

Each is written before the line of its run, so that no line is without. Sets that are published encrypted leave out all
that holds words of a question or of an answer; page texts are never stored.
"""

import sqlite3
import zlib
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from ...agent.llm.wire import dump_json, is_object, load_json
from ...agent.result import Result
from ...tools.clean import one_line
from ...tools.errors import ConfigError, StoreError
from ...tools.shapes import is_list
from .runs_file import KEY, Json, key_of
from .trace import Trace

NAME = "details.db"
MOST_TEXT = 600
"""Characters of a quote, a reason, or whatever else is one text."""
WAIT_S = 30
SCHEMA = "CREATE TABLE IF NOT EXISTS runs (key TEXT PRIMARY KEY, details BLOB NOT NULL)"
TOLD = {
    "constraints": ("id", "kind", "text", "dropped"),
    "plan": ("id", "state", "text", "share", "used", "note"),
    "findings": ("candidate", "constraint", "verdict", "proof", "evidence", "inference", "by", "note", "doubt"),
    "decisions": ("attempt", "outcome", "rule", "reason", "proposed", "lead", "regime", "budget"),
    "attempts": ("attempt", "answer", "outcome", "why"),
}
"""What is kept of each part of a result."""
BARE = {
    "constraints": ("id", "kind"),
    "plan": ("id", "state", "share", "used"),
    "findings": ("constraint", "verdict", "proof", "by"),
    "decisions": ("attempt", "outcome", "rule", "proposed", "regime", "budget"),
    "calls": ("tool", "state", "chars", "tokens_in", "tokens_out", "tokens_cached", "proved", "marks"),
}
"""The same of a set that is published encrypted: nothing that has words of a question or of an answer."""


def details_of(task: Json, result: Result | None, trace: Trace) -> Json:
    """The details of a run that has ended; one without a result has its calls alone."""
    calls = trace.calls([] if result is None else result.charges)
    parts = {} if result is None else {name: _parts(getattr(result, name), kept) for name, kept in TOLD.items()}
    parts["calls"] = calls
    receipt = {} if result is None else {"receipt": result.receipt()}
    if task["canary"]:
        bare = {name: _parts(parts[name], kept) for name, kept in BARE.items() if name in parts}
        return {**bare, **receipt, "sealed": True}
    told = {"question": task["question"], "expected": task["expected"], **parts, **receipt}
    if result is not None:
        told["answers"] = [one_line(answer, MOST_TEXT) for answer in result.answers]
        told["assumption"] = one_line(result.assumption, MOST_TEXT)
        told["titles"] = {source.url: one_line(source.title, MOST_TEXT) for source in result.sources}
    return told


class DetailsFile:
    """The details of one folder, open for more."""

    def __init__(self, folder: Path) -> None:
        """Raises ConfigError where the file cannot be used."""
        self.path = folder / NAME
        self._connection = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
        try:
            # What is committed is with the system, as the lines are: a kill takes nothing back, and nobody waits.
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(SCHEMA)
        except sqlite3.Error as error:
            self._connection.close()
            raise ConfigError(f"{self.path} cannot be used: {error}; delete it, or name another --out") from error

    def keep(self, line: Json) -> None:
        """Take the details out of a line, and write them; those of a run that is made again are replaced.

        Raises StoreError.
        """
        if (details := line.pop("details", None)) is None:
            return
        data = zlib.compress(dump_json(details))
        try:
            self._connection.execute("INSERT OR REPLACE INTO runs VALUES (?, ?)", (_name(line), data))
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} cannot be written to: {error}") from error

    def close(self) -> None:
        """Leave one plain file, that can also be read where nothing can be written."""
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA journal_mode=DELETE")
        self._connection.close()


class Details:
    """The details of a folder, for reading; of one that has none, nothing."""

    def __init__(self, connection: sqlite3.Connection | None) -> None:
        self._connection = connection

    def of(self, line: Json) -> Json | None:
        """What is known of the run of a line; None where nothing is, or it cannot be read."""
        if self._connection is None:
            return None
        try:
            row = self._connection.execute("SELECT details FROM runs WHERE key = ?", (_name(line),)).fetchone()
            details: object = None if row is None else load_json(zlib.decompress(row[0]))
        except (sqlite3.Error, zlib.error, ValueError):
            return None
        return details if is_object(details) else None


@contextmanager
def read_details(folder: Path) -> Generator[Details]:
    """Open the details of a folder, also while a sweep writes them. Raises ConfigError for what is no database."""
    path = folder / NAME
    if not path.is_file():
        yield Details(None)
        return
    with closing(_open(path)) as connection:
        yield Details(connection)


def _open(path: Path) -> sqlite3.Connection:
    fault = ""
    for mode in ("mode=ro", "immutable=1"):  # the second where the folder cannot be written to
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", timeout=WAIT_S, uri=True)
        try:
            connection.execute("SELECT 1 FROM runs LIMIT 1")
        except sqlite3.Error as error:
            connection.close()
            fault = fault or str(error)
        else:
            return connection
    raise ConfigError(f"{path} cannot be read: {fault}; delete it for a report without the details of the runs")


def _name(line: Json) -> str:
    """A run's key as text."""
    return dump_json(dict(zip(KEY, key_of(line), strict=True))).decode()


def _parts(items: Any, kept: tuple[str, ...]) -> list[Json]:
    return [{name: _bounded(item[name]) for name in kept if item.get(name) not in (None, "", [])} for item in items]


def _bounded(value: Any) -> Any:
    """Texts within bounds; of evidence what a reader can look up."""
    if isinstance(value, str):
        return one_line(value, MOST_TEXT)
    return [_evidence(item) for item in value] if is_list(value) else value


def _evidence(item: Any) -> Any:
    return {name: _bounded(item[name]) for name in ("kind", "url", "quote")} if is_object(item) else item
