"""A fictional web, made from a seed: linked pages with all the untidiness of real ones, and questions about them.

The facts come first; pages and questions are made from them, so that the one answer of each question is proven, and
so are the pages that show it. The same seed, size and version give the same bytes everywhere.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ...tools.errors import ConfigError
from .asking import make_questions
from .base import Fact, Facts
from .difficulty import USUAL, Difficulty
from .facts import make_lives_and_places
from .html import frame
from .ink import Ink, Line
from .lists import front, list_sheets
from .pages import Sheet, entity_sheets
from .questions import Constraint, Question, Web, proofs_of
from .rank import Ranking
from .routes import Step
from .searcher import Effort
from .side import Untruth, side_sheets
from .works import make_works

__all__ = [
    "BASE",
    "QUESTIONS",
    "SEED",
    "Constraint",
    "Effort",
    "Question",
    "Step",
    "World",
    "WorldPage",
    "make_world",
    "move_world",
    "questions_jsonl",
    "write_corpus",
]

SEED = 20
"""The world that Spadework's own measurements are made in."""
PAGES = 300
QUESTIONS = 16
"""Questions of each tier that a world tries to have."""
_LEAST_PAGES, _MOST_PAGES = 200, 20_000
BASE = "http://127.0.0.1:8931"
"""Where the pages are served, unless told otherwise; recordings hold these addresses."""
_HREF = re.compile(r'href="(/[^"]*)"')


@dataclass(frozen=True, slots=True)
class WorldPage:
    """A page as it is served, and its content as plain text. `date` is the day it says it was last changed."""

    path: str
    url: str
    title: str
    html: str
    text: str
    date: str
    lines: tuple[Line, ...]
    """The sentences, items and rows of the text, with the true facts that each states."""


@dataclass(frozen=True, slots=True)
class World:
    """Pages, questions, and the facts that they are made from."""

    seed: int
    base: str
    pages: tuple[WorldPage, ...]
    questions: tuple[Question, ...]
    facts: Facts
    proofs: Mapping[Fact, Sequence[tuple[str, Line]]]
    """For each fact, the paths and lines that state it."""
    untruths: tuple[Untruth, ...]
    """What pages say that is wrong or out of date; no constraint rests on it."""
    _at: Mapping[str, WorldPage] = field(init=False, repr=False, compare=False)
    _asked: Mapping[str, Question] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_at", {page.path: page for page in self.pages})
        object.__setattr__(self, "_asked", {question.id: question for question in self.questions})

    def page(self, path: str) -> WorldPage | None:
        """The page at a path, such as "/ship/grey-heron"."""
        return self._at.get(path)

    def question(self, number: str) -> Question:
        """The question of an id, such as "hard-01". Raises KeyError if there is none."""
        return self._asked[number]


def check_pages(pages: int) -> None:
    """Raises ConfigError for a size that no world has."""
    if not _LEAST_PAGES <= pages <= _MOST_PAGES:
        raise ConfigError(f"a world has {_LEAST_PAGES} to {_MOST_PAGES:,} pages, not {pages}")


def make_world(
    seed: int = SEED,
    pages: int = PAGES,
    base: str = BASE,
    *,
    questions: int = QUESTIONS,
    difficulty: Difficulty = USUAL,
    balance: bool = False,
) -> World:
    """The world of a seed, with at least so many pages; a second or two of work for 300, most of it for the questions.

    `questions` is how many of each tier are looked for; 0 makes the pages alone, which are the same with any number.
    With `balance` they are spread evenly over kinds, numbers of constraints and hops; a large world needs that to have
    many. Raises ConfigError when `pages` is outside 200 to 20,000, the base is not an http address, or the difficulty
    is one that this world does not have.
    """
    check_pages(pages)
    if not re.fullmatch(r"https?://[^/\s]+", base):
        raise ConfigError(f"the base of a world is a scheme, host and port such as {BASE}, not {base!r}")
    draft = make_lives_and_places(seed, pages)
    make_works(draft)
    ink = Ink(draft.facts, draft.rng)
    sheets = [*entity_sheets(ink), *list_sheets(ink)]
    sides, untruths = side_sheets(ink, pages - len(sheets), difficulty)
    sheets.extend(sides)
    sheets.insert(0, front([sheet for sheet in sheets if sheet.site == "lists"]))
    made = tuple(_page(sheet, draft.rng, sheets, base) for sheet in sheets)
    proofs = proofs_of(sheets)
    ranking = Ranking((page.path, page.title, page.text) for page in made)
    try:
        links = {sheet.path: _links(sheet) for sheet in sheets}
        texts = {page.path: page.text for page in made}
        lines = {page.path: page.lines for page in made}
        untrue = tuple(untruth.truth._replace(value=untruth.said) for untruth in untruths)
        web = Web(draft.facts, texts, lines, ranking, proofs, links, base, untrue, _unmistakable(draft.facts))
        asked = tuple(make_questions(web, draft.rng, questions, difficulty, balance=balance))
    finally:
        ranking.close()
    return World(seed, base, made, asked, draft.facts, proofs, tuple(untruths))


def _page(sheet: Sheet, rng: random.Random, others: list[Sheet], base: str) -> WorldPage:
    html = frame(sheet, rng, others)
    return WorldPage(sheet.path, base + sheet.path, sheet.title, html, sheet.text, sheet.day, tuple(sheet.lines))


def _unmistakable(facts: Facts) -> frozenset[str]:
    names = Counter(entity.name for entity in facts.entities.values())
    return frozenset(entity.id for entity in facts.entities.values() if names[entity.name] == 1)


def _links(sheet: Sheet) -> frozenset[str]:
    """Paths that the page's own content links to; what the frame around it links to is left out."""
    return frozenset(path for line in sheet.lines for path in _HREF.findall(line.html))


def move_world(world: World, base: str) -> World:
    """The same world at another address, as when it is served on whatever port is free."""

    def moved(url: str) -> str:
        return base + url.removeprefix(world.base)

    def question(old: Question) -> Question:
        constraints = tuple(
            replace(item, proving=tuple((moved(url), words) for url, words in item.proving)) for item in old.constraints
        )
        solution = tuple(replace(s, what=moved(s.what)) if s.call == "read" else s for s in old.solution)
        ranks = {moved(url): rank for url, rank in old.bm25_ranks.items()}
        return replace(old, constraints=constraints, solution=solution, bm25_ranks=ranks)

    pages = tuple(replace(page, url=moved(page.url)) for page in world.pages)
    return replace(world, base=base, pages=pages, questions=tuple(question(old) for old in world.questions))


def write_corpus(world: World, path: str | Path) -> None:
    """Write the pages as JSON lines of title, text, url and date, for `--search corpus:FILE`."""
    rows = [{"title": page.title, "text": page.text, "url": page.url, "date": page.date} for page in world.pages]
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def questions_jsonl(world: World) -> str:
    """The questions as JSON lines, with their constraints, proofs, ranks and solutions."""
    return "".join(json.dumps(asdict(question)) + "\n" for question in world.questions)
