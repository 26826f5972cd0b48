"""Where runs are kept: LangGraph's checkpoints and the book of charges, in one database.

An SQLite file that only its owner can read, or Postgres. What needs either is imported when it is used.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ...tools.errors import ConfigError, StoreError
from ...tools.private import make_private
from .book import Book
from .database import MEMORY, WAIT_S, Database, Transaction, import_psycopg, is_postgres
from .whole import to_the_end

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

CONNECT_S = 30
LOCK = 7_203_912
"""Any number that no other program is likely to lock in the same database."""


@dataclass(slots=True)
class Store:
    """An open store. `target` is the file or address that would open it again; it may hold a password."""

    saver: "BaseCheckpointSaver[Any]"
    book: Book
    target: str = field(repr=False)


def store_place(given: str | None = None) -> str:
    """The store that is meant: `given`, else SPADEWORK_STORE, else a file in the user's data folder.

    A file comes back as an absolute path, and may not be there yet. Raises ConfigError for what is neither a file nor
    Postgres, and where SPADEWORK_STORE is `none`.
    """
    wanted = os.environ.get("SPADEWORK_STORE") or None if given is None else given
    if wanted is None:
        return str(default_file())
    if wanted == MEMORY or is_postgres(wanted):
        return wanted
    if given is None and stores_nothing():
        raise ConfigError("SPADEWORK_STORE=none: no runs are stored; name a store with --store")
    if not wanted.strip() or "://" in wanted:
        raise ConfigError(f"the store {wanted!r} cannot be used: give a file, or postgresql://USER@HOST/DATABASE")
    try:
        place = Path(wanted).expanduser().absolute()
        folder = place.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"the store {wanted!r} cannot be used: {why}; give a file") from error
    if folder:
        raise ConfigError(f"the store {wanted!r} is a folder: give a file in it, such as {Path(wanted) / 'runs.db'}")
    return str(place)


def store_target(given: str | None = None) -> str:
    """`store_place`, with the file and its folder made where they are not there yet, readable by their owner only.

    Raises StoreError where the file cannot be written.
    """
    place = store_place(given)
    if place == MEMORY or is_postgres(place):
        return place
    try:
        Path(place).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_private(place)  # SQLite gives its -wal and -shm files the mode of the file itself
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise StoreError(f"the store {place} cannot be written: {why}; SPADEWORK_STORE names another file") from error
    return place


def is_there(place: str) -> bool:
    """Whether there is a store to look into; whether a server's is there only its answer tells."""
    return place == MEMORY or is_postgres(place) or Path(place).exists()


@asynccontextmanager
async def looked_into(place: str) -> AsyncGenerator[Database]:
    """The database of a store that is only read: where there is none yet, an empty one in memory, and no file."""
    database = Database(place if is_there(place) else MEMORY)
    try:
        yield database
    finally:
        await database.aclose()


def stores_nothing() -> bool:
    """Whether the environment says that no runs are to be stored."""
    return os.environ.get("SPADEWORK_STORE", "").strip().lower() == "none"


def default_file() -> Path:
    """The file in the user's data folder where runs are kept when nothing else is said. It may not be there yet."""
    from platformdirs import user_data_path

    return user_data_path("spadework", appauthor=False) / "runs.db"


@asynccontextmanager
async def open_store(target: str | Path) -> AsyncGenerator[Store]:
    """Open a store and make its tables; everything is closed at the end of the block.

    Raises StoreError, one line, where it cannot be read or written, and ConfigError where a package is missing.
    """
    place = store_target(str(target))
    async with AsyncExitStack() as stack:
        database = Database(place)
        stack.push_async_callback(database.aclose)
        # Makes the tables, and tells what cannot be used at all in one line.
        await database.transact(_nothing)
        saver = await (_postgres_saver if database.postgres else _sqlite_saver)(database, stack)
        yield Store(saver, Book(database), place)


def _nothing(_: Transaction) -> None:
    """Only opening the database matters."""


async def _sqlite_saver(database: Database, stack: AsyncExitStack) -> Any:
    try:
        import aiosqlite
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
    except ImportError as error:
        raise _missing(error, "langgraph-checkpoint-sqlite") from error
    connection = aiosqlite.connect(database.target, timeout=WAIT_S)
    saver = AsyncSqliteSaver(connection, serde=_serde())
    stack.push_async_callback(lambda: to_the_end(_close(saver)))
    try:
        # Cancelled while it opens, aiosqlite would leave what its thread opened to the garbage collector.
        await to_the_end(connection.__aenter__())
        await saver.setup()
        # Whatever the book commits syncs what is before it in the same log; a checkpoint that a power cut takes back
        # is made again from the book.
        await connection.execute("PRAGMA synchronous=NORMAL")
    except sqlite3.Error as error:
        raise StoreError(f"the store {database.shown} cannot be used: {error}") from error
    return saver


async def _close(saver: Any) -> None:
    """Close an SQLite saver's connection when the call that is under way is over; the graph may have left it behind.

    A closed connection keeps its lock on the file while anything refers to a cursor of it, so what was not committed
    is taken back first.
    """
    async with saver.lock:
        with suppress(ValueError):  # it was never opened
            await saver.conn.rollback()
        await saver.conn.close()


async def _postgres_saver(database: Database, stack: AsyncExitStack) -> Any:
    psycopg = import_psycopg()
    try:
        from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
        from psycopg.rows import dict_row
        from psycopg_pool import AsyncConnectionPool
    except ImportError as error:
        raise _missing(error, "'spadework[postgres]'") from error
    # A pool of one: it connects again where the server was restarted in the middle of a run.
    options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    check = AsyncConnectionPool.check_connection
    pool: Any = AsyncConnectionPool(database.target, kwargs=options, min_size=1, max_size=1, open=False, check=check)
    try:
        stack.push_async_callback(pool.close)
        await pool.open(wait=True, timeout=CONNECT_S)
        async with pool.connection() as connection:
            await _set_up(AsyncPostgresSaver(connection), connection)
        return AsyncPostgresSaver(pool, serde=_serde())
    except psycopg.Error as error:
        raise StoreError(f"the store {database.shown} cannot be used: {str(error).strip().splitlines()[0]}") from error


async def _set_up(saver: Any, connection: Any) -> None:
    """Make the saver's tables, one process at a time.

    Some of their indexes are made concurrently, which waits for every open statement: also for one that waits for a
    lock. So the lock is asked for again and again.
    """
    while not (await (await connection.execute("SELECT pg_try_advisory_lock(%s) AS ours", (LOCK,))).fetchone())["ours"]:
        await asyncio.sleep(0.05)
    try:
        await saver.setup()
    finally:
        await connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


def _serde() -> Any:
    """A serializer that makes plain data only: a stored row that names a class to be called is not obeyed."""
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

    return JsonPlusSerializer(allowed_msgpack_modules=None)


def _missing(error: ImportError, package: str) -> ConfigError:
    return ConfigError(f"the store needs {error.name or 'a package'}, which is not installed: pip install {package}")


_books: WeakKeyDictionary[Any, dict[str, Book]] = WeakKeyDictionary()


async def book_of(saver: "BaseCheckpointSaver[Any]", ledger: str | Path | None = None) -> Book | None:
    """The book that belongs to a saver which a caller handed in: in the same database, or in the file `ledger`.

    A saver that keeps nothing on disk gets a book in memory. None for a saver of another kind without a `ledger`.
    There is one book for each saver; it is closed when the saver is gone, so not by who asked for it.
    """
    target = store_target(str(ledger)) if ledger is not None else await _database_of(saver)
    if target is None:
        return None
    books = _books.setdefault(saver, {})
    if target not in books:
        books[target] = Book(Database(target))
    return books[target]


async def _database_of(saver: Any) -> str | None:
    """What LangGraph's own savers are connected to, by their classes' modules: none is imported for this."""
    homes = {".".join(kind.__module__.split(".")[:3]) for kind in type(saver).__mro__}
    if "langgraph.checkpoint.memory" in homes:
        return MEMORY
    if "langgraph.checkpoint.sqlite" in homes:
        return await _sqlite_file(saver) or MEMORY
    return await _postgres_address(saver.conn) if "langgraph.checkpoint.postgres" in homes else None


async def _sqlite_file(saver: Any) -> str:
    """The file of a saver's connection; empty for one in memory."""
    if isinstance(saver.conn, sqlite3.Connection):
        rows = saver.conn.execute("PRAGMA database_list").fetchall()
    else:
        # Connects where that was not done yet.
        await saver.setup()
        rows = await saver.conn.execute_fetchall("PRAGMA database_list")
    return next(str(file or "") for _, name, file in rows if name == "main")


async def _postgres_address(connection: Any) -> str:
    """What connects to the same database as a connection, or as those of a pool, with its password."""
    if hasattr(connection, "info"):
        return _conninfo(connection.info)
    lent = connection.connection()
    if hasattr(lent, "__aenter__"):
        async with lent as one:
            return _conninfo(one.info)
    with lent as one:
        return _conninfo(one.info)


def _conninfo(info: Any) -> str:
    from psycopg.conninfo import make_conninfo

    known = {"host": info.host, "port": info.port, "dbname": info.dbname, "user": info.user, "password": info.password}
    return make_conninfo(**{**info.get_parameters(), **{name: value for name, value in known.items() if value}})
