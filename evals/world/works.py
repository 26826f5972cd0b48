"""What people of the bundled web founded, built, wrote, painted, cooked and won."""

from .facts import Draft
from .vocab import VOCAB


def make_works(draft: Draft) -> None:
    """Add everything that rests on people and places. The order matters: ships need yards, voyages need ships."""
    _houses(draft)
    _ships(draft)
    _books(draft)
    _buildings(draft)
    _paintings(draft)
    _tables(draft)
    _lines(draft)
    _voyages(draft)
    _prizes(draft)


def _of(draft: Draft, *callings: str) -> list[str]:
    return [person for person in draft.ids("person") if draft.facts.one(person, "calling") in callings]


def _home(draft: Draft, person: str, probability: float) -> str:
    """The person's birthplace with the given probability, else any town: such ties make clues."""
    return draft.facts.ref(person, "born_in") if draft.chance(probability) else draft.pick(draft.ids("town"))


def _without(people: list[str], person: str) -> list[str]:
    return [other for other in people if other != person]


def _surname(draft: Draft, person: str) -> str:
    return draft.facts.entities[person].name.split()[-1]


def _age(draft: Draft, person: str, low: int, high: int) -> int:
    """A year in which the person is between `low` and `high` years old, and alive."""
    year = draft.born(person) + draft.rng.randint(low, high)
    return min(year, draft.facts.number(person, "died") - 1)


def _houses(draft: Draft) -> None:
    """Shipyards and publishers: firms with a founder, a seat and a year."""
    for kind, calling, shapes in (
        ("yard", "shipwright", ("{s} & Daughters", "{s} Brothers' Yard", "{s}'s Slip", "Old {s} Yard")),
        ("publisher", "publisher", ("{s} & Page", "{s} Press", "House of {s}", "{s} & Quill")),
    ):
        founders = _of(draft, calling)
        draft.rng.shuffle(founders)
        for place in range(draft.count(kind)):
            founder = founders[place % len(founders)]
            surname = _surname(draft, founder)
            name = draft.names.made_of(kind, *(shape.format(s=surname) for shape in shapes))
            draft.facts.tell(
                draft.add(kind, name),
                founder=founder,
                town=_home(draft, founder, 0.6),
                founded=_age(draft, founder, 24, 38),
            )


def _open_by(draft: Draft, kind: str, year: int) -> list[str]:
    firms = [firm for firm in draft.ids(kind) if draft.facts.number(firm, "founded") <= year]
    return firms or draft.ids(kind)[:1]


def _ships(draft: Draft) -> None:
    facts = draft.facts
    captains = _of(draft, "captain")
    for _ in range(draft.count("ship")):
        captain = draft.pick(captains)
        launched = max(_age(draft, captain, 28, 52), 1846)
        yards = _open_by(draft, "yard", launched)
        near = [yard for yard in draft.at("yard", facts.ref(captain, "born_in")) if yard in yards]
        name = draft.names.ship()
        if (ships := facts.of_kind("ship")) and draft.chance(0.1):
            # Owners liked to use a name again.
            name = draft.rng.choice(ships).name
        draft.facts.tell(
            draft.add("ship", name, f"built {launched}"),
            captain=captain,
            launched=launched,
            yard=draft.pick(near) if near and draft.chance(0.6) else draft.pick(yards),
            port=draft.pick(draft.ids("town")),
            cargo=draft.term("cargo"),
            figurehead=draft.term("figurehead"),
            fate=draft.term("fate"),
        )


def _books(draft: Draft) -> None:
    people = draft.ids("person")
    authors = _of(draft, "author")
    for _ in range(draft.count("book")):
        author = draft.pick(authors)
        year = _age(draft, author, 27, 64)
        friends = _without(draft.born_between(year - 109, year - 17), author)
        draft.facts.tell(
            draft.add("book", draft.names.work("book")),
            author=author,
            published=year,
            publisher=draft.pick(_open_by(draft, "publisher", year)),
            dedicatee=draft.pick(friends or people),
            set_in=_home(draft, author, 0.35),
            genre=draft.term("genre"),
        )


def _buildings(draft: Draft) -> None:
    architects = _of(draft, "architect")
    for _ in range(draft.count("building")):
        architect = draft.pick(architects)
        town, use = _home(draft, architect, 0.35), draft.term("use")
        noun = VOCAB["use"][use].page[0].capitalize()
        shapes = (f"{{n}} {noun}", f"{draft.facts.entities[town].name} {noun}", f"{{c}} {noun}", f"Old {{n}} {noun}")
        draft.facts.tell(
            draft.add("building", draft.names.made_of("building", *shapes)),
            architect=architect,
            town=town,
            finished=_age(draft, architect, 28, 60),
            material=draft.term("material"),
            use=use,
        )


def _paintings(draft: Draft) -> None:
    facts, people = draft.facts, draft.ids("person")
    painters = _of(draft, "painter")
    buildings = draft.ids("building")
    for _ in range(draft.count("painting")):
        painter = draft.pick(painters)
        year = _age(draft, painter, 22, 60)
        near = draft.at("building", facts.ref(painter, "born_in"))
        givers = _without(draft.born_between(year - 79, year + 9), painter)
        draft.facts.tell(
            draft.add("painting", draft.names.work("painting")),
            painter=painter,
            painted=year,
            hangs_in=draft.pick(near) if near and draft.chance(0.4) else draft.pick(buildings),
            giver=draft.pick(givers or people),
            subject=draft.term("subject"),
        )


def _tables(draft: Draft) -> None:
    """Dishes, bands, and the festivals at which both are met."""
    facts, names = draft.facts, draft.names
    cooks, musicians = _of(draft, "cook"), _of(draft, "musician")
    for _ in range(draft.count("dish")):
        cook = draft.pick(cooks)
        facts.tell(
            draft.add("dish", names.work("dish")),
            inventor=cook,
            town=_home(draft, cook, 0.5),
            ingredient=draft.term("ingredient"),
        )
    for _ in range(draft.count("band")):
        leader = draft.pick(musicians)
        facts.tell(
            draft.add("band", names.work("band")),
            leader=leader,
            town=_home(draft, leader, 0.5),
            formed=_age(draft, leader, 18, 35),
            instrument=draft.term("instrument"),
        )
    for _ in range(draft.count("festival")):
        founder = draft.pick(draft.ids("person"))
        facts.tell(
            draft.add("festival", names.work("festival")),
            founder=founder,
            town=_home(draft, founder, 0.4),
            founded=_age(draft, founder, 24, 60),
            month=draft.rng.randint(1, 12),
            custom=draft.term("custom"),
            dish=draft.pick(draft.ids("dish")),
            band=draft.pick(draft.ids("band")),
        )


def _lines(draft: Draft) -> None:
    engineers = _of(draft, "engineer")
    for _ in range(draft.count("line")):
        engineer = draft.pick(engineers)
        start, end = draft.rng.sample(draft.ids("town"), 2)
        name = draft.names.made_of("line", "{n} Railway", "{t} Light Railway", "{t} and District Railway")
        draft.facts.tell(
            draft.add("line", name),
            engineer=engineer,
            start=start,
            end=end,
            opened=max(_age(draft, engineer, 27, 55), 1841),
        )


def _voyages(draft: Draft) -> None:
    facts = draft.facts
    leaders = _of(draft, "explorer")
    ships = draft.ids("ship")
    for _ in range(draft.count("expedition")):
        leader = draft.pick(leaders)
        year = _age(draft, leader, 26, 55)
        afloat = [ship for ship in ships if 0 < year - facts.number(ship, "launched") < 30]
        ship = draft.pick(afloat or ships)
        name = draft.names.made_of(
            "expedition", f"{_surname(draft, leader)} Expedition", "{c} Expedition", "{m} Voyage"
        )
        facts.tell(
            draft.add("expedition", name),
            leader=leader,
            ship=ship,
            sailed=max(year, facts.number(ship, "launched") + 1),
            goal=draft.term("goal"),
        )


def _prizes(draft: Draft) -> None:
    """Prizes with about ten winners each. An award has no page of its own: it is a row of the prize's table."""
    facts = draft.facts
    founders = _of(draft, "benefactor", "publisher", "cook")
    for _ in range(draft.count("prize")):
        founder = draft.pick(founders)
        founded = _age(draft, founder, 30, 60)
        prize = draft.add("prize", draft.names.work("prize"))
        facts.tell(prize, founder=founder, founded=founded, town=_home(draft, founder, 0.5), field=draft.term("field"))
        year = founded
        for _ in range(10):
            fit = _without(draft.born_between(year - 60, year - 22), founder)
            if fit:
                award = f"award/{prize.partition('/')[2]}-{year}"
                facts.tell(award, prize=prize, year=year, winner=draft.pick(fit))
            year += draft.rng.randint(3, 9)
