"""Async work for sync callers: in an event loop on a thread of its own, so that it also works below a running loop."""

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Elsewhere:
    """One event loop on one thread, for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._runner = asyncio.Runner()
        self._context = contextvars.copy_context()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, for which the calling thread waits; if it is interrupted, the work is cancelled."""
        started: list[asyncio.Task[Any]] = []

        async def tracked() -> T:
            task = asyncio.current_task()
            if task is not None:
                started.append(task)
            return await work

        future = self._thread.submit(self._context.run, self._runner.run, tracked())
        try:
            return future.result()
        except BaseException:
            if started and not future.done():
                started[0].get_loop().call_soon_threadsafe(started[0].cancel)
            raise


class _End:
    """What comes after the last item."""


_END = _End()


def iterate_elsewhere(items: AsyncGenerator[T, None]) -> Generator[T, None, None]:
    """The items one by one, each fetched only when it is wanted; stopping early closes the generator."""

    async def step() -> T | _End:
        return await anext(items, _END)

    async def close() -> None:
        await items.aclose()

    with Elsewhere() as elsewhere:
        try:
            while not isinstance(item := elsewhere.run(step()), _End):
                yield item
        finally:
            elsewhere.run(close())
