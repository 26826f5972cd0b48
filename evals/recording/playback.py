"""A recorded run played again through the real graph, and what comes out differently from the recording."""

import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretStr

from ...agent.events import Event
from ...agent.llm.model import OpenAICompatible
from ...agent.result import Result
from ...agent.run import run_agent
from ...agent.settings import Settings
from ...tools.clean import one_line
from ...tools.errors import CassetteError
from ...tools.search import Search
from ...tools.web.http import SafeClient
from .backends import recorded_search
from .cassettes import Cassette
from .replay import Difference, ReplayClock, ReplayTransport


@dataclass(frozen=True, slots=True)
class Replay:
    """What stands in for the outside in a run that is played again."""

    cassette: Cassette
    model: OpenAICompatible
    search: Search
    settings: Settings
    """With the recorded replies as the transport, and the recorded clock."""
    transport: ReplayTransport
    clock: ReplayClock

    @property
    def strategy(self) -> str:
        return _said(self.cassette, "strategy")

    @property
    def run(self) -> str:
        """The id that the run had: charges and marks in the prompts are named by it."""
        return _said(self.cassette, "run")

    def faults(self, result: Result) -> list[str]:
        """All that is not as recorded: prompts, answer, decisions, spend, requests. Empty if nothing is."""
        faults = [f"turn {turn} was asked something else:\n{text}" for turn, text in self.transport.differences]
        faults += _changes(self.cassette.meta.get("outcome", {}), outcome_of(result))
        faults += [f"recorded, but not asked for: {request}" for request in self.transport.unused()]
        if self.clock.exhausted:
            faults.append(f"the clock was read {self.clock.exhausted} times more often than recorded")
        return faults


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a replay. `faults` is empty when it went exactly as recorded."""

    cassette: Cassette
    result: Result
    events: list[Event]
    differences: list[Difference]
    """Model turns that were asked something else than in the recording."""
    faults: list[str]


@contextmanager
def replaying(cassette: Cassette) -> Generator[Replay]:
    """What a run needs to be played from the cassette. A run with a listener reads the clock more often; recordings are
    made with one, so one has to be given. Raises CassetteError when the cassette does not say how it was made.
    """
    transport, clock = ReplayTransport(cassette), ReplayClock(cassette)
    model = OpenAICompatible(
        model=_said(cassette, "model"),
        base_url=_said(cassette, "base_url"),
        api_key=SecretStr("played"),
        context=cassette.meta.get("context"),
        transport=transport,
    )
    _said(cassette, "search")
    search = recorded_search(cassette, SafeClient(transport=transport))
    with _prices(cassette) as prices:
        settings = Settings(transport=transport, clock=clock, prices=prices)
        yield Replay(cassette, model, search, settings, transport, clock)


def play(cassette: Cassette) -> Played:
    """Run a recorded question again, with everything from outside out of the cassette.

    Raises CassetteError when the cassette does not say how it was made, or does not hold a request that was made.
    """
    events: list[Event] = []
    with replaying(cassette) as replay:
        result = run_agent(
            cassette.question,
            cassette.meta.get("budget"),
            model=replay.model,
            search=replay.search,
            strategy=replay.strategy,
            thread_id=replay.run,
            settings=replay.settings,
            on_event=events.append,
        )
    return Played(cassette, result, events, replay.transport.differences, replay.faults(result))


def outcome_of(result: Result) -> dict[str, Any]:
    """What a replay must give again, as plain data."""
    return {
        "answer": result.answer,
        "status": result.status,
        "stop_reason": result.stop_reason,
        "decisions": [dict(decision) for decision in result.decisions],
        "spend": result.spend.to_dict(),
    }


def _said(cassette: Cassette, name: str) -> str:
    value = cassette.meta.get(name)
    if not isinstance(value, str) or not value:
        raise CassetteError(
            f"cassette {cassette.name} does not say its {name}: record it again with `spadework record`"
        )
    return value


@contextmanager
def _prices(cassette: Cassette) -> Generator[str | None]:
    """A file with the price table of the recorded run, where it had one."""
    table = cassette.meta.get("prices")
    if not isinstance(table, str):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="spadework-") as folder:
        path = Path(folder) / "prices.toml"
        path.write_text(table, encoding="utf-8")
        yield str(path)


def _changes(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What was recorded and is something else now; a cassette without an outcome has nothing to compare."""
    return [
        f"{name}: {_short(now.get(name))}, recorded {_short(value)}"
        for name, value in recorded.items()
        if now.get(name) != value
    ]


def _short(value: object) -> str:
    return one_line(orjson.dumps(value).decode(), 300)
