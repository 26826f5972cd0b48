"""What --daily and SPADEWORK_DAILY ask for: one purse a day (UTC) for all runs of a store."""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...tools.errors import ConfigError, StoreError
from ..loop import start
from ..money.budget import FURTHER, PUBLIC_NAMES, Budget, label, ordered
from ..money.limits import parse_limits
from ..storage.book import Book
from ..storage.database import Database, Transaction
from ..storage.leases import Sums
from ..storage.purse import BELOW, Lease, Purse, close_lease
from ..storage.store import looked_into, store_place
from . import standing
from .gauges import amount
from .notices import LOG
from .standing import USUAL, Standing

if TYPE_CHECKING:
    from ..result import Result

NO_STORE = (
    "a daily purse is counted in the store, and this run has none (--no-store, or SPADEWORK_STORE=none):"
    " name one with --store, or give --daily none"
)


class UsedUp(ConfigError):
    """Nothing is left for today of something that a run may spend: it was not begun."""


@dataclass(frozen=True, slots=True)
class Daily:
    """The limits of a day, and the name of the purse that has them."""

    name: str
    limits: Budget

    @property
    def key(self) -> str:
        return f"{self.name} {standing.now().date()}"

    def within(self, budget: Budget) -> Budget:
        """A run's own budget, with the day's limits where it has none. Further tools are none of its business."""
        limits = {name: limit for name, limit in self.limits.limits().items() if not name.startswith(FURTHER)}
        return Budget.from_limits({**limits, **budget.limits()})


def daily_of(given: str | None) -> Daily | None:
    """`LIMITS` or `NAME:LIMITS`, as given, else as SPADEWORK_DAILY says; None for none. Raises ConfigError."""
    text = os.environ.get("SPADEWORK_DAILY", "") if given is None else given
    if text.strip().lower() == "none" or (given is None and not text.strip()):
        return None
    option = "SPADEWORK_DAILY" if given is None else "--daily"
    name, colon, limits = text.rpartition(":")
    if colon and not name.strip():
        raise ConfigError(f"{option} {text!r}: give NAME:LIMITS, or LIMITS alone")
    return Daily(name.strip() or USUAL, parse_limits(option, limits))


class DayPurse(Purse):
    """A purse for one day, and a run that has a budget of its `own`."""

    def __init__(self, budget: Budget, *, name: str, store: str | Path | Database, own: Budget) -> None:
        super().__init__(budget, name=name, store=store)
        self.own = own

    async def lease(self, name: str, wanted: Budget) -> Lease:
        """As of any purse. Raises UsedUp, one line, where nothing is left of what a run may spend.

        A run that gets less than its own budget is told so before it begins.
        """
        found = await super().lease(name, wanted)
        own, granted = self.own.limits(), found.budget.limits()
        less = [
            f"{amount(resource, granted[resource])} of {amount(resource, own[resource])} {label(resource)}"
            for resource in ordered(self.budget.limits())
            if resource in own and granted.get(resource, own[resource]) < own[resource]
        ]
        if less:
            LOG.warning("%s leaves this run %s", (await self.standing()).shown, ", ".join(less))
        return found

    async def standing(self) -> Standing:
        """How it stands now."""
        return await self._database.transact(lambda tx: Standing.read(tx, self.name))

    async def why_ended(self, result: "Result") -> str:
        """One line for a run that ended because the purse had no more for it; else nothing."""
        names = {PUBLIC_NAMES.get(resource, resource): resource for resource in self.budget.limits()}
        resource = names.get(result.resource)
        if result.stop_reason != "budget" or resource is None:
            return ""
        limit = self.own.limits().get(resource)
        if limit is not None and Budget.of(result.budget).limits().get(resource, limit) >= limit:
            return ""
        stands = await self.standing()
        return f"{stands.shown} had no more {label(resource)} for this run: {stands.gone(resource)}"

    def _accept(self, tx: Transaction, key: str, wanted: Sums, granted: Sums, spent: Sums) -> None:
        """Raises UsedUp where a run may spend something and gets nothing of it.

        Further tools are left out: one that is used up does not end a search.
        """
        for resource in (name for name in ordered(self.budget.limits()) if not name.startswith(FURTHER)):
            gone = spent.get(resource, 0)
            if wanted.get(resource, gone + 1) > gone >= granted.get(resource, 0):
                # Undone with the rest: only so that this run is not told that its own part is set aside for others.
                close_lease(tx, key, spent)
                stands = Standing.read(tx, self.name)
                raise UsedUp(f"{stands.shown} has no {label(resource)} left: {stands.gone(resource)}")


@contextmanager
def shared(daily: Daily | None, store: str | None, own: Budget, *, new: str = "") -> Generator[DayPurse | None]:
    """Today's purse while a run with this budget of its `own` goes on.

    Of a `new` run that the purse has nothing for, nothing stays in the store.
    """
    if daily is None or store is None:
        yield None
        return
    purse = DayPurse(daily.limits, name=daily.key, store=store, own=own)
    try:
        yield purse
    except UsedUp:
        if new:
            start(_forget(store, new)).result()
        raise
    finally:
        with suppress(StoreError):
            start(purse.aclose()).result()


def why_ended(purse: DayPurse | None, result: "Result") -> str:
    """`DayPurse.why_ended`; nothing where the store fails, as the result is there already."""
    with suppress(StoreError):
        return start(purse.why_ended(result)).result() if purse is not None else ""
    return ""


def show_purses(store: str | None, given: str | None, *, as_json: bool) -> int:
    """Print how the purse that is named stands today, or all that were opened today. Raises ConfigError, StoreError."""
    from .ask import json_text

    daily, place = daily_of(given), store_place(store)
    found = start(_standings(place, daily)).result()
    if as_json:
        click.echo(json_text([stands.to_dict() for stands in found]))
    elif found:
        click.echo("\n\n".join(stands.text() for stands in found))
    else:
        opens = "`spadework ask --daily usd=1,searches=200 ...` opens one"
        click.echo(f"no purse was opened today in {Database(place).shown}: {opens}")
    return 0


async def _forget(store: str, run: str) -> None:
    from ..storage.retention import delete_run
    from ..storage.store import open_store

    async with open_store(store) as opened:
        await delete_run(opened, run)


async def _standings(place: str, daily: Daily | None) -> list[Standing]:
    """Looking makes no file and opens no purse; what killed runs left behind is counted first."""
    limits = None if daily is None else daily.limits.limits()
    async with looked_into(place) as database:
        keys = [daily.key] if daily is not None else await database.transact(_opened_today)
        for key in keys:
            await Purse(Budget(), name=key, store=database).reclaim(Book(database))
        return [await database.transact(lambda tx, key=key: Standing.read(tx, key, limits)) for key in keys]


def _opened_today(tx: Transaction) -> list[str]:
    day = f" {standing.now().date()}"
    keys = [key for (key,) in tx.rows("SELECT purse FROM spadework_purses WHERE parent = '' ORDER BY purse")]
    return [key for key in keys if key.endswith(day) and BELOW not in key]
