"""The runs of a sweep by what they have in common: each run once, in cells of one strategy with one budget."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ...agent.money.budget import Budget
from ...agent.money.limits import parse_limits
from ...tools.errors import ConfigError
from ..runs.runs_file import Json, Key, has_failed, key_of

SEPARATOR = " · "


class Way(NamedTuple):
    """How questions are answered: what is compared."""

    strategy: str
    model: str


@dataclass(slots=True)
class Cell:
    """The runs of one way with one budget. Those that failed are in `failed` alone: they say nothing of it."""

    way: Way
    budget: str
    runs: list[Json] = field(default_factory=list[Json])
    failed: list[Json] = field(default_factory=list[Json])

    @property
    def scored(self) -> list[Json]:
        """The runs whose answer is known to be right or wrong."""
        return [line for line in self.runs if line["correct"] is not None]

    def by_question(self) -> dict[str, list[Json]]:
        """The scored runs of each question."""
        found: dict[str, list[Json]] = defaultdict(list)
        for line in self.scored:
            found[line["id"]].append(line)
        return found


@dataclass(slots=True)
class Grid:
    """All cells of one suite, in the order of ways and budgets."""

    suite: str
    ways: list[Way]
    budgets: list[str]
    cells: dict[tuple[Way, str], Cell]

    def of(self, way: Way) -> list[Cell]:
        """The cells of a way, smaller budgets first."""
        return [cell for cell in self.cells.values() if cell.way == way]

    def name(self, way: Way) -> str:
        """What sets a way apart from the others: its strategy, its model where there are several, or both."""
        strategies, models = {one.strategy for one in self.ways}, {one.model for one in self.ways}
        if len(models) == 1:
            return way.strategy
        return way.model if len(strategies) == 1 else f"{way.strategy}{SEPARATOR}{way.model}"


def grids_of(lines: Iterable[Json]) -> list[Grid]:
    """The grids, a suite each. A run counts once, however often its line is there; one that failed until it did not."""
    found: dict[str, dict[tuple[Way, str], Cell]] = defaultdict(dict)
    for line in once(lines):
        way = Way(line["strategy"], line["model"])
        cell = found[line["suite"]].setdefault((way, line["budget"]), Cell(way, line["budget"]))
        (cell.failed if has_failed(line) else cell.runs).append(line)
    return [_grid(suite, cells) for suite, cells in sorted(found.items())]


def once(lines: Iterable[Json]) -> list[Json]:
    """Each run once, in the order of the lines: the first that ended well, else the last that failed."""
    kept: dict[Key, Json] = {}
    for line in lines:
        key = key_of(line)
        if key not in kept or has_failed(kept[key]):
            kept[key] = line
    return list(kept.values())


def limits_of(budget: str) -> Mapping[str, float]:
    """The limits that a budget's name stands for, in units of the spend; none for a name that says nothing."""
    try:
        found = Budget.of(int(budget)) if budget.isdecimal() else parse_limits("budget", budget)
    except ConfigError:
        return {}
    told = {name: limit for name, limit in found.to_dict().items() if name != "tools" and limit is not None}
    return {name: float(limit) for name, limit in told.items()}


def scale_of(budgets: Iterable[str]) -> dict[str, float]:
    """How large budgets are beside each other; empty where they limit different things, or several that differ."""
    limits = {budget: limits_of(budget) for budget in budgets}
    kinds = {frozenset(found) for found in limits.values()}
    if len(kinds) != 1 or any(len(set(found.values())) != 1 for found in limits.values()):
        return {}
    return {budget: next(iter(found.values())) for budget, found in limits.items()}


def _grid(suite: str, cells: Mapping[tuple[Way, str], Cell]) -> Grid:
    ways = sorted({way for way, _ in cells})
    budgets = sorted({budget for _, budget in cells}, key=_size)
    ordered = [(way, budget) for way in ways for budget in budgets if (way, budget) in cells]
    return Grid(suite, ways, budgets, {place: cells[place] for place in ordered})


def _size(budget: str) -> tuple[bool, int, float, str]:
    """Budgets that are numbers go by size, before the others; those by what they limit, then by how much."""
    limits = limits_of(budget)
    return not budget.isdecimal(), len(limits), sum(limits.values()), budget
