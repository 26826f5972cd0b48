"""Lists, registers and tables of the bundled web, and pages that tell look-alike names apart."""

from collections.abc import Sequence

from .base import Entity, Fact
from .ink import Block, Ink, Line, plain
from .names import slug
from .pages import Sheet, look_alikes

PLURALS = {
    "river": "Rivers",
    "region": "Regions",
    "town": "Towns",
    "person": "People",
    "yard": "Shipyards",
    "publisher": "Publishers",
    "ship": "Ships",
    "book": "Books",
    "building": "Buildings",
    "festival": "Festivals",
    "painting": "Paintings",
    "band": "Bands",
    "dish": "Dishes",
    "prize": "Prizes",
    "line": "Railway lines",
    "expedition": "Expeditions",
}
_LEAD = (
    "What follows was put in order by hand on several wet afternoons. Entries that could not be read are left out, "
    "and so are two that could be read only too well."
)
_MIXED_UP = (
    "They are mixed up so often, in letters, in lawsuits and once on a gravestone, that the registrar asked for this "
    "page to be made."
)


def list_sheets(ink: Ink) -> list[Sheet]:
    """Indexes, registers, tables, and pages that tell names apart."""
    return [
        *(_index(ink, kind) for kind in PLURALS),
        *_registers(ink),
        *(_winners(ink, prize) for prize in ink.facts.of_kind("prize")),
        *_births(ink),
        *_which(ink),
    ]


def _page(path: str, title: str, blocks: list[Block]) -> Sheet:
    return Sheet(path, title, blocks, "2024-02-01", "lists")


def _to(sheet: Sheet) -> Line:
    return Line(sheet.title, f'<a href="{sheet.path}">{plain(sheet.title).html}</a>')


def contents(path: str, title: str, sheets: Sequence[Sheet]) -> Sheet:
    """A page that links to others and says no more."""
    return _page(path, title, [Block("p", (plain(_LEAD),)), Block("ul", tuple(_to(sheet) for sheet in sheets))])


def front(sheets: Sequence[Sheet]) -> Sheet:
    """The page at the root, from which every other can be reached."""
    words = plain("Ten small sites share this roof: registers, a gazetteer, lives, books and a good deal of hearsay.")
    return _page("/", "The Fold Web", [Block("p", (words,)), Block("ul", tuple(_to(sheet) for sheet in sheets))])


def _index(ink: Ink, kind: str) -> Sheet:
    entities = sorted(ink.facts.of_kind(kind), key=lambda entity: (entity.name, entity.id))
    links = tuple(ink.linked(entity.id) for entity in entities)
    return _page(f"/{kind}", f"{PLURALS[kind]} from A to Z", [Block("p", (plain(_LEAD),)), Block("ul", links)])


def _table(ink: Ink, entities: Sequence[Entity], relations: dict[str, str]) -> Block:
    """A table of entities; each row states the facts in its cells."""
    rows = [ink.row("Name", *relations.values())]
    for entity in entities:
        found = [ink.facts.about(entity.id, relation)[0] for relation in relations]
        cells = [ink.word(fact.relation, fact.value) for fact in found]
        rows.append(ink.row(ink.linked(entity.id), *cells, facts=found))
    return Block("table", tuple(rows))


# kind, by which relation, title, columns, column that orders the rows.
_REGISTERS: tuple[tuple[str, str, str, dict[str, str], str], ...] = (
    (
        "ship",
        "yard",
        "Yard list of {}",
        {"launched": "Launched", "captain": "First captain", "port": "Port"},
        "launched",
    ),
    ("town", "region", "Gazetteer of {}", {"river": "River", "people": "Inhabitants", "charter": "Charter"}, "charter"),
    ("book", "publisher", "Catalogue of {}", {"published": "Year", "author": "Author"}, "published"),
    ("festival", "dish", "Where to eat {}", {"month": "Month", "town": "Town"}, "month"),
)


def _registers(ink: Ink) -> list[Sheet]:
    sheets: list[Sheet] = []
    for kind, relation, title, columns, order in _REGISTERS:
        for owner in dict.fromkeys(str(fact.value) for fact in ink.facts.told if fact.relation == relation):
            facts = [fact for fact in ink.facts.about(owner, f"~{relation}") if fact.subject.startswith(f"{kind}/")]
            entities = [ink.facts.entities[fact.subject] for fact in facts]
            entities.sort(key=lambda entity: (ink.facts.number(entity.id, order), entity.id))
            name = ink.facts.entities[owner].name
            if entities:
                lead = ink.sentence("Compiled for {x} from papers in the county archive.", x=ink.linked(owner))
                path = f"/lists/{slug(title.format(owner.partition('/')[2]))}"
                table = _table(ink, entities, columns)
                sheets.append(_page(path, title.format(name), [Block("p", (lead,)), table]))
    for use in dict.fromkeys(str(fact.value) for fact in ink.facts.told if fact.relation == "use"):
        entities = [ink.facts.entities[fact.subject] for fact in ink.facts.about(use, "~use")]
        table = _table(ink, entities, {"town": "Town", "architect": "Architect", "finished": "Finished"})
        lead = plain(f"Every {use} in the county, as far as it still stands.")
        sheets.append(_page(f"/lists/every-{use}", f"Every {use}", [Block("p", (lead,)), table]))
    return sheets


def _winners(ink: Ink, prize: Entity) -> Sheet:
    facts = ink.facts
    rows = [ink.row("Year", "Winner")]
    for fact in facts.about(prize.id, "~prize"):
        award = fact.subject
        used = [fact, *facts.about(award, "year"), *facts.about(award, "winner")]
        rows.append(ink.row(str(facts.one(award, "year")), ink.linked(facts.ref(award, "winner")), facts=used))
    lead = ink.sentence("All who have had the {x}, without the two who declined.", x=ink.linked(prize.id))
    path = f"/lists/winners-{prize.id.partition('/')[2]}"
    return _page(path, f"Winners of the {prize.name}", [Block("p", (lead,)), Block("table", tuple(rows))])


def _births(ink: Ink) -> list[Sheet]:
    """Births by decade: the second register that has a birth year right when gossip has it wrong."""
    decades: dict[int, list[Entity]] = {}
    for person in ink.facts.of_kind("person"):
        decades.setdefault(ink.facts.number(person.id, "born") // 10 * 10, []).append(person)
    sheets: list[Sheet] = []
    for decade, people in sorted(decades.items()):
        people.sort(key=lambda person: (ink.facts.number(person.id, "born"), person.id))
        table = _table(ink, people, {"born": "Born", "born_in": "Place", "calling": "Known as"})
        lead = plain(f"From the parish books, {decade} to {decade + 9}. Later corrections are entered in red.")
        sheets.append(_page(f"/lists/births-{decade}s", f"Births of the {decade}s", [Block("p", (lead,)), table]))
    return sheets


def _which(ink: Ink) -> list[Sheet]:
    sheets: list[Sheet] = []
    for name, ids in look_alikes(ink.facts).items():
        lines = [_told_apart(ink, entity_id) for entity_id in ids]
        lead = plain(f"{name} may stand for any of the following. {_MIXED_UP}")
        sheets.append(
            _page(f"/which/{slug(name)}", f"{name}: which one?", [Block("p", (lead,)), Block("ul", tuple(lines))])
        )
    return sheets


def _told_apart(ink: Ink, entity_id: str) -> Line:
    """ "Osk Dorn, painter, born 1871": enough to choose by, and nothing more."""
    facts = ink.facts
    link, used = ink.linked(entity_id), list[Fact]()
    if entity_id.startswith("person/"):
        used = [*facts.about(entity_id, "calling"), *facts.about(entity_id, "born")]
        tail = f", {used[0].value}, born {used[1].value}"
    elif entity_id.startswith("ship/"):
        used = facts.about(entity_id, "launched")
        tail = f", launched {used[0].value}"
    else:
        used = facts.about(entity_id, "region")
        region = ink.linked(str(used[0].value))
        return Line(f"{link.text}, in {region.text}", f"{link.html}, in {region.html}", tuple(used))
    return Line(link.text + tail, link.html + tail, tuple(used))
