"""The shortest way to an answer of the bundled web that proves every constraint, under a stated model of a searcher.

The model. Each search and each page read is one call. A search may be made with a constraint's own sentence, with the
plain words that an attentive reader would put for it (`Need.queries`), or with the name of anything named on a page
already in reach; it shows the first ten pages of the world's own BM25 search. A page can be read once a search has
shown it or a page that was read links to it. The end is reached when every fact that the constraints rest on has been
read on a page that states it: a searcher who only guesses may be quicker, one who does not know which page to open
next will be slower. Only pages that prove something are considered, so the length is the shortest known, not a proven
minimum over all of the web.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from .base import Fact

SHOWN = 10
_MAX_COVERS = 60


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a solution. `what` is the query of a search, or the path of the page read (in a question its URL)."""

    call: Literal["search", "read"]
    what: str


@dataclass(frozen=True, slots=True)
class Need:
    """What must be proven, and what there is to prove it with."""

    proofs: Mapping[Fact, Sequence[str]]
    """For each fact needed, the paths of the pages that state it."""
    queries: Mapping[str, Sequence[str]]
    """For each query that can be made from the question alone, the first ten paths."""
    named: Mapping[str, tuple[str, Sequence[str]]]
    """For each entity id, its name as a query and the first ten paths; for use once a page in reach links to it."""
    links: Mapping[str, frozenset[str]]
    """For each path, the paths it links to."""


def shortest(need: Need) -> tuple[Step, ...] | None:
    """The shortest solution under the model above, or None when three searches do not open the way to all proofs."""
    best: tuple[Step, ...] | None = None
    for cover in _covers(need.proofs):
        if best is not None and len(cover) + 1 >= len(best):
            break
        room = 3 if best is None else min(3, len(best) - len(cover) - 1)
        steps = _open(need, cover, room)
        if steps is not None and (best is None or len(steps) < len(best)):
            best = steps
    return best


def _covers(proofs: Mapping[Fact, Sequence[str]]) -> list[frozenset[str]]:
    """Sets of pages that state all facts, without a page too many; smallest first."""
    covers: list[frozenset[str]] = [frozenset()]
    # Facts with the fewest pages first keep the number of sets small.
    for pages in sorted((tuple(dict.fromkeys(pages)) for pages in proofs.values()), key=len):
        grown: dict[frozenset[str], None] = {}
        for cover in covers:
            if cover.intersection(pages):
                grown[cover] = None
            else:
                grown.update(dict.fromkeys(cover | {page} for page in pages))
        covers = sorted(grown, key=lambda cover: (len(cover), sorted(cover)))[:_MAX_COVERS]
    return covers


def _open(need: Need, cover: frozenset[str], room: int) -> tuple[Step, ...] | None:
    """The fewest searches, at most `room`, that put every page of the cover in reach, and the order of the calls."""
    shown = {query: cover.intersection(paths) for query, paths in need.queries.items()}
    useful = [query for query, paths in shown.items() if paths]
    for count in range(1, room + 1):
        for chosen in combinations(useful, count):
            steps = _try(need, cover, [(query, shown[query]) for query in chosen], count)
            if steps is not None:
                return steps
        if count > 1:
            for query in useful:
                steps = _try(need, cover, [(query, shown[query])], count)
                if steps is not None:
                    return steps
    return None


def _try(
    need: Need, cover: frozenset[str], searches: Sequence[tuple[str, frozenset[str]]], room: int
) -> tuple[Step, ...] | None:
    """Read all that the searches and the links open; then search by name for what is left, while there is room."""
    steps: list[Step] = []
    reach, read = set[str](), set[str]()
    for query, paths in searches:
        steps.append(Step("search", query))
        reach |= paths
        _read_all(need, cover, reach, read, steps)
    while len(read) < len(cover) and len(searches) < room:
        name = _name_for(need, cover - read, read)
        if name is None:
            return None
        query, paths = need.named[name]
        steps.append(Step("search", query))
        room -= 1
        reach |= cover.intersection(paths)
        _read_all(need, cover, reach, read, steps)
    return tuple(steps) if len(read) == len(cover) else None


def _read_all(need: Need, cover: frozenset[str], reach: set[str], read: set[str], steps: list[Step]) -> None:
    while waiting := sorted(reach - read):
        page = waiting[0]
        read.add(page)
        steps.append(Step("read", page))
        reach |= cover & need.links[page]


def _name_for(need: Need, missing: frozenset[str], read: set[str]) -> str | None:
    """Something named on a page that was read, whose search shows most of the missing pages."""
    known = {path[1:] for page in sorted(read) for path in need.links[page]} | {page[1:] for page in read}
    gains = [(-len(missing.intersection(need.named[key][1])), key) for key in sorted(known & need.named.keys())]
    gain, name = min(gains, default=(0, ""))
    return name if gain < 0 else None
