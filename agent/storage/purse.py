"""Purses: a budget that several runs share. Each leases its part beforehand, and gives back what it did not use.

    purse = Purse(Budget(usd="1.00"))                                       # the runs of one program
    purse = Purse(Budget(usd=5), name="team", store="runs.db")              # of several processes
    purse = Purse.daily("ada", Budget(searches=500), store="runs.db")       # afresh every day
    run_agent(question, Budget(searches=10, usd="0.10"), purse=purse)

A run gets what it asks for, or what is left; what it does not limit itself it gets whole, so runs that go on side by
side should each have limits. `seconds` are counted as the sum of the seconds of all runs.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Self

from ...tools.clean import clean
from ...tools.errors import ConfigError, StoreError
from ..money.amounts import ZERO, Amounts
from ..money.budget import Budget, Remaining, counted
from .book import Book
from .database import MEMORY, Database, Transaction
from .leases import Line, Sums, close, correct, lease, lines_of, open_leases, open_purse

BELOW = "\n"
"""Between a purse's name and that of a lease of it."""


class Purse:
    """A budget to lease from, in memory or, with a store, for all processes that name it.

    The caps are those of whoever opened it last; what is used stays used. Raises ConfigError for a name that cannot be
    one; methods raise StoreError where the store cannot be used.
    """

    def __init__(self, budget: Budget, *, name: str = "", store: str | Path | Database | None = None) -> None:
        if store is not None and not name:
            raise ConfigError("a purse in a store needs a name: several programs find it by that")
        self.budget = budget
        self.name = _checked(name) if name else "purse"
        self._own = not isinstance(store, Database)
        self._database = store if isinstance(store, Database) else Database(_place(store))
        self._made = False

    @classmethod
    def daily(cls, name: str, budget: Budget, *, store: str | Path | Database, day: date | None = None) -> Self:
        """A purse for one day, today (UTC) where none is given."""
        return cls(budget, name=f"{name} {day or datetime.now(UTC).date()}", store=store)

    async def lease(self, name: str, wanted: Budget) -> "Lease":
        """Set aside what is wanted, or as much of it as is left. The same name again is the same lease.

        `wanted` is the whole budget of a run. What one that goes on had spent before it first came to this purse, by
        what the book in the same database says, is not counted here.
        """
        key = self._key + BELOW + _checked(name)
        spent = await _spent(Book(self._database), name)

        def work(tx: Transaction) -> dict[str, int]:
            self._make(tx)
            earlier = _note_earlier(tx, key, spent)
            limits = wanted.limits()
            granted = lease(tx, self._key, key, {name: max(0, n - earlier.get(name, 0)) for name, n in limits.items()})
            whole = {name: n + earlier.get(name, 0) for name, n in granted.items()}
            self._accept(tx, key, limits, whole, counted(spent))
            return {name: min(n, limits.get(name, n)) for name, n in whole.items()}

        granted = await self._database.transact(work)
        self._made = True
        return Lease(self._database, key, Budget.from_limits(granted))

    async def remaining(self) -> Remaining:
        """What is left to be leased; what is set aside for others counts as gone."""
        lines = await self._lines()
        return Remaining(
            {resource: line.cap for resource, line in lines.items() if line.cap is not None},
            {resource: line.spent for resource, line in lines.items()},
        )

    async def reclaim(self, book: Book) -> int:
        """Close the leases of runs that are not alive any more, on what the book says that they spent. How many.

        A lease is named after its run and the number of the question in it. A run that is resumed later leases afresh.
        """
        closed = 0
        known = await self._database.transact(lambda tx: open_leases(tx, self._key))
        for key, taken in known.items():
            name = key.rpartition(BELOW)[2]
            run, _, turn = name.rpartition("/")
            found = await book.find(run) if turn.isdigit() else None
            if found is None or found.in_use:
                continue
            # Where nobody can tell what a run spent, all that it was given stays gone.
            with suppress(StoreError):
                closed += await self._close_left(key, taken, counted(await _spent(book, name)))
        return closed

    async def _close_left(self, key: str, taken: float, spent: Sums) -> bool:
        """Close a lease, if its run has not gone on in the meantime: then it was taken once more."""

        def work(tx: Transaction) -> bool:
            if open_leases(tx, self._key).get(key) != taken:
                return False
            close_lease(tx, key, spent)
            return True

        return await self._database.transact(work)

    async def aclose(self) -> None:
        """Close the connection; what is leased stays leased."""
        if self._own:
            await self._database.aclose()

    @property
    def _key(self) -> str:
        return self.name

    def _accept(self, tx: Transaction, key: str, wanted: Sums, granted: Sums, spent: Sums) -> None:
        """May raise to undo a lease. Here whatever is left is good enough, nothing too: the run ends at once."""

    async def _lines(self) -> dict[str, Line]:
        def work(tx: Transaction) -> dict[str, Line]:
            self._make(tx)
            return lines_of(tx, self._key)

        lines = await self._database.transact(work)
        self._made = True
        return lines

    def _make(self, tx: Transaction) -> None:
        if not self._made:
            open_purse(tx, self._key, self.budget.limits())


@dataclass(slots=True)
class Lease:
    """The part of a purse that one run may spend; `budget` is what was granted. It can be leased from in its turn."""

    database: Database
    key: str
    budget: Budget

    async def lease(self, name: str, wanted: Budget) -> "Lease":
        """A part of this part: parallel attempts of one run, say."""
        key = self.key + BELOW + _checked(name)
        granted = await self.database.transact(lambda tx: lease(tx, self.key, key, wanted.limits()))
        return Lease(self.database, key, Budget.from_limits(granted))

    async def remaining(self) -> Remaining:
        """What is left of it to be leased."""
        lines = await self.database.transact(lambda tx: lines_of(tx, self.key))
        limits = {resource: line.cap for resource, line in lines.items() if line.cap is not None}
        return Remaining(limits, {resource: line.spent for resource, line in lines.items()})

    async def close(self, spent: Amounts = ZERO) -> None:
        """Give back what is left. `spent` is what was spent itself, apart from leases of this lease. Once is enough."""
        await self.database.transact(lambda tx: close_lease(tx, self.key, counted(spent)))

    async def correct(self, before: Amounts, after: Amounts) -> None:
        """A call that was settled after the close: it was counted as `before` and came to `after`."""
        more = counted(after - before)
        await self.database.transact(lambda tx: correct(tx, self.key, {name: by for name, by in more.items() if by}))


def close_lease(tx: Transaction, key: str, spent: Sums) -> None:
    """Close a lease on what its run spent in all, less what it had spent before it came to this purse."""
    earlier = _earlier(tx, key)
    close(tx, key, {name: max(0, amount - earlier.get(name, 0)) for name, amount in spent.items()})


async def _spent(book: Book, name: str) -> Amounts:
    """What the book says that the run of a lease has spent, holds included. Of calls, which overlap, no time counts."""
    run, _, turn = name.rpartition("/")
    if not (run and turn.isdigit()):
        return ZERO
    charges = [entry.charge for entry in await book.load(run, int(turn))]
    ms = sum(charge.amounts.ms for charge in charges if charge.kind == "clock")
    return replace(sum((charge.amounts for charge in charges), ZERO), ms=ms)


def _note_earlier(tx: Transaction, key: str, spent: Amounts) -> Sums:
    """What a run had spent before its lease: noted, beside all other sums, when the lease is first made."""
    if not tx.rows("SELECT 1 FROM spadework_purses WHERE purse = ?", key) and spent != ZERO:
        open_purse(tx, key + BELOW, {name: amount for name, amount in counted(spent).items() if amount})
    return _earlier(tx, key)


def _earlier(tx: Transaction, key: str) -> Sums:
    return {name: line.cap for name, line in lines_of(tx, key + BELOW).items() if line.cap}


def _checked(name: str) -> str:
    text = clean(name)
    if not text or BELOW in text or text != name or len(text) > 500:
        raise ConfigError(f"{name!r} cannot name a purse or a lease: give one line of text")
    return text


def _place(store: str | Path | None) -> str:
    if store is None:
        return MEMORY
    from .store import store_target

    return store_target(str(store))
