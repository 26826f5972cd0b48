"""A scripted searcher of the bundled web: proof that a question can be answered by working, not by guessing.

It understands the question (it is given the demands), searches for the plain words behind each riddle, and learns what
the results show and what the pages that it reads say. It knows nothing else, not even which page proves what. From
things that fit a riddle it walks back to candidates, and it follows up whichever candidate fits best.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .base import Demand, Fact, Facts
from .gaps import Gaps
from .ink import Line
from .rank import Ranking
from .vocab import VOCAB

_HREF = re.compile(r'href="/([^"]*)"')
MOST = 10
"""Searches that the searcher may make, and pages that it may read."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What it took to find the answer and to see each constraint met."""

    searches: int
    reads: int


def search_for(
    facts: Facts, lines: Mapping[str, Sequence[Line]], ranking: Ranking, kind: str, demands: Sequence[Demand]
) -> Effort | None:
    """Look for the one thing of a kind that meets all demands; None when ten searches and ten reads did not do.

    `lines` are what stands on the page at each path; of `facts` only the names of things are used.
    """
    return _Searcher(facts, lines, ranking, kind, demands).run()


def plain_queries(demand: Demand) -> Iterator[str]:
    """What an attentive reader would type for a constraint: what is hinted at, alone and with what it is of."""
    steps = [step.removeprefix("~").replace("_", " ") for step in demand.path.split(".")]
    if demand.test == "is":
        term = VOCAB[steps[-1]][str(demand.value)].words
        yield term
        steps[-1] = term
        yield " ".join(steps[-2:])


class _Searcher:
    def __init__(
        self, facts: Facts, lines: Mapping[str, Sequence[Line]], ranking: Ranking, kind: str, demands: Sequence[Demand]
    ) -> None:
        self._all = facts
        self._lines = lines
        self._ranking = ranking
        self._kind = kind
        self._demands = demands
        self._known = facts.unsaid()
        self._gaps = Gaps(self._known, self._untried)
        self._learnt: set[Fact] = set()
        self._met: dict[str, None] = {}
        self._open: set[str] = set()
        self._read: set[str] = set()
        self._named: set[str] = set()
        self._searches = 0

    def run(self) -> Effort | None:
        for demand in self._demands:
            if demand.test == "is":
                self._search(next(plain_queries(demand)))
        while len(self._read) <= MOST and self._searches <= MOST:
            fits = self._rated()
            if any(fit == len(self._demands) for fit, _, _ in fits):
                return Effort(self._searches, len(self._read))
            wanted = self._next(fits)
            if wanted is None:
                return None
            self._look_up(wanted)
        return None

    def _search(self, query: str) -> None:
        self._searches += 1
        for found in self._ranking.search(query):
            self._open.add(found.path)
            self._meet(found.path[1:])
            for line in self._lines[found.path]:
                if line.text in found.snippet:
                    self._learn(line)

    def _look_up(self, entity: str) -> None:
        """Read an entity's page, after a search for its name where nothing has led to the page yet."""
        path = f"/{entity}"
        if path not in self._open:
            self._named.add(entity)
            self._search(self._all.entities[entity].name)
        if path in self._open:
            self._read_page(path)
        # A prize's own page leaves its winners to a list.
        if entity.startswith("prize/") and (winners := f"/lists/winners-{entity[6:]}") in self._open:
            self._read_page(winners)

    def _read_page(self, path: str) -> None:
        self._read.add(path)
        for line in self._lines[path]:
            self._learn(line)
            self._open.update(f"/{target}" for target in _HREF.findall(line.html))

    def _learn(self, line: Line) -> None:
        for fact in line.facts:
            if fact not in self._learnt:
                self._learnt.add(fact)
                self._known.tell(fact.subject, **{fact.relation: fact.value})
        for target in _HREF.findall(line.html):
            self._meet(target)

    def _meet(self, entity: str) -> None:
        if entity in self._all.entities:
            self._met.setdefault(entity)

    def _rated(self) -> list[tuple[int, str, list[str]]]:
        """Candidates that nothing speaks against: constraints met, id, and what to look up for the others."""
        rated: list[tuple[int, str, list[str]]] = []
        for candidate in self._met:
            if not candidate.startswith(f"{self._kind}/"):
                continue
            waiting = self._waiting(candidate)
            if waiting is not None:
                rated.append((len(self._demands) - len(waiting), candidate, waiting))
        return sorted(rated, key=lambda row: (-row[0], row[1]))

    def _waiting(self, candidate: str) -> list[str] | None:
        """What to look up for each constraint not known to be met; None once one of them cannot be."""
        waiting: list[str] = []
        for demand in self._demands:
            entity = self._judge(candidate, demand)
            if entity is None:
                return None
            if entity:
                waiting.append(entity)
        return waiting

    def _judge(self, candidate: str, demand: Demand) -> str | None:
        """ "" if the demand is met by what is known, an entity to look up if that may tell, None if it is not met."""
        if demand.holds(self._known, candidate):
            return ""
        return self._gaps.first(candidate, demand)

    def _next(self, fits: Sequence[tuple[int, str, list[str]]]) -> str | None:
        """What to look up: for a candidate that meets two constraints or more, else on the way to new candidates."""
        for fit, _, waiting in fits:
            if fit >= 2 and waiting:
                return waiting[0]
        ways = [*self._gaps.before(self._demands), *(waiting for _, _, waiting in fits)]
        return next((found[0] for found in ways if found), None)

    def _untried(self, entity: str) -> bool:
        return entity in self._all.entities and f"/{entity}" not in self._read and entity not in self._named
