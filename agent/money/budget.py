"""The budget: the limits that a user sets, and how much of them is left."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from ...tools.errors import ConfigError
from ...tools.shapes import is_mapping
from .amounts import PICO, Amounts, to_usd

# What the ledger counts for each limit, in its own whole units; a further tool is counted as "tools.NAME".
RESOURCES = ("searches", "browses", "tokens", "picousd", "ms", "model_calls")
FURTHER = "tools."
# The same for people.
LABELS = {
    "searches": "searches",
    "browses": "page reads",
    "tokens": "tokens",
    "picousd": "dollars",
    "ms": "seconds",
    "model_calls": "model calls",
}
PUBLIC_NAMES = {"picousd": "usd", "ms": "seconds"}
TOOL_RESOURCES = ("searches", "browses")
TOOL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,47}")
MOST_USD = 10**6
MOST = 10**12
"""Larger limits cannot be counted exactly by every store, and are no limits any more."""
OWN_TOOLS = ("search", "browse", "record", "answer")


class Regime(StrEnum):
    """How much is left of the tightest finite resource (BATS, arXiv 2511.17006)."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    CRITICAL = "CRITICAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The limits of one question. `None` means no limit, 0 means none allowed.

    searches and browses are calls, tokens are input plus output of every model call, usd is dollars, seconds is
    wall-clock time, model_calls counts every request to a model, tools are calls of further tools by their names.
    Raises ConfigError on a value that cannot be a limit.
    """

    searches: int | None = None
    browses: int | None = None
    tokens: int | None = None
    usd: float | Decimal | str | None = None
    seconds: float | None = None
    model_calls: int | None = None
    tools: Mapping[str, int] = field(default_factory=dict[str, int])

    def __post_init__(self) -> None:
        for limit in fields(self):
            value: object = getattr(self, limit.name)
            if value is None:
                continue
            if limit.name == "usd":
                _check_amount(limit.name, _as_decimal(value))
            elif limit.name == "seconds":
                _check_amount(limit.name, value)
            elif limit.name == "tools":
                _check_tools(value)
            else:
                _check_calls(limit.name, value)

    @classmethod
    def of(cls, value: object) -> "Budget":
        """A budget from what `run_agent` accepts: a Budget, a dict of its fields, a number of calls, or None."""
        if value is None:
            return cls(searches=10, browses=10, seconds=300)
        if isinstance(value, Budget):
            return value
        if isinstance(value, bool):
            raise ConfigError(f"budget={value!r}: give a Budget, a dict of its fields, or a number of calls")
        if isinstance(value, int):
            return cls(searches=value, browses=value)
        if is_mapping(value):
            return cls._from_mapping(value)
        raise ConfigError(f"budget={value!r}: give a Budget, a dict of its fields, or a number of calls")

    @classmethod
    def _from_mapping(cls, value: Mapping[str, Any]) -> "Budget":
        known = [limit.name for limit in fields(cls)]
        for name in value:
            if name not in known:
                near = get_close_matches(str(name), known, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
                raise ConfigError(f"budget has no limit named {name!r}: {hint}")
        return cls(**value)

    def limits(self) -> dict[str, int]:
        """The finite limits in the ledger's units."""
        found: dict[str, int | None] = {
            "searches": self.searches,
            "browses": self.browses,
            "tokens": self.tokens,
            "picousd": None if self.usd is None else int(_as_decimal(self.usd) * PICO),
            "ms": None if self.seconds is None else int(self.seconds * 1000),
            "model_calls": self.model_calls,
        }
        found |= {FURTHER + name: calls for name, calls in self.tools.items()}
        return {name: value for name, value in found.items() if value is not None}

    def plus(self, more: "Budget") -> "Budget":
        """This budget with the limits of `more` added to its own. What has no limit here stays without one."""
        own, added = self.limits(), more.limits()
        return Budget.from_limits({name: limit + added.get(name, 0) for name, limit in own.items()})

    @classmethod
    def from_limits(cls, limits: Mapping[str, int]) -> "Budget":
        """The budget whose `limits()` are these."""
        usd = limits.get("picousd")
        ms = limits.get("ms")
        return cls(
            searches=limits.get("searches"),
            browses=limits.get("browses"),
            tokens=limits.get("tokens"),
            usd=None if usd is None else format(to_usd(usd).normalize(), "f"),
            seconds=None if ms is None else ms / 1000,
            model_calls=limits.get("model_calls"),
            tools={name.removeprefix(FURTHER): calls for name, calls in limits.items() if name.startswith(FURTHER)},
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data; dollars as text, so that they stay exact."""
        usd = None if self.usd is None else str(self.usd)
        return {
            "searches": self.searches,
            "browses": self.browses,
            "tokens": self.tokens,
            "usd": usd,
            "seconds": self.seconds,
            "model_calls": self.model_calls,
        } | ({"tools": dict(self.tools)} if self.tools else {})


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of each finite limit; held amounts count as gone."""

    limits: Mapping[str, int]
    gone: Mapping[str, int]

    def left(self, resource: str) -> int | None:
        """How much is left, never below 0; None when there is no limit."""
        limit = self.limits.get(resource)
        return None if limit is None else max(0, limit - self.gone.get(resource, 0))

    def has(self, resource: str, amount: int = 1) -> bool:
        left = self.left(resource)
        return left is None or left >= amount

    def share(self, resource: str) -> float:
        """The part of a finite limit that is left, 0 to 1; a limit of 0 has none."""
        limit = self.limits[resource]
        return (self.left(resource) or 0) / limit if limit else 0.0

    @property
    def tightest(self) -> str | None:
        """The finite resource with the smallest part left; limits of 0 are the user's own wish and left out.

        So are further tools: one that is used up does not end a search.
        """
        finite = [name for name in RESOURCES if self.limits.get(name)]
        return min(finite, key=self.share) if finite else None

    @property
    def regime(self) -> Regime:
        tightest = self.tightest
        if tightest is None:
            return Regime.HIGH
        if any(self.limits.get(name) and not self.left(name) for name in TOOL_RESOURCES):
            return Regime.CRITICAL
        return regime_of(self.share(tightest))

    def tools_left(self) -> bool:
        """Whether any search or page read is left at all."""
        return any(self.has(name) for name in TOOL_RESOURCES)


def regime_of(share: float) -> Regime:
    """The regime in which this part of a limit is left, 0 to 1."""
    if share < 0.30:
        return Regime.CRITICAL if share < 0.10 else Regime.LOW
    return Regime.MEDIUM if share < 0.70 else Regime.HIGH


def counted(amounts: Amounts) -> dict[str, int]:
    """Amounts by the names of the limits that they count against."""
    found = {
        "searches": amounts.searches,
        "browses": amounts.browses,
        "tokens": amounts.tokens,
        "picousd": amounts.picousd,
        "ms": amounts.ms,
        "model_calls": amounts.model_calls,
    }
    return found | {FURTHER + name: calls for name, calls in amounts.tools.items()} if amounts.tools else found


def label(resource: str) -> str:
    """A resource's name for people and models."""
    return LABELS.get(resource) or f"{resource.removeprefix(FURTHER)} calls"


def most(name: str) -> int:
    """The largest limit of a field of a budget."""
    return MOST_USD if name == "usd" else MOST


def ordered(limits: Mapping[str, int]) -> list[str]:
    """The limited resources in the order in which they are shown."""
    return [name for name in RESOURCES if name in limits] + sorted(name for name in limits if name not in RESOURCES)


def _as_decimal(value: object) -> Decimal:
    try:
        found = Decimal(str(value))
        return Decimal("nan") if found.is_nan() else found  # a signalling one raises wherever it is looked at
    except ArithmeticError:
        raise ConfigError(f"budget usd={value!r}: give an amount in dollars, such as 0.10") from None


def _check_amount(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value) or value < 0:
        raise ConfigError(f"budget {name}={value!r}: give a number of 0 or more, or None for no limit")
    _check_most(name, value)


def _check_calls(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigError(f"budget {name}={value!r}: give a whole number of 0 or more, or None for no limit")
    _check_most(name, value)


def _check_most(name: str, value: float | Decimal) -> None:
    if value > most(name):
        raise ConfigError(
            f"budget {name} is more than can be counted: give at most {most(name):,}, or None for no limit"
        )


def _check_tools(value: object) -> None:
    if not is_mapping(value):
        raise ConfigError(
            f"budget tools={value!r}: give the calls of each tool by its name, such as {{'translate': 3}}"
        )
    for name, calls in value.items():
        check_tool_name(name)
        _check_calls(f"tools[{name!r}]", calls)


def check_tool_name(name: object) -> None:
    """Raises ConfigError for a name that no further tool can have."""
    if not isinstance(name, str) or not TOOL_NAME.fullmatch(name) or name in OWN_TOOLS:
        raise ConfigError(
            f"a tool cannot be named {name!r}: give letters, digits, _ or -, and none of {', '.join(OWN_TOOLS)}"
        )
