"""Recorded runs as a suite: each cassette is a case, played again with the strategy and the budget of its recording.

The graph, the ledger and the checks are live, so calls are charged and decisions made anew; what comes out differently
from the recording is in the line of the run, as `differs`. A cassette says what is right in `meta.case`.
"""

from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...agent.llm.wire import is_array, is_object
from ...agent.money.prices import load_prices
from ...agent.outside import Outside
from ...agent.prepare import Options
from ...tools.clean import one_line
from ...tools.errors import CassetteError, ConfigError
from ..recording.cassettes import EVALUATED, Cassette, cassettes_in, load_cassette, name_of, shipped
from ..recording.playback import replaying
from ..recording.shelf import find_cassette
from ..suites.cases import Case
from .runs_file import Json, Key, key_of
from .watch import Watch, WatchedBrowse, WatchedChat, watched

PREFIX = "recorded:"
SHIPPED = "recorded:bundled"
"""The suite that `bundled` is where no model is named."""


def case_of(cassette: Cassette) -> Case:
    """The case that a cassette records. Raises ConfigError where it does not say what is right."""
    case = cassette.meta.get("case")
    if not (is_object(case) and all(isinstance(case.get(name), str) and case[name] for name in ("id", "answer"))):
        told = "does not say what is right: record it with --answer"
        raise ConfigError(f"cassette {one_line(cassette.name)} {told}")
    given: Any = case.get("aliases", [])
    aliases = tuple(alias for alias in given if isinstance(alias, str)) if is_array(given) else ()
    return Case(id=case["id"], question=cassette.question, answer=case["answer"], aliases=aliases)


@dataclass(frozen=True, slots=True)
class RecordedTasks:
    """The runs to play, in the order of their names."""

    tasks: list[Json]

    @classmethod
    def of(cls, suite: str, strategies: Collection[str], budgets: Collection[str], part: slice) -> "RecordedTasks":
        """Those in a folder, `recorded:DIR`, or those that come with Spadework; where strategies or budgets are named,
        only theirs. Raises ConfigError.
        """
        own = suite == SHIPPED
        folder = Path(suite.removeprefix(PREFIX))
        try:
            found = cassettes_in(shipped() / EVALUATED if own else folder)
            label = suite if own else PREFIX + folder.resolve().name
            tasks = [_task(label, name_of(item.name) if own else str(item), load_cassette(item)) for item in found]
        except CassetteError as error:
            raise ConfigError(str(error)) from error
        tasks = [task for task in tasks if not strategies or task["strategy"] in strategies]
        tasks = [task for task in tasks if not budgets or task["budget"] in budgets]
        chosen = [*dict.fromkeys(task["id"] for task in tasks)][part]
        tasks = [task for task in tasks if task["id"] in chosen]
        if not tasks:
            raise ConfigError(
                "there are no recordings with these strategies and budgets: leave --strategy and --budget out, or name"
                " a --model that answers the questions anew"
            )
        places: dict[Key, str] = {}
        for task in tasks:
            if other := places.get(key_of(task)):
                raise ConfigError(
                    f"{task['cassette']} and {other} are recordings of the same case, strategy and budget"
                )
            places[key_of(task)] = task["cassette"]
        return cls(tasks)

    def samples(self) -> list[Json]:
        """One task: what can be begun with one can be with all."""
        return self.tasks[:1]

    def __iter__(self) -> Iterator[Json]:
        return iter(self.tasks)


def _task(suite: str, name: str, cassette: Cassette) -> Json:
    case, meta = case_of(cassette), cassette.meta
    return {
        "suite": suite,
        "id": case.id,
        "question": case.question,
        "expected": [*case.expected],
        "canary": "",
        "strategy": str(meta.get("strategy")),
        "budget": budget_name(meta.get("budget")),
        "limits": meta.get("budget"),
        "repeat": 1,
        "model": str(meta.get("model")),
        "search": str(meta.get("search")),
        "seed": 0,
        "total": None,
        "cassette": name,
    }


def budget_name(limits: Any) -> str:
    """A budget as it is named on the command line: one number for equal searches and page reads, else its limits.

    >>> budget_name({"searches": 5, "browses": 5, "usd": None})
    '5'
    >>> budget_name({"searches": 5, "usd": "0.05"})
    'searches=5,usd=0.05'
    """
    set_ones = {name: value for name, value in dict(limits or {}).items() if value is not None}
    if set_ones.keys() == {"searches", "browses"} and set_ones["searches"] == set_ones["browses"]:
        return str(set_ones["searches"])
    return ",".join(f"{name}={value}" for name, value in set_ones.items())


@asynccontextmanager
async def replayed(task: Json, watch: Watch) -> AsyncGenerator[Options]:
    """Model, search and pages out of the cassette, below the runner's own counters. Raises CassetteError."""
    with replaying(find_cassette(task["cassette"])) as replay:
        outside = Outside(replay.settings)
        prices = load_prices(replay.settings.prices)
        browse = outside.browse(None, replay.search)
        watch.compare = replay.faults
        try:
            yield Options(
                model=WatchedChat(replay.model, watch, prices),
                search=watched(replay.search, watch),
                browse=WatchedBrowse(browse, watch),
                strategy=replay.strategy,
                thread_id=replay.run,
                settings=replay.settings,
                # A run with a listener reads the clock more often, and recordings are made with one.
                on_event=lambda _: None,
            )
        finally:
            await outside.aclose()
