"""Any LangGraph saver under the async graph: sync ones run on threads, and what one began to write it writes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)

from .whole import to_the_end

Saver = BaseCheckpointSaver[Any]
T = TypeVar("T")


def as_async(saver: Saver) -> Saver:
    """A front that calls the saver's async methods where it has its own, else its sync ones."""
    own = "aput_writes" in {
        name for kind in type(saver).__mro__[:-1] if kind is not BaseCheckpointSaver for name in vars(kind)
    }
    return _Whole(saver) if own else _OnThreads(saver)


class _Front(BaseCheckpointSaver[Any]):
    """The async methods that the graph calls, each by way of `_call` with the name of its sync counterpart."""

    def __init__(self, saver: Saver) -> None:
        super().__init__(serde=saver.serde)
        self._saver = saver

    async def _call(self, name: str, *arguments: Any, **options: Any) -> Any:
        raise NotImplementedError

    def get_next_version(self, current: Any, channel: None) -> Any:
        return self._saver.get_next_version(current, channel)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return await self._call("get_tuple", config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        for item in await self._call("list", config, filter=filter, before=before, limit=limit):
            yield item

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        return await self._call("put", config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        await self._call("put_writes", config, writes, task_id, task_path)

    async def aget_delta_channel_history(self, *, config: RunnableConfig, channels: Sequence[str]) -> Any:
        return await self._call("get_delta_channel_history", config=config, channels=channels)


class _Whole(_Front):
    """An SQLite saver that is cancelled before it commits would leave its lock on the file, for all that use it."""

    async def _call(self, name: str, *arguments: Any, **options: Any) -> Any:
        begun = getattr(self._saver, f"a{name}")(*arguments, **options)
        return await to_the_end(_all_of(begun) if name == "list" else begun)


class _OnThreads(_Front):
    async def _call(self, name: str, *arguments: Any, **options: Any) -> Any:
        def work() -> Any:
            found = getattr(self._saver, name)(*arguments, **options)
            return [*found] if name == "list" else found

        return await asyncio.to_thread(work)


async def _all_of(items: AsyncIterator[T]) -> list[T]:
    return [item async for item in items]
