"""The commands that measure: arguments and nothing else, as in `agent/terminal/cli.py`."""

import sys
from pathlib import Path
from typing import Any

import click

from ..agent.terminal.options import outside_options

_RUN_EXAMPLES = """Examples, the first without a key and offline:

\b
spadework eval run bundled --model simulated --strategy bats-early,react --budget 3,5,10 --out sweep
spadework eval run hotpot.jsonl --budget 5 --budget searches=5,usd=0.05 --limit 50 --out hotpot

Exit codes: 0 all runs were made; 1 some failed, or it was stopped; 2 wrong use or settings, nothing was started."""
_SHOW_EXAMPLE = """Example, of a sweep that was run in two parts:

\b
spadework eval show sweep-1 sweep-2"""
_COMPARE_EXAMPLES = """Examples, within a sweep and between two:

\b
spadework eval compare sweep --strategy bats-early,react
spadework eval compare before after --strategy bats-early"""
_FOLDER = click.Path(file_okay=False, path_type=Path)


# The command line looks a command up in this module by its name.
@click.group(short_help="Measure strategies on many questions, and show how they did.")
def eval() -> None:
    """Measure strategies on many questions, and show how they did."""


@eval.command(epilog=_RUN_EXAMPLES, short_help="Answer the questions of SUITE under each strategy and budget.")
@click.argument("suite")
@click.option("--strategy", metavar="NAMES", default="bats-early", show_default=True, help="Separated by commas.")
@click.option(
    "--budget",
    metavar="LIMITS",
    multiple=True,
    default=("5",),
    show_default=True,
    help="Searches, and as many page reads: 3,5,10. Or limits: searches=5,usd=0.05. Can be given again.",
)
@click.option(
    "--repeat", metavar="N", type=click.IntRange(1), default=1, show_default=True, help="Make each run N times."
)
@click.option("--out", metavar="DIR", type=_FOLDER, required=True, help="Where runs.jsonl is, or will be.")
@click.option("--limit", metavar="N", type=click.IntRange(1), help="Only the first N questions.")
@click.option("--part", metavar="I/N", default="1/1", show_default=True, help="Every N-th question from the I-th on.")
@click.option("--total-usd", metavar="X", help="Dollars that the model calls of all runs in DIR may cost together.")
@click.option("--jobs", metavar="N", type=click.IntRange(1), help="Runs at once (4; 1 with the simulated model).")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of the simulated model; a repetition has the next."
)
@click.option("--skill", type=click.FloatRange(0, 1), default=1.0, help="Share of sentences that it takes in (1).")
@click.option("--slips", type=click.FloatRange(0, 1), default=0.0, help="Share of its replies with a mistake (0).")
@outside_options
def run(**options: Any) -> None:
    """Answer the questions of SUITE under each strategy and budget, and print how that went.

    SUITE is a file of JSON lines with id, question, answer and, optionally, aliases; or `bundled`, the questions of the
    fictional web that comes with Spadework, which is searched and read in this process. `bundled:SEED` is another such
    web, `bundled:SEED:100` looks for 100 questions of each tier, and `bundled:SEED,pages=2000,hops=3,tier=hard` is a
    larger and harder one: its parts are the options of `world show`. The model `simulated` plays it without a key.

    Each run is a line of DIR/runs.jsonl, written as it ends. The same command goes on where it was stopped, and makes
    those again that failed.
    """
    from .runs.sweep import run_and_show
    from .runs.tasks import Sweep

    sys.exit(run_and_show(Sweep(**options)))


@eval.command(epilog=_COMPARE_EXAMPLES, short_help="Say what sets two ways apart, and whether it means anything.")
@click.argument("first", type=_FOLDER)
@click.argument("second", type=_FOLDER, required=False)
@click.option("--strategy", metavar="A[,B]", default="", help="That of the first, and of the second.")
def compare(first: Path, second: Path | None, strategy: str) -> None:
    """Compare two strategies of one sweep, or the same strategy in two: two models, or before and after a change.

    Only questions that both were asked with the same budget count, and no failed runs. Intervals hold the true value in
    95 % of evaluations. Where several budgets are compared, a difference has to be clearer to be called clear.
    """
    from .runs.sweep import compare_folders

    sys.exit(compare_folders(first, second, strategy))


@eval.command(epilog=_SHOW_EXAMPLE)
@click.argument("folders", nargs=-1, required=True, type=_FOLDER, metavar="DIR...")
def show(folders: tuple[Path, ...]) -> None:
    """Print the table of what is in DIR; of several together."""
    from .runs.sweep import show_folders

    sys.exit(show_folders(folders))
