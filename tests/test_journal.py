"""The journal: many writers share a transaction, and what could not be written is written with the next."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from book_worker import entry
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.money.charges import Charge, Entry, Status
from spadework.agent.money.journal import Journal
from spadework.agent.storage.book import Book
from spadework.agent.storage.database import MEMORY, Database
from spadework.tools.errors import StoreError


@dataclass
class Disk:
    """What was written, batch by batch. It can be full, and it can be made to wait."""

    batches: list[list[Entry]] = field(default_factory=list[list[Entry]])
    full: bool = False
    free: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.free.set()

    async def write(self, entries: Sequence[Entry], /) -> None:
        self.begun.set()
        await asyncio.sleep(0)
        await self.free.wait()
        if self.full:
            raise StoreError("the disk is full")
        self.batches.append(list(entries))

    def ordinals(self) -> list[list[int]]:
        return [[int(kept.charge.id.split("/")[-2]) for kept in batch] for batch in self.batches]


def charge(ordinal: int, status: Status = "held") -> Charge:
    return entry("a", ordinal, status).charge


async def begun(journal: Journal, disk: Disk) -> asyncio.Task[None]:
    """A write of one note that waits for the disk."""
    disk.free.clear()
    journal.note(charge(1))
    writing = asyncio.create_task(journal.flush())
    await disk.begun.wait()
    return writing


async def test_notes_of_many_calls_at_once_go_in_one_transaction() -> None:
    disk = Disk()
    journal = Journal(disk)

    async def call(number: int) -> None:
        journal.note(charge(number))
        await journal.flush()
        assert any(number in batch for batch in disk.ordinals()), "on disk before the call is sent"

    await asyncio.gather(*(call(number) for number in range(40)))
    assert len(disk.batches) <= 2
    assert sorted(number for batch in disk.ordinals() for number in batch) == list(range(40))


async def test_nothing_is_written_where_nothing_is_due() -> None:
    disk = Disk()
    journal = Journal(disk)
    await journal.flush()
    journal.note(charge(1))
    await journal.flush()
    await journal.flush()
    assert disk.ordinals() == [[1]]


async def test_what_is_noted_during_a_write_goes_with_the_next_and_is_waited_for() -> None:
    disk = Disk()
    journal = Journal(disk)
    first = await begun(journal, disk)
    journal.note(charge(1, "settled"))
    journal.note(charge(2))
    others = [asyncio.create_task(journal.flush()) for _ in range(5)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in (first, *others))
    disk.free.set()
    await asyncio.gather(first, *others)
    assert disk.ordinals() == [[1], [1, 2]]
    assert [kept.charge.status for kept in disk.batches[1]] == ["settled", "held"]


async def test_what_a_failing_write_left_is_written_by_the_next_in_its_order_and_as_it_is_then() -> None:
    disk = Disk(full=True)
    journal = Journal(disk)
    for number in (1, 2):
        journal.note(charge(number))
    with pytest.raises(StoreError, match="the disk is full"):
        await journal.flush()
    with pytest.raises(StoreError):
        await journal.flush()
    journal.note(charge(3))
    journal.note(charge(1, "released"))
    disk.full = False
    await journal.flush()
    assert disk.ordinals() == [[1, 2, 3]]
    assert [kept.charge.status for kept in disk.batches[0]] == ["released", "held", "held"]


async def test_what_was_noted_during_a_failing_write_is_newer_than_what_that_write_left() -> None:
    disk = Disk(full=True)
    journal = Journal(disk)
    disk.free.clear()
    journal.note(charge(1))
    failing = asyncio.create_task(journal.flush())
    await disk.begun.wait()
    journal.note(charge(1, "settled"))
    disk.free.set()
    with pytest.raises(StoreError):
        await failing
    disk.full = False
    await journal.flush()
    assert [[kept.charge.status for kept in batch] for batch in disk.batches] == [["settled"]]


async def test_a_failing_write_fails_for_everyone_who_waits_for_it() -> None:
    journal = Journal(Disk(full=True))
    journal.note(charge(1))
    told = await asyncio.gather(*(journal.flush() for _ in range(4)), return_exceptions=True)
    assert [type(error) for error in told] == [StoreError] * 4


async def test_a_write_that_was_cancelled_is_made_again() -> None:
    disk = Disk()
    journal = Journal(disk)
    writing = await begun(journal, disk)
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing
    assert writing.cancelled()
    disk.free.set()
    await journal.flush()
    assert disk.ordinals() == [[1]]


async def test_what_a_call_brought_is_written_with_its_charge_and_found_again() -> None:
    book = Book(Database(MEMORY))
    claim = await book.claim("a", {})
    journal = Journal(claim)
    journal.note(charge(1))
    await journal.flush()
    journal.note(charge(1, "settled"))
    journal.keep(charge(1).id, {"hits": ["x"]})
    journal.note(charge(2))
    await journal.flush()
    assert await book.load("a", 1) == [entry("a", 1, "settled", {"hits": ["x"]}), entry("a", 2)]
    assert journal.result(charge(1).id) == {"hits": ["x"]}
    assert journal.result(charge(2).id) is None
    await claim.release()
    await book.database.aclose()


STEPS = st.one_of(st.tuples(st.integers(0, 3), st.sampled_from(["held", "settled"])), st.booleans())


@given(steps=st.lists(STEPS, max_size=20))
def test_whatever_fails_in_between_a_flush_that_returns_has_written_the_last_state_of_all(
    steps: list[tuple[int, Status] | bool],
) -> None:
    async def play() -> None:
        disk = Disk()
        journal = Journal(disk)
        last: dict[str, Charge] = {}
        for step in (*steps, True):
            if isinstance(step, tuple):
                noted = charge(*step)
                journal.note(noted)
                last[noted.id] = noted
                continue
            disk.full = not step
            with suppress(StoreError):
                await journal.flush()
                assert {kept.charge.id: kept.charge for batch in disk.batches for kept in batch} == last

    asyncio.run(play())
