"""What the simulated model writes down: findings, checks and constraints, with words that it was really shown."""

from collections.abc import Iterable, Sequence
from typing import Any

from ..world.base import Fact
from ..world.questions import Question
from .mind import Candidate, Mind
from .notes import Notes

Json = dict[str, Any]
RECORDED_AT_ONCE = 2
"""Candidates about which something is recorded in one turn."""


SEEN_AT_ONCE = 6
"""Addresses that are noted in one turn, to be read later."""


def stated(question: Question) -> list[Json]:
    """The question's constraints as prompts ask for them."""
    return [{"text": item.text, "kind": item.kind} for item in question.constraints]


def new_findings(mind: Mind, notes: Notes, question: Question) -> list[Json]:
    """What is known of the most promising candidates and was not recorded yet; of a complete one that it answers."""
    found: list[Json] = []
    promising = [item for item in mind.candidates[:RECORDED_AT_ONCE] if len(item.met) >= 2]
    for item in promising:
        for number in item.met:
            found += _claim(mind, notes, item, number)
    final = mind.complete
    if final is not None and (final.name, "c0") not in notes.recorded:
        found.append(_finding(final.name, "c0", "satisfied", naming(notes, final)))
    return [*found, *_refuted(mind, notes, question)]


def checks(mind: Mind, notes: Notes, question: Question, name: str) -> list[Json]:
    """A check for every constraint that no page proves yet, as a verifier gives it."""
    ids = [mind.ids[at] or f"c{at + 1}" for at in range(len(question.constraints))]
    entity = next((item.id for item in notes.known.of_kind(question.kind) if item.name == name), "")
    candidate = next((item for item in mind.candidates if item.id == entity), Candidate(entity, name, (), ()))
    made: list[Json] = []
    if notes.cells.get((name, "c0")) != "proven by page":
        quotes = naming(notes, candidate) if entity else []
        made.append(_finding(name, "c0", "satisfied" if quotes else "unverifiable", quotes))
    for number, constraint in enumerate(ids):
        if notes.cells.get((name, constraint)) == "proven by page":
            continue
        used = mind.witness(entity, number)
        against = () if used else mind.refutation(entity, number) if entity else ()
        verdict = "satisfied" if used else "contradicted" if against else "unverifiable"
        made.append(
            _finding(name, constraint, verdict, quotes_of(notes, used or against), _inference(mind, used, number))
        )
    return [{key: value for key, value in item.items() if key != "candidate"} for item in made]


def quotes_of(notes: Notes, facts: Iterable[Fact]) -> list[Json]:
    """The words that state these facts, each once."""
    said = dict.fromkeys((notes.sources[fact].url, notes.sources[fact].quote) for fact in facts)
    return [{"url": url, "quote": words} for url, words in said]


def naming(notes: Notes, candidate: Candidate) -> list[Json]:
    """One sentence that names a candidate, of a page where there is one."""
    about = [said for fact, said in notes.sources.items() if candidate.id in (fact.subject, fact.value)]
    named = [said for said in about if candidate.name in said.quote]
    best = max(named, key=lambda said: said.telling, default=None)
    return [{"url": best.url, "quote": best.quote}] if best else []


def unread(mind: Mind, notes: Notes, candidate: Candidate) -> list[str]:
    """Pages that would prove what so far only search results say of a candidate."""
    facts = [fact for number in candidate.met for fact in mind.witness(candidate.id, number)]
    shown = [notes.sources[fact].url for fact in facts if not notes.sources[fact].on_page]
    return [url for url in dict.fromkeys([*notes.weak, *shown]) if url not in notes.opened]


def noted(mind: Mind, notes: Notes, most: int, *, fresh: bool = False) -> str:
    """Sentences worth keeping, with their addresses, in at most so many characters; `fresh`: not written down before.

    Worth keeping is what bears on the question: facts on the ways that its demands go, those of candidates first.
    """
    told = {words for words, _ in notes.own} if fresh else set[str]()
    best = {item.id for item in mind.candidates[:3]}
    found: dict[str, tuple[bool, str]] = {}
    for fact, said in notes.sources.items():
        if fact.relation in mind.relations and said.words not in told:
            near = fact.subject in best or str(fact.value) in best
            found[said.words] = (not near, said.url)
    lines: list[str] = []
    kept = [f'- "{words}" ({url})' for words, (_, url) in sorted(found.items(), key=lambda item: item[1][0])]
    for line in [*(f"- see {url}" for url in mind.wanted_pages()[:SEEN_AT_ONCE] if fresh), *kept]:
        most -= len(line) + 1
        if most < 0:
            break
        lines.append(line)
    return "\n".join(lines)


def _claim(mind: Mind, notes: Notes, item: Candidate, number: int) -> list[Json]:
    used = mind.witness(item.id, number)
    if not used or not mind.ids[number] or (item.name, mind.ids[number]) in notes.recorded:
        return []
    inference = _inference(mind, used, number)
    return [_finding(item.name, mind.ids[number], "satisfied", quotes_of(notes, used), inference)]


def _refuted(mind: Mind, notes: Notes, question: Question) -> list[Json]:
    """What speaks against candidates that were recorded before."""
    found: list[Json] = []
    names = {name for name, _ in notes.recorded}
    for entity in notes.known.of_kind(question.kind):
        for number, constraint in enumerate(mind.ids) if entity.name in names else ():
            against = mind.refutation(entity.id, number)
            if against and constraint and notes.cells.get((entity.name, constraint)) != "contradicted":
                found.append(_finding(entity.name, constraint, "contradicted", quotes_of(notes, against)))
    return found[:RECORDED_AT_ONCE]


def _inference(mind: Mind, used: Sequence[Fact], number: int) -> str:
    """Where a constraint says that two ways meet: the same name on both sides."""
    if not used or mind.tests[number] != "same":
        return ""
    name = mind.name_of(str(used[-1].value))
    return f"{name} = {name}"


def _finding(candidate: str, constraint: str, verdict: str, quotes: list[Json], inference: str = "") -> Json:
    made: Json = {"candidate": candidate, "constraint": constraint, "verdict": verdict, "quotes": quotes}
    return made | ({"inference": inference} if inference else {})
