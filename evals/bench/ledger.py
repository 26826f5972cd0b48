"""What the ledger costs: `python -m spadework.evals.bench.ledger [--postgres DSN]`.

A charge is a hold and its settlement. In memory that is all; with a store both are written down, in a transaction each,
the hold before its call is sent and the settlement with what the call brought (4 KB here). Beside it stand the other
costs of a run with the simulated model. Medians of repeats; CPU time is that of this process, all threads.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from ...agent.money.amounts import Amounts
from ...agent.money.budget import Budget
from ...agent.money.charges import Charge, Entry, call_of
from ...agent.money.journal import Journal
from ...agent.money.ledger import Ledger
from ...agent.storage.book import Book, Claim
from ...agent.storage.database import MEMORY, Database
from .ledger_run import run_report
from .server import hits

REPEATS = 7
IN_MEMORY, ON_DISK = 2_000, 200
"""Charges of one repeat."""
AT_ONCE = 8
HOLD = Amounts(tokens_in=6_000, tokens_out=4_096, picousd=30_000_000_000, model_calls=1)
SPENT = Amounts(tokens_in=5_200, tokens_out=150, picousd=9_000_000_000, ms=900, model_calls=1)
ROOMY = Budget(searches=10**6, browses=10**6, tokens=10**12, usd=10**6, seconds=10**6, model_calls=10**6)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one charge: microseconds that passed, microseconds of CPU time, and transactions."""

    us: float
    cpu_us: float
    transactions: float


@dataclass(slots=True)
class Counted:
    """Passes entries on to a claim, and counts the transactions."""

    claim: Claim
    transactions: int = 0

    async def write(self, entries: Sequence[Entry], /) -> None:
        """See Writer."""
        self.transactions += 1
        await self.claim.write(entries)


class Unsynced(Database):
    """SQLite that does not wait for the disk: what is left of the cost is not the disk's."""

    def _connect(self) -> Any:
        connection = super()._connect()
        connection.execute("PRAGMA synchronous=OFF")
        return connection


@dataclass(slots=True)
class Bench:
    """How often things are measured."""

    repeats: int = REPEATS
    scale: float = 1.0
    result: dict[str, Any] = field(default_factory=lambda: {"hits": hits("entry number 4")})

    async def cost(self, database: Database | None, at_once: int = 1) -> Cost:
        """The median cost of a charge, of so many calls at a time."""
        count = max(at_once, int((ON_DISK if database else IN_MEMORY) * self.scale) // at_once * at_once)
        found: list[Cost] = []
        for _ in range(self.repeats + 1):
            async with _writer(database) as writer:
                ledger = Ledger(ROOMY, run=writer.claim.run if writer else "run", journal=writer and Journal(writer))
                started, cpu = time.perf_counter(), time.process_time()
                for _ in range(count // at_once):
                    await asyncio.gather(*(self._charge(ledger) for _ in range(at_once)))
                passed, cpu = time.perf_counter() - started, time.process_time() - cpu
            transactions = writer.transactions / count if writer else 0.0
            found.append(Cost(passed * 1e6 / count, cpu * 1e6 / count, transactions))
        found.pop(0)  # the first one makes the tables and warms the caches
        return Cost(*(statistics.median(getattr(item, name) for item in found) for name in Cost.__slots__))

    async def _charge(self, ledger: Ledger) -> None:
        held = await ledger.take(call_of("model", "searcher", what="searcher"), HOLD)
        if not isinstance(held, Charge):
            raise RuntimeError(f"the bench's own budget is too small: {held.line()}")
        ledger.settle(held, SPENT, result=lambda: self.result)
        await ledger.commit()


@asynccontextmanager
async def _writer(database: Database | None) -> AsyncGenerator[Counted | None]:
    """A claim on a new run in the database."""
    if database is None:
        yield None
        return
    book, run = Book(database), f"bench-{uuid4().hex}"
    claim = await book.claim(run, {})
    try:
        yield Counted(claim)
    finally:
        await claim.release()
        await book.delete(run)


def fsync_us(folder: Path, count: int = 50) -> float:
    """The median time to append 4 KB to a file and have it on disk, in microseconds."""
    found: list[float] = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(count):
            started = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            found.append((time.perf_counter() - started) * 1e6)
    return statistics.median(found)


async def charges_report(bench: Bench, folder: Path, postgres: str = "") -> AsyncGenerator[str]:
    """The lines on single charges, each as soon as it is measured."""
    yield f"{'a charge: hold and settlement':44}{'us':>9}{'CPU us':>9}{'transactions':>14}"
    places: list[tuple[str, Callable[[], Database] | None]] = [
        ("in memory", None),
        ("book in SQLite, in memory", lambda: Database(MEMORY)),
        ("book in an SQLite file, never synced", lambda: Unsynced(folder / "unsynced.db")),
        ("book in an SQLite file, as it is used", lambda: Database(folder / "book.db")),
    ]
    if postgres:
        places.append(("book in Postgres", lambda: Database(postgres)))
    for name, make in places:
        for at_once in (1, AT_ONCE) if make else (1,):
            database = make() if make else None
            cost = await bench.cost(database, at_once)
            if database is not None:
                await database.aclose()
            label = f"{name}, {at_once} at once" if at_once > 1 else name
            yield f"{label:44}{cost.us:9.1f}{cost.cpu_us:9.1f}{cost.transactions:14.2f}"
    yield f"{'for comparison: 4 KB appended and synced':44}{fsync_us(folder):9.1f}"


async def report(options: argparse.Namespace) -> None:
    """Print everything that was asked for."""
    bench = Bench(repeats=options.repeats, scale=options.scale)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        async for line in charges_report(bench, Path(name), options.postgres):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        async for line in run_report(Path(name), options.runs):
            sys.stdout.write(line + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="ledger", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"measurements of each line (default {REPEATS})")
    parser.add_argument("--scale", type=float, default=1.0, help="more or fewer charges in each measurement")
    parser.add_argument("--runs", type=int, default=16, help="runs of the simulated model (default 16, 0 for none)")
    parser.add_argument("--folder", help="where the files are made: the disk that is measured (default: temporary)")
    parser.add_argument("--postgres", default="", help="a database that may be written to: postgresql://USER@HOST/NAME")
    asyncio.run(report(parser.parse_args(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
