"""The commands on frozen webs: arguments and nothing else, as in `agent/terminal/cli.py`."""

import sys
from pathlib import Path

import click

from ..agent.terminal.command import Group

_WEB_EXAMPLE = """Examples:

\b
spadework web freeze cassettes -o web.db
spadework web show web.db"""
_FREEZE_EXAMPLES = """Examples, of a folder of recordings, and of the paragraphs that come with a question set:

\b
spadework web freeze recordings -o web.db
spadework web freeze hotpot_dev_distractor_v1.json -o hotpot.db
spadework ask "Who directed Alien?" --search frozen:hotpot.db"""
_SHOW_EXAMPLE = """Example:

\b
spadework web show web.db --check"""
_FILE = click.Path(dir_okay=False, path_type=Path)


# The command line looks a command up in this module by its name.
@click.group(
    cls=Group, epilog=_WEB_EXAMPLE, short_help="Freeze recorded pages into a web that --search frozen:FILE serves."
)
def web() -> None:
    """Freeze recorded pages into one file, a web of its own, for `--search frozen:FILE`."""


@web.command(
    configured=False, epilog=_FREEZE_EXAMPLES, short_help="Make a web out of recordings and collections of text."
)
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SOURCES...")
@click.option("-o", "--out", type=_FILE, required=True, metavar="FILE", help="Where the web is written.")
def freeze(sources: tuple[Path, ...], out: Path) -> None:
    """Make a web out of SOURCES and write it to FILE.

    A source is a recording (NAME.json) or a folder of them, a corpus (JSON lines of title and text, optionally url and
    date), or a HotpotQA, 2WikiMultiHopQA or MuSiQue file, whose paragraphs become pages. Of a page that was recorded
    more than once the newest reading is taken.
    """
    from .frozen.freeze import freeze as make

    made = make(sources, out)
    click.echo(f"{made.pages:,} pages, {made.results:,} only shown by searches, {made.failures:,} failures: {out}")
    if made.differing:
        click.echo(f"{made.differing:,} pages were read in differing forms: the newest are kept", err=True)


@web.command(configured=False, epilog=_SHOW_EXAMPLE)
@click.argument("file", type=_FILE)
@click.option("--check", is_flag=True, help="See whether the content still has its digest; exit code 1 if not.")
def show(file: Path, check: bool) -> None:
    """Print what a frozen web holds, and what it was made from."""
    from .frozen.showing import show_frozen

    sys.exit(show_frozen(file, check=check))
