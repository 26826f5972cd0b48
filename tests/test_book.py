"""The book: one holder for each run, entries that stay and keep their order, and nothing lost between processes."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from book_worker import entry
from hypothesis import given, settings
from hypothesis import strategies as st
from spadework.agent.money.charges import Entry, Status
from spadework.agent.storage.book import Book, Claim, RunInUse, RunLost
from spadework.agent.storage.database import MEMORY, Database
from spadework.tools.errors import StoreError

WORKER = Path(__file__).parent / "book_worker.py"
Worker = subprocess.Popen[str]
DAY = 86_400


@pytest.fixture
async def book(target: str) -> AsyncGenerator[Book]:
    database = Database(target)
    yield Book(database)
    await database.aclose()


@pytest.fixture
def started(target: str) -> Generator[Callable[..., Worker]]:
    """Starts workers on the store; those that still run at the end are killed."""
    workers: list[Worker] = []

    def start(*options: str) -> Worker:
        command = [sys.executable, str(WORKER), target, *options]
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.kill()
        worker.communicate()


def said(worker: Worker) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def ordered(worker: Worker, order: str) -> None:
    assert worker.stdin is not None
    worker.stdin.write(order + "\n")
    worker.stdin.flush()


async def ordinals(book: Book, run: str) -> list[int]:
    return [int(entry.charge.id.split("/")[-2]) for entry in await book.load(run, 1)]


async def test_a_run_that_runs_here_cannot_be_begun_twice_and_the_holder_is_named(book: Book) -> None:
    claim = await book.claim("a/b", {})
    with pytest.raises(RunInUse, match=f"^run a/b is running now, in process {os.getpid()}: .*stop it first$"):
        await book.claim("a/b", {})
    with pytest.raises(RunInUse, match="it cannot be deleted"):
        await book.delete("a/b")
    await claim.write([entry("a/b", 0)])
    await claim.release()
    await (await book.claim("a/b", {})).release()


async def test_a_run_of_another_process_is_refused_until_that_is_killed_and_then_taken_at_once(
    book: Book, started: Callable[..., Worker]
) -> None:
    worker = started("a", "2")
    assert said(worker) == "written"
    with pytest.raises(RunInUse, match=f"run a is running now, in process {worker.pid}: "):
        await book.claim("a", {})
    found = await book.find("a")
    assert found is not None
    assert found.in_use
    worker.kill()
    worker.wait()
    (found,) = await book.runs()
    assert not found.in_use
    claim = await book.claim("a", {"mine": 1})
    await claim.write([entry("a", 7)])
    assert await ordinals(book, "a") == [0, 1, 7]
    found = await book.find("a")
    assert found is not None
    assert found.about == {"holder": "the other one", "mine": 1}
    await claim.release()


async def test_a_stopped_process_whose_claim_expired_writes_nothing_when_it_wakes_up(
    book: Book, started: Callable[..., Worker]
) -> None:
    worker = started("a", "1")
    assert said(worker) == "written"
    worker.send_signal(signal.SIGSTOP)
    with pytest.raises(RunInUse):
        await book.claim("a", {})
    worker.send_signal(signal.SIGCONT)
    ordered(worker, "expire")
    assert said(worker) == "done"
    worker.send_signal(signal.SIGSTOP)
    ordered(worker, "5")
    claim = await book.claim("a", {})
    worker.send_signal(signal.SIGCONT)
    lost = "RunLost: run a was taken over by another process, so this one spends nothing more"
    assert said(worker) == lost
    ordered(worker, "expire")
    assert said(worker) == lost
    ordered(worker, "release")
    assert said(worker) == "done", "and it takes nothing from the one that holds it now"
    await claim.write([entry("a", 6)])
    assert await ordinals(book, "a") == [0, 6]
    await claim.release()


async def test_of_many_that_want_a_run_at_once_one_gets_it(book: Book, started: Callable[..., Worker]) -> None:
    workers = [started("a") for _ in range(6)]
    answers = sorted(said(worker).split(":")[0] for worker in workers)
    assert answers == ["RunInUse"] * 5 + ["held"]
    assert len(await book.runs()) == 1


async def test_eight_processes_that_write_at_once_lose_nothing(book: Book, started: Callable[..., Worker]) -> None:
    runs = [f"run {number}" for number in range(8)]
    workers = [started(run, "25") for run in runs]
    assert [said(worker) for worker in workers] == ["written"] * 8
    for run in runs:
        entries = await book.load(run, 1)
        assert [entry.result for entry in entries] == [{"found": number} for number in range(25)]
        assert {entry.charge.status for entry in entries} == {"settled"}
        assert await ordinals(book, run) == list(range(25))


RESULTS = st.none() | st.text(max_size=8) | st.dictionaries(st.text(max_size=3), st.integers() | st.booleans())
WRITES = st.tuples(st.integers(0, 6), st.sampled_from(["held", "settled", "released"]), RESULTS)


@given(batches=st.lists(st.lists(WRITES, max_size=4), max_size=6), again=st.integers(0, 6))
@settings(max_examples=60)
def test_entries_come_back_in_the_order_first_written_with_their_last_state_and_their_result(
    batches: list[list[tuple[int, Status, Any]]], again: int
) -> None:
    async def write_all() -> list[Entry]:
        book = Book(Database(MEMORY))
        claim = await book.claim("a", {})
        for number, batch in enumerate(batches):
            if number == again:  # as when the run is resumed by another process
                await claim.release()
                claim = await book.claim("a", {})
            await claim.write([entry("a", *write) for write in batch])
        try:
            return await book.load("a", 1)
        finally:
            await book.database.aclose()

    known: dict[int, tuple[Status, Any]] = {}
    for ordinal, status, result in (write for batch in batches for write in batch):
        known[ordinal] = (status, known.get(ordinal, ("", None))[1] if result is None else result)
    assert asyncio.run(write_all()) == [entry("a", ordinal, *last) for ordinal, last in known.items()]


async def test_the_questions_of_a_run_are_kept_apart(book: Book) -> None:
    claim = await book.claim("a/1", {})
    await claim.write([entry("a/1", 0, turn=1), entry("a/1", 3, turn=2), entry("a/1", 1, turn=12)])
    found = [[kept.charge.id for kept in await book.load("a/1", turn)] for turn in (1, 2, 12, 3)]
    assert found == [["a/1/1/act/0/1"], ["a/1/2/act/3/1"], ["a/1/12/act/1/1"], []]
    assert await book.load("a", 1) == []
    await claim.release()


async def test_what_is_noted_is_merged_and_the_last_one_wins(book: Book) -> None:
    claim = await book.claim("a", {"question": "Why?", "model": "m"})
    assert claim.before == {}
    await claim.note({"outcome": {"answer": "Because"}, "model": "n"})
    await claim.release()
    claim = await book.claim("a", {"budget": 3})
    assert claim.before == {"question": "Why?", "model": "n", "outcome": {"answer": "Because"}}
    await claim.release()
    found = await book.find("a")
    assert found is not None
    assert found.about == {"question": "Why?", "model": "n", "outcome": {"answer": "Because"}, "budget": 3}
    assert await book.find("b") is None


async def test_a_run_that_was_let_go_is_written_no_more_and_letting_go_twice_does_no_harm(book: Book) -> None:
    claim = await book.claim("a", {})
    await claim.release()
    await claim.release()
    for late in (claim.write([entry("a", 1)]), claim.renew(), claim.note({"late": True})):
        with pytest.raises(RunLost):
            await late
    second = await book.claim("a", {})
    await claim.release()
    await second.write([entry("a", 2)])
    found = await book.find("a")
    assert found is not None
    assert (found.in_use, found.about) == (True, {})
    assert await ordinals(book, "a") == [2]
    await second.release()


async def test_a_deleted_run_is_gone_with_its_charges_and_the_others_stay(book: Book) -> None:
    for run in ("a", "a/1", "ab"):
        claim = await book.claim(run, {})
        await claim.write([entry(run, 0)])
        await claim.release()
    assert [await book.delete("a"), await book.delete("a")] == [True, False]
    assert {run.run for run in await book.runs()} == {"a/1", "ab"}
    assert [len(await book.load(run, 1)) for run in ("a", "a/1", "ab")] == [0, 1, 1]
    await (await book.claim("a", {})).release()
    assert await book.load("a", 1) == [], "the same name begins anew"


async def test_runs_are_listed_by_when_they_were_touched_last_and_old_ones_are_told(book: Book) -> None:
    claims = {run: await book.claim(run, {}) for run in ("first", "busy", "second")}
    await claims["first"].release()
    await claims["second"].release()
    ago = "UPDATE spadework_runs SET updated = updated - ? WHERE run = ?"
    for days, run in ((9, "first"), (8, "busy"), (2, "second")):
        await book.database.transact(lambda tx, run=run, days=days: tx.run(ago, days * DAY, run))
    assert [run.run for run in await book.runs()] == ["second", "busy", "first"]
    assert await book.old(5) == ["first"], "one that runs now is not old"
    await claims["busy"].renew()
    assert [run.run for run in await book.runs()] == ["busy", "second", "first"]
    await claims["busy"].release()


async def test_a_claim_that_could_not_be_let_go_holds_nothing_in_this_process(tmp_path: Path) -> None:
    book = Book(Database(tmp_path / "runs.db"))
    claim: Claim = await book.claim("a", {})
    await book.database.transact(lambda tx: tx.rows("PRAGMA busy_timeout = 1"))
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="database is locked"):
        await claim.release()
    other.close()
    await (await book.claim("a", {})).release()
    await book.database.aclose()


async def test_rows_that_cannot_be_read_are_told_in_one_line_where_they_matter(book: Book) -> None:
    claim = await book.claim("a", {"question": "Why?"})
    await claim.write([entry("a", 0, "settled", ["found"])])
    await book.database.transact(lambda tx: tx.run("UPDATE spadework_charges SET result = ?", b"torn"))
    assert await book.load("a", 1) == [entry("a", 0, "settled")], "the call would be made again"
    await book.database.transact(lambda tx: tx.run("UPDATE spadework_runs SET about = 'torn'"))
    assert [(run.run, run.about) for run in await book.runs()] == [("a", {})]
    await claim.note({"question": "Again?"})
    await book.database.transact(lambda tx: tx.run("UPDATE spadework_charges SET data = '{}'"))
    with pytest.raises(StoreError, match="holds a charge of run a that cannot be read") as told:
        await book.load("a", 1)
    assert "\n" not in str(told.value)
    await claim.release()
