"""A text field of a JSON object of which perhaps only the beginning is there: cut off, or still being written."""

import json
import re
from functools import cache

_ESCAPE_OPEN = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?$|\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?$")
"""An escape, or the first half of a pair, that has no end yet."""


def field_so_far(text: str, name: str) -> str:
    r"""The value of a text field as far as it is there; empty where it has not begun.

    >>> field_so_far('{"talk": "Good mor', "talk")
    'Good mor'
    """
    found = _field(name).search(text)
    if found is None:
        return ""
    value = _ESCAPE_OPEN.sub("", found[1])
    try:
        return json.loads(f'"{value}"', strict=False)
    except ValueError:
        return ""


@cache
def _field(name: str) -> re.Pattern[str]:
    return re.compile(rf'[{{,]\s*"{re.escape(name)}"\s*:\s*"((?:[^"\\]|\\.)*\\?)', re.DOTALL)
