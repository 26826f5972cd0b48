"""How long what is left will last: an interval of rounds, from the run's own rounds so far.

A round is one call of the searcher's model with the searches, page reads and further tools that follow it. Interval
forecasts of an agent's cost are from arXiv 2606.00198; the rule is our own. If rounds were exchangeable, the next would
fall between the smallest and the largest cost of the last n with probability (n - 1) / (n + 1). But prompts grow: so
the upper end is the largest cost and the largest step from one round to the next, and with every further round it grows
as the last ones did on average. Many rounds are never all as cheap as the cheapest, so what is left lasts at most for
rounds halfway between that and their mean. One round alone is widened to between half and twice its cost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt

from .amounts import ZERO, Amounts
from .budget import Remaining, counted
from .charges import Charge

LAST = 6
"""Rounds that are looked at: what an early one cost says little about a late one."""
NEEDED = ("tokens", "picousd", "ms", "model_calls")
"""What every round takes. A round can do with fewer searches and page reads, and without further tools."""
ALONE = 2
"""How far a single round is widened either way."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many more rounds fit: at least `low`, at most `high` (None where nothing bounds it); `binding` ends first."""

    low: int
    high: int | None
    binding: str


def outlook(charges: Iterable[Charge], remaining: Remaining, keep: Amounts = ZERO) -> Outlook | None:
    """What is left, less what is kept back, in rounds like the last ones; None where nothing can be said yet."""
    past = rounds(charges)
    if not past or not remaining.limits:
        return None
    kept = counted(keep)
    low: dict[str, int] = {}
    high: dict[str, int] = {}
    for resource in remaining.limits:
        unspent = remaining.left(resource) or 0
        if not unspent and resource not in NEEDED:
            continue  # the next rounds do without it
        left = max(0, unspent - kept.get(resource, 0))
        costs = [cost.get(resource, 0) for cost in past]
        least, most = interval(costs)
        if most:
            low[resource] = _fitting(left, most, _growth(costs))
        if usual := (least + sum(costs) // len(costs)) // 2 if len(costs) > 1 else least:
            high[resource] = left // usual
    if not low:
        return None
    binding = min(low, key=lambda resource: low[resource])
    fewest = low[binding]
    return Outlook(fewest, max(fewest, min(high.values())) if high else None, binding)


def interval(costs: Sequence[int]) -> tuple[int, int]:
    """Between what and what the next cost is expected, from the costs so far; at least one is needed."""
    if len(costs) == 1:
        return costs[0] // ALONE, costs[0] * ALONE
    return min(costs), max(costs) + max(0, *(after - before for before, after in pairwise(costs)))


def _growth(costs: Sequence[int]) -> int:
    """By how much a round cost more than the one before it, on average; 0 where they do not grow."""
    return max(0, (costs[-1] - costs[0]) // (len(costs) - 1)) if len(costs) > 1 else 0


def _fitting(left: int, cost: int, growth: int) -> int:
    """How many rounds fit, of which the first takes `cost` and each further one `growth` more than that before it."""
    if not growth:
        return left // cost
    twice = 2 * cost - growth
    return (isqrt(twice * twice + 8 * growth * left) - twice) // (2 * growth)


def rounds(charges: Iterable[Charge], last: int = LAST) -> list[Mapping[str, int]]:
    """What each of the last rounds cost, by resource, the latest last. A call in flight counts with its hold."""
    found: list[list[Charge]] = []
    opened: list[Charge] = []
    for charge in reversed([charge for charge in charges if charge.kind != "clock" and charge.status != "released"]):
        if charge.node not in ("searcher", "act"):
            opened = []  # the calls of another node are no part of a round
            continue
        opened.append(charge)
        if charge.node == "searcher" and charge.id.endswith("/1"):
            found.append(opened)
            opened = []
            if len(found) == last:
                break
    return [_cost(calls) for calls in reversed(found)]


def _cost(calls: Sequence[Charge]) -> Mapping[str, int]:
    """The sum of a round's calls. Its tools run at once, so the slowest of them is the time that they take."""
    total = counted(sum((charge.amounts for charge in calls), ZERO))
    thinking = sum(charge.amounts.ms for charge in calls if charge.kind == "model")
    return total | {"ms": thinking + max((c.amounts.ms for c in calls if c.kind != "model"), default=0)}
