"""The commands on recordings: arguments and nothing else, as in `agent/terminal/cli.py`."""

import sys
from pathlib import Path
from typing import Any

import click

from ..agent.terminal.command import Command, Group
from ..agent.terminal.completing import completer
from ..agent.terminal.examples import EXIT_CODES
from ..agent.terminal.options import run_options

_DEMO_EXAMPLES = """Examples:

\b
spadework demo
spadework demo pivots"""
_RECORD_EXAMPLES = f"""Example:

\b
spadework record my-run "Who built the Alder Bridge?" --budget 5

{EXIT_CODES}"""
_CASSETTE_EXAMPLES = """Examples:

\b
spadework cassette show pivots
spadework cassette check"""
_SHOW_EXAMPLES = """Examples, of one that comes with Spadework, and of your own:

\b
spadework cassette show pivots
spadework cassette show cassettes/my-run.json.gz"""
_CHECK_EXAMPLES = """Examples:

\b
spadework cassette check
spadework cassette check cassettes"""


@completer
def _names(ctx: click.Context) -> list[str]:
    """The recordings that come with Spadework."""
    from .recording.cassettes import cassette_names

    return cassette_names()


@click.command(
    cls=Command,
    configured=False,
    epilog=_DEMO_EXAMPLES,
    short_help="Replay recorded runs, offline and without a key.",
)
@click.argument("name", required=False, shell_complete=_names)
def demo(name: str | None) -> None:
    """Replay the recorded runs that come with Spadework: offline, without a key.

    The graph, the clients and the checks are the real ones; only what came over the network is played from the
    recordings. With NAME just that one.
    """
    from .recording.demo import show_demo

    sys.exit(show_demo(name))


@click.command(cls=Command, epilog=_RECORD_EXAMPLES, short_help="Answer QUESTION and record the run as NAME.json.gz.")
@click.argument("name")
@click.argument("question")
@run_options
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as one JSON document.")
@click.option("--note", metavar="TEXT", help="How the model's replies came about; `demo` shows it.")
@click.option(
    "--answer", "answers", metavar="TEXT", multiple=True, help="A right answer, for `eval run`. Can be given again."
)
@click.option("--case", metavar="ID", help="The case that this is a run of; without it NAME.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("cassettes"),
    show_default=True,
    metavar="DIR",
    help="The folder that NAME.json.gz is written to.",
)
def record(name: str, question: str, as_json: bool, out: Path, **options: Any) -> None:
    """Answer QUESTION as `ask` does, and record the run as NAME.json.gz.

    Keys are never written. A search over corpus:FILE uses no network and cannot be recorded.
    """
    from ..agent.terminal.ask import Asked
    from .recording.recorder import Label, record_and_show

    label = Label(name, *(options.pop(part) for part in ("note", "answers", "case")))
    sys.exit(record_and_show(label, question, Asked(**options), out=out, as_json=as_json))


@click.group(
    cls=Group, epilog=_CASSETTE_EXAMPLES, short_help="Look at recorded runs, and check that they still replay."
)
def cassette() -> None:
    """Look at recorded runs, and check that they still replay as recorded."""


@cassette.command("show", configured=False, epilog=_SHOW_EXAMPLES, short_help="Print what is in a cassette.")
@click.argument("name", shell_complete=_names)
def show_cassette(name: str) -> None:
    """Print what is in a cassette: NAME of one that comes with Spadework, or a FILE."""
    from .recording.listing import show
    from .recording.shelf import find_cassette

    click.echo(show(find_cassette(name)))


@cassette.command("check", configured=False, epilog=_CHECK_EXAMPLES, short_help="Replay cassettes, list differences.")
@click.argument("files", nargs=-1, type=click.Path())
def check_cassettes(files: tuple[str, ...]) -> None:
    """Replay each of FILES, or folders, (else all that come with Spadework) and list what is not as recorded.

    Prompts, decisions, answer and spend are compared. Exit code 1 if anything differs.
    """
    from .recording.checking import check_all

    sys.exit(check_all(files))
