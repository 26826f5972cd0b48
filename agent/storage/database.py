"""One connection to the database of runs, charges and purses: SQLite or Postgres, on a thread of its own.

What is written is on disk when `transact` returns, so neither a kill nor a power cut takes it back.
"""

import asyncio
import os
import re
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from weakref import finalize

from ...tools.errors import ConfigError, StoreError
from .whole import to_the_end

T = TypeVar("T")
Row = tuple[Any, ...]
MEMORY = ":memory:"
VERSION = 1
WAIT_S = 30
"""How long a transaction waits for others on the same file."""
TRIES = 3
"""A lost connection or a deadlock is tried again: every transaction here may run twice and changes the same."""
RETRIED = ("40001", "40P01")
SETUP_LOCK = 7_203_911
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS spadework_schema (version INTEGER PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS spadework_runs (run TEXT PRIMARY KEY, about TEXT NOT NULL, created {real} NOT NULL,"
    " updated {real} NOT NULL, token TEXT NOT NULL, holder TEXT NOT NULL, until {real} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS spadework_charges (id TEXT PRIMARY KEY, run TEXT NOT NULL, turn INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, data TEXT NOT NULL, result {blob})",
    "CREATE INDEX IF NOT EXISTS spadework_charges_of_run ON spadework_charges (run, turn, seq)",
    "CREATE TABLE IF NOT EXISTS spadework_purses (purse TEXT PRIMARY KEY, parent TEXT NOT NULL,"
    " opened INTEGER NOT NULL, created {real} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS spadework_amounts (purse TEXT NOT NULL, resource TEXT NOT NULL, cap BIGINT,"
    " used BIGINT NOT NULL, own BIGINT NOT NULL, PRIMARY KEY (purse, resource))",
)

_INHERITED: list[Any] = []
"""Connections of the process that this one was forked from. Closing one would end it for both."""


def _close(connection: Any, process: int) -> None:
    if process == os.getpid():
        connection.close()
    else:
        _INHERITED.append(connection)


class Transaction:
    """What can be done inside one transaction. Values stand for `?` in the order in which they are given."""

    def __init__(self, connection: Any, *, postgres: bool) -> None:
        self._connection = connection
        self._postgres = postgres
        self.for_update = " FOR UPDATE" if postgres else ""
        """To be put after a SELECT of rows that the same transaction changes."""

    def rows(self, sql: str, *values: Any) -> list[Row]:
        return [tuple(row) for row in self._execute(sql, values).fetchall()]

    def run(self, sql: str, *values: Any) -> int:
        """Run a statement that returns no rows; how many rows it changed."""
        return int(self._execute(sql, values).rowcount)

    def _execute(self, sql: str, values: tuple[Any, ...]) -> Any:
        try:
            return self._connection.execute(sql.replace("?", "%s") if self._postgres else sql, values)
        except (OverflowError, UnicodeEncodeError) as error:
            raise StoreError(f"a value cannot be stored: {error}") from error


class Database:
    """A database by file, `:memory:`, or Postgres address. Raises StoreError, one line, where it cannot be used.

    A connection that nobody closed is closed with the last reference to this, or when the program ends.
    """

    def __init__(self, target: str | Path) -> None:
        self.target = str(target)
        self.postgres = is_postgres(self.target)
        self._connection: Any = None
        self._end: Callable[[], Any] | None = None
        self._start()

    def _start(self) -> None:
        self._process = os.getpid()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spadework-store")

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on the database's thread in one transaction: committed when it returns, undone when it raises.

        It may be run twice, so it must change the same when it is.
        """
        if self._process != os.getpid():
            self._after_fork()
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    async def aclose(self) -> None:
        """Close the connection; the next transaction would open another one."""
        if self._process == os.getpid():
            await to_the_end(asyncio.wrap_future(self._thread.submit(self.close)))

    def close(self) -> None:
        if self._process != os.getpid():
            return
        self._connection = None
        if self._end is not None:
            self._end()

    def _after_fork(self) -> None:
        """A forked process has neither the thread nor the right to the connection, not even to close it."""
        if self.target == MEMORY and self._connection is not None:
            raise StoreError("what is stored in memory cannot be shared with a forked process: name a file")
        self._connection = None
        if self._end is not None:
            self._end()
        self._start()

    def _transact(self, work: Callable[[Transaction], T]) -> T:
        for attempt in range(1, TRIES + 1):
            try:
                return self._once(work)
            except sqlite3.Error as error:
                ours = isinstance(error, sqlite3.OperationalError) and "no such" not in str(error)
                hint = "" if ours else "; name another file with --store or SPADEWORK_STORE"
                raise StoreError(f"the store {self.shown} cannot be used: {error}{hint}") from error
            except Exception as error:
                if not _is_postgres_error(error):
                    raise
                lost = self._connection is None or self._connection.closed
                if attempt == TRIES or not (lost or getattr(error, "sqlstate", "") in RETRIED):
                    raise StoreError(f"the store {self.shown} cannot be used: {_first_line(error)}") from error
                if lost and self._connection is not None:
                    time.sleep(attempt)  # a server that is started again
        raise AssertionError("the last try returns or raises")

    def _once(self, work: Callable[[Transaction], T]) -> T:
        if self._connection is None or (self.postgres and self._connection.closed):
            self._connection = self._connect()
        connection = self._connection
        if self.postgres:
            with connection.transaction():
                return work(Transaction(connection, postgres=True))
        connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(Transaction(connection, postgres=False))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return done

    def _connect(self) -> Any:
        connection = self._postgres_connection() if self.postgres else self._sqlite_connection()
        try:
            self._set_up(connection)
        except BaseException:
            connection.close()
            raise
        self._end = finalize(self, _close, connection, self._process)
        return connection

    def _sqlite_connection(self) -> sqlite3.Connection:
        return sqlite3.connect(self.target, timeout=WAIT_S, isolation_level=None, check_same_thread=False)

    def _postgres_connection(self) -> Any:
        psycopg = import_psycopg()
        try:
            parts = psycopg.conninfo.conninfo_to_dict(self.target)
        except psycopg.ProgrammingError:
            parts = {"host": "@"}
        # The driver would quote what it cannot read, and that is often a part of the password.
        if "@" in str(parts.get("host", "")) or not re.fullmatch(r"[\d,]*", str(parts.get("port", ""))):
            raise StoreError(
                f"the store {self.shown} cannot be used: its address cannot be read;"
                " write @ : / ? % and spaces in a password as %40 %3A %2F %3F %25 %20"
            )
        wait = {} if "connect_timeout" in parts else {"connect_timeout": WAIT_S}
        return psycopg.connect(self.target, autocommit=True, **wait)

    def _set_up(self, connection: Any) -> None:
        """Make the tables where they are not there yet; several processes may do so at once."""
        if not self.postgres:
            _log_ahead(connection)
            connection.execute("PRAGMA synchronous=FULL")
        kinds = {"real": "DOUBLE PRECISION", "blob": "BYTEA"} if self.postgres else {"real": "REAL", "blob": "BLOB"}
        connection.execute("BEGIN" if self.postgres else "BEGIN IMMEDIATE")
        if self.postgres:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (SETUP_LOCK,))
        connection.execute(SCHEMA[0])
        found = connection.execute("SELECT MAX(version) FROM spadework_schema").fetchone()[0]
        if found is not None and found > VERSION:
            raise StoreError(f"the store {self.shown} was written by a newer Spadework: update, or use another file")
        for statement in SCHEMA[1:]:
            connection.execute(statement.format(**kinds))
        if found is None:
            connection.execute(f"INSERT INTO spadework_schema VALUES ({VERSION})")
        connection.execute("COMMIT")

    @property
    def shown(self) -> str:
        """The target as it may be printed: without a password. An address that can be read in two ways is not shown."""
        if not self.postgres:
            return self.target
        scheme, _, rest = self.target.partition("://")
        plain = re.fullmatch(r"(?:[^@/?]*@)?([^@?]*)(?:\?[^@]*)?", rest)
        return f"{scheme}://{plain[1] if plain else '...'}" if rest else "(Postgres)"


def is_postgres(target: str) -> bool:
    return target.startswith(("postgresql://", "postgres://")) or ("host=" in target and "dbname=" in target)


def import_psycopg() -> Any:
    """The Postgres driver. Raises ConfigError with what to install."""
    try:
        import psycopg
    except ImportError:
        raise ConfigError("Postgres needs its driver: pip install 'spadework[postgres]'") from None
    return psycopg


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Switch a file to its write-ahead log. SQLite does not wait where several make the same new file, so this does."""
    end = time.monotonic() + WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
        time.sleep(0.01)


def _is_postgres_error(error: Exception) -> bool:
    return any(kind.__name__ == "Error" and kind.__module__ == "psycopg" for kind in type(error).__mro__)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
