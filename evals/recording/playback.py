"""A recorded run played again through the real graph, and what comes out differently from the recording."""

import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson
from pydantic import SecretStr

from ...agent.events import Event
from ...agent.llm.model import OpenAICompatible
from ...agent.result import Result
from ...agent.run import run_agent
from ...agent.settings import Settings
from ...agent.terminal.notices import one_line_notices
from ...tools.backends.searxng import SearxngSearch
from ...tools.backends.wikipedia import WikipediaSearch
from ...tools.clean import one_line
from ...tools.errors import CassetteError, SpadeworkError
from ...tools.search import Search
from ...tools.web.http import SafeClient
from .cassettes import Cassette, cassette_names
from .replay import Difference, ReplayClock, ReplayTransport
from .shelf import find_cassette


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a replay. `faults` is empty when it went exactly as recorded."""

    cassette: Cassette
    result: Result
    events: list[Event]
    differences: list[Difference]
    """Model turns that were asked something else than in the recording."""
    faults: list[str]
    """All that is not as recorded, one line each or more."""


def play(cassette: Cassette) -> Played:
    """Run a recorded question again, with everything from outside out of the cassette.

    Raises CassetteError when the cassette does not say how it was made, or does not hold a request that was made.
    """
    transport, clock = ReplayTransport(cassette), ReplayClock(cassette)
    chat = OpenAICompatible(
        model=_said(cassette, "model"),
        base_url=_said(cassette, "base_url"),
        api_key=SecretStr("played"),
        context=cassette.meta.get("context"),
        transport=transport,
    )
    # A run with a listener reads the clock more often; recordings are made with one, so they are played with one.
    events: list[Event] = []
    with _prices(cassette) as prices:
        result = run_agent(
            cassette.question,
            cassette.meta.get("budget"),
            model=chat,
            search=_search(cassette, SafeClient(transport=transport)),
            strategy=_said(cassette, "strategy"),
            thread_id=_said(cassette, "run"),
            settings=Settings(transport=transport, clock=clock, prices=prices),
            on_event=events.append,
        )
    faults = [f"turn {turn} was asked something else:\n{text}" for turn, text in transport.differences]
    faults += _changes(cassette.meta.get("outcome", {}), outcome_of(result))
    faults += [f"recorded, but not asked for: {request}" for request in transport.unused()]
    if clock.exhausted:
        faults.append(f"the clock was read {clock.exhausted} times more often than recorded")
    return Played(cassette, result, events, transport.differences, faults)


def outcome_of(result: Result) -> dict[str, Any]:
    """What a replay must give again, as plain data."""
    return {
        "answer": result.answer,
        "status": result.status,
        "stop_reason": result.stop_reason,
        "decisions": [dict(decision) for decision in result.decisions],
        "spend": result.spend.to_dict(),
    }


@one_line_notices()
def check_all(files: Sequence[str]) -> int:
    """Replay the cassettes and print a line each, with what differs below it. Returns 1 if anything does, else 0."""
    failed = 0
    for name in files or cassette_names():
        try:
            faults = play(find_cassette(name)).faults
        except SpadeworkError as error:
            faults = [str(error)]
        failed += bool(faults)
        click.echo(f"{one_line(name)}: {'differs' if faults else 'as recorded'}")
        for line in (line for fault in faults for line in fault.splitlines()):
            click.echo(f"  {one_line(line, 400)}")
    if not files and not cassette_names():
        click.echo("no cassettes come with this Spadework", err=True)
    return int(failed > 0)


def _said(cassette: Cassette, name: str) -> str:
    value = cassette.meta.get(name)
    if not isinstance(value, str) or not value:
        raise CassetteError(
            f"cassette {cassette.name} does not say its {name}: record it again with `spadework record`"
        )
    return value


def _search(cassette: Cassette, client: SafeClient) -> Search:
    name, url = _said(cassette, "search"), _said(cassette, "search_url")
    if name == "searxng":
        return SearxngSearch(url, client)
    if name == "wikipedia":
        return WikipediaSearch(client, base=url)
    raise CassetteError(f"cassette {cassette.name} searched with {one_line(name)!r}, which cannot be played")


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
