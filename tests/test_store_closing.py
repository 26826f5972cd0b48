"""The end of a store: nothing stays open or locked, however its run ends, and nobody else's lock is dropped."""

import asyncio
import gc
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from spadework.agent.storage.store import open_store
from stores import claimed, connections, eventually, runs_of


async def test_nothing_is_left_behind_when_a_store_is_closed(tmp_path: Path) -> None:
    before = connections()
    async with open_store(tmp_path / "runs.db") as store:
        await store.book.runs()
    del store
    gc.collect()
    assert eventually(lambda: connections() <= before)
    with pytest.raises(RuntimeError, match="mine"):
        async with open_store(tmp_path / "runs.db"):
            raise RuntimeError("mine")
    gc.collect()
    assert eventually(lambda: connections() <= before)


def test_a_process_that_leaves_a_store_open_still_ends(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\nfrom spadework.agent.loop import start\n"
        "from spadework.agent.storage.store import open_store\n"
        "async def hold(ready):\n"
        "    async with open_store(sys.argv[1]):\n        ready.set()\n        await asyncio.sleep(60)\n"
        "import threading\nready = threading.Event()\nstart(hold(ready))\nassert ready.wait(20)\nprint('open')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "runs.db")]
    told = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (told.returncode, told.stdout) == (0, "open\n")


async def test_a_write_that_the_graph_left_behind_ends_before_its_store_is_closed(tmp_path: Path) -> None:
    file, config = tmp_path / "runs.db", {"configurable": {"thread_id": "a", "checkpoint_ns": ""}}
    async with open_store(file) as store:
        saver: Any = store.saver
        left = asyncio.ensure_future(saver.aput(config, {**empty_checkpoint(), "id": "1"}, {}, {}))
        while not saver.conn.in_transaction:
            await asyncio.sleep(0)
    with closing(sqlite3.connect(file, timeout=0.2, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT checkpoint_id FROM checkpoints").fetchall() == [("1",)]
    await left


async def test_a_store_whose_closing_is_cancelled_is_closed(tmp_path: Path) -> None:
    before = connections()
    for turns in range(12):

        async def hold() -> None:
            async with open_store(tmp_path / "runs.db") as store:
                await claimed(store.book, "a")

        holding = asyncio.ensure_future(hold())
        while not holding.done():
            for _ in range(turns):
                await asyncio.sleep(0.001)
            holding.cancel()
            await asyncio.sleep(0)
        assert [path.name for path in tmp_path.iterdir() if path.name != "runs.db"] == []
    assert eventually(lambda: gc.collect() >= 0 and connections() <= before)


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX drops a process's locks with any of its descriptors")
async def test_opening_a_store_twice_drops_no_lock_of_the_first(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    async with open_store(file) as store:
        await claimed(store.book, "a")
        async with open_store(file):
            pass
        last = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM spadework_schema').fetchall()"
        subprocess.run([sys.executable, "-c", last, str(file)], check=True, timeout=20)
        assert (tmp_path / "runs.db-wal").exists(), "another process took itself for the last that uses the file"
        await claimed(store.book, "b")
    async with open_store(file) as store:
        assert sorted(await runs_of(store.book)) == ["a", "b"]
