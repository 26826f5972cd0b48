"""The public entry points: `run_agent`, `arun_agent`, `stream_agent`, and `resume_agent` for stored runs."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import wait
from dataclasses import replace
from inspect import isawaitable
from typing import Any

from langgraph.types import Command
from typing_extensions import Unpack

from ..tools.errors import CassetteError, ConfigError, SpadeworkError, StoreError
from .events import AnswerEvent, Event, PauseEvent
from .loop import start
from .money.budget import Budget
from .opened import Opened, book_for, opened
from .prepare import Options, Prepared, prepare
from .result import Result
from .settings import Settings
from .state import StopReason
from .topup import Said, TopUp, read_said
from .wrapup import make_result

CANCEL_S = 5.0
"""Seconds that a cancelled run may take to settle its calls."""
WAKE_S = 0.2

log = logging.getLogger("spadework")

BudgetLike = Budget | Mapping[str, object] | int | None


def run_agent(question: str, budget: BudgetLike = None, **options: Unpack[Options]) -> Result:
    """Answer a question from the web within a budget. Works in scripts, in notebooks and below a running loop.

    budget: a Budget, a dict of its fields, a number of searches and of page reads, or None (10, 10 and 300 seconds).
    The other arguments are those of `Options`. Raises ConfigError for an argument that cannot be used. A budget that
    runs out, or a model that fails, is a result. Ctrl-C ends the run with the best answer so far.

        run_agent("Who built the Alder Bridge?", 5, search="corpus:pages.jsonl").answer
    """
    return _wait_for(prepare(question, Budget.of(budget), options))


def resume_agent(run: str, *, top_up: Said = None, **options: Unpack[Options]) -> Result:
    """Go on with a stored run: what was settled is not paid again, what was in flight when it was killed stays charged.

    run: the id of the run (`Result.run`, or the `thread_id` that was given). top_up: limits to be added to its budget;
    with them also a run that has ended goes on, without them its result is given again; to one that waits
    (`result.paused`) "take" or "stop" can be said, too. options: those of `run_agent`,
    with the `store` (or the `checkpointer`) in which the run is; model, search and strategy are as before unless they
    are given. Raises ConfigError where there is no such run, RunInUse while it is running elsewhere.
    """
    about = start(_about(run, options)).result()
    return _wait_for(_prepare_again(run, about, top_up, options))


async def aresume_agent(run: str, *, top_up: Said = None, **options: Unpack[Options]) -> Result:
    """`resume_agent` for async callers."""
    return await _execute(_prepare_again(run, await _about(run, options), top_up, options))


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
    listener = options.get("on_event")

    def tell(event: Event) -> None:
        if listener is not None:
            listener(event)
        queue.put_nowait(event)

    prepared.deps.listen(prepared.run, tell)
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


def _wait_for(prepared: Prepared) -> Result:
    """Run on the loop's thread. Ctrl-C ends the run with the best so far; a second one does not wait for that."""
    running = start(_execute(prepared))
    try:
        # In short waits: one that lasts until the end may miss a signal that came with another one.
        while not running.done():
            wait((running,), timeout=WAKE_S)
        return running.result()
    except KeyboardInterrupt:
        running.cancel()
        # The calls in flight are settled on the loop's thread.
        prepared.ended.wait(CANCEL_S)
        return prepared.result or make_result(prepared, stop_reason="cancelled")


async def _execute(prepared: Prepared) -> Result:
    """Run the graph to its end. Whatever goes wrong in it, what was found and spent so far is kept."""
    try:
        async with opened(prepared) as run:
            try:
                prepared.result = await _run(prepared, run)
            except asyncio.CancelledError:
                prepared.result = make_result(prepared, stop_reason="cancelled")
                raise
            finally:
                await _note_outcome(prepared, run)
    finally:
        prepared.ended.set()
    return prepared.result


async def _run(prepared: Prepared, run: Opened) -> Result:
    stop_reason: StopReason | None = None
    fault = ""
    given = await run.given()
    paused = False
    try:
        durability = {"durability": "sync"} if run.graph.checkpointer else {}
        while not (run.over or paused):
            async for values in run.graph.astream(given, run.config, stream_mode="values", **durability):
                prepared.last = values
            if not await run.waits():
                break
            said = await _said(prepared)
            if said is None:
                paused = True
            else:
                given = Command(resume=said.model_dump())
    except (CassetteError, ConfigError):
        raise
    except Exception as error:
        log.exception("the run ended early")
        kind = "" if isinstance(error, SpadeworkError) else f"{type(error).__name__}: "
        stop_reason, fault = "error", f"{kind}{error}"
    return make_result(prepared, stop_reason=stop_reason, fault=fault, paused=paused)


async def _said(prepared: Prepared) -> TopUp | None:
    """What whoever asked says to a budget that is gone; None where the run is to wait. Their time is not counted."""
    result = make_result(prepared)
    session = prepared.deps.alive(prepared.run)
    if session is not None:
        session.emit(PauseEvent(result.resource, result.answer, result.status))
    if prepared.on_spent is None or isinstance(prepared.on_spent, str):
        return None
    started = prepared.deps.clock()
    said = prepared.on_spent(result)
    told = await said if isawaitable(said) else said
    if session is not None:
        session.ledger.wait(prepared.deps.clock() - started)
    return read_said(told, Budget.of(result.budget))


async def _note_outcome(prepared: Prepared, run: Opened) -> None:
    """Leave in the store how the run ended, for those who list it."""
    result = prepared.result
    if result is None or run.claim is None or run.over:
        return
    outcome = {name: getattr(result, name) for name in ("answer", "status", "stop_reason", "resource", "paused")}
    with contextlib.suppress(StoreError):
        await run.claim.note({"outcome": outcome, "budget": result.budget})


async def _about(run: str, options: Options) -> dict[str, Any]:
    """What the store knows of a run. Raises ConfigError where it knows no such run."""
    async with book_for(options) as book:
        found = await book.find(run)
    if found is None:
        raise ConfigError(f"there is no stored run {run!r}: `spadework runs` lists those that there are")
    return found.about


def _prepare_again(run: str, about: Mapping[str, Any], top_up: Said, options: Options) -> Prepared:
    """A stored run, ready to go on: as it was set up before, but for what is given now."""
    given: Options = {"thread_id": run, **options}
    for name in ("model", "search", "strategy", "temperature"):
        if given.get(name) is None and about.get(name) is not None:
            given[name] = about[name]
    settings = given.get("settings") or Settings.from_environment()
    if settings.base_url is None and isinstance(about.get("base_url"), str):
        given["settings"] = replace(settings, base_url=str(about["base_url"]))
    prepared = prepare(str(about["question"]), Budget.of(about["budget"]), given)
    prepared.resuming = True
    prepared.top_up = None if top_up is None else read_said(top_up, prepared.budget)
    return prepared
