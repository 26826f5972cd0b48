"""The other costs of a run, for ledger.py: CPU time a model call, and what a store takes in time and bytes.

The runs are those of the simulated model on the bundled web, whose own time is left out.
"""

import sqlite3
import statistics
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from ...agent.llm.wire import Options, Reply
from ...agent.money.budget import Budget
from ...agent.money.charges import MEMORY
from ...agent.run import arun_agent
from ...agent.storage.store import book_of, open_store
from ..simulated.chat import SimulatedChat
from ..simulated.web import SimulatedWeb
from ..world.making import make_world
from ..world.questions import Question

BUDGET = Budget(searches=10, browses=10, tokens=10_000_000, seconds=600, model_calls=1_000)
MODEL_S = 1.0
"""A quick reply of a hosted model, to which costs are compared."""
_SIZES = (
    ("charges", "SELECT SUM(LENGTH(data) + COALESCE(LENGTH(result), 0)) FROM spadework_charges"),
    ("checkpoints", "SELECT SUM(LENGTH(checkpoint) + LENGTH(metadata)) FROM checkpoints"),
    ("writes", "SELECT SUM(LENGTH(value)) FROM writes"),
)


class TimedChat(SimulatedChat):
    """A simulated model that notes the CPU time that it took itself, and what passed."""

    cpu_s = 0.0
    passed_s = 0.0

    async def complete(self, messages: list[dict[str, Any]], **options: Unpack[Options]) -> Reply:
        """See Chat."""
        cpu, started = time.thread_time(), time.perf_counter()
        try:
            return await super().complete(messages, **options)
        finally:
            self.cpu_s += time.thread_time() - cpu
            self.passed_s += time.perf_counter() - started


@dataclass(slots=True)
class Stopwatch:
    """Time that passed in some methods, and how often they were called."""

    seconds: float = 0.0
    calls: int = 0

    def time(self, owner: Any, *names: str) -> None:
        """Have these async methods of an object timed from now on."""
        for name in names:
            setattr(owner, name, self._timed(getattr(owner, name)))

    def _timed(self, method: Any) -> Any:
        async def timed(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            try:
                return await method(*arguments, **options)
            finally:
                self.seconds += time.perf_counter() - started
                self.calls += 1

        return timed


@dataclass(frozen=True, slots=True)
class RunCost:
    """One run without its model: milliseconds, and how often something was written."""

    model_calls: int
    charges: int
    ms: float
    cpu_ms: float
    book_ms: float = 0.0
    book_writes: int = 0
    saver_ms: float = 0.0
    saver_writes: int = 0


async def run_cost(web: SimulatedWeb, question: Question, saver: Any = None) -> RunCost:
    """Make one run, with its book and checkpoints in the saver's database, or with none."""
    chat = TimedChat(web, question)
    book_time, saver_time = Stopwatch(), Stopwatch()
    book = None if saver is None else await book_of(saver)
    given: dict[str, Any] = {}
    if book is not None:
        book_time.time(book.database, "transact")
        saver_time.time(saver, "aput", "aput_writes")
        given["checkpointer"] = saver
    try:
        started, cpu = time.perf_counter(), time.process_time()
        result = await arun_agent(question.text, BUDGET, model=chat, search=web.search, browse=web.browse, **given)
        passed, cpu = time.perf_counter() - started, time.process_time() - cpu
    finally:
        if book is not None:
            for owner, names in ((book.database, ("transact",)), (saver, ("aput", "aput_writes"))):
                for name in names:
                    delattr(owner, name)
    return RunCost(
        result.spend.model_calls,
        sum(charge.node != MEMORY for charge in result.charges),
        (passed - chat.passed_s) * 1000,
        (cpu - chat.cpu_s) * 1000,
        book_time.seconds * 1000,
        book_time.calls,
        saver_time.seconds * 1000,
        saver_time.calls,
    )


def stored_kb(path: Path, runs: int) -> dict[str, float]:
    """KB a run that each table holds, and the whole file."""
    with closing(sqlite3.connect(path)) as connection:
        sizes = {name: connection.execute(sql).fetchone()[0] / 1000 / runs for name, sql in _SIZES}
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return sizes | {"file": path.stat().st_size / 1000 / runs}


async def run_report(folder: Path, runs: int) -> AsyncGenerator[str]:
    """The lines on whole runs; nothing for no runs."""
    if not runs:
        return
    world = make_world()
    with SimulatedWeb(world) as web:
        questions = [world.questions[number % len(world.questions)] for number in range(runs)]
        for question in {question.id: question for question in questions}.values():
            await run_cost(web, question)  # reads every page once
        bare = [await run_cost(web, question) for question in questions]
        path = folder / "runs.db"
        async with open_store(path) as store:
            stored = [await run_cost(web, question, store.saver) for question in questions]
        sizes = stored_kb(path, runs)
    for line in _lines(bare, stored):
        yield line
    yield "KB in the store, a run: " + ", ".join(f"{name} {size:,.0f}" for name, size in sizes.items())


def _lines(bare: Sequence[RunCost], stored: Sequence[RunCost]) -> list[str]:
    def median(costs: Sequence[RunCost], name: str, per: str = "") -> float:
        return statistics.median(getattr(cost, name) / (getattr(cost, per) if per else 1) for cost in costs)

    calls, charges = (median(stored, name) for name in ("model_calls", "charges"))
    book = median(stored, "book_ms", "model_calls")
    lines = [
        f"\na run without its model's time, median of {len(bare)}: {calls:.0f} model calls, {charges:.0f} charges",
        f"{'':44}{'no store':>12}{'SQLite file':>12}",
    ]
    for label, name, per in (
        ("CPU ms a model call", "cpu_ms", "model_calls"),
        ("ms a model call", "ms", "model_calls"),
        ("  of it the book's transactions", "book_ms", "model_calls"),
        ("  of it checkpoints", "saver_ms", "model_calls"),
        ("the book's transactions, a run", "book_writes", ""),
        ("writes of checkpoints, a run", "saver_writes", ""),
    ):
        lines.append(f"{label:44}{median(bare, name, per):12.2f}{median(stored, name, per):12.2f}")
    lines.append(f"of a model call of {MODEL_S:.0f} s the book takes {book / MODEL_S / 10:.2f} %")
    return lines
