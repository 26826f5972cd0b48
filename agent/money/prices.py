"""What model calls cost: a user's price table first, then genai-prices; models on this machine cost nothing."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ...tools.errors import ConfigError
from ...tools.shapes import is_mapping
from ..llm.wire import Usage
from .amounts import to_picousd

RATES = ("input", "output", "cached", "written")
"""Input from a cache or put into one costs as much as other input unless the table says otherwise."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Prices of one model in dollars for a million tokens: input, output, and input that is in a cache or put there."""

    input: Decimal
    output: Decimal
    cached: Decimal
    written: Decimal

    def picousd(self, usage: Usage) -> int:
        fresh = usage.tokens_in - usage.tokens_cached - usage.tokens_written
        total = fresh * self.input + usage.tokens_cached * self.cached + usage.tokens_written * self.written
        return to_picousd((total + usage.tokens_out * self.output) / 1_000_000)


@dataclass(frozen=True, slots=True)
class Prices:
    """Looks a price up by model name. `table` holds the user's own rates."""

    table: Mapping[str, Rate] = field(default_factory=dict[str, Rate])

    def picousd(self, model: str, usage: Usage, *, local: bool = False) -> int | None:
        """The price of a call in picodollars; None when nobody knows it. Never a guess of 0."""
        rate = self.table.get(model)
        if rate is not None:
            return rate.picousd(usage)
        return 0 if local else _public_price(model, usage)

    def bound(self, model: str, tokens_in: int, tokens_out: int, *, local: bool = False) -> int | None:
        """The most that a call of this size can cost, whatever part of its input is cached or put into a cache."""
        extremes = [
            Usage(tokens_in, tokens_out, cached, written)
            for cached, written in ((0, 0), (tokens_in, 0), (0, tokens_in))
        ]
        prices = [self.picousd(model, usage, local=local) for usage in extremes]
        return max((price for price in prices if price is not None), default=None)


def load_prices(path: str | Path | None) -> Prices:
    """Read a user's price table: TOML with one `[model."NAME"]` table a model, dollars for a million tokens.

    Raises ConfigError when the file cannot be read or a price is not a number of 0 or more.
    """
    if path is None:
        return Prices()
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"price table {path}: {error.strerror}; name a readable TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"price table {path} is not TOML: {error}") from None
    models = data.get("model", {})
    if not is_mapping(models):
        raise ConfigError(f'price table {path}: write one [model."NAME"] table for each model')
    return Prices({str(name): _rate(f"{path}, model {name}", entry) for name, entry in models.items()})


def missing_price(model: str) -> ConfigError:
    """The one line for a model whose price nobody knows while a dollar limit is set."""
    return ConfigError(
        f"no price is known for model {model!r}, so a dollar limit cannot be kept: add "
        f'[model."{model}"] with input = and output = (dollars for a million tokens) to the file in SPADEWORK_PRICES'
    )


def _rate(where: str, entry: Any) -> Rate:
    try:
        given = {key: Decimal(str(entry[key])) for key in RATES if key in entry}
        fresh = given["input"]
        rate = Rate(fresh, given["output"], given.get("cached", fresh), given.get("written", fresh))
    except (KeyError, TypeError, InvalidOperation):
        raise ConfigError(f"price table {where}: input and output must be dollars for a million tokens") from None
    if not all(value.is_finite() and value >= 0 for value in given.values()):
        raise ConfigError(f"price table {where}: a price must be 0 or more")
    return rate


def _public_price(model: str, usage: Usage) -> int | None:
    from genai_prices import Usage as PublicUsage
    from genai_prices import calc_price

    asked = PublicUsage(
        input_tokens=usage.tokens_in,
        cache_read_tokens=usage.tokens_cached,
        cache_write_tokens=usage.tokens_written,
        output_tokens=usage.tokens_out,
    )
    provider, _, name = model.rpartition("/")
    for provider_id, reference in ((None, model), (provider or None, name)):
        try:
            return to_picousd(calc_price(asked, reference, provider_id=provider_id).total_price)
        except LookupError:
            continue
    return None
