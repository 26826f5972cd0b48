"""What the shell is told while a word is being typed. It has to be quick, and a failure means no suggestion.

Nothing heavy is imported, and no server is asked.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import wraps
from pathlib import Path
from urllib.parse import quote

import click
from click.shell_completion import CompletionItem

Words = Iterable[str | tuple[str, str]]
"""Words, or words with what they mean, which zsh and fish show."""
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
BUSY_S = 0.2
"""A store that others write to may be locked for a moment; then no runs are suggested."""


def completer(words: Callable[[click.Context], Words]) -> Completer:
    """What click asks for the words that begin as what was typed so far."""

    @wraps(words)
    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            found = [word if isinstance(word, tuple) else (word, "") for word in words(ctx)]
        except Exception:  # whatever it is, the line that is being typed must not be disturbed
            return []
        return [CompletionItem(word, help=told or None) for word, told in found if word.startswith(incomplete)]

    return complete


@completer
def strategies(ctx: click.Context) -> Words:
    """The names of the strategies, without suffixes."""
    from ..strategies import STRATEGIES

    return STRATEGIES


@completer
def searches(ctx: click.Context) -> Words:
    """The search backends of our own."""
    from ...tools.backends.names import BACKENDS

    return [name.removesuffix("FILE") for name in BACKENDS]


@completer
def models(ctx: click.Context) -> Words:
    """The providers, with the colon after which the model's name comes."""
    from ..llm.models import PROVIDERS

    return [f"{name}:" for name in ("openai", "ollama", *sorted(PROVIDERS))]


@completer
def roles(ctx: click.Context) -> Words:
    """The roles and the regimes, with the sign after which the model comes."""
    from ..roles import LATE, ROLES

    return [f"{name}=" for name in (*ROLES, *LATE)]


@completer
def temperatures(ctx: click.Context) -> Words:
    """The roles, with the sign after which the number comes."""
    from ..roles import ROLES

    return [f"{name}=" for name in ROLES]


@completer
def settings(ctx: click.Context) -> Words:
    """The settings of the configuration file."""
    from .setting import SETTINGS

    return [(name, setting.about) for name, setting in SETTINGS.items()]


@completer
def runs(ctx: click.Context) -> Words:
    """The runs of the store that --store or the settings name, the one that was touched last first."""
    return _named(ctx, chats=False)


@completer
def conversations(ctx: click.Context) -> Words:
    """The conversations of the same store."""
    return _named(ctx, chats=True)


def _named(ctx: click.Context, *, chats: bool) -> Words:
    from ..storage.database import is_postgres
    from ..storage.store import store_place
    from .configuration import from_file

    given: str | None = ctx.params.get("store")
    with from_file():
        place = store_place(given)
    return [] if is_postgres(place) else _stored(Path(place), chats=chats)


def _stored(place: Path, *, chats: bool) -> Iterator[tuple[str, str]]:
    """Read without making, changing or waiting for anything."""
    import json
    import sqlite3

    from ...tools.clean import one_line

    address = f"file:{quote(str(place))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_S)) as database:
        for run, about in database.execute("SELECT run, about FROM spadework_runs ORDER BY updated DESC LIMIT 200"):
            known = json.loads(about)
            if not known.get("part_of") and ("chat" in known) == chats:
                yield one_line(run), one_line(known["chat"]["title"] if chats else known.get("question", ""), 60)
