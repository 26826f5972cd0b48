"""Keys of the environment: what must stand in no file that we write."""

import os
import re

LEAST_CHARS = 8
"""Anything shorter could be a word."""
_NAMED_LIKE_A_KEY = re.compile(r"(?:_KEY|_TOKEN|_SECRET|PASSWORD)$", re.IGNORECASE)


def environment_secrets() -> dict[str, str]:
    """The values of environment variables that are named like keys, each with what to call it."""
    return {
        value: f"the value of ${name}"
        for name, value in os.environ.items()
        if _NAMED_LIKE_A_KEY.search(name) and len(value) >= LEAST_CHARS
    }
