"""Sentences and rows of the bundled web: text, HTML and the facts they state, kept together from the start.

Whatever a line states is noted while it is written, so that every fact can be traced to the words that prove it.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from string import Formatter
from typing import Literal

from .base import Fact, Facts, Value
from .names import MONTHS
from .text import sections
from .vocab import VOCAB

PRONOUNS = {
    "w": {"they": "she", "their": "her", "them": "her", "theirs": "hers", "They": "She", "Their": "Her"},
    "m": {"they": "he", "their": "his", "them": "him", "theirs": "his", "They": "He", "Their": "His"},
}
_PLAIN = frozenset({"name", *PRONOUNS["w"]})
_SENTENCE_END = re.compile(r"(?<=[.!?]) ")


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, list item or table row as a reader sees it, as HTML, and the true facts it states."""

    text: str
    html: str
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page's content. The first line of a table is its head."""

    kind: Literal["p", "h2", "ul", "table"]
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return (" " if self.kind == "p" else "\n").join(line.text for line in self.lines)

    @property
    def html(self) -> str:
        inner = [line.html for line in self.lines]
        if self.kind == "ul":
            return "<ul>" + "".join(f"<li>{line}</li>" for line in inner) + "</ul>"
        if self.kind == "table":
            head = inner[0].replace("<td>", "<th>").replace("</td>", "</th>")
            body = "".join(f"<tr>{row}</tr>\n" for row in inner[1:])
            return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
        return f"<{self.kind}>{' '.join(inner)}</{self.kind}>"


def plain(text: str) -> Line:
    """A line that states no fact."""
    return Line(text, escape(text, quote=False))


@dataclass(frozen=True, slots=True)
class Prose:
    """The ways to speak of one kind: groups of equivalent phrasings, and remarks that state nothing."""

    groups: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...]


@cache
def prose_of(kind: str) -> Prose:
    parts = [tuple(part.strip().splitlines()) for part in sections("prose")[kind].split("\n\n")]
    remarks = tuple(line[2:] for part in parts for line in part if line.startswith("* "))
    return Prose(tuple(part for part in parts if not part[0].startswith("* ")), remarks)


def slots(template: str) -> list[str]:
    """The relations that a phrasing names, in its order."""
    return [name for _, name, _, _ in Formatter().parse(template) if name and name not in _PLAIN]


class Ink:
    """Writes lines from phrasings and facts."""

    def __init__(self, facts: Facts, rng: random.Random) -> None:
        self.facts = facts
        self.rng = rng

    def linked(self, entity_id: str, words: str = "") -> Line:
        """A link to an entity's page; a namesake is called by its full title, so that it can be told apart."""
        text = words or self.facts.entities[entity_id].title
        return Line(text, f'<a href="/{entity_id}">{escape(text, quote=False)}</a>')

    def word(self, relation: str, value: Value) -> Line:
        """A value as a page writes it: a link, a month, a number with its comma, or a term in one of its phrasings."""
        if isinstance(value, int):
            if relation == "month":
                return plain(MONTHS[value - 1])
            return plain(f"{value:,}" if relation == "people" else str(value))
        if relation in VOCAB:
            return plain(self.rng.choice(VOCAB[relation][value].page))
        return self.linked(value)

    def tell(self, subject: str, template: str) -> list[Line]:
        """The sentences of a phrasing, each with the facts it states."""
        entity = self.facts.entities[subject]
        common = {"name": plain(entity.name)}
        if entity.kind == "person":
            sex = PRONOUNS[str(self.facts.one(subject, "sex"))]
            common |= {key: plain(value) for key, value in sex.items()}
        lines: list[Line] = []
        for sentence in _SENTENCE_END.split(template):
            filled, used = dict(common), list[Fact]()
            for slot in slots(sentence):
                filled[slot] = self._fill(subject, slot, used)
            text = sentence.format(**{key: line.text for key, line in filled.items()})
            html = sentence.format(**{key: line.html for key, line in filled.items()})
            lines.append(Line(text[0].upper() + text[1:], _upper(html), tuple(used)))
        return lines

    def _fill(self, subject: str, slot: str, used: list[Fact]) -> Line:
        if not slot.startswith("all_"):
            fact = self.facts.about(subject, slot)[0]
            used.append(fact)
            return self.word(slot, fact.value)
        found = self.facts.about(subject, f"~{slot[4:]}")
        used.extend(found)
        return listed([self._award(f.subject, used) if slot == "all_winner" else self.linked(f.subject) for f in found])

    def _award(self, award: str, used: list[Fact]) -> Line:
        """ "Osk Medal (1871)": an award has no page, so its prize stands for it."""
        facts = [*self.facts.about(award, "prize"), *self.facts.about(award, "year")]
        used.extend(facts)
        prize = self.linked(str(facts[0].value))
        return Line(f"{prize.text} ({facts[1].value})", f"{prize.html} ({facts[1].value})")

    def can_tell(self, subject: str, template: str) -> bool:
        """Whether there are facts for all that the phrasing names."""
        return all(self.facts.about(subject, re.sub("^all_", "~", slot)) for slot in slots(template))

    def row(self, *cells: Line | str, facts: Sequence[Fact] = ()) -> Line:
        lines = [plain(cell) if isinstance(cell, str) else cell for cell in cells]
        html = "".join(f"<td>{line.html}</td>" for line in lines)
        return Line(" | ".join(line.text for line in lines), html, tuple(facts))

    def sentence(self, template: str, **parts: Line | str) -> Line:
        """A free sentence around links and words; it states no fact a question may rest on."""
        lines = {key: plain(part) if isinstance(part, str) else part for key, part in parts.items()}
        text = template.format(**{key: line.text for key, line in lines.items()})
        return Line(text, template.format(**{key: line.html for key, line in lines.items()}))


def _upper(html: str) -> str:
    """The first letter that is not inside a tag as a capital."""
    start = html.index(">") + 1 if html.startswith("<") else 0
    return html[:start] + html[start].upper() + html[start + 1 :]


def listed(lines: Sequence[Line]) -> Line:
    """ "A, B and C", linked."""

    def join(pick: Callable[[Line], str]) -> str:
        words = [pick(line) for line in lines]
        return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]

    return Line(join(lambda line: line.text), join(lambda line: line.html))
