"""The pages about entities of the bundled web: prose in paragraphs, and at times a box with the figures."""

from dataclasses import dataclass, field

from .base import Entity, Facts
from .ink import Block, Ink, Line, plain, prose_of, slots
from .text import lines as text_lines

# Labels of the box at the head of some pages.
_BOX = {
    "person": {"born": "Born", "died": "Died", "born_in": "Place of birth"},
    "ship": {"launched": "Launched", "yard": "Yard", "port": "Port of registry", "captain": "First captain"},
    "book": {"published": "Year", "publisher": "Publisher", "author": "Author"},
    "building": {"finished": "Finished", "architect": "Architect", "town": "Town"},
    "town": {"people": "Inhabitants (2011)", "region": "Region", "river": "River"},
    "festival": {"month": "Month", "founded": "Since", "town": "Town"},
    "painting": {"painted": "Year", "painter": "Painter"},
}


@dataclass(slots=True)
class Sheet:
    """A page before it gets its frame. `day` is when it says it was last changed, as YYYY-MM-DD."""

    path: str
    title: str
    blocks: list[Block]
    day: str
    site: str
    related: list[Line] = field(default_factory=list[Line])

    @property
    def text(self) -> str:
        return "\n".join([self.title, *(block.text for block in self.blocks)])

    @property
    def lines(self) -> list[Line]:
        return [line for block in self.blocks for line in block.lines]


def entity_sheets(ink: Ink) -> list[Sheet]:
    """A page for each entity."""
    return [_sheet(ink, entity) for entity in ink.facts.entities.values()]


def _sheet(ink: Ink, entity: Entity) -> Sheet:
    prose = prose_of(entity.kind)
    told: list[list[Line]] = []
    works: list[Line] = []
    for group in prose.groups:
        template = ink.rng.choice(group)
        if not ink.can_tell(entity.id, template):
            continue
        lines = ink.tell(entity.id, template)
        if any(slot.startswith("all_") for slot in slots(template)):
            works.extend(lines)
        else:
            told.append(lines)
    for remark in ink.rng.sample(prose.remarks, min(len(prose.remarks), ink.rng.randint(1, 3))):
        told.insert(ink.rng.randint(1, len(told)), ink.tell(entity.id, remark))
    if entity.kind == "prize":
        told.append([_winners_link(entity)])
    # The opening stays in front; the rest comes in any order, as people tell things.
    rest = told[1:]
    ink.rng.shuffle(rest)
    blocks = _paragraphs(ink, [told[0], *rest])
    if entity.kind in _BOX and ink.rng.random() < 0.4:
        blocks.insert(ink.rng.choice([0, len(blocks)]), _box(ink, entity))
    notes = ink.rng.sample(text_lines("prose", "notes"), ink.rng.randint(3, 5))
    headings = ("Also here", "Connections", "Further") if works else ("Notes", "From the editors", "About this entry")
    blocks += [Block("h2", (plain(ink.rng.choice(headings)),)), Block("p", (*works, *map(plain, notes)))]
    day = f"20{ink.rng.randint(11, 24)}-{ink.rng.randint(1, 12):02}-{ink.rng.randint(1, 28):02}"
    title = entity.title[0].upper() + entity.title[1:]
    return Sheet(f"/{entity.id}", title, blocks, day, entity.kind, _related(ink, entity))


def _winners_link(prize: Entity) -> Line:
    text = "Who has had it so far can be read in the {}, which is kept up to date whenever somebody complains."
    path = f"/lists/winners-{prize.id.partition('/')[2]}"
    return Line(text.format("list of winners"), text.format(f'<a href="{path}">list of winners</a>'))


def _paragraphs(ink: Ink, told: list[list[Line]]) -> list[Block]:
    blocks: list[Block] = []
    while told:
        # No paragraph of one sentence: readers skip those, and so do programs that look for the content of a page.
        size = ink.rng.randint(2, 4)
        size += len(told) == size + 1
        blocks.append(Block("p", tuple(line for lines in told[:size] for line in lines)))
        told = told[size:]
    return blocks


def _box(ink: Ink, entity: Entity) -> Block:
    rows = [ink.row("Entry", entity.name)]
    for relation, label in _BOX[entity.kind].items():
        for fact in ink.facts.about(entity.id, relation)[:1]:
            rows.append(ink.row(label, ink.word(relation, fact.value), facts=[fact]))
    return Block("table", tuple(rows))


def _related(ink: Ink, entity: Entity) -> list[Line]:
    peers = ink.facts.of_kind(entity.kind)
    return [ink.linked(peer.id) for peer in ink.rng.sample(peers, min(4, len(peers))) if peer.id != entity.id]


def look_alikes(facts: Facts) -> dict[str, list[str]]:
    """Names that are easily taken for one another, by what they share: full names, surnames, stems of towns."""
    shared: dict[str, list[str]] = {}
    for entity in facts.entities.values():
        if entity.kind in ("person", "ship"):
            shared.setdefault(entity.name, []).append(entity.id)
        if entity.kind == "person":
            shared.setdefault(entity.name.split()[-1], []).append(entity.id)
        if entity.kind == "town":
            stem = entity.name.removeprefix("Upper ").removeprefix("Little ").removesuffix(" Regis")
            shared.setdefault(stem, []).append(entity.id)
    return {name: ids for name, ids in shared.items() if len(ids) > 1}
