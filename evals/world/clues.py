"""Clues of the bundled web: what a question can say about its answer, and the demand that it makes.

The sentences are in clues.md, in words that pages do not use; no entity is ever named.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .base import Demand, Facts, Value
from .text import lines, sections
from .vocab import VOCAB

_SETS = ("place", "somebody")
_ASKED = tuple(kind for kind in sections("clues") if kind not in (*_SETS, "wordings"))
_CHOICE = re.compile(r"<(\w+)>")
_TENS = ["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"]
_ORDINALS = "twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first"
_CENTURIES = {1100 + 100 * place: name for place, name in enumerate(_ORDINALS.split())}
_HUNDREDS = {1700: "seventeen", 1800: "eighteen", 1900: "nineteen", 2000: "twenty"}
_SEASONS = (
    (3, 5, "in spring"),
    (6, 8, "in high summer"),
    (9, 11, "when leaves turn"),
    (1, 4, "in the first third of the calendar"),
    (5, 8, "in the middle third of the calendar"),
    (9, 12, "in the last third of the calendar"),
)
_HEADS = (
    (0, 9_999, "fewer than ten thousand"),
    (10_000, 24_999, "at least ten but under twenty-five thousand"),
    (25_000, 39_999, "at least twenty-five but under forty thousand"),
    (25_000, 99_999, "twenty-five thousand or more"),
)


@dataclass(frozen=True, slots=True)
class Clue:
    """One sentence about entities of a kind, and the demand it makes."""

    kind: str
    text: str
    demand: Demand

    @property
    def indirect(self) -> bool:
        """Whether it leads through another entity."""
        return "." in self.demand.path or self.demand.test == "same"


def clues(facts: Facts, kind: str) -> Iterator[Clue]:
    """Every clue that can be given about some entity of the kind."""
    for path, text in _templates(kind):
        if "==" in path:
            left, right = (part.strip() for part in path.split("=="))
            yield Clue(kind, text, Demand(left, "same", other=right))
            continue
        relation = path.rpartition(".")[2].removeprefix("~")
        found: set[Value] = {value for entity in facts.of_kind(kind) for value, _ in facts.walk(entity.id, path)}
        if relation in VOCAB:
            for key, term in VOCAB[relation].items():
                if key in found:
                    yield Clue(kind, text.replace("{r}", term.riddle), Demand(path, "is", key))
        else:
            numbers = [value for value in found if isinstance(value, int)]
            for low, high, when in _spans(relation, min(numbers), max(numbers)) if numbers else ():
                yield Clue(kind, text.replace("{when}", when), Demand(path, "between", low=low, high=high))


def _templates(kind: str) -> Iterator[tuple[str, str]]:
    """Path and sentence of each clue, the lines of the sets filled in where the kind takes them up."""
    for line in lines("clues", kind):
        path, found, text = (part.strip() for part in line.partition("|"))
        if found:
            yield path, text
            continue
        stem, _, rest = (part.strip() for part in line.partition(":"))
        name, _, who = rest.partition(" ")
        for shared in lines("clues", name):
            tail, _, text = (part.strip() for part in shared.partition("|"))
            yield f"{stem}.{tail}", text.replace("{x}", who)


def kinds() -> list[str]:
    """The kinds that questions ask for."""
    return list(_ASKED)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def worded(clues_given: Sequence[Clue], first: int) -> list[str]:
    """The sentences of a question: each <name> takes its next wording; `first` says where to begin."""
    rows = (line.partition(":") for line in lines("clues", "wordings"))
    wordings = {name: [wording.strip() for wording in row.split("/")] for name, _, row in rows}
    turns: dict[str, int] = {}
    sentences: list[str] = []
    for clue in clues_given:
        text = clue.text
        for name in _CHOICE.findall(text):
            turns[name] = turns.get(name, first - 1) + 1
            text = text.replace(f"<{name}>", wordings[name][turns[name] % len(wordings[name])])
        sentences.append(_sentence(text))
    return sentences


def _spans(relation: str, least: int, most: int) -> list[tuple[int, int, str]]:
    if relation == "month":
        return list(_SEASONS)
    if relation == "people":
        return list(_HEADS)
    if relation == "charter":
        return [(c + 1, c + 100, f"in the {name} century") for c, name in _CENTURIES.items() if least <= c + 100]
    return list(_years(least, most))


def _years(least: int, most: int) -> Iterator[tuple[int, int, str]]:
    """Decades, pairs of decades and quarters of centuries, spelt out so that no numeral gives a page away."""
    for start in range(least // 10 * 10, most + 1, 10):
        century, place = start // 100 * 100, start % 100 // 10 - 2
        if place >= 0:
            yield start, start + 9, f"in the {_HUNDREDS[century]}-{_TENS[place]}"
        if place >= 0 and place < 7:
            yield start, start + 19, f"in the {_HUNDREDS[century]}-{_TENS[place]} or {_TENS[place + 1]}"
    for century in range(least // 100 * 100, most + 1, 100):
        for first, quarter in ((1, "first"), (26, "second"), (51, "third"), (76, "last")):
            span = century + first, century + first + 24
            yield *span, f"in the {quarter} quarter of the {_CENTURIES[century]} century"
