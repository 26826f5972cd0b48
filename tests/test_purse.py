"""Runs that share a budget: never more in sum than there is, whoever asks, and from however many processes."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from scripted import QUESTION, ScriptedChat, good_script, small_web
from spadework.agent import Budget, Result, arun_agent
from spadework.agent.money.amounts import Amounts
from spadework.agent.money.charges import Charge, Entry, call_of
from spadework.agent.storage.book import Book
from spadework.agent.storage.database import Database
from spadework.agent.storage.purse import Purse
from spadework.tools.errors import ConfigError

WORKER = Path(__file__).parent / "purse_worker.py"


async def run(purse: Purse, budget: Budget, **options: Any) -> Result:
    web = small_web()
    chat = ScriptedChat(good_script())
    return await arun_agent(QUESTION, budget, model=chat, search=web, browse=web, purse=purse, **options)


async def left(purse: Purse, resource: str) -> int | None:
    return (await purse.remaining()).left(resource)


async def test_a_run_gets_its_part_and_gives_back_what_it_did_not_use() -> None:
    purse = Purse(Budget(searches=10, model_calls=20))
    result = await run(purse, Budget(searches=4, browses=4, model_calls=9))
    assert result.status == "verified"
    assert await left(purse, "searches") == 10 - result.spend.searches
    assert await left(purse, "model_calls") == 20 - result.spend.model_calls
    await purse.aclose()


async def test_a_purse_that_is_nearly_empty_shrinks_the_run() -> None:
    purse = Purse(Budget(searches=1, model_calls=4))
    result = await run(purse, Budget(searches=4, browses=4, model_calls=9))
    assert (result.budget["searches"], result.budget["model_calls"]) == (1, 4)
    assert result.spend.searches == 1
    left_over = await purse.remaining()
    assert left_over.left("model_calls") == 4 - result.spend.model_calls
    await (await purse.lease("the rest", Budget())).close(Amounts(model_calls=left_over.left("model_calls") or 0))
    empty = await run(purse, Budget(searches=4, browses=4, model_calls=9))
    assert (empty.status, empty.stop_reason, empty.resource) == ("none", "budget", "model_calls")
    assert empty.spend.searches == empty.spend.model_calls == 0
    await purse.aclose()


async def test_what_a_run_does_not_limit_it_gets_whole() -> None:
    purse = Purse(Budget(tokens=90_000))
    lease = await purse.lease("a", Budget(searches=3))
    assert lease.budget == Budget(searches=3, tokens=90_000)
    other = await purse.lease("b", Budget(tokens=5))
    assert other.budget.tokens == 0
    await lease.close(Amounts(tokens_in=10_000, searches=2))
    assert await left(purse, "tokens") == 80_000
    await purse.aclose()


async def test_leases_nest_and_a_late_settlement_goes_all_the_way_up() -> None:
    purse = Purse(Budget(usd="1"))
    project = await purse.lease("project", Budget(usd="0.5"))
    attempt = await project.lease("attempt 1", Budget(usd="0.4"))
    assert attempt.budget.limits() == Budget(usd="0.4").limits()
    held, cheaper = Amounts(picousd=300_000_000_000), Amounts(picousd=100_000_000_000)
    await attempt.close(held)
    await project.close()
    assert await left(purse, "picousd") == 700_000_000_000
    await attempt.correct(held, cheaper)
    assert await left(purse, "picousd") == 900_000_000_000
    closed = await project.lease("attempt 2", Budget(usd="0.1"))
    assert closed.budget.limits()["picousd"] == 0, "what was closed has nothing left to give"
    await purse.aclose()


async def test_an_overrun_is_charged_in_full_and_then_nothing_fits() -> None:
    purse = Purse(Budget(tokens=100))
    lease = await purse.lease("a", Budget(tokens=60))
    await lease.close(Amounts(tokens_out=130))
    remaining = await purse.remaining()
    assert remaining.gone["tokens"] == 130
    assert (await purse.lease("b", Budget(tokens=1))).budget.tokens == 0
    await purse.aclose()


async def test_the_same_name_is_the_same_lease_until_it_is_closed(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    purse = Purse(Budget(searches=10), name="team", store=store)
    await purse.lease("run/1", Budget(searches=8))
    await purse.aclose()
    again = Purse(Budget(searches=10), name="team", store=store)
    lease = await again.lease("run/1", Budget(searches=8))
    assert lease.budget.searches == 8
    assert await left(again, "searches") == 2
    await lease.close(Amounts(searches=3))
    assert (await again.lease("run/1", Budget(searches=8))).budget.searches == 8, "3 spent, and 5 more"
    assert await left(again, "searches") == 2
    await again.aclose()


async def test_leases_of_dead_runs_are_closed_on_what_the_book_says(tmp_path: Path) -> None:
    database = Database(tmp_path / "runs.db")
    book = Book(database)
    purse = Purse(Budget(searches=10), name="team", store=database)
    await purse.lease("a/b/1", Budget(searches=6))
    await purse.lease("alive/1", Budget(searches=2))
    claim = await book.claim("a/b", {})
    charge = call_of("search", "act", what="q")
    await claim.write([Entry(_with_id(charge, "a/b/1/act/0/1"))])
    await claim.release()
    await book.claim("alive", {})
    assert await purse.reclaim(book) == 1
    assert await left(purse, "searches") == 10 - 1 - 2
    await database.aclose()


def _with_id(charge: Charge, key: str) -> Charge:
    return replace(charge, id=key, status="held", amounts=Amounts(searches=1))


async def test_a_daily_purse_is_another_one_tomorrow(tmp_path: Path) -> None:
    for day, expected in ((date(2026, 11, 21), 3), (date(2026, 11, 21), 2), (date(2026, 11, 22), 3)):
        purse = Purse.daily("ada", Budget(searches=3), store=tmp_path / "runs.db", day=day)
        assert await left(purse, "searches") == expected
        await (await purse.lease(f"{day} {expected}", Budget(searches=1))).close(Amounts(searches=1))
        await purse.aclose()


@pytest.mark.parametrize("stored", [False, True])
async def test_a_hundred_tasks_at_once_get_exactly_what_there_is(stored: bool, tmp_path: Path) -> None:
    place: dict[str, Any] = {"name": "shared", "store": tmp_path / "runs.db"} if stored else {}
    purse = Purse(Budget(searches=1_000), **place)

    async def take(number: int) -> int:
        spent = 0
        for turn in range(10_000):
            lease = await purse.lease(f"{number} {turn}", Budget(searches=9))
            got = lease.budget.searches or 0
            await lease.close(Amounts(searches=(got + 1) // 2))
            spent += (got + 1) // 2
            if not got:
                return spent
        raise AssertionError("it never ended")

    assert sum(await asyncio.gather(*(take(number) for number in range(100)))) <= 1_000
    # Each gave half of its part back, so what is left at the end is what nobody came for again.
    assert await left(purse, "searches") == 0
    await purse.aclose()


async def test_a_hundred_runs_at_once_stay_within_one_purse() -> None:
    purse = Purse(Budget(searches=50, browses=50, model_calls=60))
    budget = Budget(searches=2, browses=2, model_calls=5)
    results = await asyncio.gather(*(run(purse, budget) for _ in range(100)))
    remaining = await purse.remaining()
    for name in ("searches", "browses", "model_calls"):
        total = sum(getattr(result.spend, name) for result in results)
        assert total == remaining.gone[name] <= remaining.limits[name]
    assert all(result.stop_reason in ("answered", "budget") for result in results)
    await purse.aclose()


def in_processes(store: str, how: str) -> int:
    command = [sys.executable, str(WORKER), store]
    workers = [subprocess.Popen([*command, str(n), how], stdout=subprocess.PIPE, text=True) for n in range(8)]
    return sum(int(worker.communicate(timeout=120)[0]) for worker in workers)


def test_eight_processes_share_a_thousand_calls_exactly(tmp_path: Path) -> None:
    assert in_processes(str(tmp_path / "runs.db"), "close") == 1_000
    assert in_processes(str(tmp_path / "more.db"), "lose") == 1_000


@pytest.mark.integration
def test_eight_processes_share_a_thousand_calls_exactly_in_postgres(postgres: str) -> None:
    assert in_processes(postgres, "close") == 1_000


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 501, "\x1b[31m"])
def test_a_purse_in_a_store_needs_a_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"needs a name|cannot name a purse"):
        Purse(Budget(searches=1), name=name, store=tmp_path / "runs.db")


async def test_what_goes_on_while_it_is_being_reclaimed_keeps_its_lease(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    purse = Purse(Budget(searches=10), name="team", store=store)
    database = Database(store)

    class Late(Book):
        """Between its look at a run and the end of the reclaiming, the run goes on."""

        async def load(self, run: str, turn: int) -> list[Entry]:
            self.claimed = await Book(self.database).claim(run, {})
            await purse.lease("run/1", Budget(searches=6))
            return await Book.load(self, run, turn)

    await (await Book(database).claim("run", {})).release()
    await purse.lease("run/1", Budget(searches=6))
    assert await purse.reclaim(Late(database)) == 0
    assert (await purse.remaining()).gone["searches"] == 6
    assert (await purse.lease("other/1", Budget(searches=9))).budget.searches == 4
    await database.aclose()
    await purse.aclose()
