"""One question of the bundled web in full: its words, what proves it, how it is answered and how well it hides."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from .choosing import Option
from .clues import worded
from .questions import Constraint, Question, Web
from .routes import SHOWN, Need, shortest
from .searcher import plain_queries, search_for

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


def measured(web: Web, rng: random.Random, target: str, chosen: list[Option]) -> Question | None:
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
    sizes = sorted((not clue.indirect, len(members), at) for at, (clue, members) in enumerate(chosen))
    starts = {at for *_, at in sizes[:2]}
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
