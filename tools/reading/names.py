"""Elements that are no content by their names: menus, footers, share bars, advertising.

A name alone proves nothing: themes call anything anything. An element that holds much of the page's own text stays,
whatever it is called.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from .blocks import Flat, Node

# Asides stand beside the text; a frame is around every page of a site; what is idle advertises, shares or credits.
_TELLING = re.compile(
    r"(?:^|[\s_-])(?:(?P<aside>comments?|disqus\w*|respond|related\w*)"
    r"|(?P<frame>banner|consent|contentinfo|cookie\w*|dialog|footers?|gdpr|masthead|modal|newsletters?|popup)"
    r"|(?P<menu>nav|navbar|navbox|navigation|menus?|pagination|pager|toc)"
    r"|(?P<idle>ads?|advert\w*|author-?bio|breadcrumbs?|byline|carousel|complementary|copyright|credits?|disclaimer|donat\w+"
    r"|login|meta|more-\w+|outbrain|paywall|popular|promos?|promoted|recirc\w*|recommend\w*|share|sharing|sidebar|sign-?up"
    r"|skip|social\w*|sponsor\w*|subscri\w+|taboola|tags?|teasers?|toolbar|trending|widgets?)"
    r"|(?P<caption>\w*caption\w*|photo-?credit|image-?credit|gallery\w*|slideshow\w*))(?=$|[\s_-])"
)
_OUTSIDE = ("aside", "footer")
_MOST, _MUCH, _SOME = 0.8, 1 / 3, 0.1
_SMALL_PAGE = 600  # characters; on such a page a footer or a notice is easily a third of the text


class Sums:
    """Sums over the blocks of a node, in constant time each."""

    def __init__(self, values: Iterable[float]) -> None:
        self._sums = [0.0, *accumulate(values)]

    def of(self, node: Node) -> float:
        """The sum over the blocks that the node holds."""
        return self._sums[node.end] - self._sums[node.start]


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a label says that an element is; `word` is the first telling word of those that elements share."""

    is_facts: bool = False
    is_aside: bool = False
    is_frame: bool = False
    is_caption: bool = False
    menu: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()
    word: str = ""


_NOTHING = _Meaning()


@lru_cache(maxsize=2048)
def _meaning(label: str) -> _Meaning:
    if not label:
        return _NOTHING
    if "infobox" in label:
        return _Meaning(is_facts=True)
    found = [(match.lastgroup, match[match.lastgroup or 0]) for match in _TELLING.finditer(label)]
    if not found:
        return _NOTHING
    kinds = {kind for kind, _ in found}
    shared = [word for kind, word in found if kind == "aside"] or [w for kind, w in found if kind in ("frame", "idle")]
    return _Meaning(
        is_aside="aside" in kinds,
        is_frame="frame" in kinds,
        is_caption="caption" in kinds,
        menu=frozenset(word for kind, word in found if kind == "menu"),
        idle=frozenset(word for kind, word in found if kind == "idle"),
        word=shared[0].rstrip("s") if shared else "",
    )


class _Names:
    """What the names on one page are worth."""

    def __init__(self, flat: Flat) -> None:
        self._nodes = flat.nodes
        self._linked = Sums(float(min(block.link_chars, len(block.text))) for block in flat.blocks)
        self.plain = Sums(float(max(0, len(block.text) - block.link_chars)) for block in flat.blocks)
        self.total = max([1.0, *(self.plain.of(node) for node in flat.nodes[:1])])
        self._frame = _MUCH if self.total > _SMALL_PAGE else _MOST
        self._away = _counts(flat, [link.block for link in flat.links if not link.href.startswith("#")])
        self._within = _counts(flat, [link.block for link in flat.links if link.href.startswith("#")])
        self._days = _counts(flat, [time.block for time in flat.times])
        self._shares = {} if flat.is_news else self._shares_of_words()

    def _shares_of_words(self) -> dict[str, float]:
        """The text that all elements of one name hold together: twenty comments may be the page."""
        shares: dict[str, float] = {}
        ends: dict[str, int] = {}
        for node in self._nodes:
            word = _meaning(node.label).word
            if word and node.start >= ends.get(word, 0):
                shares[word] = shares.get(word, 0.0) + self.plain.of(node)
                ends[word] = node.end
        return shares

    def limit(self, node: Node, in_content: bool) -> float:
        """The share of the page's text below which an element is boilerplate; 0 where its name is no reason."""
        if node.tag in ("html", "body", "main", "article", "caption"):
            return 0.0
        name = _meaning(node.label)
        if node.tag == "nav" or name.is_aside or (name.menu and self._is_menu(node, name.menu)):
            return _MOST
        if node.tag == "footer" or (node.tag == "header" and not in_content) or name.is_frame:
            return self._frame
        if node.tag == "aside" and not name.is_facts:
            return _MUCH
        if name.idle and (name.idle - {"meta"} or self._linked.of(node) + self._days.of(node) > 0):
            return _MUCH  # what is named "meta" without an author or a day may well be facts
        return _SOME if name.is_caption else 0.0

    def _is_menu(self, node: Node, words: frozenset[str]) -> bool:
        """A menu is made of links, and a table of contents of links within the page; other ones are content."""
        if words - {"menu", "menus", "toc"}:
            return True
        if self._linked.of(node) < self.plain.of(node):
            return False
        return "toc" not in words or self._within.of(node) >= self._away.of(node)

    def share(self, node: Node) -> float:
        """The share of the page's text that the element holds, or all of its name together."""
        return max(self.plain.of(node), self._shares.get(_meaning(node.label).word, 0.0)) / self.total


def _counts(flat: Flat, places: list[int]) -> Sums:
    counts = [0.0] * (len(flat.blocks) + 1)
    for place in places:
        counts[place] += 1
    return Sums(counts)


def boilerplate(flat: Flat) -> list[bool]:
    """For each block, whether it stands in an element that is no content by its name."""
    names = _Names(flat)
    marks = [False] * len(flat.blocks)
    content_end = marked_end = trusted_end = 0
    for node in flat.nodes:
        if node.end <= marked_end or (node.end <= trusted_end and node.tag in _OUTSIDE):
            continue
        if node.tag in ("article", "main"):
            content_end = max(content_end, node.end)
        limit = names.limit(node, node.start < content_end)
        if limit and names.share(node) < limit:
            marks[node.start : node.end] = [True] * (node.end - node.start)
            marked_end = node.end
        elif node.tag in _OUTSIDE:  # content in spite of its name: so is another one inside it
            trusted_end = max(trusted_end, node.end)
    return marks
