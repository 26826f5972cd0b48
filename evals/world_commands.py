"""The commands on the bundled web: arguments and nothing else, as in `agent/terminal/cli.py`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..agent.terminal.command import Group, Option

if TYPE_CHECKING:
    from .world.recipe import Recipe

_WORLD_EXAMPLES = """Examples:

\b
spadework world serve
spadework world questions --tier hard"""
_SERVE_EXAMPLES = """Examples:

\b
spadework world serve
spadework world serve --seed 7 --pages 1000 --port 0"""
_QUESTIONS_EXAMPLES = """Examples, the second of harder questions in a larger world:

\b
spadework world questions
spadework world questions --pages 2000 --constraints 3-5 --hops 2"""
_SHOW_EXAMPLES = """Examples, the second of harder questions in a larger world:

\b
spadework world show
spadework world show --pages 2000 --constraints 3-5 --hops 2"""
_CORPUS_EXAMPLE = """Examples:

\b
spadework world corpus pages.jsonl
spadework ask "Who built the Mallmann Lighthouse?" --search corpus:pages.jsonl"""
_page = partial(click.option, cls=Option, heading="Pages")
_question = partial(click.option, cls=Option, heading="Questions")
_OPTIONS = (
    _page("--seed", default=20, show_default=True, type=click.IntRange(0), help="What the world is made from."),
    _page("--pages", default=300, show_default=True, help="How many pages it has at least, 200 to 20,000."),
    _question("--questions", default=16, show_default=True, metavar="N", help="How many of each tier, 0 to 999."),
    _question("--constraints", metavar="A-B", help="How many things each demands, 2 to 12; usually 4-6."),
    _question("--hops", metavar="A-B", help="Steps of a question's longest path, 1 to 4."),
    _question(
        "--candidates", metavar="A-B", help="How many answers each constraint leaves alone; usually 5 to half of all."
    ),
    _page("--contradictions", metavar="N", type=int, help="Pages that say something untrue."),
    _page("--outdated", metavar="N", type=int, help="Pages that are out of date."),
    _question("--tier", type=click.Choice(("hard", "plain")), help="Only questions of this tier."),
    _question(
        "--balance/--no-balance",
        default=None,
        help="Spread the questions evenly over kinds, constraints and hops; so it is unless all is as usual.",
    ),
)
_port = _page(
    "--port",
    default=8931,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port of the addresses; 0 with serve: a free one.",
)

F = TypeVar("F", bound=Callable[..., Any])


def _made_from(command: F) -> F:
    """The options that say which world is meant; those about questions change no page."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _recipe(given: dict[str, Any]) -> "Recipe":
    from .world.recipe import Recipe, recipe_parts

    seed, balance = given.pop("seed"), given.pop("balance")
    parts = {name: str(value) for name, value in given.items() if value is not None}
    return Recipe(seed=seed, balance=balance, **recipe_parts(parts))


@click.group(cls=Group, epilog=_WORLD_EXAMPLES, short_help="The bundled web of fictional pages, and its questions.")
def world() -> None:
    """The bundled web: fictional pages with all the untidiness of real ones, and questions about them."""


@world.command(
    "serve", configured=False, epilog=_SERVE_EXAMPLES, short_help="Serve its pages and a search on this machine."
)
@_made_from
@_port
def serve_pages(port: int, **given: Any) -> None:
    """Serve the pages and a search endpoint on this machine until Ctrl-C."""
    from .world.server import HOST, WorldServer

    server = WorldServer(_recipe(given).make_pages(_base(port)), port)
    click.echo(f"{len(server.world.pages)} pages at {server.url} until Ctrl-C; to ask about them:")
    click.echo(f"SEARXNG_URL={server.url} spadework ask --search searxng --allow-host {HOST}:{server.port} QUESTION")
    try:
        server.run()
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


@world.command(
    "questions", configured=False, epilog=_QUESTIONS_EXAMPLES, short_help="Print its questions, answers and proofs."
)
@_made_from
@_port
def print_questions(port: int, **given: Any) -> None:
    """Print the questions with their answers and proofs, a JSON object a line."""
    from ..agent.terminal.notices import one_line_notices
    from .world.making import questions_jsonl

    with one_line_notices():
        click.echo(questions_jsonl(_recipe(given).make(_base(port))), nl=False)


@world.command(
    "show", configured=False, epilog=_SHOW_EXAMPLES, short_help="Print what it has: pages, facts, questions."
)
@_made_from
def show_world(**given: Any) -> None:
    """Print what a world has: pages by kind, facts, what is wrong, and how its questions are spread."""
    from ..agent.terminal.notices import one_line_notices
    from .world.show import told

    recipe = _recipe(given)
    with one_line_notices():
        lines = told(recipe.make())
    click.echo(f"bundled:{recipe.name}")
    for line in lines:
        click.echo(line)


@world.command("corpus", configured=False, epilog=_CORPUS_EXAMPLE, short_help="Write its pages to a file.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_made_from
@_port
def write_pages(file: Path, port: int, **given: Any) -> None:
    """Write the pages to FILE, for `--search corpus:FILE`."""
    from .world.making import write_corpus

    made = _recipe(given).make_pages(_base(port))
    write_corpus(made, file)
    click.echo(f"{len(made.pages)} pages written to {file}")


def _base(port: int) -> str:
    from .world.making import BASE

    return f"{BASE.rpartition(':')[0]}:{port}" if port else BASE
