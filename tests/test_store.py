"""The store: where it is, who can read it, what is wrong with it in one line, and the book beside any saver."""

import gc
import os
import sqlite3
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ormsgpack
import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver, empty_checkpoint
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from spadework.agent.storage.store import book_of, default_file, open_store, store_place, store_target
from spadework.tools.errors import ConfigError, StoreError
from stores import claimed, connections, eventually, runs_of


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_option_goes_before_the_environment_and_that_before_the_users_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("SPADEWORK_STORE", raising=False)
    assert store_place() == str(default_file())
    if sys.platform == "linux":
        assert store_place() == str(tmp_path / "data" / "spadework" / "runs.db")
    monkeypatch.setenv("SPADEWORK_STORE", str(tmp_path / "env.db"))
    assert store_place() == str(tmp_path / "env.db")
    assert store_place(str(tmp_path / "own.db")) == str(tmp_path / "own.db")
    assert store_place("postgresql://me@db/runs") == "postgresql://me@db/runs"
    assert list(tmp_path.iterdir()) == [], "asking where it is makes nothing"


def test_a_relative_file_and_a_home_folder_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert store_place("runs.db") == str(tmp_path / "runs.db")
    assert store_place("~/runs.db") == str(tmp_path / "me" / "runs.db")


async def test_only_its_owner_can_read_a_store(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        file = tmp_path / "new" / "runs.db"
        async with open_store(file) as store:
            await claimed(store.book, "a")
            made = sorted(path.name for path in file.parent.iterdir())
            assert made == ["runs.db", "runs.db-shm", "runs.db-wal"]
            assert {mode(path) for path in file.parent.iterdir()} == {0o600}
            assert mode(file.parent) == 0o700
    finally:
        os.umask(before)


async def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    async with open_store(tmp_path / "runs.db"):
        pass
    assert mode(tmp_path) == 0o755


async def test_checkpoints_and_charges_are_in_one_file_and_still_there_when_it_is_opened_again(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    config: Any = {"configurable": {"thread_id": "a", "checkpoint_ns": ""}}
    async with open_store(file) as store:
        await claimed(store.book, "a")
        await store.saver.aput(config, {**empty_checkpoint(), "id": "1"}, {}, {})
        assert store.target == str(file)
    assert [path.name for path in tmp_path.iterdir()] == ["runs.db"]
    async with open_store(str(file)) as store:
        assert await runs_of(store.book) == ["a"]
        found = await store.saver.aget_tuple(config)
        assert found is not None
        assert found.checkpoint["id"] == "1"


async def test_a_row_that_names_code_to_be_called_is_not_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tests' own environment forbids it everywhere; a user's does not.
    monkeypatch.setattr("langgraph.checkpoint.serde._msgpack.STRICT_MSGPACK_ENABLED", False)
    async with open_store(tmp_path / "runs.db") as store:
        called = ormsgpack.packb(("subprocess", "getoutput", "echo obeyed"))
        crafted = ormsgpack.packb(ormsgpack.Ext(0, called))
        assert store.saver.serde.loads_typed(("msgpack", crafted)) == "echo obeyed", "the text, and not what it prints"


async def test_a_file_that_is_no_database_is_told_in_one_line_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("my notes, far too precious to be overwritten\n" * 40, encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"notes\.txt cannot be used: file is not a database"):
        async with open_store(file):
            pass
    assert file.read_bytes() == before


def test_a_place_that_cannot_be_written_is_told_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    place = str(tmp_path / "file" / "runs.db")
    with pytest.raises(StoreError) as told:
        store_target(place)
    assert place in str(told.value)
    assert "\n" not in str(told.value)


def test_a_folder_is_refused_with_a_file_that_could_be_meant(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as told:
        store_place(str(tmp_path))
    assert str(told.value) == f"the store {str(tmp_path)!r} is a folder: give a file in it, such as {tmp_path}/runs.db"


@pytest.mark.parametrize("text", ["", "  ", "mysql://me@host/db", "sqlite:///runs.db", "~nobody-of-this-name/runs.db"])
def test_what_is_neither_a_file_nor_postgres_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"the store .* cannot be used: "):
        store_target(text)


def test_an_environment_that_wants_no_store_is_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPADEWORK_STORE", "none")
    with pytest.raises(ConfigError, match="SPADEWORK_STORE=none"):
        store_target()
    assert list(tmp_path.iterdir()) == []


async def test_postgres_out_of_reach_is_one_line_without_the_password() -> None:
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    with pytest.raises(StoreError) as told:
        async with open_store("postgresql://me:secret@127.0.0.1:9/runs"):
            pass
    assert "127.0.0.1:9/runs cannot be used" in str(told.value)
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("module", "target", "package"),
    [
        ("langgraph.checkpoint.sqlite.aio", "runs.db", "langgraph-checkpoint-sqlite"),
        ("psycopg", "postgresql://me@127.0.0.1:9/runs", r"spadework\[postgres\]"),
    ],
)
async def test_a_package_that_is_missing_is_named_with_what_to_install(
    module: str, target: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match=rf"pip install '?{package}"):
        async with open_store(target):
            pass


async def test_the_book_beside_a_sqlite_saver_is_in_its_file(tmp_path: Path) -> None:
    file = tmp_path / "own.db"
    with SqliteSaver.from_conn_string(str(file)) as saver:
        await claimed(await book_of(saver), "sync")
    async with AsyncSqliteSaver.from_conn_string(str(file)) as saver:
        await claimed(await book_of(saver), "async")
    async with open_store(file) as store:
        assert sorted(await runs_of(store.book)) == ["async", "sync"]


@pytest.mark.parametrize("kind", ["memory", "sqlite in memory", "sqlite", "other"])
async def test_a_saver_has_one_book_as_long_as_it_lives_and_nothing_is_left_after_it(kind: str, tmp_path: Path) -> None:
    def make(name: str) -> tuple[Any, Callable[[], None]]:
        if kind in ("memory", "other"):
            return (InMemorySaver() if kind == "memory" else OtherSaver()), lambda: None
        place = ":memory:" if kind == "sqlite in memory" else str(tmp_path / name)
        connection = sqlite3.connect(place, check_same_thread=False)
        return SqliteSaver(connection), connection.close

    gc.collect()
    saver, close = make("a.db")
    other, close_other = make("b.db")
    before = connections()
    ledgers = (tmp_path / "a.ledger", tmp_path / "b.ledger") if kind == "other" else (None, None)
    await claimed(await book_of(saver, ledgers[0]), "a")
    assert await runs_of(await book_of(saver, ledgers[0])) == ["a"]
    assert await runs_of(await book_of(other, ledgers[1])) == []
    opened = [thread for thread in threading.enumerate() if thread.name.startswith("spadework-store")]
    assert len(opened) >= 2, "one connection for each saver"
    close()
    close_other()
    del saver, other, close, close_other
    gc.collect()
    assert eventually(lambda: connections() <= before)
    assert not list(tmp_path.glob("*-wal"))


class OtherSaver(BaseCheckpointSaver[Any]):
    """A saver of another house."""


async def test_any_other_saver_needs_a_file_for_its_book(tmp_path: Path) -> None:
    assert await book_of(OtherSaver()) is None
    first, second, third = OtherSaver(), OtherSaver(), InMemorySaver()
    await claimed(await book_of(first, tmp_path / "ledger.db"), "a")
    await claimed(await book_of(second, tmp_path / "ledger.db"), "b")
    assert mode(tmp_path / "ledger.db") == 0o600
    assert await runs_of(await book_of(third, str(tmp_path / "ledger.db"))) == ["b", "a"]
