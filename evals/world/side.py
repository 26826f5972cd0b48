"""What makes the bundled web untidy: a gossip column that errs, leaflets long out of date, letters and diaries.

Nothing here is ever a proof. What is wrong on these pages is right on the entity's own page and, for years, in a list.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...tools.errors import ConfigError
from .base import Entity, Fact
from .difficulty import Difficulty
from .ink import Block, Ink, Line, plain
from .lists import contents
from .names import MONTHS
from .pages import Sheet


@dataclass(frozen=True, slots=True)
class Untruth:
    """A false statement: the page and words that make it, and the fact that is true instead."""

    path: str
    sentence: str
    truth: Fact
    said: int
    """The value that it gives instead of the true one."""
    kind: str
    """ "gossip" for a slip of the column, "outdated" for what was true once."""


_GOSSIP: dict[str, tuple[tuple[str, str], ...]] = {
    "ship": (
        ("launched", "My aunt swears that the {x} went down the slip in {y}, and my aunt was sober then."),
        ("launched", "Everybody at the harbour office says {y} when you ask for the year of the {x}, so {y} it is."),
    ),
    "person": (
        ("born", "{x} was never a day younger than the century allows: {y}, I have it from the barber."),
        ("born", "You may trust me that {x} was born in {y}; the family bible has a stain just there, but never mind."),
    ),
    "book": (("published", "I read {x} the week it came out, in {y}, or somebody I know did."),),
    "building": (("finished", "They took the scaffolding off the {x} in {y}; the barber's father fell from it."),),
}
_OPENERS = (
    "Nobody asked, so here it is.",
    "The column was late last week and is early this week, which evens out.",
    "Thank you for the eels. Now to business.",
    "Three readers wrote in, two of them politely.",
)
_CLOSERS = (
    "Corrections may be left with the barber.",
    "If I am wrong I shall say that I was quoting.",
    "More when the ferry brings it.",
    "Burn this when read.",
)
_WALKS = (
    "Walked from {a} to {b} in the rain, and back in worse.",
    "At {a} the kettle was on; at {b} it was off.",
    "Between {a} and {b} there are eleven stiles, of which I fell from two.",
)
_SIGHTS = (
    "Sat in front of the {c} until my sandwiches were gone.",
    "The {c} was shut for a wedding.",
    "Took shelter at the {c} and was told about it for an hour.",
)
_WANTED = (
    "Does anyone still have the programme of the {d}? Will swap for a bicycle lamp.",
    "Lost near the {d}: one glove, left, with initials that are not mine.",
    "To whoever borrowed my copy of {e}: chapter six is the good one, please return it afterwards.",
    "Wanted: a reader for {e}, evenings, own spectacles.",
)
_CONTENTS = {
    "tattle": "The Lamplighter's Tattle: all numbers",
    "tourist": "Leaflets of the tourist office",
    "board": "Everything on the notice board",
}


def side_sheets(ink: Ink, room: int, difficulty: Difficulty) -> tuple[list[Sheet], list[Untruth]]:
    """Side pages, at least `room` of them, and what is untrue on them.

    Raises ConfigError for more gossip or leaflets than there are things to be wrong about.
    """
    untruths: list[Untruth] = []
    sheets: list[Sheet] = []
    for entity in _talked_about(ink, difficulty.contradictions):
        sheets.append(_gossip(ink, entity, len(sheets) + 1, untruths))
    towns = ink.facts.of_kind("town")
    usual = max(3, len(towns) // 3)
    for town in _some(ink, towns, usual if difficulty.outdated is None else difficulty.outdated, "outdated"):
        sheets.append(_leaflet(ink, town, untruths))
    number = 0
    while number < 8 or len(sheets) < room:
        number += 1
        sheets.append(_diary(ink, number))
    for site, title in _CONTENTS.items():
        if listed := [sheet for sheet in sheets if sheet.site == site]:
            sheets.append(contents(f"/{site}", title, listed))
    return sheets, untruths


def _talked_about(ink: Ink, wanted: int | None) -> Iterable[Entity]:
    # A namesake's title may hold the very year that the column gets wrong.
    kinds = [[entity for entity in ink.facts.of_kind(kind) if not entity.note] for kind in _GOSSIP]
    if wanted is not None:
        return _some(ink, [entity for entities in kinds for entity in entities], wanted, "contradictions")
    # One kind is chosen from after the pages of the one before are written: the order is part of every known world.
    return (entity for entities in kinds for entity in ink.rng.sample(entities, max(2, len(entities) // 5)))


def _some(ink: Ink, entities: Sequence[Entity], wanted: int, option: str) -> list[Entity]:
    if wanted > len(entities):
        raise ConfigError(f"{option} {wanted}: this world has room for {len(entities)} such pages; ask for more pages")
    return ink.rng.sample(entities, wanted)


def _gossip(ink: Ink, entity: Entity, number: int, untruths: list[Untruth]) -> Sheet:
    path = f"/tattle/{number}"
    relation, template = ink.rng.choice(_GOSSIP[entity.kind])
    fact = ink.facts.about(entity.id, relation)[0]
    wrong = ink.facts.number(entity.id, relation) + ink.rng.choice((-9, -7, -6, -4, 4, 6, 7, 9))
    slip = ink.sentence(template, x=ink.linked(entity.id), y=str(wrong))
    untruths.append(Untruth(path, slip.text, fact, wrong, "gossip"))
    lines = (plain(ink.rng.choice(_OPENERS)), slip, plain(ink.rng.choice(_CLOSERS)))
    day = f"20{ink.rng.randint(12, 23)}-{ink.rng.randint(1, 12):02}-{ink.rng.randint(1, 28):02}"
    title = f"The Lamplighter's Tattle, no. {number}: {entity.name}"
    return Sheet(path, title, [Block("p", lines)], day, "tattle")


def _leaflet(ink: Ink, town: Entity, untruths: list[Untruth]) -> Sheet:
    """A tourist office's page that nobody has touched since 1974: an older census, a festival before it was moved."""
    path = f"/tourist/{town.id.partition('/')[2]}"
    people = ink.facts.about(town.id, "people")[0]
    older = round(int(people.value) * ink.rng.choice((0.6, 0.7, 1.3, 1.6)))
    lines = [
        ink.sentence("Welcome to {x}, pearl of the county!", x=ink.linked(town.id)),
        ink.sentence("As of the census of 1961 our town has {y} inhabitants, and a new bus shelter.", y=f"{older:,}"),
    ]
    untruths.append(Untruth(path, lines[1].text, people, older, "outdated"))
    feasts = [fact.subject for fact in ink.facts.about(town.id, "~town") if fact.subject.startswith("festival/")]
    if feasts:
        month = ink.facts.about(feasts[0], "month")[0]
        moved = (int(month.value) + ink.rng.randint(2, 8)) % 12
        lines.append(ink.sentence("Come in {m}, when the {x} is on.", m=MONTHS[moved], x=ink.linked(feasts[0])))
        untruths.append(Untruth(path, lines[2].text, month, moved + 1, "outdated"))
    lines.append(plain("Printed for the season of 1974; for later changes ask at the kiosk."))
    title = f"Visit {town.name}! Leaflet of the tourist office, 1974"
    return Sheet(path, title, [Block("p", tuple(lines))], "1974-04-01", "tourist")


def _diary(ink: Ink, number: int) -> Sheet:
    def one(kind: str) -> Line:
        return ink.linked(ink.rng.choice(ink.facts.of_kind(kind)).id)

    parts = {"a": one("town"), "b": one("town"), "c": one("building"), "d": one("festival"), "e": one("book")}
    if ink.rng.random() < 0.5:
        title = f"A walker's diary, leaf {number}"
        lines = [ink.rng.choice(_WALKS), ink.rng.choice(_SIGHTS), "My boots want resoling."]
    else:
        title = f"Notice board, sheet {number}"
        lines = [*ink.rng.sample(_WANTED, 2), "Notices are taken down after a fortnight, or when they curl."]
    made = tuple(ink.sentence(line, **parts) for line in lines)
    return Sheet(f"/board/{number}", title, [Block("p", made)], f"2022-{number % 12 + 1:02}-05", "board")
