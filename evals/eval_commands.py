"""The commands that measure: arguments and nothing else, as in `agent/terminal/cli.py`."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..agent.terminal.command import Group, Option
from ..agent.terminal.options import outside_options

_EVAL_EXAMPLES = """Examples, without a key and offline:

\b
spadework eval run bundled
spadework eval report eval-bundled"""
_RUN_EXAMPLES = """Examples, the first two without a key and offline:

\b
spadework eval run bundled
spadework eval run bundled --model simulated --budget 3,5,10 --out sweep
spadework eval run hotpot.jsonl --budget searches=5,usd=0.05 --limit 50
spadework eval run hotpot.jsonl --budget 5 --judge openai:gpt-5-mini

Exit codes: 0 all runs were made; 1 some failed or are unscored, or it was stopped; 2 wrong use or settings: nothing was
started."""
_SHOW_EXAMPLE = """Example, of a sweep that was run in two parts:

\b
spadework eval show sweep-1 sweep-2"""
_COMPARE_EXAMPLES = """Examples, within a sweep and between two:

\b
spadework eval compare sweep --strategy bats-early,react
spadework eval compare before after --strategy bats-early"""
MODES = ("none", "new", "all")
_REPORT_EXAMPLES = """Examples: a report beside the runs, and tables for a pull request:

\b
spadework eval report sweep
spadework eval report sweep --markdown -"""
_FILE = click.Path(dir_okay=False, path_type=Path, allow_dash=True)
_GATE_EXAMPLES = """Examples: pin once, then check after every change:

\b
spadework eval gate sweep --floors floors.toml --pin
spadework eval gate sweep --floors floors.toml"""
_FOLDER = click.Path(file_okay=False, path_type=Path)

_runs = partial(click.option, cls=Option, heading="Runs")
_web = partial(click.option, cls=Option, heading="Search and pages")
_judge = partial(click.option, cls=Option, heading="Judge")
_simulated = partial(click.option, cls=Option, heading="The simulated model")


# The command line looks a command up in this module by its name.
@click.group(
    cls=Group, epilog=_EVAL_EXAMPLES, short_help="Measure strategies on many questions, and show how they did."
)
def eval() -> None:
    """Measure strategies on many questions, and show how they did."""


@eval.command(epilog=_RUN_EXAMPLES, short_help="Answer the questions of SUITE under each strategy and budget.")
@click.argument("suite")
@_runs("--strategy", metavar="NAMES", help="One or more, separated by commas; without it bats-early.")
@_runs(
    "--budget",
    metavar="LIMITS",
    multiple=True,
    help="Searches, and as many page reads: 3,5,10. Or limits: searches=5,usd=0.05. Can be given again; without it 5.",
)
@_runs("--repeat", metavar="N", type=click.IntRange(1), default=1, show_default=True, help="Make each run N times.")
@_runs("--out", metavar="DIR", type=_FOLDER, help="Where runs.jsonl is, or will be; without it eval-SUITE.")
@_runs("--limit", metavar="N", type=click.IntRange(1), help="Only the first N questions.")
@_runs("--part", metavar="I/N", default="1/1", show_default=True, help="Every N-th question from the I-th on.")
@_runs("--jobs", metavar="N", type=click.IntRange(1), help="Runs at once; 4, or 1 with the simulated model.")
@_runs("--total-usd", metavar="X", help="Dollars that the model calls of all runs in DIR may cost together.")
@_web("--cassettes", metavar="DIR", type=_FOLDER, help="Play the web from here, a file a question.")
@_web("--record", type=click.Choice(MODES), help="none: play only (the usual way); new: fetch what lacks; all.")
@_judge("--judge", metavar="NAME", help="A model that grades answers which match no expected one.")
@_judge("--judge-base-url", metavar="URL", help="The judge's server; without it that of the model.")
@_judge("--judge-all", is_flag=True, help="Ask the judge about answers that match, too: shows if it is any good.")
@_simulated("--seed", type=int, default=0, show_default=True, help="Of its first run; a repetition has the next one.")
@_simulated(
    "--skill", metavar="X", type=click.FloatRange(0, 1), default=1.0, help="Share of sentences it takes in (1)."
)
@_simulated("--slips", metavar="X", type=click.FloatRange(0, 1), default=0.0, help="Share of replies with a slip (0).")
@outside_options
def run(**options: Any) -> None:
    """Answer the questions of SUITE under each strategy and budget, and print how that went.

    SUITE is a file of JSON lines with id, question, answer and, optionally, aliases; or `bundled`, the questions of the
    fictional web that comes with Spadework. Without a --model the recordings of some of them are played again, offline;
    with one, that web is searched and read in this process. `bundled:SEED` is another such web, `bundled:SEED:100`
    looks for 100 questions of each tier, and `bundled:SEED,pages=2000,hops=3,tier=hard` is a larger and harder one: its
    parts are the options of `world show`. The model `simulated` plays it without a key. `recorded:DIR` plays the
    recordings (see `spadework record`) in a folder, each with its own strategy and budget.

    With --cassettes the web is recorded once and played to every model and strategy: --record new fetches what is not
    there yet; without it nothing is fetched, and a search or page that was never recorded fails its run.

    Each run is a line of DIR/runs.jsonl, written as it ends; what it did is in DIR/details.db, for `eval report`. The
    same command goes on where it was stopped, and makes those again that failed. With --judge it also grades what is
    there, without making any run again: a run whose judge fails, or says nothing that can be read, is unscored, neither
    right nor wrong.
    """
    from .runs.sweep import run_and_show
    from .runs.tasks import Sweep

    sys.exit(run_and_show(Sweep(**options)))


@eval.command(
    configured=False,
    epilog=_COMPARE_EXAMPLES,
    short_help="Say what sets two ways apart, and whether it means anything.",
)
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


@eval.command(configured=False, epilog=_SHOW_EXAMPLE)
@click.argument("folders", nargs=-1, required=True, type=_FOLDER, metavar="DIR...")
def show(folders: tuple[Path, ...]) -> None:
    """Print the table of what is in DIR; of several together."""
    from .runs.sweep import show_folders

    sys.exit(show_folders(folders))


@eval.command(
    configured=False, epilog=_REPORT_EXAMPLES, short_help="Write what DIR says: a page to read, Markdown and CSV."
)
@click.argument("folders", nargs=-1, required=True, type=_FOLDER, metavar="DIR...")
@click.option("-o", "--html", metavar="FILE", type=_FILE, help="The page: one file that needs nothing else.")
@click.option("--markdown", metavar="FILE", type=_FILE, help="The tables, for a pull request; - is stdout.")
@click.option("--csv", metavar="FILE", type=_FILE, help="The figures, a row for each strategy and budget; - is stdout.")
@click.option(
    "--runs",
    metavar="N",
    default="1000",
    show_default=True,
    help="How many runs the page opens, the telling ones first; all for all.",
)
@click.option("--question", metavar="ID", multiple=True, help="Open the runs of this question alone. Can be repeated.")
def report(folders: tuple[Path, ...], question: tuple[str, ...], runs: str, **files: Path | None) -> None:
    """Write a report of what is in DIR: curves, tables with intervals, comparisons, and every run to open.

    Without -o, --markdown or --csv all three are written into DIR, as report.html, report.md and report.csv; with one
    of them just that. Several DIRs make one report.
    """
    from .report.chosen import Wanted
    from .report.write import Files, write_report

    sys.exit(write_report(folders, Files(**files), Wanted.of(runs, question)))


@eval.command(
    configured=False, epilog=_GATE_EXAMPLES, short_help="Check that DIR reaches the floors that are pinned, for CI."
)
@click.argument("folders", nargs=-1, required=True, type=_FOLDER, metavar="DIR...")
@click.option(
    "--floors",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where the floors are.",
)
@click.option("--pin", is_flag=True, help="Write what DIR comes to into FILE; a floor is only raised.")
@click.option("--slack", metavar="X", type=click.FloatRange(0, 1), default=0.0, help="Pin so much below: 0.05 is 5 %.")
@click.option("--lower", metavar="REASON", default="", help="Lower a floor, too; the reason stays in FILE.")
def gate(folders: tuple[Path, ...], floors: Path, pin: bool, slack: float, lower: str) -> None:
    """Check that the runs in DIR are as good as those that FILE was pinned with.

    A floor is the share of right answers of a suite, strategy, budget and model, with how many runs it is of, and how
    many failed or passed a limit. It holds for the same cases, prompts and recordings, known by their digests.

    Exit codes: 0 all are reached; 1 one is not, or its digests are others; 2 wrong use, or FILE was edited by hand.
    """
    from .runs.floors_file import gate_and_show, pin_and_show

    if not pin and (slack or lower):
        raise click.UsageError(f"{'--slack' if slack else '--lower'} goes with --pin")
    sys.exit(pin_and_show(folders, floors, slack, lower.strip()) if pin else gate_and_show(folders, floors))
