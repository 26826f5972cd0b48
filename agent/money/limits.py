"""Limits as they stand on the command line: `--usd 0.10`, and several in one text, `searches=5,usd=0.05`."""

import re
from collections.abc import Callable, Mapping
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
    found: dict[str, Any] = {name: _limit(option, name, amount) for name, amount in pairs(option, text).items()}
    tools = {name.removeprefix(FURTHER): found.pop(name) for name in list(found) if name.startswith(FURTHER)}
    return Budget(**found, tools=tools)


def with_limits(budget: Budget, given: Mapping[str, str], told: Callable[[str], str]) -> Budget:
    """A budget with the limits that are given as text in the place of its own; `none` lifts one.

    Raises ConfigError, which calls a limit as `told` does, for one that is not known or no amount of 0 or more.
    """
    limits: dict[str, object] = dict(budget.to_dict())
    for name, text in given.items():
        if name not in WANTED:
            raise ConfigError(f"{told(name)}: there is no such limit: {_nearest(name)}")
        value = None if text.strip().lower() == "none" else amount_of(name, text.strip(), told(name))
        if value == REFUSED:
            raise ConfigError(f"{told(name)} {_shown(text)}: give {WANTED[name]} of 0 or more, or none for no limit")
        limits[name] = value
    return Budget.of(limits)


def calls_of(text: str, told: str) -> int:
    """A number of searches, and of as many page reads. Raises ConfigError, which calls it as `told`."""
    calls = amount_of("searches", text.strip(), told)
    if calls == REFUSED:
        raise ConfigError(f"{told} {_shown(text)}: give a whole number of 0 or more")
    return int(calls)


def _shown(text: str) -> str:
    """What was given, as an error repeats it: somebody may have pasted a page."""
    return repr(one_line(text, 60))


def pairs(option: str, text: str) -> dict[str, str]:
    """`NAME=AMOUNT,NAME=AMOUNT` as names and amounts, which are not looked at. Raises ConfigError."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, amount = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise ConfigError(f"{option} {_shown(text)}: give NAME=AMOUNT, {EXAMPLE}")
        if name in found:
            raise ConfigError(f"{option} {_shown(text)}: {name} is there twice")
        found[name] = amount
    return found


def _nearest(name: str, more: str = "") -> str:
    near = get_close_matches(name, NAMES, n=1, cutoff=0.5)
    return f"did you mean {NAMES[near[0]]}?" if near else f"known are {', '.join(WANTED)}{more}"


def _limit(option: str, name: str, text: str) -> Any:
    if name.startswith(FURTHER):
        check_tool_name(name.removeprefix(FURTHER))
    elif name not in WANTED:
        raise ConfigError(f"{option} has no limit named {name!r}: {_nearest(name, more=' and tools.NAME')}")
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
