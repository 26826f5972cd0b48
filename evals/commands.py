"""The commands on recordings and on the bundled web: arguments and nothing else, as in `agent/terminal/cli.py`."""

import sys
from pathlib import Path
from typing import Any

import click

from ..agent.terminal.cli import EXIT_CODES
from ..agent.terminal.options import run_options

_seed = click.option("--seed", default=20, show_default=True, help="What the world is made from.")
_pages = click.option("--pages", default=300, show_default=True, help="How many pages it has at least, 200 to 5,000.")
_port = click.option("--port", default=8931, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")


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


@click.group(short_help="The bundled web of fictional pages, and its questions.")
def world() -> None:
    """The bundled web: fictional pages with all the untidiness of real ones, and questions about them."""


@world.command("serve")
@_seed
@_pages
@_port
def serve_pages(seed: int, pages: int, port: int) -> None:
    """Serve the pages and a search endpoint on this machine until Ctrl-C."""
    from .world.making import BASE, make_world
    from .world.server import HOST, WorldServer

    server = WorldServer(make_world(seed, pages, f"http://{HOST}:{port}" if port else BASE), port)
    click.echo(f"{len(server.world.pages)} pages at {server.url} until Ctrl-C; to ask about them:")
    click.echo(f"SEARXNG_URL={server.url} spadework ask --search searxng --allow-host {HOST}:{server.port} QUESTION")
    try:
        server.run()
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


@world.command("questions")
@_seed
@_pages
@_port
def print_questions(seed: int, pages: int, port: int) -> None:
    """Print the questions with their answers and proofs, a JSON object a line."""
    from .world.making import make_world, questions_jsonl

    click.echo(questions_jsonl(make_world(seed, pages, f"http://127.0.0.1:{port}")), nl=False)


@world.command("corpus")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_seed
@_pages
@_port
def write_pages(file: Path, seed: int, pages: int, port: int) -> None:
    """Write the pages to FILE, for `--search corpus:FILE`."""
    from .world.making import make_world, write_corpus

    made = make_world(seed, pages, f"http://127.0.0.1:{port}")
    write_corpus(made, file)
    click.echo(f"{len(made.pages)} pages written to {file}")
