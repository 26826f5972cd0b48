"""How long stored runs are kept, and how they are deleted."""

import os
import re
from contextlib import suppress
from datetime import UTC, date, datetime

from ...tools.errors import ConfigError
from ..money.limits import REFUSED, amount_of
from .book import RunInUse
from .database import Transaction
from .leases import forget
from .purse import BELOW
from .store import Store, open_store

KEEP_DAYS = 30.0
DAY = re.compile(r".* ([0-9]{4}-[0-9]{2}-[0-9]{2})")
"""The name of a purse for one day."""


def keep_days() -> float | None:
    """Days that a run is kept after it was last touched: SPADEWORK_KEEP_DAYS, else 30. None: for ever."""
    text = os.environ.get("SPADEWORK_KEEP_DAYS", "").strip()
    if text.lower() == "none":
        return None
    return days_of("SPADEWORK_KEEP_DAYS=", text, " to keep runs, or none for ever") if text else KEEP_DAYS


def days_of(name: str, text: str, more: str = "") -> float:
    """A number of days. Raises ConfigError with the name of the option or setting."""
    days = amount_of("days", text.strip(), name.rstrip(" ="))
    if days == REFUSED:
        raise ConfigError(f"{name}{text!r}: give days of 0 or more{more}")
    return float(days)


async def delete_run(store: Store, run: str) -> None:
    """Delete a run's checkpoints and charges, and the runs that are part of it. Raises RunInUse while it runs."""
    for part in [part.run for part in await store.book.runs() if part.part_of == run]:
        await delete_run(store, part)
    claim = await store.book.claim(run, {})
    try:
        # The book's row goes last: should this be cut short, the run is still listed and can be deleted again.
        await store.saver.adelete_thread(run)
    finally:
        await claim.release()
    await store.book.delete(run)


async def prune(store: Store, days: float) -> int:
    """Delete the runs that nothing touched for so many days; those in use stay. Returns how many were deleted.

    With them go the purses of days that are longer past than that; purses that are for no day stay.
    """
    deleted = 0
    for run in await store.book.old(days):
        with suppress(RunInUse):
            await delete_run(store, run)
            deleted += 1
    await store.book.database.transact(lambda tx: _forget_past_days(tx, days))
    return deleted


def _forget_past_days(tx: Transaction, days: float) -> None:
    today = datetime.now(UTC).date()
    for (purse,) in tx.rows("SELECT purse FROM spadework_purses WHERE parent = ''"):
        found = DAY.fullmatch(purse)
        with suppress(ValueError):  # a name that only looks like a day's
            if found and (today - date.fromisoformat(found[1])).days > days:
                forget(tx, purse, BELOW)


async def tidy(target: str) -> None:
    """Open a store, so that what is wrong with it is told, and delete what is older than is to be kept."""
    days = keep_days()
    async with open_store(target) as store:
        if days is not None:
            await prune(store, days)
