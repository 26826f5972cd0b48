"""The work of `eval run` and `eval show`: make the runs that are still to be made, and print how all of them went."""

import sys
import threading
import time
from collections.abc import Coroutine, Generator, Iterable, Sequence
from concurrent.futures import wait
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import click

from ...agent.loop import start
from ...agent.terminal.notices import one_line_notices, told_to
from ...tools.errors import ConfigError
from .compare import Way, compare
from .compare_text import told
from .details import DetailsFile
from .runner import check_task, run_all
from .runs_file import Json, RunsFile, has_failed, key_of, read_lines
from .summary import table
from .tasks import Sweep, Tasks
from .total import spent_of

CANCEL_S = 5.0
"""Seconds that cancelled runs may take to settle their calls."""
WAKE_S = 0.2
TELL_S = 0.1


@one_line_notices()
def run_and_show(sweep: Sweep) -> int:
    """Make the runs, one line of DIR/runs.jsonl each, and print the table. Returns 1 if any failed or was not made.

    Raises ConfigError before anything is spent.
    """
    tasks = Tasks.of(sweep)
    for task in tasks.samples():
        start(check_task(task)).result()
    with closing(RunsFile(sweep.out)) as file, closing(DetailsFile(sweep.out)) as details:
        left = sum(1 for task in tasks if key_of(task) not in file.done)
        with shown(Progress(left)) as progress:

            def write(line: Json) -> None:
                details.keep(line)
                file.append(line)
                progress.note(line)

            todo = (task for task in tasks if key_of(task) not in file.done)
            through = until_done(run_all(todo, sweep.at_once(), write))
    show_folders([sweep.out])
    missing = left - progress.made
    if total := sweep.total():
        spent = start(spent_of(total)).result()
        click.echo(f"${spent} of ${total[0]} are spent", err=True)
    if not through:
        click.echo(f"stopped, {missing} runs are still to be made: the same command goes on", err=True)
    elif missing:
        told = f"{missing} runs are still to be made: the same command with a greater --total-usd goes on"
        click.echo(f"the total does not pay the next call, {told}", err=True)
    return int(bool(progress.failed or missing) or not through)


def show_folders(folders: Sequence[Path]) -> int:
    """Print the table of what is in these folders together. Raises ConfigError."""
    lines: Iterable[Json] = chain.from_iterable(read_lines(folder) for folder in folders)
    for line in table(lines):
        click.echo(line)
    return 0


def compare_folders(first: Path, second: Path | None, strategies: str) -> int:
    """Print what sets two ways apart: a strategy in each folder, or two in one. Raises ConfigError."""
    names = [name.strip() for name in strategies.split(",") if name.strip()]
    if len(names) > 2 or (second is None and len(set(names)) < 2):
        raise ConfigError("give two folders, or two strategies of one: --strategy bats-early,react")
    one, two = (names[0], names[-1]) if names else (None, None)
    ways = Way.of(read_lines(first), one, str(first)), Way.of(read_lines(second or first), two, str(second or first))
    for line in told(*ways, compare(*ways)):
        click.echo(line)
    return 0


def until_done(work: Coroutine[Any, Any, None]) -> bool:
    """Do the work on the loop's thread. Ctrl-C ends it, with the calls in flight settled: then it gives False."""
    ended = threading.Event()

    async def whole() -> None:
        try:
            await work
        finally:
            ended.set()

    running = start(whole())
    try:
        # In short waits: one that lasts until the end may miss a signal that came with another one.
        while not running.done():
            wait((running,), timeout=WAKE_S)
        running.result()
    except KeyboardInterrupt:
        running.cancel()
        ended.wait(CANCEL_S)
        return False
    return True


class Progress:
    """How many runs were made, how many of them failed, and how long the rest will take."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.made = 0
        self.failed = 0
        self._started = time.monotonic()
        self._told = 0.0
        self._on = sys.stderr.isatty()

    def note(self, line: Json) -> None:
        """Take in a run that has ended."""
        self.made += 1
        self.failed += has_failed(line)
        now = time.monotonic()
        if self._on and (now - self._told >= TELL_S or self.made == self.wanted):
            self._told = now
            left = (now - self._started) / self.made * (self.wanted - self.made)
            failed = f", {self.failed} failed" if self.failed else ""
            self.write(f"{self.made:,} of {self.wanted:,} runs{failed}, about {_time(left)} left")

    def write(self, text: str = "") -> None:
        """Put a text in place of the one before."""
        if self._on:
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)


@contextmanager
def shown(progress: Progress) -> Generator[Progress]:
    """Show how far it is while the block runs. What the runs warn of is told once each, above it."""
    said: set[str] = set()

    def tell(text: str) -> None:
        if text not in said:
            said.add(text)
            progress.write()
            click.echo(text, err=True)

    with told_to(tell):
        try:
            yield progress
        finally:
            progress.write()


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
