"""The work of `cassette check`: recordings played again, and what differs from them."""

from collections.abc import Sequence

import click

from ...agent.terminal.notices import one_line_notices
from ...tools.clean import one_line
from ...tools.errors import SpadeworkError
from .cassettes import load_cassette, name_of
from .playback import play
from .shelf import find_all, find_cassette


@one_line_notices()
def check_all(names: Sequence[str]) -> int:
    """Replay the cassettes and print a line each, with what differs below it. Returns 1 if anything does, else 0."""
    failed = 0
    for item in find_all(names):
        try:
            faults = play(find_cassette(item) if isinstance(item, str) else load_cassette(item)).faults
        except SpadeworkError as error:
            faults = [str(error)]
        failed += bool(faults)
        name = item if isinstance(item, str) else name_of(item.name)
        click.echo(f"{one_line(name)}: {'differs' if faults else 'as recorded'}")
        for line in (line for fault in faults for line in fault.splitlines()):
            click.echo(f"  {one_line(line, 400)}")
    return int(failed > 0)
