"""One run of an evaluation, from plain data to plain data, and many of them side by side.

A task names all that a run needs, so that another process or machine that has the package can make it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from ...agent.llm.models import Server, make_chat
from ...agent.llm.wire import Chat
from ...agent.money.budget import Budget
from ...agent.money.prices import load_prices
from ...agent.outside import Outside
from ...agent.prepare import Options, prepare
from ...agent.result import Result
from ...agent.run import arun_agent
from ...agent.settings import Settings
from ...agent.terminal.ask import Asked
from ...tools.browse import Browse, FunctionBrowse
from ...tools.clean import one_line
from ...tools.search import FunctionSearch, Search
from ..simulated.chat import CONTEXT, SimulatedChat
from ..suites.cases import web_named
from ..suites.grade import is_right
from ..suites.sealed import sealed
from .runs_file import KEY, Json
from .total import PaidChat, TotalSpent
from .watch import Watch, WatchedBrowse, WatchedChat, watched

SIMULATED = "simulated"
BUNDLED_SEARCH = "bundled"
MOST_FAULT = 500
COUNTED = ("searches", "browses", "tokens_in", "tokens_out", "tokens_cached", "model_calls")


async def run_one(task: Json) -> Json:
    """Make one run. Its line says how it went, also where it failed; only cancelling it raises, and TotalSpent."""
    watch = Watch()
    result, fault = None, ""
    started = time.perf_counter()
    try:
        async with _outside(task, watch) as options:
            result = await arun_agent(task["question"], task["limits"], **options)
    except Exception as error:
        fault = one_line(f"{type(error).__name__}: {error}", MOST_FAULT)
    if watch.unpaid:  # whatever became of it: some strategies go on without a part of theirs
        raise TotalSpent("the total cannot pay this run")
    seconds = time.perf_counter() - started
    line = {name: task[name] for name in KEY}
    violations = watch.passed(Budget.of(task["limits"]), seconds)
    if result is None:
        return line | _broken(watch, fault, seconds) | {"violations": violations}
    return line | _ended(task, result) | {"violations": [*violations, *watch.unproven(result)]}


async def check_task(task: Json) -> None:
    """Raises ConfigError for a task that could not be begun; nothing is spent."""
    async with _outside(task, Watch()) as options:
        prepare(task["question"], Budget.of(task["limits"]), options)


async def run_all(tasks: Iterator[Json], jobs: int, write: Callable[[Json], None]) -> None:
    """Make all runs, so many at once, and write each line as its run ends. Raises what `write` raises.

    A run that the total cannot pay is not written, and no further one is begun.
    """

    async def work() -> None:
        with suppress(TotalSpent):
            for task in tasks:
                write(await run_one(task))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(jobs):
                group.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _ended(task: Json, result: Result) -> Json:
    """What is kept of a result. A run that failed was not wrong: whether it is right is not known."""
    told = {name: getattr(result, name) for name in ("answer", "status", "stop_reason", "resource")}
    right = is_right(task["strategy"], result.answer, getattr(result, "answers", []), task["expected"])
    if canary := task["canary"]:
        # A right answer is the set's own. The canary goes with it: by it what was trained on can be found out.
        told |= {"answer": sealed(result.answer, canary), "canary": canary}
    return told | {
        "correct": None if result.stop_reason == "error" else right,
        "spend": result.spend.to_dict(),
        "decisions": Counter(decision["outcome"] for decision in result.decisions),
        "attempts": len(result.attempts),
        "fault": result.fault,
    }


def _broken(watch: Watch, fault: str, seconds: float) -> Json:
    """The same of a run that has no result: its spend is what was counted here."""
    spend = {name: watch.counts[name] for name in COUNTED} | {"usd": None, "seconds": round(seconds, 3)}
    told = {"answer": "", "status": "none", "stop_reason": "error", "resource": "", "correct": None}
    return told | {"spend": spend, "decisions": {}, "attempts": 0, "fault": fault}


@asynccontextmanager
async def _outside(task: Json, watch: Watch) -> AsyncGenerator[Options]:
    """Model, search and pages of a run, each below the runner's own counters. Raises ConfigError."""
    given = {name: task[name] for name in ("base_url", "context")}
    settings = Asked(**given, allow_host=tuple(task["allow_host"])).settings()
    outside = Outside(replace(settings, cache=None))
    try:
        search, browse = _web(task, outside)
        prices = load_prices(settings.prices)
        chat = _chat(task, settings)
        if task["total"]:
            chat = PaidChat(chat, task["total"], prices)
        yield Options(
            model=WatchedChat(chat, watch, prices),
            search=watched(search, watch),
            browse=WatchedBrowse(browse, watch),
            strategy=task["strategy"],
            settings=settings,
        )
    finally:
        await outside.aclose()


def _chat(task: Json, settings: Settings) -> Chat:
    if task["skill"] is None:
        server = Server(settings.base_url, settings.proxy, settings.ca)
        return make_chat(task["model"], context=settings.context, server=server)
    web = web_named(task["world"])
    question = web.world.question(task["id"])
    context = settings.context or CONTEXT
    return SimulatedChat(web, question, seed=task["seed"], skill=task["skill"], slips=task["slips"], context=context)


def _web(task: Json, outside: Outside) -> tuple[Search, Browse]:
    if task["search"] == BUNDLED_SEARCH:
        web = web_named(task["world"])
        return FunctionSearch(web.search), FunctionBrowse(web.browse)
    search = outside.search(task["search"])
    return search, outside.browse(None, search)
