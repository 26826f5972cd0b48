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
    """The dearest model call so far, and at least `least` (what a first call is expected to cost)."""
    dearest = least
    for charge in charges:
        if charge.kind == "model" and charge.status == "settled":
            amounts = charge.amounts
            dearest = replace(
                dearest,
                tokens_in=max(dearest.tokens_in, amounts.tokens_in),
                tokens_out=max(dearest.tokens_out, amounts.tokens_out),
                picousd=max(dearest.picousd, amounts.picousd),
                ms=max(dearest.ms, amounts.ms),
            )
    return Forecast(dearest)
