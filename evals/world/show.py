"""What a bundled web is like, in figures: its pages, its facts, what is wrong on them, and how its questions spread."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import fmean

from .choosing import hops
from .making import World
from .questions import Question

_LISTS = ("lists", "which", "tattle", "tourist", "board")


def distribution(questions: Sequence[Question]) -> dict[str, Counter[str]]:
    """How many questions there are of each tier, kind, number of constraints, longest path (in steps) and effort (in
    calls of the scripted searcher, by fives).
    """
    found: dict[str, Counter[str]] = {}
    for question in questions:
        calls = question.effort.searches + question.effort.reads
        low = (calls - 1) // 5 * 5 + 1
        for name, value in (
            ("tier", question.tier),
            ("kind", question.kind),
            ("constraints", str(len(question.constraints))),
            ("hops", str(max(hops(constraint.demand) for constraint in question.constraints))),
            ("effort", f"{low}-{low + 4}"),
        ):
            found.setdefault(name, Counter())[value] += 1
    return found


def told(world: World) -> Iterator[str]:
    """The figures, a line each."""
    yield f"pages          {len(world.pages):,}"
    things = Counter(entity.kind for entity in world.facts.entities.values())
    yield f"  of things    {sum(things.values()):,}: {_counts(things)}"
    rest = Counter(
        page.path.split("/")[1] or "front" for page in world.pages if page.path[1:] not in world.facts.entities
    )
    others = Counter({site: rest[site] for site in _LISTS})
    yield f"  others       {rest.total():,}: {_counts(others)}, indexes {rest.total() - others.total()}"
    yield f"facts          {len(world.facts.told):,}"
    wrong = {kind: {u.path for u in world.untruths if u.kind == kind} for kind in ("gossip", "outdated")}
    yield f"untrue         {len(wrong['gossip']):,} pages of gossip"
    yield f"out of date    {len(wrong['outdated']):,} pages"
    yield f"questions      {len(world.questions):,}"
    for name, counts in distribution(world.questions).items():
        yield f"  by {name:12}{_counts(counts)}"
    if world.questions:
        yield f"candidates     {_alone(world.questions)}"


def _alone(questions: Sequence[Question]) -> str:
    alone = [constraint.candidates_alone for question in questions for constraint in question.constraints]
    return f"{min(alone)} to {max(alone)} that a constraint leaves alone, {fmean(alone):.1f} on average"


def _counts(counts: Counter[str]) -> str:
    def order(item: tuple[str, int]) -> tuple[int, str]:
        head = item[0].split("-")[0]
        return (int(head), "") if head.isdigit() else (0, item[0])

    return ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items(), key=order))
