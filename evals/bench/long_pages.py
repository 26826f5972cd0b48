"""Long pages to choose passages from, each with the sentence that answers its goals: cases for passages.py.

A case begins with a real page of a web and what it proves. Text of other pages of the same web makes it long: first
passages that share names with the question, then whatever comes. Each page is the same for the same seed.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...tools.errors import ConfigError
from ...tools.reading.extract import extract_page
from ..world.base import Fact
from ..world.making import World, make_world

PLACES = ("start", "middle", "end", "section")
"""Where the page's own text stands: in one piece under the title, or as a section among sections of others."""
RIVALS = 0.3
"""Share of the padding that may come from pages which share names with the question."""
_MOST_KEYWORDS = 8
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_HEADING = re.compile(r"#+ ")
_NAME = re.compile(r"[A-Z][\w'-]{2,}")
_WORD = re.compile(r"[\w'.-]*\w")
_NOTE = re.compile(r" \([^)]*\)$")
_SMALL_WORDS = (
    "a an and are as at be been both by can could did do does for from had has have he her his how in into is it its "
    "of on or she than that the their them they this to was were what when where which who whom whose why will with"
)
_SMALL = frozenset(_SMALL_WORDS.split())


@dataclass(frozen=True, slots=True)
class Proof:
    """A page, the sentences on it that each state one fact of a question, and the goals that ask for it, by kind.

    `barred` are titles of other pages that state the same fact.
    """

    title: str
    text: str
    answers: tuple[str, ...]
    goals: tuple[tuple[str, str], ...]
    barred: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shelf:
    """The pages of a web that are mostly prose, as title and text without the title; and what all its pages prove."""

    name: str
    prose: dict[str, str]
    proofs: tuple[Proof, ...]


def hotpot_shelf(folder: Path, *, tuning: bool = False) -> Shelf:
    """The pages and proofs of a folder with `questions.jsonl` and `corpus.jsonl`: every second question, the others
    with `tuning`.

    The answering sentences are those that hold the answer; on a page without it, those that name the other supporting
    page. Questions answered by yes or no are left out: the data does not say which sentence answers them. Raises
    ConfigError where a file is missing or cannot be read.
    """
    try:
        rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
        asked = [json.loads(line) for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
        texts: dict[str, str] = {row["title"]: row["text"] for row in rows}
        proofs = [proof for item in asked[not tuning :: 2] for proof in _hotpot_proofs(item, texts)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{folder} holds no questions.jsonl and corpus.jsonl that can be read: {error}") from None
    return Shelf("hotpot", texts, tuple(proofs))


def _hotpot_proofs(item: dict[str, str], texts: dict[str, str]) -> Iterator[Proof]:
    question, answer = item["question"], item["answer"]
    titles = [title for title in item["supporting_titles"] if title in texts]
    if answer.lower() in ("yes", "no"):
        return
    for title in titles:
        others = [_NOTE.sub("", other) for other in titles if other != title]
        sentences = _SENTENCE_END.split(texts[title])
        found = _holding(sentences, [answer]) or _holding(sentences, others)
        if found:
            goals = ("question", question), ("keywords", keywords(question)), ("named", f"{title}: {question}")
            yield Proof(title, texts[title], tuple(found), goals)


def _holding(sentences: Sequence[str], words: Sequence[str]) -> list[str]:
    forms = [re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE) for word in words]
    return [sentence for sentence in sentences if any(form.search(sentence) for form in forms)]


def keywords(question: str) -> str:
    """What one would type for a question: its names and numbers, then its longest words, eight in all, in its order."""
    words = [word for word in _WORD.findall(question) if word.lower() not in _SMALL]
    weight = {word: (word[0].isupper() or word[0].isdigit(), len(word)) for word in words[::-1]}
    kept = sorted(weight, key=lambda word: weight[word], reverse=True)[:_MOST_KEYWORDS]
    return " ".join(dict.fromkeys(word for word in words if word in kept))


def world_shelf(seed: int) -> Shelf:
    """The pages and proofs of the bundled web of a seed: for each constraint, the pages that state a fact of its proof,
    and the sentences or rows there that state it, as a finding would quote them."""
    world = make_world(seed)
    pages = {page.path: extract_page(page.html, page.url).text for page in world.pages}
    titles = {page.path: page.title for page in world.pages}
    texts = {titles[path]: _untitled(text) for path, text in pages.items()}
    prose = {title: text for title, text in texts.items() if _is_prose(text)}
    return Shelf("bundled web", prose, tuple(_world_proofs(world, titles, texts)))


def _untitled(text: str) -> str:
    first, _, rest = text.partition("\n")
    return rest.lstrip("\n") if _HEADING.match(first) else text


def _is_prose(text: str) -> bool:
    """Whether less than half of it stands in lists and tables."""
    lines = [line for line in text.splitlines() if line]
    return sum(len(line) for line in lines if line.startswith("- ") or " | " in line) < len(text) / 2


def _world_proofs(world: World, titles: dict[str, str], texts: dict[str, str]) -> Iterator[Proof]:
    for question in world.questions:
        for constraint in question.constraints:
            for fact in constraint.demand.witness(world.facts, question.answer_id) or ():
                found: dict[str, list[str]] = {}
                for path, line in world.proofs[fact]:
                    found.setdefault(path, []).append(line.text)
                barred = frozenset(titles[path] for path in found)
                for path, answers in found.items():
                    said = constraint.text
                    named = f"{_opened_for(world, fact, path)}: {said}"
                    goals = ("constraint", said), ("question", question.text), ("named", named)
                    yield Proof(titles[path], texts[titles[path]], tuple(answers), goals, barred)


def _opened_for(world: World, fact: Fact, path: str) -> str:
    """The name that a page is opened for: what it is about if the fact is about that too, else the fact's subject."""
    own = path.removeprefix("/")
    ends = (own if own in fact else fact.subject, str(fact.value))
    return next(world.facts.entities[end].name for end in ends if end in world.facts.entities)


def lengthen(proof: Proof, prose: dict[str, str], *, words: int, place: str, chance: random.Random) -> str:
    """The page's text at a place among text of others, so that it comes to about so many words, if there are as many.

    Its title stands at the top; where its text is a section of its own, that stands under a heading with the title
    again, and so do the others under theirs.
    """
    headed = place == "section"
    own = _part(proof.title, proof.text, headed)
    parts: list[str] = []
    size = len(own.split())
    for title in _others(proof, prose, words, chance):
        if size >= words:
            break
        parts.append(_part(title, prose[title], headed))
        size += len(parts[-1].split())
    chance.shuffle(parts)
    at = {"start": 0, "middle": len(parts) // 2, "end": len(parts)}.get(place)
    parts.insert(chance.randint(0, len(parts)) if at is None else at, own)
    return "\n\n".join([f"# {proof.title}", *parts])


def _part(title: str, text: str, headed: bool) -> str:
    """A page as a part of a longer one: a section with its headings, or its paragraphs without any."""
    if headed:
        return f"## {title}\n\n{text.replace('## ', '### ')}"
    return "\n\n".join(part for part in text.split("\n\n") if not _HEADING.match(part))


def _others(proof: Proof, prose: dict[str, str], words: int, chance: random.Random) -> Iterator[str]:
    """Titles of other pages; first those that share most names with the page's title and goals, up to their share."""
    asked = " ".join([proof.title, *(goal for _, goal in proof.goals)])
    names = [name for name in dict.fromkeys(_NAME.findall(asked)) if name.lower() not in _SMALL]
    others = [title for title in prose if title != proof.title and title not in proof.barred]
    chance.shuffle(others)
    shared = {title: sum(name in prose[title] or name in title for name in names) for title in others}
    size = 0
    first: list[str] = []
    for title in sorted(others, key=lambda title: -shared[title]):
        size += len(prose[title].split())
        if not shared[title] or size > words * RIVALS:
            break
        first.append(title)
    yield from first
    yield from (title for title in others if title not in first)
