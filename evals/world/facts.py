"""Places and people of the bundled web. What people made stands in world_works."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from .base import Entity, Facts, Value
from .names import Names, slug
from .vocab import VOCAB

# How many of each kind a world of 300 pages has; other sizes keep the proportions. The rest are lists and side pages.
COUNTS = {
    "river": 8,
    "region": 6,
    "town": 26,
    "person": 84,
    "yard": 6,
    "publisher": 5,
    "ship": 34,
    "book": 26,
    "building": 22,
    "festival": 18,
    "painting": 18,
    "band": 8,
    "dish": 8,
    "prize": 7,
    "line": 5,
    "expedition": 8,
}

FEW_NAMES = 5000
"""Pages for which the first parts of names are enough."""

# Share of people in each calling, with the years between which they are born, so that works fit lives.
CALLINGS = {
    "shipwright": (7, 1795, 1835),
    "publisher": (6, 1800, 1840),
    "captain": (20, 1815, 1910),
    "author": (16, 1838, 1925),
    "architect": (11, 1805, 1915),
    "painter": (11, 1810, 1920),
    "musician": (7, 1850, 1930),
    "cook": (6, 1800, 1920),
    "engineer": (6, 1805, 1880),
    "explorer": (5, 1830, 1905),
    "benefactor": (5, 1800, 1850),
}


@dataclass(slots=True)
class Draft:
    """A world in the making: its facts, its one source of chance, and its names."""

    rng: random.Random
    names: Names
    scale: float
    facts: Facts = field(default_factory=Facts)
    _order: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    _born: dict[tuple[int, int], list[str]] = field(default_factory=dict[tuple[int, int], list[str]])

    def count(self, kind: str) -> int:
        most = 6 if kind == "region" else 14 * 3 if kind == "river" else 10**9
        return min(most, max(4, round(COUNTS[kind] * self.scale)))

    def ids(self, kind: str) -> list[str]:
        return [entity.id for entity in self.facts.of_kind(kind)]

    def add(self, kind: str, name: str, note: str = "") -> str:
        """Take in an entity; a second one of the same name gets its note into the address."""
        stem = f"{kind}/{slug(name)}"
        if stem not in self.facts.entities:
            return self.facts.add(Entity(stem, kind, name))
        while f"{stem}-{slug(note)}" in self.facts.entities:
            note += ", another"
        return self.facts.add(Entity(f"{stem}-{slug(note)}", kind, name, note))

    def term(self, vocabulary: str) -> str:
        """A term, some far more often than others: five of the same make a clue that does not give all away."""
        if vocabulary not in self._order:
            order = list(VOCAB[vocabulary])
            self.rng.shuffle(order)
            self._order[vocabulary] = order
        order = self._order[vocabulary]
        return self.rng.choices(order, [1 / (place + 2) for place in range(len(order))])[0]

    def pick(self, ids: Sequence[str]) -> str:
        return self.rng.choice(list(ids))

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def born(self, person: str) -> int:
        return self.facts.number(person, "born")

    def born_between(self, first: int, last: int) -> list[str]:
        """People born from a year to another, in order; to be asked for once all people are there."""
        span = (first, last)
        if span not in self._born:
            self._born[span] = [person for person in self.ids("person") if first <= self.born(person) <= last]
        return self._born[span]

    def at(self, kind: str, town: str) -> list[str]:
        """What of a kind stands in a town, in order."""
        found = (fact.subject for fact in self.facts.about(town, "~town"))
        return [entity for entity in found if self.facts.entities[entity].kind == kind]


def make_places(draft: Draft) -> None:
    """Regions, rivers and towns; towns are twinned in pairs."""
    facts, rng, names = draft.facts, draft.rng, draft.names
    lands = list(VOCAB["land"])
    for place in range(draft.count("region")):
        land = lands[place] if place < len(lands) else draft.term("land")
        facts.tell(draft.add("region", names.region()), land=land)
    regions = draft.ids("region")
    waters = list(VOCAB["water"])
    for place in range(draft.count("river")):
        water = waters[place] if place < len(waters) else draft.term("water")
        facts.tell(draft.add("river", names.river()), water=water, rises_in=draft.pick(regions))
    rivers = draft.ids("river")
    for _ in range(draft.count("town")):
        facts.tell(
            draft.add("town", names.town()),
            region=draft.pick(regions),
            river=draft.pick(rivers),
            emblem=draft.term("emblem"),
            industry=draft.term("industry"),
            charter=rng.randint(1180, 1690),
            people=rng.randint(9, 480) * 100 + rng.randint(1, 99),
        )
    towns = draft.ids("town")
    for region in regions:
        inside = [town for town in towns if facts.ref(town, "region") == region]
        if inside:
            facts.tell(region, capital=draft.pick(inside))
    paired = list(towns)
    rng.shuffle(paired)
    for left, right in zip(paired[::2], paired[1::2], strict=False):
        facts.tell(left, twin=right)
        facts.tell(right, twin=left)


def make_people(draft: Draft) -> None:
    """People with their lives; then teachers, marriages and a few namesakes."""
    draft.rng.shuffle(towns := draft.ids("town"))
    # Harbour towns get the yards, and more than their share of captains.
    harbours = towns[: draft.count("yard")]
    total = sum(share for share, _, _ in CALLINGS.values())
    people = draft.count("person")
    for calling, (share, first, last) in CALLINGS.items():
        for _ in range(max(2, round(people * share / total))):
            born = draft.rng.randint(first, last)
            home = draft.pick(harbours) if calling in ("captain", "shipwright") and draft.chance(0.5) else None
            _person(draft, calling, born, home or draft.pick(towns))
    _tie(draft)


def _person(draft: Draft, calling: str, born: int, home: str) -> None:
    woman = draft.chance(0.5)
    name = draft.names.person(woman)
    people = draft.facts.of_kind("person")
    if people and draft.chance(0.06):
        # A namesake: same full name, another life. Mistaking one for the other is a trap on purpose.
        twin = draft.rng.choice(people)
        name, woman = twin.name, draft.facts.one(twin.id, "sex") == "w"
    draft.facts.tell(
        draft.add("person", name, f"born {born}, {calling}"),
        sex="w" if woman else "m",
        calling=calling,
        born=born,
        died=born + draft.rng.randint(52, 91),
        born_in=home,
        trade=draft.term("trade"),
        habit=draft.term("habit"),
    )


def _tie(draft: Draft) -> None:
    facts = draft.facts
    single = _Single(draft)
    for person in draft.ids("person"):
        born = draft.born(person)
        elders = draft.born_between(born - 45, born - 14)
        if elders and draft.chance(0.85):
            facts.tell(person, teacher=draft.pick(elders))
        if person not in single.places:
            continue
        matches = single.matches(person)
        if matches and draft.chance(0.7):
            spouse = draft.pick(matches)
            facts.tell(person, spouse=spouse)
            facts.tell(spouse, spouse=person)
            single.marry(person, spouse)


class _Single:
    """Who is not married yet, by sex and year of birth."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self.places = {person: place for place, person in enumerate(draft.ids("person"))}
        self._groups: dict[tuple[Value, int], list[str]] = {}
        for person in self.places:
            self._groups.setdefault((draft.facts.one(person, "sex"), draft.born(person)), []).append(person)

    def matches(self, person: str) -> list[str]:
        """Those of the other sex who were born at most twelve years before or after, in order."""
        born, other = self._draft.born(person), "m" if self._draft.facts.one(person, "sex") == "w" else "w"
        groups = (self._groups.get((other, year), ()) for year in range(born - 12, born + 13))
        return sorted((single for group in groups for single in group), key=self.places.__getitem__)

    def marry(self, *couple: str) -> None:
        for person in couple:
            del self.places[person]
            self._groups[self._draft.facts.one(person, "sex"), self._draft.born(person)].remove(person)


def make_lives_and_places(seed: int, pages: int) -> Draft:
    """The first half of a world of about `pages` pages; make_works of world_works adds the second."""
    rng = random.Random(f"spadework-world-{seed}")
    draft = Draft(rng, Names(rng, many=pages > FEW_NAMES), pages / 300)
    make_places(draft)
    make_people(draft)
    return draft
