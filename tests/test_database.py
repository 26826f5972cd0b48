"""The database: all of a transaction or nothing, whoever else is at it, and one line for whatever is wrong with it."""

import asyncio
import gc
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from spadework.agent.storage.database import MEMORY, VERSION, Database, Transaction, is_postgres
from spadework.tools.errors import StoreError

FILES = Path("/proc/self/fd")
PUT = "INSERT INTO spadework_purses (purse, parent, opened, created) VALUES (?, ?, 1, 0)"
COUNTER = """
import asyncio, sys
from spadework.agent.storage.database import Database
def more(tx):
    tx.run("INSERT INTO spadework_amounts VALUES ('shared', 'n', NULL, 0, 0) ON CONFLICT DO NOTHING")
    (used,), = tx.rows(f"SELECT used FROM spadework_amounts WHERE purse = 'shared'{tx.for_update}")
    tx.run("UPDATE spadework_amounts SET used = ? WHERE purse = 'shared'", used + 1)
async def main():
    database = Database(sys.argv[1])
    for _ in range(40):
        await database.transact(more)
    await database.aclose()
asyncio.run(main())
"""
FILLER = f"""
import asyncio, resource, sys
from spadework.agent.storage.database import Database
from spadework.tools.errors import StoreError
async def main():
    database = Database(sys.argv[1])
    await database.transact(lambda tx: None)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    for number in range(10_000):
        try:
            await database.transact(lambda tx: tx.run({PUT!r}, f"purse {{number}}", "x" * 1_000))
        except StoreError as error:
            print(number, error, sep="\\n")
            break
    ((left,),) = await database.transact(lambda tx: tx.rows("SELECT COUNT(*) FROM spadework_purses"))
    print(left)
asyncio.run(main())
"""


@pytest.fixture
async def database(target: str) -> AsyncGenerator[Database]:
    database = Database(target)
    yield database
    await database.aclose()


def names(tx: Transaction) -> list[str]:
    return [purse for (purse,) in tx.rows("SELECT purse FROM spadework_purses ORDER BY purse")]


def is_open_below(folder: Path) -> bool:
    """Whether this process has a file there open, where that can be known."""
    return FILES.exists() and any(str(folder) in str(link.resolve()) for link in FILES.iterdir())


async def one_line(database: Database, match: str) -> str:
    with pytest.raises(StoreError, match=match) as told:
        await database.transact(names)
    assert "\n" not in str(told.value)
    return str(told.value)


async def test_a_transaction_that_fails_leaves_nothing_behind(database: Database) -> None:
    def failing(tx: Transaction) -> None:
        tx.run(PUT, "half", "")
        assert names(tx) == ["half"]
        raise ValueError("mine")

    def wrong(tx: Transaction) -> None:
        tx.run(PUT, "half", "")
        tx.run("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(ValueError, match=r"^mine$"):
        await database.transact(failing)
    with pytest.raises(StoreError, match=r"^the store .* cannot be used: .*nowhere"):
        await database.transact(wrong)
    assert await database.transact(names) == []
    assert await database.transact(lambda tx: tx.run(PUT, "whole", "")) == 1
    assert await database.transact(names) == ["whole"]


def test_processes_that_make_and_use_a_database_at_once_lose_nothing(target: str) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", COUNTER, target], stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in processes] == [("", 0)] * 4

    async def used() -> int:
        database = Database(target)
        ((count,),) = await database.transact(lambda tx: tx.rows("SELECT used FROM spadework_amounts"))
        await database.aclose()
        return int(count)

    assert asyncio.run(used()) == 4 * 40


async def test_transactions_of_one_process_come_one_after_the_other(database: Database) -> None:
    await asyncio.gather(*(database.transact(lambda tx, n=n: tx.run(PUT, f"{n:02}", "")) for n in range(30)))
    assert await database.transact(names) == [f"{number:02}" for number in range(30)]


async def test_a_database_that_was_closed_is_opened_again_with_what_was_in_it(database: Database) -> None:
    await database.transact(lambda tx: tx.run(PUT, "kept", ""))
    await database.aclose()
    await database.aclose()
    assert await database.transact(names) == ["kept"]


async def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(database: Database) -> None:
    await database.transact(lambda tx: tx.run("INSERT INTO spadework_schema VALUES (?)", VERSION + 1))
    await database.transact(lambda tx: tx.run("DROP TABLE spadework_amounts"))
    await database.transact(lambda tx: tx.run("ALTER TABLE spadework_charges RENAME COLUMN turn TO question"))
    await database.transact(lambda tx: tx.run("DROP INDEX spadework_charges_of_run"))
    await database.aclose()
    for _ in range(2):
        await one_line(database, r"was written by a newer Spadework: update, or use another file$")
    newer = Database(database.target)
    with pytest.MonkeyPatch.context() as patch:
        home = "spadework.agent.storage.database"
        patch.setattr(f"{home}.VERSION", VERSION + 1)
        patch.setattr(f"{home}.SCHEMA", ("CREATE TABLE IF NOT EXISTS spadework_schema (version INT)",))
        with pytest.raises(StoreError, match="spadework_amounts"):
            await newer.transact(lambda tx: tx.rows("SELECT * FROM spadework_amounts"))
        await newer.aclose()


async def test_a_value_that_no_column_can_hold_is_one_line(database: Database) -> None:
    def too_much(tx: Transaction) -> None:
        tx.run("INSERT INTO spadework_amounts VALUES ('a', 'picousd', ?, 0, 0)", 10**20)

    def half_a_letter(tx: Transaction) -> None:
        tx.run(PUT, "\ud800", "")

    for work in (too_much, half_a_letter):
        with pytest.raises(StoreError, match=r"a value cannot be stored|out of range") as told:
            await database.transact(work)
        assert "\n" not in str(told.value)
    assert await database.transact(names) == []


async def test_a_full_database_is_one_line_and_can_be_read_and_used_again(tmp_path: Path) -> None:
    database = Database(tmp_path / "runs.db")
    await database.transact(lambda tx: tx.run(PUT, "before", ""))
    ((pages,),) = await database.transact(lambda tx: tx.rows("PRAGMA page_count"))
    await database.transact(lambda tx: tx.rows(f"PRAGMA max_page_count = {pages + 2}"))
    with pytest.raises(StoreError, match=r"runs\.db cannot be used: database or disk is full$"):
        await database.transact(lambda tx: tx.run(PUT, "large", "x" * 100_000))
    assert await database.transact(names) == ["before"]
    await database.transact(lambda tx: tx.run(PUT, "small", ""))
    assert await database.transact(names) == ["before", "small"]
    await database.aclose()


@pytest.mark.skipif(sys.platform != "linux", reason="a process may not limit its own files everywhere")
async def test_a_disk_that_fills_up_in_a_process_loses_nothing_that_was_written(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FILLER, str(tmp_path / "runs.db")]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    count, line, left = told.stdout.splitlines()
    assert line.startswith(f"the store {tmp_path}/runs.db cannot be used: disk I/O error")
    assert left == count, "the process itself can still read it"
    database = Database(tmp_path / "runs.db")
    assert sorted(await database.transact(names)) == sorted(f"purse {number}" for number in range(int(count)))
    assert int(count) > 5
    await database.transact(lambda tx: tx.run(PUT, "more", ""))
    assert await database.transact(lambda tx: tx.rows("PRAGMA integrity_check")) == [("ok",)]
    await database.aclose()


@pytest.mark.parametrize("kind", ["text", "torn", "folder", "no folder"])
async def test_what_is_no_database_is_one_line_and_nothing_stays_open(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "runs.db" if kind != "no folder" else tmp_path / "none" / "runs.db"
    if kind == "text":
        file.write_text("far too precious to be overwritten\n" * 200, encoding="utf-8")
    elif kind == "folder":
        file.mkdir()
    elif kind == "torn":
        whole = Database(file)
        await whole.transact(lambda tx: [tx.run(PUT, f"{number}", "x" * 500) for number in range(200)])
        await whole.aclose()
        raw = file.read_bytes()
        file.write_bytes(raw[:4_096] + b"\xa5" * (len(raw) - 4_096))
    before = file.read_bytes() if file.is_file() else b""
    database = Database(file)
    for _ in range(2):
        assert (await one_line(database, "cannot be used: ")).startswith(f"the store {file} cannot be used: ")
    await database.aclose()
    assert (file.read_bytes() if file.is_file() else b"") == before
    assert not is_open_below(tmp_path)


async def test_a_database_that_nobody_closed_is_closed_with_the_last_reference_to_it(tmp_path: Path) -> None:
    """As of a purse that is used and forgotten; newer Pythons warn of a connection that is lost open."""
    database = Database(tmp_path / "runs.db")
    await database.transact(lambda tx: tx.run(PUT, "x", "1"))
    assert is_open_below(tmp_path) or not FILES.exists()
    del database
    gc.collect()
    assert not is_open_below(tmp_path)


async def test_a_database_that_another_program_keeps_locked_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spadework.agent.storage.database.WAIT_S", 0.01)
    database = Database(tmp_path / "runs.db")
    assert await database.transact(names) == []
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await one_line(database, r"runs\.db cannot be used: database is locked$")
    other.close()
    assert await database.transact(names) == []
    await database.aclose()


async def test_a_new_file_that_another_process_is_just_making_is_waited_for(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    done = threading.Timer(0.2, other.close)
    done.start()
    database = Database(tmp_path / "runs.db")
    assert await database.transact(names) == []
    assert await database.transact(lambda tx: tx.rows("PRAGMA journal_mode")) == [("wal",)]
    await database.aclose()
    done.join()


async def test_a_database_in_memory_is_its_own() -> None:
    one, other = Database(MEMORY), Database(MEMORY)
    await one.transact(lambda tx: tx.run(PUT, "mine", ""))
    assert (await one.transact(names), await other.transact(names)) == (["mine"], [])
    await one.aclose()
    await other.aclose()


ADDRESSES = {
    "postgresql://me:secret@db.example:5433/runs": "postgresql://db.example:5433/runs",
    "postgres://db.example/runs?user=me&password=secret": "postgres://db.example/runs",
    "postgresql://me@db.example/runs?password=x@secret": "postgresql://...",
    "postgresql://me:x@secret@127.0.0.1:9/runs": "postgresql://...",
    "postgresql://me:x?secret@127.0.0.1:9/runs": "postgresql://...",
    "postgresql://me:x/secret@127.0.0.1:9/runs": "postgresql://...",
    "postgresql://me:100%secret@127.0.0.1:9/runs": "postgresql://127.0.0.1:9/runs",
    "host=127.0.0.1 port=9 dbname=runs user=me password=secret": "(Postgres)",
    "host=127.0.0.1 port=9 dbname=runs user=me password=x secret": "(Postgres)",
    "/home/me/runs.db": "/home/me/runs.db",
}


@pytest.mark.parametrize(("address", "shown"), ADDRESSES.items())
async def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    database = Database(address)
    assert database.shown == shown
    if "127.0.0.1" in address:  # where nothing answers, or the driver cannot read it
        pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
        assert "secret" not in await one_line(database, r"cannot be used: (its address cannot be read; write @|.*:? ?)")


def test_files_and_postgres_are_told_apart() -> None:
    assert [is_postgres(address) for address in ADDRESSES] == [True] * 9 + [False]
    assert not any(is_postgres(name) for name in (MEMORY, "postgresql", "host=.db"))


@pytest.mark.integration
async def test_two_that_wait_for_each_other_both_get_through(postgres: str) -> None:
    one, other = Database(postgres), Database(postgres)
    await one.transact(lambda tx: [tx.run(PUT, f"deadlock {name}", "") for name in "ab"])
    tries: list[str] = []

    def crosswise(first: str, second: str, tx: Transaction) -> None:
        tries.append(first)
        for name in (first, second):
            tx.run("UPDATE spadework_purses SET opened = opened + 1 WHERE purse = ?", f"deadlock {name}")
            tx.rows("SELECT pg_sleep(0.2)")

    await asyncio.gather(
        one.transact(lambda tx: crosswise("a", "b", tx)), other.transact(lambda tx: crosswise("b", "a", tx))
    )
    assert len(tries) == 3, "the server stopped one of them, and it was tried again"
    rows = await one.transact(lambda tx: tx.rows("SELECT opened FROM spadework_purses WHERE purse LIKE 'deadlock _'"))
    assert rows == [(3,), (3,)]
    await one.aclose()
    await other.aclose()
