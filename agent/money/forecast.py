"""What the next steps of a run will cost, from its own steps so far."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .amounts import Amounts
from .budget import Remaining
from .charges import Charge


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the next model call will cost at the upper end, from the calls of this run so far."""

    model_call: Amounts

    def lacking(self, remaining: Remaining, *, model_calls: int, keep: Amounts) -> str:
        """The first limit into which so many more model calls, and what is kept back, do not fit; empty if all do."""
        wanted = {
            "tokens": self.model_call.tokens * model_calls + keep.tokens,
            "picousd": self.model_call.picousd * model_calls + keep.picousd,
            "ms": self.model_call.ms * model_calls + keep.ms,
            "model_calls": model_calls + keep.model_calls,
        }
        return next((resource for resource, amount in wanted.items() if not remaining.has(resource, amount)), "")


def forecast(charges: Iterable[Charge], *, least: Amounts) -> Forecast:
    """The dearest call of those that begin or check an attempt, and at least `least` (before any call was made).

    Decisions are about a next attempt, which starts with a short prompt again: what its predecessor's prompt had grown
    to says nothing about it.
    """
    begun: set[int] = set()
    found: list[Charge] = []
    for charge in charges:
        if charge.kind == "model" and charge.status == "settled":
            if charge.node != "searcher" or charge.attempt not in begun:
                found.append(charge)
            begun |= {charge.attempt} if charge.node == "searcher" else set()
    return Forecast(dearest_call(found, least=least))


def dearest_call(charges: Iterable[Charge], *, least: Amounts) -> Amounts:
    """The model call with most tokens, the most dollars and the longest time of any; at least `least`."""
    dearest, picousd, ms = least, least.picousd, least.ms
    for charge in charges:
        if charge.kind == "model" and charge.status == "settled":
            dearest = max(dearest, charge.amounts, key=lambda amounts: amounts.tokens)
            picousd, ms = max(picousd, charge.amounts.picousd), max(ms, charge.amounts.ms)
    return replace(dearest, picousd=picousd, ms=ms)
