"""Questions about the bundled web: constraints that together have one answer, and how hard it is to find."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from .base import Demand, Fact, Facts, solve
from .clues import Clue, clues, kinds, worded
from .ink import Line
from .pages import Sheet
from .rank import Ranking
from .routes import SHOWN, Need, Step, shortest
from .searcher import Effort, plain_queries, search_for

Option = tuple[Clue, frozenset[str]]
"""A clue that could be given, and the candidates that it leaves."""
LEAST_ALONE = 5
"""Candidates that each constraint leaves when it stands alone."""
HARD_CALLS, HARD_RANK = 5, 20
"""A hard question takes so many calls, and its text finds no answer page among so many first results."""
_OPENINGS = {
    "ship": ("Which vessel do I mean?", "I am after the name of a vessel.", "Name the vessel."),
    "person": ("Who is it?", "I am trying to recall somebody.", "Which person fits all of this?"),
    "book": ("I once had a volume in my hands and forgot what it is called.", "Which work in print is meant?"),
    "building": ("There is a structure I should like to visit again.", "Which structure is this?"),
    "festival": ("A yearly gathering is wanted.", "Which recurring gathering do I have in mind?"),
    "painting": ("I saw a canvas years ago.", "Which canvas is this about?"),
    "town": ("Which place on the map is this?", "I passed through a place and lost the note of what it is called."),
}
_ENDINGS = ("What is it called?", "Under what name is it known?", "Give the name.")
_JOINS = ("Moreover, ", "Also, ", "As for the rest: ", "Then again, ", "One more thing: ", "I recall, too, that ")
_ENDINGS_PERSON = ("What is the full name?", "Give the full name.")


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


def proofs_of(sheets: Sequence[Sheet]) -> dict[Fact, list[tuple[str, Line]]]:
    """For each fact, the paths and lines that state it."""
    found: dict[Fact, list[tuple[str, Line]]] = {}
    for sheet in sheets:
        for line in sheet.lines:
            for fact in line.facts:
                found.setdefault(fact, []).append((sheet.path, line))
    return found


def make_questions(web: Web, rng: random.Random, each_tier: int) -> list[Question]:
    """As many questions of each tier as are wanted or can be found, hard ones first; no answer is asked for twice."""
    room = {(tier, kind): -(-each_tier // 5) for tier in ("hard", "plain") for kind in kinds()}
    found: dict[str, list[Question]] = {"hard": [], "plain": []}
    answers: set[str] = set()
    given = {kind: _members(web.facts, kind) for kind in kinds()}
    for kind in [kind for _ in range(each_tier * 10) for kind in kinds()]:
        if all(len(questions) >= each_tier for questions in found.values()):
            break
        if not room["hard", kind] + room["plain", kind]:
            continue
        question = _attempt(web, rng, kind, given[kind])
        if question is None or question.answer_id in answers or not room[question.tier, kind]:
            continue
        if len(found[question.tier]) < each_tier:
            room[question.tier, kind] -= 1
            answers.add(question.answer_id)
            found[question.tier].append(question)
    return [_numbered(q, f"{tier}-{n:02}") for tier in found for n, q in enumerate(found[tier], start=1)]


def _members(facts: Facts, kind: str) -> list[Option]:
    """Clues that leave at least five candidates and yet rule out half of all, with those candidates."""
    total = len(facts.of_kind(kind))
    found = [(clue, frozenset(solve(facts, kind, [clue.demand]))) for clue in clues(facts, kind)]
    return [(clue, members) for clue, members in found if LEAST_ALONE <= len(members) <= total * 0.5]


def _attempt(web: Web, rng: random.Random, kind: str, given: Sequence[Option]) -> Question | None:
    """One try at a question for a random answer."""
    target = rng.choice(web.facts.of_kind(kind))
    if any(other.name == target.name for other in web.facts.entities.values() if other.id != target.id):
        return None
    options = [(clue, members) for clue, members in given if target.id in members]
    chosen = _choose(rng, options, target.id)
    if chosen is None:
        return None
    return _measured(web, rng, target.id, chosen)


def _choose(rng: random.Random, options: list[Option], target: str) -> list[Option] | None:
    """Four to six clues, most of them indirect, that leave the target alone."""
    wanted = rng.choice((4, 4, 5, 5, 6))
    chosen: list[Option] = []
    left: frozenset[str] | None = None
    rng.shuffle(options)
    for clue, members in options:
        if len(chosen) == wanted:
            break
        if any(_overlap(clue, other) for other, _ in chosen) or (
            not clue.indirect and _direct(chosen) >= wanted // 2 - 1
        ):
            continue
        if left is not None and len(left) > 1 and left <= members:
            continue
        chosen.append((clue, members))
        left = members if left is None else left & members
    if len(chosen) != wanted or left != frozenset((target,)):
        return None
    return chosen


def _overlap(clue: Clue, other: Clue) -> bool:
    """Whether two clues ask the same thing, or use the same riddle."""
    same_value = clue.demand.test == "is" and (clue.demand.value == other.demand.value)
    return clue.demand.path == other.demand.path or same_value


def _direct(chosen: Sequence[Option]) -> int:
    return sum(not clue.indirect for clue, _ in chosen)


def _measured(web: Web, rng: random.Random, target: str, chosen: list[Option]) -> Question | None:
    """The question with its proofs, ranks, solution and tier; None if the scripted searcher cannot answer it."""
    entity = web.facts.entities[target]
    sentences = worded([clue for clue, _ in chosen], rng.randrange(6))
    endings = _ENDINGS_PERSON if entity.kind == "person" else _ENDINGS
    text = " ".join([rng.choice(_OPENINGS[entity.kind]), *_joined(rng, sentences), rng.choice(endings)])
    effort = search_for(web.facts, web.lines, web.ranking, entity.kind, [clue.demand for clue, _ in chosen])
    solution = shortest(_need(web, target, chosen, sentences)) if effort else None
    if effort is None or solution is None:
        return None
    ranks = _ranks(web, text, entity.name)
    least = min(len(solution), effort.searches + effort.reads)
    hidden = min(ranks.values(), default=HARD_RANK + 1) > HARD_RANK
    return Question(
        id="",
        text=text,
        tier="hard" if hidden and least >= HARD_CALLS else "plain",
        kind=entity.kind,
        answer=entity.name,
        answer_id=target,
        aliases=_aliases(entity.name, entity.title),
        constraints=_constraints(web, target, chosen, sentences),
        solution=tuple(replace(step, what=web.base + step.what) if step.call == "read" else step for step in solution),
        effort=effort,
        bm25_ranks={web.base + path: rank for path, rank in ranks.items()},
    )


def _joined(rng: random.Random, sentences: Sequence[str]) -> list[str]:
    """The sentences with a word of transition here and there, none of them twice."""
    joins = rng.sample([*_JOINS, *[""] * 7], len(sentences) - 1)
    rest = [
        join + (text[0].lower() + text[1:] if join else text) for join, text in zip(joins, sentences[1:], strict=True)
    ]
    return [sentences[0], *rest]


def _need(web: Web, target: str, chosen: Sequence[Option], sentences: Sequence[str]) -> Need:
    facts = [fact for clue, _ in chosen for fact in clue.demand.witness(web.facts, target) or ()]
    queries = list(sentences)
    for clue, _ in chosen:
        queries.extend(plain_queries(clue.demand))
    touched = {str(end) for fact in facts for end in (fact.subject, fact.value)} & web.facts.entities.keys()
    names = {key: web.facts.entities[key].name for key in sorted(touched)}
    return Need(
        proofs={fact: [path for path, _ in web.proofs[fact]] for fact in facts},
        queries={query: web.ranking.paths(query, SHOWN) for query in dict.fromkeys(queries)},
        named={key: (name, web.ranking.paths(name, SHOWN)) for key, name in names.items()},
        links=web.links,
    )


def _ranks(web: Web, text: str, name: str) -> dict[str, int]:
    """Where the question's text finds the pages that name the answer: the best place under any of three rankings."""
    naming = re.compile(rf"\b{re.escape(name)}\b")
    pages = {path for path, said in web.texts.items() if name in said and naming.search(said)}
    best: dict[str, int] = {}
    for ranked in (
        web.ranking.paths(text),
        web.ranking.paths(text, every_word=True),
        web.ranking.paths(text, every_word=True, title_weight=1.0),
    ):
        for rank, path in enumerate(ranked, start=1):
            if path in pages:
                best[path] = min(rank, best.get(path, rank))
    return best


def _constraints(web: Web, target: str, chosen: Sequence[Option], sentences: Sequence[str]) -> tuple[Constraint, ...]:
    # The two indirect clues with the fewest candidates are where a search would start; the others check.
    sizes = sorted((len(members), at) for at, (clue, members) in enumerate(chosen) if clue.indirect)
    starts = {at for _, at in sizes[:2]}
    made: list[Constraint] = []
    for at, (clue, members) in enumerate(chosen):
        used = clue.demand.witness(web.facts, target) or ()
        proving = [(web.base + path, line.text) for fact in used for path, line in web.proofs[fact]]
        kind = "exploration" if at in starts else "verification"
        made.append(Constraint(sentences[at], kind, len(members), tuple(dict.fromkeys(proving)), clue.demand))
    return tuple(made)


def _aliases(name: str, title: str) -> tuple[str, ...]:
    bare = re.sub(r"^(The|A|An) ", "", name)
    return tuple(dict.fromkeys(form for form in (bare, f"the {bare}", title) if form != name))


def _numbered(question: Question, number: str) -> Question:
    return replace(question, id=number)
