"""How long stored runs are kept, and how they are deleted."""

import os
from contextlib import suppress

from ...tools.errors import ConfigError
from ..money.limits import REFUSED, amount_of
from .book import RunInUse
from .store import Store, open_store

KEEP_DAYS = 30.0


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
    """Delete a run's checkpoints and charges. Raises RunInUse while it runs."""
    claim = await store.book.claim(run, {})
    try:
        # The book's row goes last: should this be cut short, the run is still listed and can be deleted again.
        await store.saver.adelete_thread(run)
    finally:
        await claim.release()
    await store.book.delete(run)


async def prune(store: Store, days: float) -> int:
    """Delete the runs that nothing touched for so many days; those in use stay. Returns how many were deleted."""
    deleted = 0
    for run in await store.book.old(days):
        with suppress(RunInUse):
            await delete_run(store, run)
            deleted += 1
    return deleted


async def tidy(target: str) -> None:
    """Open a store, so that what is wrong with it is told, and delete what is older than is to be kept."""
    days = keep_days()
    async with open_store(target) as store:
        if days is not None:
            await prune(store, days)
