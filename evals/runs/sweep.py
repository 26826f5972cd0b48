"""The work of `eval run` and `eval show`: make the runs that are still to be made, and print how all of them went."""

import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import wait
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import click

from ...agent.loop import start
from ...agent.terminal.notices import one_line_notices
from ...tools.clean import one_line
from ...tools.errors import ConfigError
from .compare import Way, compare
from .compare_text import told
from .details import DetailsFile
from .judges import judges
from .progress import Progress
from .runner import check_task, run_all
from .runs_file import NAME, Json, RunsFile, all_lines, key_of, read_lines
from .summary import table
from .tally import Tally
from .tasks import Sweep, Tasks
from .total import spent_of

CANCEL_S = 5.0
"""Seconds that cancelled runs may take to settle their calls."""
WAKE_S = 0.2
MOST_TOLD = 5


@one_line_notices()
def run_and_show(sweep: Sweep) -> int:
    """Make the runs, one line of DIR/runs.jsonl each, and print the table. Returns 1 if any failed or was not made.

    With a judge also where a run that needs it was not graded. Raises ConfigError before anything is spent.
    """
    tasks = sweep.recorded() if sweep.plays else Tasks.of(sweep)
    judging = sweep.judging()
    for task in tasks.samples():
        start(check_task(task)).result()
    differing: list[Json] = []
    # Playing costs nothing, and is done to see whether anything differs.
    anew = str(tasks.samples()[0]["suite"]) if sweep.plays else ""
    with closing(RunsFile(sweep.folder, anew=anew)) as file, closing(DetailsFile(sweep.folder)) as details:
        keys = {key_of(task) for task in tasks}
        if judging:
            judging.read(sweep.folder, keys)
        made = keys & file.done
        todo = (keys - made).union(judging.waiting if judging else ())
        tally = Tally(len(keys), len(todo))
        for line in read_lines(sweep.folder):
            if key_of(line) in made:
                tally.take(line)
        with Progress(tally, sweep.total()).shown() as progress:

            def write(line: Json) -> None:
                details.keep(line)
                file.append(line)
                progress.note(line)
                if line.get("differs"):
                    differing.append(line)

            left = (task for task in tasks if key_of(task) in todo)
            through = until_done(run_all(left, sweep.at_once(), write, judging))
    show_folders([sweep.folder])
    tell_differences(differing)
    if total := sweep.total():
        spent = start(spent_of(total)).result()
        click.echo(f"${spent} of ${total[0]} are spent", err=True)
    left_out = _say_what_is_left(tally, len(judging.waiting) if judging else 0, through=through)
    return int(left_out or bool(differing))


def _say_what_is_left(tally: Tally, waiting: int, *, through: bool) -> int:
    """A line for what a sweep still lacks, and its exit code."""
    missing = tally.wanted - tally.done
    left = f"{missing} runs are still to be made"
    if waiting:
        left = f"{left}, {waiting} to be judged" if missing else f"{waiting} runs are still to be judged"
    if not through:
        click.echo(f"stopped, {left}: the same command goes on", err=True)
    elif missing or waiting:
        told = f"{left}: the same command with a greater --total-usd goes on"
        click.echo(f"the total does not pay the next call, {told}", err=True)
    if through and tally.unscored:
        told = f"{tally.unscored} runs are unscored, neither right nor wrong"
        click.echo(f"{told}: the same command with --judge asks again", err=True)
    return int(bool(tally.failed or missing or waiting or tally.unscored) or not through)


def tell_differences(lines: Sequence[Json]) -> None:
    """Say which of the recorded runs went otherwise than recorded, and in what first."""
    for line in lines[:MOST_TOLD]:
        first, rest = line["differs"][0].splitlines()[0], len(line["differs"]) - 1
        more = f" (and {rest} more)" if rest else ""
        click.echo(f"{line['id']}, {line['strategy']}: not as recorded: {one_line(first, 200)}{more}", err=True)
    if lines:
        runs = f"{len(lines)} run{'s' * (len(lines) > 1)}"
        click.echo(f"{runs} went otherwise than recorded; `differs` in {NAME} says how", err=True)


def show_folders(folders: Sequence[Path]) -> int:
    """Print the table of what is in these folders together, and what judging them took. Raises ConfigError."""
    for line in table(chain.from_iterable(map(read_lines, folders))):
        click.echo(line)
    for number, line in enumerate(judges(chain.from_iterable(map(all_lines, folders)))):
        click.echo(line if number else f"\n{line}")
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
