"""What a scripted searcher thinks: which candidates fit what it was told, and what to look up next.

It understands the question, as world_searcher does: it is given the demands. All else comes from its notes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..world.base import Fact
from ..world.gaps import Gaps
from ..world.questions import Question
from ..world.searcher import plain_queries
from .notes import Notes

QUERIES_AT_ONCE = 2
PAGES_AGAIN = 5
"""Pages of an earlier attempt that are opened again at once."""


@dataclass(frozen=True, slots=True)
class Move:
    """The next step: queries to search for, pages to read, or neither."""

    queries: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that nothing known speaks against."""

    id: str
    name: str
    met: tuple[int, ...]
    """Numbers of the constraints that it is known to meet."""
    waiting: tuple[str, ...]
    """What to look up for the others."""


class Mind:
    """Thinks about one question, given the notes of one prompt. `order` is the order of the first queries."""

    def __init__(self, question: Question, notes: Notes, base: str, order: Sequence[int]) -> None:
        self._question = question
        self._notes = notes
        self._base = base
        self._order = order
        self._demands = [constraint.demand for constraint in question.constraints]
        ids = {text: name for name, text in notes.constraints.items()}
        self.ids = [ids.get(constraint.text, "") for constraint in question.constraints]
        """The id of each constraint in the prompt, empty where it is not stated there."""
        self.tests = [demand.test for demand in self._demands]
        ways = [way for demand in self._demands for way in (demand.path, demand.other or "")]
        self.relations = frozenset(step.lstrip("~") for way in ways for step in way.split(".") if step)
        """Relations on the ways that the demands go."""
        self._gaps = Gaps(notes.known, self._untried)
        self._met = self._all_met()
        self.candidates = self._rated()
        """The best first."""

    @property
    def complete(self) -> Candidate | None:
        """A candidate that meets every constraint."""
        best = self.candidates[0] if self.candidates else None
        return best if best and len(best.met) == len(self._demands) else None

    @property
    def best_name(self) -> str:
        """The best candidate, else anything of the kind that was seen, else nothing."""
        if self.candidates:
            return self.candidates[0].name
        named = (name for name in self._met if name.startswith(f"{self._question.kind}/"))
        return next((self._notes.known.entities[name].name for name in named), "")

    def name_of(self, entity: str) -> str:
        return self._notes.known.entities[entity].name

    def witness(self, candidate: str, number: int) -> tuple[Fact, ...]:
        """The facts by which a candidate meets a constraint; empty where that is not known."""
        return self._demands[number].witness(self._notes.known, candidate) or ()

    def refutation(self, candidate: str, number: int) -> tuple[Fact, ...]:
        """Facts that lead from a candidate to a value that a constraint does not allow; empty where none is known."""
        demand = self._demands[number]
        if demand.test == "same" or self._judge(candidate, number) is not None:
            return ()
        return next((used for _, used in self._notes.known.walk(candidate, demand.path)), ())

    def next_move(self) -> Move | None:
        """What to do next; None when nothing is left to try."""
        if self._notes.earlier and not self._notes.opened:
            return Move(urls=tuple(self._notes.earlier[-PAGES_AGAIN:]))
        promising = [waiting for item in self.candidates if len(item.met) >= 2 for waiting in item.waiting[:1]]
        first = self._untried_queries(0)
        if first:
            return Move(queries=tuple(first[:QUERIES_AT_ONCE]))
        others = [*self._gaps.before(self._demands), *([*item.waiting] for item in self.candidates)]
        for entity in [*promising, *(name for found in others for name in found)]:
            move = self._look_up(entity)
            if move is not None:
                return move
        others = self._untried_queries(1)
        return Move(queries=tuple(others[:1])) if others else None

    def wanted_pages(self) -> list[str]:
        """Pages still to be read whose addresses are known, and were not written down yet."""
        others = [*self._gaps.before(self._demands), *([*item.waiting] for item in self.candidates)]
        urls = dict.fromkeys(f"{self._base}/{name}" for found in others for name in found)
        noted = self._notes.seen
        return [url for url in urls if url in self._notes.urls and url not in self._notes.opened and url not in noted]

    def _untried_queries(self, wording: int) -> list[str]:
        """The constraints' own queries in one wording, as far as they were not made and can be."""
        if "search" in self._notes.refused:
            return []
        demands = (self._demands[number] for number in self._order)
        queries = [[*plain_queries(demand)][wording] for demand in demands if demand.test == "is"]
        return [query for query in dict.fromkeys(queries) if query not in self._notes.asked]

    def _look_up(self, entity: str) -> Move | None:
        """Read an entity's page, or search for its name where nothing has led to the page yet."""
        url = f"{self._base}/{entity}"
        # A prize's own page leaves its winners to a list.
        winners = f"{self._base}/lists/winners-{entity.removeprefix('prize/')}"
        wanted = [page for page in (url, winners) if page in self._notes.urls and page not in self._notes.opened]
        if wanted:
            return Move(urls=tuple(wanted)) if "browse" not in self._notes.refused else None
        name = self._notes.known.entities[entity].name
        tried = url in self._notes.opened or name in self._notes.asked or "search" in self._notes.refused
        return None if tried else Move(queries=(name,))

    def _all_met(self) -> dict[str, None]:
        """Things that were named or linked, in order."""
        known = self._notes.known
        met = [str(end) for fact in known.told for end in (fact.subject, fact.value)]
        met += [url.removeprefix(f"{self._base}/") for url in self._notes.urls]
        named = {name for name, _ in self._notes.cells}
        met += [item.id for item in known.of_kind(self._question.kind) if item.name in named]
        return dict.fromkeys(name for name in met if name in known.entities)

    def _rated(self) -> list[Candidate]:
        found: list[Candidate] = []
        for name in self._met:
            if not name.startswith(f"{self._question.kind}/"):
                continue
            judged = [self._judge(name, number) for number in range(len(self._demands))]
            if None not in judged:
                met = tuple(number for number, entity in enumerate(judged) if entity == "")
                waiting = tuple(entity for entity in judged if entity)
                found.append(Candidate(name, self._notes.known.entities[name].name, met, waiting))
        return sorted(found, key=lambda item: (-len(item.met), item.id))

    def _judge(self, candidate: str, number: int) -> str | None:
        """ "" if the constraint is met by what is known, an entity to look up if that may tell, None if it is not."""
        demand = self._demands[number]
        cell = self._notes.cells.get((self._notes.known.entities[candidate].name, self.ids[number]), "")
        if cell == "contradicted":
            return None
        if cell in ("proven by page", "weakly") or demand.holds(self._notes.known, candidate):
            return ""
        return self._gaps.first(candidate, demand)

    def _untried(self, entity: str) -> bool:
        """Whether its page was not read yet, and no search for its name failed to show the page."""
        if entity not in self._notes.known.entities:
            return False
        url = f"{self._base}/{entity}"
        failed = url not in self._notes.urls and self._notes.known.entities[entity].name in self._notes.asked
        return url not in self._notes.opened and not failed
