"""Work that is done to its end, however often whoever waits for it is cancelled."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def to_the_end(work: Awaitable[T]) -> T:
    """Await work that must not stop half-way, though whoever awaits it is cancelled."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():  # cancelled again and again
            with suppress(asyncio.CancelledError):
                await asyncio.wait((task,))
        raise
