"""What the cells of a suite say together: fronts, curves, frontiers, and which differences are clear."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite
from statistics import fmean
from typing import Literal

from ..runs import compare
from ..runs.runs_file import Json
from ..statistics.costs import anytime_accuracy, cost_of_pass_frontier, pareto_front
from ..statistics.costs import cost_of_pass as _cost_of_pass
from ..statistics.paired import Difference, holm
from .cells import Cell, Grid, Way, scale_of
from .figures import Figures, figures_of, tokens, unified_usd

Place = tuple[Way, str]
"""A way and a budget."""
Unit = Literal["usd", "tokens"]
REPORT = "the report"
ALIKE = 0.9
"""Share of the questions that all have to have been asked."""


@dataclass(frozen=True, slots=True)
class Versus:
    """Two ways side by side, with one budget."""

    first: Way
    second: Way
    found: compare.Comparison
    right: Difference
    """Of the shares of right answers; its interval takes a while, and is worked out once."""


@dataclass(frozen=True, slots=True)
class Frontier:
    """For each question the least cost of pass among all ways and budgets, where these were all asked it."""

    questions: int
    solved: int
    """Questions that some way answers rightly; the others have no cost."""
    mean: float | None
    """Of the solved ones."""
    cheapest: Counter[Place]
    """For how many questions nothing is cheaper than this."""


@dataclass(frozen=True, slots=True)
class Study:
    """All that a report says of one suite."""

    grid: Grid
    figures: dict[Place, Figures]
    unit: Unit
    """What costs are told in: dollars, or tokens where there are no prices."""
    alike: bool
    """Whether all were asked much the same questions: else their shares of right answers say nothing of each other."""
    front_by_calls: list[Place]
    front_by_cost: list[Place]
    anytime: dict[Way, float]
    frontier: Frontier
    versus: list[Versus]


def study(grid: Grid) -> Study:
    """Work out everything that is said of a suite."""
    figures = {place: figures_of(cell) for place, cell in grid.cells.items()}
    unit = _unit(figures.values())
    alike = _alike([set(cell.by_question()) for cell in grid.cells.values() if cell.scored])
    compared = figures if alike else {}
    return Study(
        grid,
        figures,
        unit,
        alike,
        front_by_calls=_front(compared, lambda found: found["tool_calls"]),
        front_by_cost=_front(compared, lambda found: cost(found, unit)),
        anytime=_anytime(grid, figures),
        frontier=_frontier(grid, unit),
        versus=_versus(grid),
    )


def cost(found: Figures, unit: Unit) -> float | None:
    """What a run costs on average, in the unit of its study."""
    if unit == "usd":
        return found["unified_usd"]
    return None if found["tokens_in"] is None else found["tokens_in"] + found["tokens_out"]


def cost_of_pass(found: Figures, unit: Unit) -> float | None:
    """What a right answer costs, in the unit of its study."""
    return found["usd_of_pass" if unit == "usd" else "tokens_of_pass"]


def _unit(figures: Iterable[Figures]) -> Unit:
    """Dollars where every model has a price, else tokens: a price of nothing tells no two ways apart."""
    found = [one for one in figures if one["runs"]]
    return "usd" if found and all(one["usd"] for one in found) else "tokens"


def _front(figures: Mapping[Place, Figures], amount: Callable[[Figures], float | None]) -> list[Place]:
    points: dict[Place, tuple[float, float]] = {}
    for place, found in figures.items():
        spent = amount(found)
        if found["share"] is not None and spent is not None:
            points[place] = (spent, found["share"])
    return pareto_front(points)


def _alike(asked: Sequence[set[str]]) -> bool:
    """A few may be missing, as they failed or are still to be made."""
    if not asked:
        return True
    return len(set[str].intersection(*asked)) >= ALIKE * max(map(len, asked))


def _anytime(grid: Grid, figures: Mapping[Place, Figures]) -> dict[Way, float]:
    """The area under accuracy over budget of the ways that were run with all budgets; these have to be of one kind."""
    scale = scale_of(grid.budgets)
    if len(scale) < 2:
        return {}
    found: dict[Way, float] = {}
    for way in grid.ways:
        shares = {scale[budget]: figures[way, budget]["share"] for budget in grid.budgets if (way, budget) in figures}
        if len(shares) == len(scale) and None not in shares.values():
            found[way] = anytime_accuracy(shares)
    return found


def _frontier(grid: Grid, unit: Unit) -> Frontier:
    """Costs as they are told elsewhere; a question counts where every way has a scored run of it."""
    asked = {place: cell.by_question() for place, cell in grid.cells.items() if cell.scored}
    shared = sorted(set[str].intersection(*(set(found) for found in asked.values()))) if asked else []
    ways = [[_question(found[name], unit) for name in shared] for found in asked.values()]
    least = cost_of_pass_frontier(ways)
    costs = [one for one in least if isfinite(one)]
    cheapest: Counter[Place] = Counter()
    for place, pairs in zip(asked, ways, strict=True):
        own = [_cost_of_pass(*pair) for pair in pairs]
        cheapest[place] = sum(mine == best and isfinite(best) for mine, best in zip(own, least, strict=True))
    return Frontier(len(shared), len(costs), fmean(costs) if costs else None, cheapest)


def _question(runs: Sequence[Json], unit: Unit) -> tuple[float, float]:
    """Mean cost and accuracy of the runs of one question."""
    costs = [(unified_usd(line) or 0.0) if unit == "usd" else tokens(line) for line in runs]
    return fmean(costs), fmean(bool(line["correct"]) for line in runs)


def _versus(grid: Grid) -> list[Versus]:
    """Every two ways with each budget, the p-values as those of all these comparisons together."""
    ways = {way: _runs(grid.of(way), way) for way in grid.ways if any(cell.scored for cell in grid.of(way))}
    found = [
        Versus(first, second, comparison, comparison.right()[2])
        for first, second in combinations(ways, 2)
        if any(asked in ways[second].runs for asked in ways[first].runs)
        for comparison in compare.compare(ways[first], ways[second])
    ]
    found.sort(key=lambda one: grid.budgets.index(one.found.budget))
    for one, p in zip(found, holm([one.found.p for one in found]), strict=True):
        one.found.p_of_all = p
    return found


def _runs(cells: Sequence[Cell], way: Way) -> compare.Way:
    return compare.Way.of((line for cell in cells for line in cell.scored), way.strategy, REPORT)
