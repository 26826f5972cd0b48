"""The work of `sessions`: listing and deleting conversations from outside of a chat."""

from shutil import get_terminal_size

import click

from ...tools.clean import one_line
from ..storage.database import Database
from ..storage.store import store_place
from ..terminal.ask import json_text
from .stored import delete_saved, find_saved, list_saved, saved_text

WIDTH = 100


def list_all(store: str | None, *, as_json: bool) -> int:
    """Print the conversations of a store. Raises ConfigError and StoreError for one that cannot be read."""
    place = store_place(store)
    found = list_saved(place)
    if as_json:
        click.echo(json_text([saved.to_dict() for saved in found]))
    elif found:
        click.echo(saved_text(found, max(60, min(WIDTH, get_terminal_size().columns))))
    else:
        click.echo(f"no conversations are kept in {Database(place).shown}")
    return 0


def delete(name: str, store: str | None) -> int:
    """Delete a conversation. Raises ConfigError for one that is not known and RunInUse for one that is open."""
    place = store_place(store)
    found = find_saved(place, name)
    delete_saved(place, found.run)
    click.echo(f"deleted {found.run} ({one_line(found.title, 60)})")
    return 0
