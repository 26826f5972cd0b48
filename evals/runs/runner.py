"""One run of an evaluation, from plain data to plain data, and many of them side by side.

A task names all that a run needs, so that another process or machine that has the package can make it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

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
from ..recording.web import WebCassette
from ..simulated.chat import CONTEXT, SimulatedChat
from ..suites.cases import web_named
from ..suites.grade import ANY_OF_ITS_RUNS, answers_of, graded
from ..suites.sealed import sealed
from .claims import claims_of
from .details import details_of
from .judging import Judging
from .made_of import made_of
from .recorded import replayed
from .runs_file import KEY, Json, key_of
from .total import PaidChat, TotalSpent
from .trace import Trace
from .watch import Watch, WatchedBrowse, WatchedChat, watched
from .webs import search_of, settings_with, web_of_task

SIMULATED = "simulated"
BUNDLED_SEARCH = "bundled"
MOST_FAULT = 500
COUNTED = ("searches", "browses", "tokens_in", "tokens_out", "tokens_cached", "model_calls")


async def run_one(task: Json) -> Json:
    """Make one run. Its line says how it went, also where it failed; only cancelling it raises, and TotalSpent.

    With `details`, which are kept apart from it.
    """
    watch, trace = Watch(), Trace()
    result, fault = None, ""
    started = time.perf_counter()
    try:
        async with _opened(task, watch) as options:
            options["on_event"] = trace.note
            result = await arun_agent(task["question"], task["limits"], **options)
    except Exception as error:
        fault = one_line(f"{type(error).__name__}: {error}", MOST_FAULT)
    if watch.unpaid:  # whatever became of it: some strategies go on without a part of theirs
        raise TotalSpent("the total cannot pay this run")
    seconds = time.perf_counter() - started
    line = {name: task[name] for name in KEY} | {"made_of": made_of(task), "details": details_of(task, result, trace)}
    violations = watch.passed(Budget.of(task["limits"]), seconds)
    if result is None:
        return line | _broken(watch, fault, seconds) | {"violations": violations}
    told = {"violations": [*violations, *watch.unproven(result)]}
    return line | _ended(task, result) | told | ({"differs": watch.compare(result)} if watch.compare else {})


async def check_task(task: Json) -> None:
    """Raises ConfigError for a task that could not be begun; nothing is spent."""
    async with _opened(task, Watch()) as options:
        prepare(task["question"], Budget.of(task["limits"]), options)


async def run_all(
    tasks: Iterator[Json], jobs: int, write: Callable[[Json], None], judging: Judging | None = None
) -> None:
    """Make all runs, so many at once, and write each line as its run ends. Raises what `write` raises.

    A run that the total cannot pay is not written, and no further one is begun. With a judge those runs that need it
    are written once more, with their grade; one that waits for that is not made again.
    """

    async def work() -> None:
        with suppress(TotalSpent):
            for task in tasks:
                line = judging.waiting.get(key_of(task)) if judging else None
                if line is None:
                    line = await run_one(task)
                    write(judging.unjudged(line) if judging else line)
                if judging and judging.needs(line):
                    write(await judging.graded(task, line))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(jobs):
                group.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _ended(task: Json, result: Result) -> Json:
    """What is kept of a result. A run that failed was not wrong: whether it is right is not known."""
    told = {name: getattr(result, name) for name in ("answer", "status", "stop_reason", "resource")}
    failed, several = result.stop_reason == "error", task["strategy"].startswith(ANY_OF_ITS_RUNS)
    rule = graded(answers_of(task["strategy"], result.answer, result.answers), task["expected"])
    told |= {"answers": [*result.answers]} if several else {}
    if canary := task["canary"]:
        # A right answer is the set's own. The canary goes with it: by it what was trained on can be found out.
        told |= {"answer": sealed(result.answer, canary), "canary": canary}
        told |= {"answers": [sealed(answer, canary) for answer in result.answers]} if several else {}
    return told | {
        "correct": None if failed else rule == "match",
        "graded": "run failed" if failed else rule,
        "spend": result.spend.to_dict(),
        "decisions": Counter(decision["outcome"] for decision in result.decisions),
        "attempts": len(result.attempts),
        "claims": claims_of(result),
        "fault": result.fault,
    }


def _broken(watch: Watch, fault: str, seconds: float) -> Json:
    """The same of a run that has no result: its spend is what was counted here."""
    spend = {name: watch.counts[name] for name in COUNTED} | {"usd": None, "seconds": round(seconds, 3)}
    told = {"answer": "", "status": "none", "stop_reason": "error", "resource": "", "correct": None}
    told |= {"graded": "run failed"}
    return told | {"spend": spend, "decisions": {}, "attempts": 0, "fault": fault}


def _opened(task: Json, watch: Watch) -> AbstractAsyncContextManager[Options]:
    return replayed(task, watch) if "cassette" in task else _outside(task, watch)


@asynccontextmanager
async def _outside(task: Json, watch: Watch) -> AsyncGenerator[Options]:
    """Model, search and pages of a run, each below the runner's own counters. Raises ConfigError."""
    given = {name: task[name] for name in ("base_url", "context")}
    settings = Asked(**given, allow_host=tuple(task["allow_host"])).settings()
    recorded = web_of_task(task)
    outside = Outside(settings_with(recorded, settings))
    try:
        search, browse = _web(task, outside, recorded)
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
        if recorded is not None:
            recorded.save()


def _chat(task: Json, settings: Settings) -> Chat:
    if task["skill"] is None:
        server = Server(settings.base_url, settings.proxy, settings.ca)
        return make_chat(task["model"], context=settings.context, server=server)
    web = web_named(task["world"])
    question = web.world.question(task["id"])
    context = settings.context or CONTEXT
    return SimulatedChat(web, question, seed=task["seed"], skill=task["skill"], slips=task["slips"], context=context)


def _web(task: Json, outside: Outside, recorded: WebCassette | None) -> tuple[Search, Browse]:
    if task["search"] == BUNDLED_SEARCH:
        web = web_named(task["world"])
        return FunctionSearch(web.search), FunctionBrowse(web.browse)
    search = search_of(recorded, task["search"], outside)
    return search, outside.browse(None, search)
