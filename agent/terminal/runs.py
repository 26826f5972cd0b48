"""The work of `runs`: what is stored, which run is meant, and deleting runs."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

from ...tools.clean import one_line
from ...tools.errors import ConfigError
from ..loop import start
from ..storage.database import Database
from ..storage.store import is_there, looked_into, store_place
from .ask import json_text

if TYPE_CHECKING:
    from ..storage.book import StoredRun

COLUMNS = ("run", "when", "state", "status", "spent", "question")
"""`spent` is the limit that ended the run, where one did."""
WIDTH = 80
QUESTION = 20
"""Columns that a question gets at least, however long the names of runs are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A stored run as it is listed."""

    run: str
    created: datetime
    updated: datetime
    state: str
    """running, stopped (it can go on), or ended."""
    status: str
    """That of the answer; empty while there is none."""
    stop_reason: str
    resource: str
    question: str
    answer: str
    budget: Mapping[str, Any]

    @classmethod
    def of(cls, stored: "StoredRun") -> "Listed":
        about = stored.about
        outcome: Mapping[str, Any] = about.get("outcome") or {}
        ended = bool(outcome) and outcome.get("stop_reason") not in ("cancelled", "error")
        return cls(
            run=stored.run,
            created=datetime.fromtimestamp(stored.created, UTC),
            updated=datetime.fromtimestamp(stored.updated, UTC),
            state="running" if stored.in_use else "ended" if ended else "stopped",
            status=outcome.get("status", ""),
            stop_reason=outcome.get("stop_reason", ""),
            resource=outcome.get("resource", ""),
            question=about.get("question", ""),
            answer=outcome.get("answer", ""),
            budget=about.get("budget") or {},
        )

    def to_dict(self) -> dict[str, Any]:
        names = ("run", "state", "status", "stop_reason", "resource", "question", "answer", "budget")
        times = {name: getattr(self, name).isoformat(timespec="seconds") for name in ("created", "updated")}
        return {name: getattr(self, name) for name in names} | times


def list_runs(store: str | None, *, as_json: bool) -> int:
    """Print the stored runs, newest first. Raises ConfigError and StoreError for a store that cannot be read."""
    place = store_place(store)
    everything = start(_all_runs(place)).result()
    found = [Listed.of(run) for run in everything if "chat" not in run.about]
    if as_json:
        click.echo(json_text([run.to_dict() for run in found]))
    elif found:
        columns = get_terminal_size().columns if sys.stdout.isatty() else WIDTH
        click.echo(runs_text(found, max(WIDTH, min(columns, 2 * WIDTH)), datetime.now(UTC)))
    else:
        talks = "; `spadework sessions` lists the conversations there" if everything else ""
        click.echo(f"no runs are stored in {Database(place).shown}{talks}")
    return 0


def delete_run(name: str, store: str | None) -> int:
    """Delete one run. Raises ConfigError for one that is not known and RunInUse for one that runs now."""
    from ..storage.retention import delete_run as delete
    from ..storage.store import open_store

    async def work() -> str:
        run = (await find(place, name)).run
        async with open_store(place) as opened:
            await delete(opened, run)
        return run

    place = store_place(store)
    click.echo(f"deleted {start(work()).result()}")
    return 0


def prune_runs(text: str, store: str | None) -> int:
    """Delete the runs that nothing touched for so many days, and say how many they were."""
    from ..storage.retention import days_of, prune
    from ..storage.store import open_store

    async def work() -> int:
        if not is_there(place):
            return 0
        async with open_store(place) as opened:
            return await prune(opened, days)

    days, place = days_of("--prune ", text), store_place(store)
    deleted = start(work()).result()
    click.echo(f"deleted {deleted} {'run' if deleted == 1 else 'runs'}")
    return 0


async def find(place: str, name: str) -> "StoredRun":
    """The run of this name, or the only one that begins so. Raises ConfigError with the nearest names."""
    everything = await _all_runs(place)
    runs = [run for run in everything if "chat" not in run.about]
    exact = [run for run in runs if run.run == name]
    begun = exact or [run for run in runs if name and run.run.startswith(name)]
    if len(begun) == 1:
        return begun[0]
    if talk := next((run.run for run in everything if name and run.run.startswith(name) and not begun), None):
        told = f"`spadework chat --resume {talk}` goes on with it, `spadework sessions` lists and deletes them"
        raise ConfigError(f"{name!r} is a conversation: {told}")
    if not runs:
        raise ConfigError(f"there is no run {name!r}: no runs are stored in {Database(place).shown}")
    if begun:
        which = ", ".join(run.run for run in begun[:3]) + (", ..." if begun[3:] else "")
        raise ConfigError(f"{len(begun)} runs begin with {name!r}: give more letters of {which}")
    near = get_close_matches(name, [run.run for run in runs], n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"the newest is {runs[0].run}; `spadework runs` lists all"
    raise ConfigError(f"there is no run {name!r}: {hint}")


async def stored_runs(place: str) -> "list[StoredRun]":
    """The runs in a store, newest first; none where there is no store yet.

    Parts of another run are left out, and conversations: `spadework sessions` lists those.
    """
    return [run for run in await _all_runs(place) if "chat" not in run.about]


async def _all_runs(place: str) -> "list[StoredRun]":
    from ..storage.book import Book

    async with looked_into(place) as database:
        return [run for run in await Book(database).runs() if not run.part_of]


def runs_text(runs: Sequence[Listed], width: int, now: datetime) -> str:
    """Runs as a table, a line each; the question takes the room that is left."""
    rows = [COLUMNS, *(_row(run, now) for run in runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS) - 1)]
    room = max(QUESTION, width - sum(widths) - 2 * len(widths))
    lines: list[str] = []
    for *cells, question in rows:
        padded = [cell.ljust(size) for cell, size in zip(cells, widths, strict=True)]
        lines.append("  ".join([*padded, short(question, room)]).rstrip())
    return "\n".join(lines)


def _row(run: Listed, now: datetime) -> tuple[str, ...]:
    return (one_line(run.run), when(run.updated, now), run.state, run.status, run.resource, run.question)


def when(moment: datetime, now: datetime) -> str:
    """A time today, else a day, as people read it."""
    local, today = moment.astimezone(), now.astimezone()
    if local.date() == today.date():
        return local.strftime("%H:%M")
    return local.strftime("%d %b" if local.year == today.year else "%Y-%m-%d")


def short(text: str, room: int) -> str:
    """Text cut to a number of terminal columns."""
    from rich.cells import cell_len, set_cell_size

    text = one_line(text)
    return text if cell_len(text) <= room else set_cell_size(text, room - 3).rstrip() + "..."
