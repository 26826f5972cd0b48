"""Questions about the bundled web: constraints that together have one answer, and how hard it is to find."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .base import Demand, Fact, Facts
from .ink import Line
from .pages import Sheet
from .rank import Ranking
from .routes import Step
from .searcher import Effort


@dataclass(frozen=True, slots=True)
class Constraint:
    """One thing the question demands. `proving` pairs a URL with the words on that page, verbatim."""

    text: str
    kind: Literal["exploration", "verification"]
    candidates_alone: int
    proving: tuple[tuple[str, str], ...]
    demand: Demand


@dataclass(frozen=True, slots=True)
class Question:
    """A question with all that is known about it. `bm25_ranks` says where the question's own text, as a query, finds
    each page that names the answer (1 is first): the best of three rankings, with the words that the corpus search
    would use, with every word, and with titles weighing no more than text. Pages it does not find are missing.
    `solution` is the shortest of somebody who knows which page to open next (world_routes), `effort` what the scripted
    searcher took, who does not (world_searcher).
    """

    id: str
    text: str
    tier: Literal["plain", "hard"]
    kind: str
    answer: str
    answer_id: str
    aliases: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    solution: tuple[Step, ...]
    effort: Effort
    bm25_ranks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Web:
    """The pages as question-making needs them."""

    facts: Facts
    texts: Mapping[str, str]
    lines: Mapping[str, Sequence[Line]]
    ranking: Ranking
    proofs: Mapping[Fact, Sequence[tuple[str, Line]]]
    links: Mapping[str, frozenset[str]]
    base: str
    untrue: Sequence[Fact]
    """What pages say that is wrong or out of date, as if it were a fact."""
    unmistakable: frozenset[str]
    """Entities that share their name with nothing else."""


def proofs_of(sheets: Sequence[Sheet]) -> dict[Fact, list[tuple[str, Line]]]:
    """For each fact, the paths and lines that state it."""
    found: dict[Fact, list[tuple[str, Line]]] = {}
    for sheet in sheets:
        for line in sheet.lines:
            for fact in line.facts:
                found.setdefault(fact, []).append((sheet.path, line))
    return found
