"""Amounts of what a budget counts, in whole units, so that sums are exact.

Money is in picodollars (1e-12 USD: the cheapest published token prices are whole numbers of them),
time in milliseconds, tokens and calls as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

PICO = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What one charge, or a sum of charges, comes to."""

    searches: int = 0
    browses: int = 0
    tokens_in: int = 0
    """Input tokens, the cached ones included."""
    tokens_out: int = 0
    """Output tokens, reasoning included."""
    tokens_cached: int = 0
    picousd: int = 0
    ms: int = 0
    model_calls: int = 0
    tools: Mapping[str, int] = field(default_factory=dict[str, int])
    """Calls of further tools, by name."""

    @property
    def tokens(self) -> int:
        """What a token limit counts: input plus output."""
        return self.tokens_in + self.tokens_out

    def __add__(self, other: "Amounts") -> "Amounts":
        return self._with(other, 1)

    def __sub__(self, other: "Amounts") -> "Amounts":
        return self._with(other, -1)

    def _with(self, other: "Amounts", sign: int) -> "Amounts":
        return Amounts(
            searches=self.searches + sign * other.searches,
            browses=self.browses + sign * other.browses,
            tokens_in=self.tokens_in + sign * other.tokens_in,
            tokens_out=self.tokens_out + sign * other.tokens_out,
            tokens_cached=self.tokens_cached + sign * other.tokens_cached,
            picousd=self.picousd + sign * other.picousd,
            ms=self.ms + sign * other.ms,
            model_calls=self.model_calls + sign * other.model_calls,
            tools=_sums(self.tools, other.tools, sign) if other.tools else self.tools,
        )

    def to_dict(self) -> dict[str, Any]:
        """The amounts that are not zero, as plain data."""
        found: dict[str, Any] = {name: value for name in NAMES if (value := getattr(self, name))}
        return found | ({"tools": dict(self.tools)} if self.tools else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Amounts":
        plain = {name: int(data.get(name, 0)) for name in NAMES}
        return cls(**plain, tools={str(name): int(calls) for name, calls in data.get("tools", {}).items()})


NAMES = ("searches", "browses", "tokens_in", "tokens_out", "tokens_cached", "picousd", "ms", "model_calls")
ZERO = Amounts()


def _sums(own: Mapping[str, int], other: Mapping[str, int], sign: int) -> dict[str, int]:
    sums = {name: own.get(name, 0) + sign * other.get(name, 0) for name in {**own, **other}}
    return {name: calls for name, calls in sums.items() if calls}


def to_picousd(usd: Decimal | float | int | str) -> int:
    """Dollars as whole picodollars, rounded up: a bound must never be rounded down."""
    exact = Decimal(str(usd)) * PICO
    whole = int(exact)
    return whole + 1 if exact > whole else whole


def to_usd(picousd: int) -> Decimal:
    """Picodollars as exact dollars."""
    return Decimal(picousd) / PICO
