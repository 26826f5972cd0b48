"""What tests of stores share: runs to put into them, and a look at what stays open."""

import threading
import time
from collections.abc import Callable

from spadework.agent.storage.book import Book


def eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def connections() -> int:
    """Each connection has a thread of its own."""
    return sum(thread.name.startswith(("spadework-store", "Thread-")) for thread in threading.enumerate())


async def runs_of(book: Book | None) -> list[str]:
    assert book is not None
    return [run.run for run in await book.runs()]


async def claimed(book: Book | None, run: str) -> None:
    assert book is not None
    await (await book.claim(run, {"question": "Why?"})).release()
