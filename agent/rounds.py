"""How long what is left will last: an interval of rounds, from the run's own rounds so far.

A round is one call of the searcher's model with the searches, page reads and further tools that follow it. Interval
forecasts of an agent's cost are from arXiv 2606.00198; the rule is our own. The last rounds' smallest and largest cost
are taken as they are: if rounds were exchangeable, the next of them would fall between those of n rounds with
probability (n - 1) / (n + 1). But prompts grow, so the upper end also grows by what the last round cost more than the
one before it; and one round alone tells little, so it is widened to between half and twice its cost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .amounts import ZERO, Amounts
from .budget import Remaining, counted
from .charges import Charge

LAST = 6
"""Rounds that are looked at: what an early one cost says little about a late one."""
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
        left = max(0, (remaining.left(resource) or 0) - kept.get(resource, 0))
        least, most = interval([cost.get(resource, 0) for cost in past])
        if most:
            low[resource] = left // most
        if least:
            high[resource] = left // least
    if not low:
        return None
    binding = min(low, key=lambda resource: low[resource])
    fewest = low[binding]
    return Outlook(fewest, max(fewest, min(high.values())) if high else None, binding)


def interval(costs: Sequence[int]) -> tuple[int, int]:
    """Between what and what the next cost is expected, from the costs so far; at least one is needed."""
    if len(costs) == 1:
        return costs[0] // ALONE, costs[0] * ALONE
    return min(costs), max(costs) + max(0, costs[-1] - costs[-2])


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
