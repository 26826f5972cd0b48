"""Quality beside cost: what a right answer costs, what calls bring, and which ways are worth their price."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from math import inf
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


def cost_of_pass(cost: float, accuracy: float) -> float:
    """What a right answer costs on average: the mean cost of a run over the share of right ones; infinite without any.

    Cost-of-Pass (Erol et al. 2025, arXiv 2504.13359).

    >>> cost_of_pass(0.02, 0.5)
    0.04
    """
    return cost / accuracy if accuracy > 0 else inf


def e3(accuracy: float, tokens: float) -> float:
    """Accuracy in percent, squared, over the mean tokens of a run: rewards being right more than being brief.

    The E3 of Plan-and-Budget (Lin et al. 2025, arXiv 2505.16122). No tokens give 0.
    """
    return (100 * accuracy) ** 2 / tokens if tokens > 0 else 0.0


def tool_productivity(right: float, calls: float) -> float:
    """Right answers for each tool call, over all runs together; 0 without calls (OTC, Wang et al. 2025, 2504.14870)."""
    return right / calls if calls > 0 else 0.0


def anytime_accuracy(by_budget: Mapping[float, float]) -> float:
    """The mean height of the curve of accuracy over budget, with straight lines between the budgets that were run.

    1 for a way that is always right whatever the budget. One budget gives its accuracy. Raises ValueError for none.

    >>> anytime_accuracy({5: 0.25, 10: 0.75, 15: 0.75})
    0.625
    """
    if not by_budget:
        raise ValueError("there is no budget")
    points = sorted(by_budget.items())
    (first, height), (last, _) = points[0], points[-1]
    if first == last:
        return height
    area = sum((b - a) * (low + high) / 2 for (a, low), (b, high) in pairwise(points))
    return area / (last - first)


def pareto_front(points: Mapping[Name, tuple[float, float]]) -> list[Name]:
    """The names of the points (cost, accuracy) that no other beats, cheapest first: none is as cheap and more accurate,
    or as accurate and cheaper. Equal points are all there.
    """
    front: list[Name] = []
    for name, (cost, accuracy) in sorted(points.items(), key=lambda item: (item[1][0], -item[1][1])):
        if all(not _beats(other, (cost, accuracy)) for other in points.values()):
            front.append(name)
    return front


def cost_of_pass_frontier(ways: Iterable[Sequence[tuple[float, float]]]) -> list[float]:
    """For each question the least cost of pass among the ways, each a sequence of (mean cost, accuracy) by question.

    The frontier of Cost-of-Pass, section 2: infinite where no way is ever right. Raises ValueError for ways over
    different numbers of questions.
    """
    by_question = zip(*ways, strict=True)
    return [min(cost_of_pass(cost, accuracy) for cost, accuracy in found) for found in by_question]


def _beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] <= other[0] and one[1] >= other[1] and one != other
