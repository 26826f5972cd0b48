"""The command `trace`: arguments and nothing else."""

from pathlib import Path

import click

from . import examples
from .command import Command


@click.command(
    cls=Command, configured=False, epilog=examples.TRACE, short_help="Show what a run did, as one HTML page."
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", metavar="FILE", type=click.Path(path_type=Path), help="The page; - prints it (else FILE with .html)."
)
def trace(file: Path, out: Path | None) -> None:
    """Make a page of FILE, which `--trace FILE` of chat, ask or resume wrote: what happened when, what it cost, what
    the model was told and what it replied, what was decided and why.

    Any browser shows the page, which needs nothing else. Questions and prompts stand in it: look before you share it.
    """
    from .tracing import write_page

    write_page(file, out)
