"""The work of `demo`: recorded runs, played again offline, in a screen each."""

import sys
import textwrap
from collections.abc import Iterator

import click

from ...agent.terminal.notices import one_line_notices
from ...agent.terminal.progress import Teller
from ...agent.terminal.show import head_text, proof_text, receipt, sources_text, text_width
from ...tools.clean import one_line
from ...tools.errors import CassetteError
from .cassettes import Cassette, cassette_names, open_bundled
from .playback import Played, play
from .shelf import find_cassette

TOP = "Recorded runs, played again on this machine: no network, no key. The graph, the ledger and the checks are live."
SHOWN = ("plan", "search", "read", "decide")


@one_line_notices()
def show_demo(name: str | None = None) -> int:
    """Play one recording, or all that come with Spadework. Returns 1 where one could not be played, else 0."""
    cassettes = [find_cassette(name)] if name else [open_bundled(known) for known in cassette_names()]
    width = text_width()
    click.echo(TOP)
    for replies in dict.fromkeys(str(cassette.meta.get("replies", "")) for cassette in cassettes):
        if replies:
            click.echo(f"The model's replies in them: {one_line(replies)}")
    failed = 0
    for cassette in cassettes:
        click.echo("\n" + f"-- {cassette.name} ".ljust(width, "-"))
        failed += not _show(cassette, width)
    return int(failed > 0)


def _show(cassette: Cassette, width: int) -> bool:
    try:
        played = play(cassette)
    except CassetteError as error:
        click.echo(f"error: {error}", err=True)
        return False
    for line in _lines(played, width):
        click.echo(line)
    sys.stdout.flush()
    if played.differences:
        turns = ", ".join(str(difference.turn) for difference in played.differences)
        told = f"{cassette.name}: model turns {turns} were asked something else than when they were recorded"
        click.echo(f"warning: {told}; `spadework cassette check` shows what", err=True)
    return True


def _lines(played: Played, width: int) -> Iterator[str]:
    result = played.result
    yield from (*textwrap.wrap(one_line(result.question), width), "")
    teller = Teller()
    for event in played.events:
        for mark, text in teller.lines(event):
            if mark in SHOWN or mark.startswith("c"):
                yield f"{mark:<7}{one_line(text, width - 7)}"
    parts = (head_text(result, width), proof_text(result, width), sources_text(result, width), receipt(result, width))
    for part in parts:
        if part:
            yield from ("", part)
