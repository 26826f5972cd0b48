"""The commands on recordings: arguments and nothing else, as in `agent/terminal/cli.py`."""

import sys
from pathlib import Path
from typing import Any

import click

from ..agent.terminal.cli import EXIT_CODES
from ..agent.terminal.options import run_options


@click.command(short_help="Replay recorded runs, offline and without a key.")
@click.argument("name", required=False)
def demo(name: str | None) -> None:
    """Replay the recorded runs that come with Spadework: offline, without a key.

    The graph, the clients and the checks are the real ones; only what came over the network is played from the
    recordings. With NAME just that one.
    """
    from .recording.demo import show_demo

    sys.exit(show_demo(name))


@click.command(epilog=EXIT_CODES, short_help="Answer QUESTION and record the run as NAME.json.gz.")
@click.argument("name")
@click.argument("question")
@run_options
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as one JSON document.")
@click.option("--note", metavar="TEXT", help="How the model's replies came about; `demo` shows it.")
@click.option("--answer", "answers", metavar="TEXT", multiple=True, help="What is right, for `eval run`; and again.")
@click.option("--case", metavar="ID", help="The case that this is a run of (NAME).")
@click.option("--out", type=click.Path(path_type=Path), default=Path("cassettes"), show_default=True, metavar="DIR")
def record(name: str, question: str, as_json: bool, out: Path, **options: Any) -> None:
    """Answer QUESTION as `ask` does, and record the run as NAME.json.gz.

    Keys are never written. A search over corpus:FILE uses no network and cannot be recorded.
    """
    from ..agent.terminal.ask import Asked
    from .recording.recorder import Label, record_and_show

    label = Label(name, *(options.pop(part) for part in ("note", "answers", "case")))
    sys.exit(record_and_show(label, question, Asked(**options), out=out, as_json=as_json))


@click.group(short_help="Look at recorded runs, and check that they still replay.")
def cassette() -> None:
    """Look at recorded runs, and check that they still replay as recorded."""


@cassette.command("show")
@click.argument("name")
def show_cassette(name: str) -> None:
    """Print what is in a cassette: NAME of one that comes with Spadework, or a FILE."""
    from .recording.listing import show
    from .recording.shelf import find_cassette

    click.echo(show(find_cassette(name)))


@cassette.command("check")
@click.argument("files", nargs=-1)
def check_cassettes(files: tuple[str, ...]) -> None:
    """Replay each of FILES, or folders, (else all that come with Spadework) and list what is not as recorded.

    Prompts, decisions, answer and spend are compared. Exit code 1 if anything differs.
    """
    from .recording.checking import check_all

    sys.exit(check_all(files))
