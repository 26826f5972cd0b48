"""Which clues a question of the bundled web gives: such as together leave its answer alone."""

import random
from collections.abc import Iterable, Sequence

from .base import Demand, Facts, Value
from .clues import Clue, clues
from .difficulty import MOST_CONSTRAINTS, USUAL, Difficulty, within

Option = tuple[Clue, frozenset[str]]
"""A clue that could be given, and the candidates that it leaves."""
_USUAL_LENGTHS = (4, 4, 5, 5, 6)


def hops(demand: Demand) -> int:
    """Steps of the longer path of a demand."""
    return max(demand.path.count("."), demand.other.count(".")) + 1


def options(facts: Facts, kind: str, difficulty: Difficulty) -> list[Option]:
    """Clues about a kind that are as difficult as is wanted, with the candidates that each leaves alone."""
    most = len(facts.of_kind(kind)) * 0.5 if difficulty.candidates[1] is None else None
    return [
        (clue, members)
        for clue, members in members_of(facts, kind, clues(facts, kind))
        if within(difficulty.candidates, len(members))
        and (most is None or len(members) <= most)
        and within((1, difficulty.hops[1]), hops(clue.demand))
    ]


def members_of(facts: Facts, kind: str, given: Iterable[Clue]) -> list[Option]:
    """Clues with the entities that meet them; each path is walked once for all clues that take it."""
    ends: dict[str, dict[str, set[Value]]] = {}
    at: dict[str, dict[Value, set[str]]] = {}

    def walked(path: str) -> dict[str, set[Value]]:
        if path not in ends:
            ends[path] = {e.id: {value for value, _ in facts.walk(e.id, path)} for e in facts.of_kind(kind)}
        return ends[path]

    def by_value(path: str) -> dict[Value, set[str]]:
        if path not in at:
            at[path] = {}
            for entity, values in walked(path).items():
                for value in values:
                    at[path].setdefault(value, set()).add(entity)
        return at[path]

    def members(demand: Demand) -> frozenset[str]:
        if demand.test == "same":
            other = walked(demand.other)
            return frozenset(entity for entity, values in walked(demand.path).items() if values & other[entity])
        found = by_value(demand.path)
        if demand.test == "is":
            return frozenset(found.get(demand.value, ()))
        fit = [v for v in found if isinstance(v, int) and demand.low <= v <= demand.high]
        return frozenset(entity for value in fit for entity in found[value])

    return [(clue, members(clue.demand)) for clue in given]


def length(rng: random.Random, difficulty: Difficulty) -> int:
    """How many constraints a question is to have."""
    least, most = difficulty.constraints
    return rng.choice(_USUAL_LENGTHS if difficulty == USUAL else range(least, (most or MOST_CONSTRAINTS) + 1))


def choose(ordered: Sequence[Option], target: str, wanted: int, *, direct: int) -> list[Option] | None:
    """So many clues, the first that fit each other, at most `direct` of them direct, that leave the target alone."""
    chosen: list[Option] = []
    left: frozenset[str] | None = None
    for clue, members in ordered:
        if len(chosen) == wanted:
            break
        if any(_overlap(clue, other) for other, _ in chosen) or (not clue.indirect and _direct(chosen) >= direct):
            continue
        if left is not None and len(left) > 1 and left <= members:
            continue
        chosen.append((clue, members))
        left = members if left is None else left & members
    if len(chosen) != wanted or left != frozenset((target,)):
        return None
    return chosen


def longest(chosen: Sequence[Option]) -> int:
    """Steps of the longest path among the clues."""
    return max(hops(clue.demand) for clue, _ in chosen)


def _overlap(clue: Clue, other: Clue) -> bool:
    """Whether two clues ask the same thing, or use the same riddle."""
    same_value = clue.demand.test == "is" and (clue.demand.value == other.demand.value)
    return clue.demand.path == other.demand.path or same_value


def _direct(chosen: Sequence[Option]) -> int:
    return sum(not clue.indirect for clue, _ in chosen)
