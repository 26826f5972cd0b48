"""Limits as they stand on the command line: `--usd 0.10`, and several in one text, `searches=5,usd=0.05`."""

import re
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from ...tools.clean import one_line
from ...tools.errors import ConfigError
from .budget import FURTHER, Budget, check_tool_name, most

EXAMPLE = "such as searches=5,usd=0.05"

WANTED = {
    "searches": "a whole number",
    "browses": "a whole number",
    "tokens": "a whole number",
    "usd": "dollars, such as 0.10,",
    "seconds": "seconds",
    "model_calls": "a whole number",
}
"""The limits that can be given on the command line, and what each is given in."""
NAMES = {name: name for name in WANTED} | {
    "reads": "browses",
    "page reads": "browses",
    "model calls": "model_calls",
    "dollars": "usd",
    "time": "seconds",
}
"""What a limit may be called by somebody who has read a receipt, for hints."""
REFUSED = -1
FRACTIONS = ("usd", "seconds", "days")
WHOLE = re.compile(r"[0-9]+")
PLAIN = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")


def parse_limits(option: str, text: str) -> Budget:
    """Limits above 0 as `searches=5,usd=0.05,tools.NAME=3`. Raises ConfigError, one line for each mistake."""
    found: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, amount = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise ConfigError(f"{option} {text!r}: give NAME=AMOUNT, {EXAMPLE}")
        if name in found:
            raise ConfigError(f"{option} {text!r}: {name} is there twice")
        found[name] = _limit(option, name, amount)
    tools = {name.removeprefix(FURTHER): found.pop(name) for name in list(found) if name.startswith(FURTHER)}
    return Budget(**found, tools=tools)


def _limit(option: str, name: str, text: str) -> Any:
    if name.startswith(FURTHER):
        check_tool_name(name.removeprefix(FURTHER))
    elif name not in WANTED:
        near = get_close_matches(name, NAMES, n=1, cutoff=0.5)
        hint = f"did you mean {NAMES[near[0]]}?" if near else f"known are {', '.join(WANTED)} and tools.NAME"
        raise ConfigError(f"{option} has no limit named {name!r}: {hint}")
    value = amount_of(name, text, f"{option} {name}")
    if value <= 0:
        raise ConfigError(f"{option} {name}={text}: give {WANTED.get(name, 'a whole number').rstrip(',')}, more than 0")
    return value


def amount_of(name: str, text: str, told: str) -> int | float | Decimal:
    """The amount of a limit as it stands on the command line; REFUSED for what is no amount of 0 or more.

    Raises ConfigError, which calls it as `told`, for one that is too large to be counted.
    """
    if not (PLAIN if name in FRACTIONS else WHOLE).fullmatch(text):
        return REFUSED
    value = Decimal(text)
    if value > most(name):
        raise ConfigError(f"{told}: {one_line(text, 40)} is more than can be counted; give at most {most(name):,}")
    if name == "usd":
        return value
    return int(value) if value == int(value) else float(value)
