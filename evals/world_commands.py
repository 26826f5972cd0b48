"""The commands on the bundled web: arguments and nothing else, as in `agent/terminal/cli.py`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from .world.recipe import Recipe

_EXAMPLE = """Example, of harder questions in a larger world, and what they are like:

\b
spadework world questions --pages 2000 --constraints 3-5 --hops 2 --candidates 5-40
spadework world show --pages 2000 --constraints 3-5 --hops 2 --candidates 5-40"""
_OPTIONS = (
    click.option("--seed", default=20, show_default=True, type=click.IntRange(0), help="What the world is made from."),
    click.option("--pages", default=300, show_default=True, help="How many pages it has at least, 200 to 20,000."),
    click.option("--questions", default=16, show_default=True, metavar="N", help="Questions of each tier, 0 to 999."),
    click.option("--constraints", metavar="A-B", help="Of each question, 2 to 12 (4-6)."),
    click.option("--hops", metavar="A-B", help="Steps of a question's longest path, 1 to 4."),
    click.option("--candidates", metavar="A-B", help="What each constraint leaves alone (5 to half of all)."),
    click.option("--contradictions", metavar="N", type=int, help="Pages that say something untrue."),
    click.option("--outdated", metavar="N", type=int, help="Pages that are out of date."),
    click.option("--tier", type=click.Choice(("hard", "plain")), help="Only questions of this tier."),
    click.option(
        "--balance/--no-balance",
        default=None,
        help="Spread the questions evenly over kinds, constraints and hops; so it is unless all is as usual.",
    ),
)
_port = click.option("--port", default=8931, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")

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


@click.group(short_help="The bundled web of fictional pages, and its questions.")
def world() -> None:
    """The bundled web: fictional pages with all the untidiness of real ones, and questions about them."""


@world.command("serve")
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


@world.command("questions", epilog=_EXAMPLE)
@_made_from
@_port
def print_questions(port: int, **given: Any) -> None:
    """Print the questions with their answers and proofs, a JSON object a line."""
    from ..agent.terminal.notices import one_line_notices
    from .world.making import questions_jsonl

    with one_line_notices():
        click.echo(questions_jsonl(_recipe(given).make(_base(port))), nl=False)


@world.command("show")
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


@world.command("corpus")
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
