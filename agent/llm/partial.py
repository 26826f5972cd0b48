"""A text field of a JSON object of which perhaps only the beginning is there: cut off, or still being written."""

import json
import re
from functools import cache


def field_so_far(text: str, name: str) -> str:
    r"""The value of a text field as far as it is there; empty where it has not begun.

    >>> field_so_far('{"talk": "Good mor', "talk")
    'Good mor'
    """
    found = _field(name).search(text)
    if found is None:
        return ""
    try:
        said: str = json.loads(f'"{found[1]}"', strict=False)
    except ValueError:
        return ""
    return said[:-1] if "\ud800" <= said[-1:] <= "\udbff" else said  # the first half of a pair


@cache
def _field(name: str) -> re.Pattern[str]:
    """Its value up to the last character, or escape, that is whole."""
    return re.compile(rf'[{{,]\s*"{re.escape(name)}"\s*:\s*"((?:[^"\\]|\\u[0-9a-fA-F]{{4}}|\\[^u])*)', re.DOTALL)
