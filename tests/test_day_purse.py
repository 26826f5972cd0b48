"""What is counted on which day of a run that goes on for several, and when a purse is full again."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.money.amounts import Amounts
from spadework.agent.money.budget import Budget
from spadework.agent.money.charges import Charge, Entry, call_of
from spadework.agent.storage.book import Book
from spadework.agent.storage.database import Database
from spadework.agent.storage.purse import Purse
from spadework.agent.terminal import standing
from spadework.agent.terminal.daily import DayPurse, UsedUp


def test_when_a_purse_is_full_again_is_told_to_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    day = standing.Standing(name="daily", day=datetime(2026, 11, 21, tzinfo=UTC).date(), limits={}, spent={}, aside={})
    for hour, minute, told in ((18, 48, "in 5 h 12 min"), (23, 1, "in 59 min"), (0, 0, "in 24 h 0 min")):
        at = datetime(2026, 11, 21, hour, minute, 30, tzinfo=UTC)
        monkeypatch.setattr(standing, "now", partial(datetime.fromtimestamp, at.timestamp(), UTC))
        assert day.full_again() == f"it is full again at 00:00 UTC, {told}"
    monkeypatch.setattr(standing, "now", lambda: datetime(2026, 11, 22, 0, 0, 5, tzinfo=UTC))
    assert day.full_again() == "it is full again"


END = st.sampled_from(["ended", "killed", "killed, and not yet found out"])
PARTS = st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 9), END), min_size=1, max_size=8)


@given(PARTS, st.integers(1, 9))
async def test_a_run_in_many_parts_counts_on_each_day_what_it_spent_that_day(
    parts: list[tuple[bool, int, int, str]], cap: int
) -> None:
    """Each part may begin on another day, with a larger budget; it spends some of it, and ends or is killed."""
    database = Database(":memory:")
    book, day, wanted, in_all, that_day = Book(database), 1, 0, 0, 0
    for another_day, more, wish, end in parts:
        day, that_day = (day + 1, 0) if another_day else (day, that_day)
        wanted += more
        purse = DayPurse(Budget(searches=cap), name=f"daily 2026-11-{day:02}", store=database, own=Budget())
        try:
            lease = await purse.lease("run/1", Budget(searches=wanted))
        except UsedUp:
            assert that_day == cap
            continue
        assert lease.budget.searches == min(wanted, in_all + cap - that_day)
        spent = min(wish, (lease.budget.searches or 0) - in_all)
        await spend(book, [f"run/1/act/{ordinal}/1" for ordinal in range(in_all, in_all + spent)])
        in_all, that_day = in_all + spent, that_day + spent
        if end == "killed, and not yet found out":
            continue
        if end == "killed":
            assert await purse.reclaim(book) == 1
        else:
            await lease.close(Amounts(searches=in_all))
        assert (await purse.remaining()).gone["searches"] == that_day
    await database.aclose()


async def spend(book: Book, ids: list[str]) -> None:
    """Searches that were sent and never came back."""
    claim = await book.claim("run", {})
    held: Charge = replace(call_of("search", "act", what="q"), status="held", amounts=Amounts(searches=1))
    await claim.write([Entry(replace(held, id=key)) for key in ids])
    await claim.release()


async def test_of_calls_that_overlap_a_killed_run_pays_the_time_once() -> None:
    database = Database(":memory:")
    book, purse = Book(database), Purse(Budget(seconds=100), name="team", store=database)
    await purse.lease("run/1", Budget(seconds=60))
    claim = await book.claim("run", {})
    call = replace(call_of("search", "act", what="q"), status="settled", amounts=Amounts(searches=1, ms=4_000))
    clock = replace(call, kind="clock", amounts=Amounts(ms=5_000), id="run/1/clock/0/1")
    await claim.write([Entry(replace(call, id=f"run/1/act/{ordinal}/1")) for ordinal in range(3)] + [Entry(clock)])
    await claim.release()
    await purse.reclaim(book)
    assert (await purse.remaining()).gone["ms"] == 5_000
    await database.aclose()


async def test_a_run_whose_charges_cannot_be_read_keeps_its_part_and_stops_nobody_else() -> None:
    database = Database(":memory:")
    book, purse = Book(database), Purse(Budget(searches=10), name="team", store=database)
    for run in ("broken", "killed"):
        await purse.lease(f"{run}/1", Budget(searches=4))
        await (await book.claim(run, {})).release()
    claim = await book.claim("broken", {})
    await claim.write([Entry(replace(call_of("search", "act", what="q"), id="broken/1/act/0/1"))])
    await claim.release()
    await database.transact(lambda tx: tx.run("UPDATE spadework_charges SET data = '['"))
    assert await purse.reclaim(book) == 1
    assert (await purse.remaining()).gone["searches"] == 4
    await database.aclose()
