"""JSON of which perhaps only the beginning is there: cut off, or still being written."""

import json
import re
from collections.abc import Collection, Iterator
from functools import cache

_SAID = r'"((?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*)'
"""A text up to the last character, or escape, that is whole."""
_TEXT = re.compile(f'{_SAID}"?', re.DOTALL)


def field_so_far(text: str, name: str) -> str:
    r"""The value of a text field of an object as far as it is there; empty where it has not begun.

    >>> field_so_far('{"talk": "Good mor', "talk")
    'Good mor'
    """
    found = _field(name).search(text)
    return "" if found is None else _read(found[1])


def values_so_far(text: str, but: Collection[str] = ()) -> list[str]:
    """The texts in JSON, in their order, as far as they are there: no names of fields, and no values of those in `but`.

    >>> values_so_far('{"url": "x", "notes": ["one", "tw', but=["url"])
    ['one', 'tw']
    """
    return [value for name, value in _fields(text) if value and name not in but]


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Each text value with the name of the field that it belongs to."""
    inside, name, end = "", "", 0
    for found in _TEXT.finditer(text):
        before = text[end : found.start()].rstrip()
        end = found.end()
        for mark in before:
            if mark in "[{":
                inside += mark
            elif mark in "]}":
                inside = inside[:-1]
        if inside.endswith("{") and not before.endswith(":"):
            name = _read(found[1])
        else:
            yield name, _read(found[1])


def _read(raw: str) -> str:
    try:
        said: str = json.loads(f'"{raw}"', strict=False)
    except ValueError:
        return ""
    return said[:-1] if "\ud800" <= said[-1:] <= "\udbff" else said  # the first half of a pair


@cache
def _field(name: str) -> re.Pattern[str]:
    return re.compile(rf'[{{,]\s*"{re.escape(name)}"\s*:\s*{_SAID}', re.DOTALL)
