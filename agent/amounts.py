"""Amounts of what a budget counts, in whole units, so that sums are exact.

Money is in picodollars (1e-12 USD: the cheapest published token prices are whole numbers of them),
time in milliseconds, tokens and calls as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

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

    @property
    def tokens(self) -> int:
        """What a token limit counts: input plus output."""
        return self.tokens_in + self.tokens_out

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            searches=self.searches + other.searches,
            browses=self.browses + other.browses,
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            tokens_cached=self.tokens_cached + other.tokens_cached,
            picousd=self.picousd + other.picousd,
            ms=self.ms + other.ms,
            model_calls=self.model_calls + other.model_calls,
        )

    def __sub__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            searches=self.searches - other.searches,
            browses=self.browses - other.browses,
            tokens_in=self.tokens_in - other.tokens_in,
            tokens_out=self.tokens_out - other.tokens_out,
            tokens_cached=self.tokens_cached - other.tokens_cached,
            picousd=self.picousd - other.picousd,
            ms=self.ms - other.ms,
            model_calls=self.model_calls - other.model_calls,
        )

    def to_dict(self) -> dict[str, int]:
        """The amounts that are not zero, as plain data."""
        return {name: value for name in NAMES if (value := getattr(self, name))}

    @classmethod
    def from_dict(cls, data: Mapping[str, int]) -> "Amounts":
        return cls(**{name: int(data.get(name, 0)) for name in NAMES})


NAMES = tuple(field.name for field in fields(Amounts))
ZERO = Amounts()


def to_picousd(usd: Decimal | float | int | str) -> int:
    """Dollars as whole picodollars, rounded up: a bound must never be rounded down."""
    exact = Decimal(str(usd)) * PICO
    whole = int(exact)
    return whole + 1 if exact > whole else whole


def to_usd(picousd: int) -> Decimal:
    """Picodollars as exact dollars."""
    return Decimal(picousd) / PICO
