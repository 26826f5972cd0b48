"""The pieces of a page's text, and the elements and links that hold them."""

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "heading", "item", "row", "term", "code", "caption", "button"]

UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""A character of a script that is written without spaces, or with few."""

_MAX_TITLE = 600  # characters


@dataclass(slots=True)
class Block:
    """One piece of the page's text. `level`: of a heading or of nested lists; `link_chars`: how many are links.

    `tight`: it is the next line of the block before, after a line break.
    """

    text: str
    kind: Kind
    level: int
    link_chars: int
    words: int
    tight: bool = False

    @property
    def link_share(self) -> float:
        """How much of the text is links, 0..1."""
        return min(1.0, self.link_chars / max(1, len(self.text)))


@dataclass(slots=True)
class Node:
    """An element that holds the blocks `start` to `end` (exclusive). `label`: its class, id, role and itemprop."""

    tag: str
    label: str
    start: int
    end: int = 0


@dataclass(slots=True)
class Link:
    """A link as written in the page; `block` is the block that it stands in."""

    text: str
    href: str
    block: int


@dataclass(slots=True)
class Time:
    """A time element: the block that it stands in, its label, and the day that its attribute, else its text, names."""

    block: int
    label: str
    value: str


@dataclass(slots=True)
class Flat:
    """All that one walk found, in page order; parents come before their children.

    `meta` holds the first value of each meta element; `canonical` the address that the page gives itself; `hides` says
    that some of the page was left out because readers do not see it.
    """

    blocks: list[Block] = field(default_factory=list[Block])
    nodes: list[Node] = field(default_factory=list[Node])
    links: list[Link] = field(default_factory=list[Link])
    meta: dict[str, str] = field(default_factory=dict[str, str])
    times: list[Time] = field(default_factory=list[Time])
    title: str = ""
    base: str = ""
    canonical: str = ""
    hides: bool = False

    @property
    def is_news(self) -> bool:
        """Whether the page calls itself an article: prose with a title, and much around it that is not read."""
        return self.meta.get("og:type") == "article"

    def words(self, kept: list[int]) -> int:
        """How many words the blocks with these indices have."""
        return sum(self.blocks[i].words for i in kept)


def count_words(text: str) -> int:
    """Words of a text; of scripts written without spaces, two characters count as one word."""
    words = len(text.split())
    return words if text.isascii() else words + len(UNSPACED.findall(text)) // 2


def title_block(flat: Flat, among: list[int]) -> int | None:
    """The heading that is the page's title: the longest that stands in its title element too, else the first h1."""
    said = " ".join(f"{flat.meta.get('og:title', '')} {flat.title}"[:_MAX_TITLE].casefold().split())
    headings = [i for i in among if flat.blocks[i].kind == "heading"]
    named = [
        i for i in headings if 3 < len(flat.blocks[i].text) <= len(said) and flat.blocks[i].text.casefold() in said
    ]
    if named:
        return max(named, key=lambda i: len(flat.blocks[i].text))
    return next((i for i in headings if flat.blocks[i].level == 1), None)
