"""The public entry points: `run_agent`, `arun_agent`, `stream_agent`."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from typing_extensions import Unpack

from ..tools.errors import SpadeworkError
from .budget import Budget
from .events import AnswerEvent, Event
from .loop import start
from .prepare import Options, Prepared, prepare
from .result import Result
from .state import StopReason
from .wrapup import make_result

CANCEL_S = 5.0
"""Seconds that a cancelled run may take to settle its calls."""

log = logging.getLogger("spadework")

BudgetLike = Budget | Mapping[str, object] | int | None
RECURSION_LIMIT = 10_000
"""Far above what the policy lets a run do: the budget and the turn cap end runs, this is only a last fence."""


def run_agent(question: str, budget: BudgetLike = None, **options: Unpack[Options]) -> Result:
    """Answer a question from the web within a budget. Works in scripts, in notebooks and below a running loop.

    budget: a Budget, a dict of its fields, a number of searches and of page reads, or None (10, 10 and 300 seconds).
    The other arguments are those of `Options`. Raises ConfigError for an argument that cannot be used. A budget that
    runs out, or a model that fails, is a result. Ctrl-C ends the run with the best answer so far.

    >>> run_agent("Who built the Alder Bridge?", 5, search="corpus:pages.jsonl").answer  # doctest: +SKIP
    """
    prepared = prepare(question, Budget.of(budget), options)
    running = start(_execute(prepared))
    try:
        return running.result()
    except KeyboardInterrupt:
        running.cancel()
        # The calls in flight are settled on the loop's thread; a second Ctrl-C does not wait for that.
        prepared.ended.wait(CANCEL_S)
        return make_result(prepared, stop_reason="cancelled")


async def arun_agent(question: str, budget: BudgetLike = None, **options: Unpack[Options]) -> Result:
    """`run_agent` for async callers. Cancelling the task cancels the run."""
    return await _execute(prepare(question, Budget.of(budget), options))


async def stream_agent(
    question: str, budget: BudgetLike = None, **options: Unpack[Options]
) -> AsyncGenerator[Event, None]:
    """`run_agent` as a stream of events; the last one is an AnswerEvent with the result as plain data.

    Leaving the loop early cancels the run.
    """
    prepared = prepare(question, Budget.of(budget), options)
    queue: asyncio.Queue[Event | None] = asyncio.Queue()
    prepared.deps.listen(prepared.run, queue.put_nowait)
    running = asyncio.ensure_future(_execute(prepared))
    running.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (event := await queue.get()) is not None:
            yield event
        result = await running
        yield AnswerEvent(result.answer, result.status, result.to_dict())
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError, SpadeworkError):
            await running


async def _execute(prepared: Prepared) -> Result:
    """Run the graph to its end. Whatever goes wrong in it, what was found and spent so far is kept."""
    stop_reason: StopReason | None = None
    fault = ""
    config: Any = {"configurable": {"thread_id": prepared.run}, "recursion_limit": RECURSION_LIMIT}
    try:
        given = await prepared.input(config)
        durability: Any = {"durability": "sync"} if prepared.graph.checkpointer else {}
        async for values in prepared.graph.astream(given, config, stream_mode="values", **durability):
            prepared.last = values
    except SpadeworkError:
        raise
    except Exception as error:
        log.exception("the run ended early")
        stop_reason, fault = "error", f"{type(error).__name__}: {error}"
    finally:
        await prepared.aclose()
        prepared.ended.set()
    return make_result(prepared, stop_reason=stop_reason, fault=fault)
