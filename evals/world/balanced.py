"""Questions about the bundled web in even shares: of kinds, of numbers of constraints and of longest paths.

In a large world hardly any set of clues can be followed: a search shows ten pages of the hundreds that fit a riddle. So
an answer is chosen from what the plain words of two of its clues lead to, and every question is still put to the
scripted searcher. Nor does anything else fit a question for somebody who believes whatever untruths they read.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Generic, TypeVar

from .base import Facts
from .choosing import Option, choose, hops, longest, members_of, options
from .clues import Clue, kinds
from .difficulty import MOST_CONSTRAINTS, MOST_HOPS, USUAL, Difficulty, Tier
from .measuring import measured
from .questions import Question, Web
from .searcher import plain_queries

NEAR = 2
"""Clues of a question whose plain words lead to its answer."""
FEW = 10
"""From a page that a search shows, so many answers may be reached at most: more are not followed up."""
_PATIENCE = 150
"""Tries in vain after which something gives up one of its turns."""
_TRIES = 100
"""Tries for each question that is wanted."""

T = TypeVar("T")


class Turns(Generic[T]):
    """Whose turn it is: that of which the least was found. What is tried in vain for long gives up a turn."""

    def __init__(self, values: Iterable[T]) -> None:
        self._had: Counter[T] = Counter(dict.fromkeys(values, 0))
        self._vain: Counter[T] = Counter()

    def next(self) -> T:
        return min(self._had, key=self._had.__getitem__)

    def note(self, value: T, found: bool) -> None:
        """Say how a turn went."""
        self._vain[value] += 1
        if found or self._vain[value] == _PATIENCE:
            self._had[value] += 1
            self._vain[value] = 0


@dataclass(slots=True)
class _Pool:
    """What can be asked about one kind."""

    options: list[Option]
    believed: list[frozenset[str]]
    """For each option, the candidates that it leaves to somebody who believes everything."""
    near: dict[str, list[int]]
    """For each entity that may be asked for, the options whose plain words lead to it."""


class Maker:
    """Makes questions until there are as many as are wanted, or none is found for long."""

    def __init__(self, web: Web, rng: random.Random, each: Mapping[Tier, int], difficulty: Difficulty) -> None:
        self._web = web
        self._rng = rng
        self._each = each
        credulous = web.facts.with_too(web.untrue)
        pools = {kind: _pool(web, credulous, kind, difficulty) for kind in kinds()}
        self._pools = {kind: pool for kind, pool in pools.items() if pool.near}
        self._kinds = Turns(self._pools)
        lengths = range(difficulty.constraints[0], (difficulty.constraints[1] or MOST_CONSTRAINTS) + 1)
        self._shapes = Turns(product(lengths, _hops_wanted(difficulty)))
        self._found: dict[Tier, list[Question]] = {tier: [] for tier in each}
        self._share: Counter[tuple[Tier, str]] = Counter()
        self._extra = 0
        """By how much a kind may exceed its share, since others have no more to give."""

    def run(self) -> dict[Tier, list[Question]]:
        vain = 0
        for _ in range(sum(self._each.values()) * _TRIES):
            if not any(self._open(tier) for tier in self._each) or not any(p.near for p in self._pools.values()):
                break
            vain = 0 if self._try() else vain + 1
            if vain == _PATIENCE:
                self._extra, vain = self._extra + 1, 0
        return self._found

    def _open(self, tier: Tier) -> bool:
        return len(self._found[tier]) < self._each[tier]

    def _try(self) -> bool:
        kind, shape = self._kinds.next(), self._shapes.next()
        question = self._question(self._pools[kind], *shape)
        taken = question is not None and self._take(question)
        self._kinds.note(kind, taken)
        self._shapes.note(shape, taken)
        return taken

    def _take(self, question: Question) -> bool:
        cell = (question.tier, question.kind)
        share = -(-self._each[question.tier] // len(self._pools)) + self._extra
        if not self._open(question.tier) or self._share[cell] >= share:
            return False
        self._share[cell] += 1
        self._found[question.tier].append(question)
        del self._pools[question.kind].near[question.answer_id]
        return True

    def _question(self, pool: _Pool, length: int, steps: int) -> Question | None:
        """One try at a question with so many constraints, the longest of so many steps."""
        if not pool.near:
            return None
        target = self._rng.choice([*pool.near])
        ordered = self._ordered(pool, target, steps)
        direct = length if steps == 1 else length // 2 - 1
        given = choose([(pool.options[at][0], pool.believed[at]) for at in ordered], target, length, direct=direct)
        if given is None or longest(given) != steps:
            return None
        alone: dict[Clue, frozenset[str]] = {pool.options[at][0]: pool.options[at][1] for at in ordered}
        return measured(self._web, self._rng, target, [(clue, alone[clue]) for clue, _ in given])

    def _ordered(self, pool: _Pool, target: str, steps: int) -> list[int]:
        """The options in the order in which they are tried: near ones, one of the wanted length, narrow ones."""
        fit = [
            at for at, (clue, members) in enumerate(pool.options) if target in members and hops(clue.demand) <= steps
        ]
        near = [at for at in pool.near[target] if at in fit]
        self._rng.shuffle(near)
        first = near[:NEAR]
        exact = [at for at in fit if hops(pool.options[at][0].demand) == steps]
        if exact and not set(first) & set(exact):
            first.append(self._rng.choice(exact))
        rest = sorted(fit, key=lambda at: self._rng.expovariate(1 / len(pool.options[at][1])))
        return [*first, *(at for at in rest if at not in first)]


def _hops_wanted(difficulty: Difficulty) -> range:
    least, most = difficulty.hops
    # One step alone is asked for only on purpose: such questions are looked up, not worked out.
    return range(2 if difficulty.hops == USUAL.hops else least, (most or MOST_HOPS) + 1)


def _pool(web: Web, credulous: Facts, kind: str, difficulty: Difficulty) -> _Pool:
    given = options(web.facts, kind, difficulty)
    believed = members_of(credulous, kind, [clue for clue, _ in given])
    near = _near(web, given)
    targets = sorted(target for target, led in near.items() if len(led) >= NEAR and target in web.unmistakable)
    return _Pool(given, [members for _, members in believed], {target: near[target] for target in targets})


def _near(web: Web, given: Sequence[Option]) -> dict[str, list[int]]:
    """For each entity, the options whose plain words, as a query, show what leads to it and to few others."""
    found: dict[str, list[int]] = {}
    for at, (clue, members) in enumerate(given):
        if clue.demand.test != "is":
            continue
        shown = {hit.path[1:] for hit in web.ranking.search(next(plain_queries(clue.demand)))}
        led: dict[str, set[str]] = {}
        for entity in members:
            for value, used in web.facts.walk(entity, clue.demand.path):
                if value == clue.demand.value and used[-1].subject in shown:
                    led.setdefault(used[-1].subject, set()).add(entity)
        for entity in {entity for group in led.values() if len(group) <= FEW for entity in group}:
            found.setdefault(entity, []).append(at)
    return found
