"""The pieces of a page's text, and which of them are its content."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

Kind = Literal["text", "heading", "item", "row", "term", "code", "caption", "button"]

_UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MAX_CARRIED = 8, 100  # cells a row, characters a cell, that are repeated in the rows that a cell spans
_PROSE_CELL = 400


@dataclass(slots=True)
class Block:
    """One piece of the page's text. `level`: of a heading or of nested lists; `link_chars`: how many are links."""

    text: str
    kind: Kind
    level: int
    link_chars: int
    words: int

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
class Flat:
    """All that one walk found, in page order; parents come before their children.

    `meta` holds the first value of each meta element, `times` the block and value of each time element.
    """

    blocks: list[Block] = field(default_factory=list[Block])
    nodes: list[Node] = field(default_factory=list[Node])
    links: list[Link] = field(default_factory=list[Link])
    meta: dict[str, str] = field(default_factory=dict[str, str])
    times: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    title: str = ""
    base: str = ""


def count_words(text: str) -> int:
    """Words of a text; of scripts written without spaces, two characters count as one word."""
    words = len(text.split())
    return words if text.isascii() else words + len(_UNSPACED.findall(text)) // 2


@dataclass(slots=True)
class _Cell:
    column: int
    rows: int
    text: str


@dataclass(slots=True)
class Table:
    """The row being read: where its cells start, and the cells of rows above that reach into it."""

    cells: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    above: list[_Cell] = field(default_factory=list[_Cell])
    nested: bool = False
    alt: str = ""

    def join_row(self, blocks: list[Block], first: int) -> Block | None:
        """The blocks from `first` on as one `cell | cell` block; None where the table only lays out the page."""
        cells, self.cells, above, self.above, nested, self.nested = self.cells, [], self.above, [], self.nested, False
        starts = [start for start, _, _ in cells]
        parts = [blocks[start:end] for start, end in zip(starts, [*starts[1:], len(blocks)], strict=False)]
        if nested or not cells or starts[0] != first or any(_is_prose(part) for part in parts):
            return None
        row = [_Cell(cell.column, cell.rows - 1, cell.text) for cell in above]
        taken = {cell.column for cell in above}
        column = 0
        for part, (_, columns, rows) in zip(parts, cells, strict=True):
            while column in taken:
                column += 1
            row.append(_Cell(column, rows - 1, _cell_text(part)))
            column += columns
        row.sort(key=lambda cell: cell.column)
        count, chars = _MAX_CARRIED
        self.above = [cell for cell in row if cell.rows > 0 and len(cell.text) <= chars][:count]
        full = [cell.text for cell in row if cell.text]
        text = " | ".join(cell.text for cell in row).strip(" ") if len(full) > 1 else "".join(full)
        text = text.rstrip(" |") if any(parts) else ""
        return Block(text, "row", 0, sum(block.link_chars for part in parts for block in part), count_words(text))


def _is_prose(part: list[Block]) -> bool:
    return any(b.kind == "code" for b in part) or (len(part) > 2 and sum(len(b.text) for b in part) > _PROSE_CELL)


def _cell_text(part: list[Block]) -> str:
    text = ""
    for block in part:
        comma = block.kind == "item" and text and text[-1] not in ".,;:"
        text += (", " if comma else " ") + block.text
    return text.strip()


_BOILERPLATE = re.compile(
    r"(?:^|[\s_-])(?:ads?|advert\w*|author-?bio|banner|breadcrumbs?|byline|carousel|complementary|consent|contentinfo|cookies?"
    r"|copyright|credits?|dialog|disclaimer|donat\w+|footers?|gdpr|login|masthead|meta|modal|more-\w+|newsletters?|outbrain"
    r"|paywall|popular|popup|promos?|promoted|recirc\w*|recommend\w*|share|sharing|sidebar|sign-?up|skip|social\w*|sponsor\w*"
    r"|subscri\w+|taboola|tags?|teasers?|toolbar|trending|widgets?)(?=$|[\s_-])"
)
_NAVIGATION = re.compile(
    r"(?:^|[\s_-])(?:comments?|disqus\w*|respond|related\w*|nav|navbar|navbox|navigation|menus?|pagination|pager|toc)(?=$|[\s_-])"
)
_CAPTION = re.compile(r"(?:^|[\s_-])(?:\w*caption\w*|photo-?credit|image-?credit|gallery\w*|slideshow\w*)(?=$|[\s_-])")
_ARTICLE_BODY = re.compile(
    r"article[-_]*body|(?:^|[\s_-])(?:article|entry|post|story|blog)[-_]*(?:content|text|body)(?=$|[\s_-])"
)
_MORE = re.compile(
    r"(?:related|read more|more (?:from|on|stories|in|about|great|news)|most (?:read|popular|viewed)|our latest"
    r"|latest (?:stories|news)|recommended|you (?:may|might) (?:also )?(?:like|enjoy)|don't miss|see also:|comments?$"
    r"|share this|sign up|subscribe|newsletter|follow us|about the author|trending|up next|popular)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…:;。！？；।؟۔][\"'”’»)\]」』）]*$")
_MIN_PROSE = 60


class _Sums:
    """Sums over the blocks of a node, in constant time each."""

    def __init__(self, values: Iterable[float]) -> None:
        self._sums = [0.0, *accumulate(values)]

    def of(self, node: Node) -> float:
        return self._sums[node.end] - self._sums[node.start]


def content(flat: Flat, *, prune: bool = True) -> list[int]:
    """Which blocks are the page's content, as indices in page order.

    Prose picks the element that holds most of it. Where there is little, the page is a list or a form of reference, and
    all that is no boilerplate stays. Without `prune` no element is left out because of its name.
    """
    blocks = flat.blocks
    marks = _boilerplate(flat) if prune else [False] * len(blocks)
    node = _main_node(flat, marks)
    chosen = [i for i in range(node.start, node.end) if not marks[i]] if node else []
    prose = sum(blocks[i].words for i in chosen if _is_sentence(blocks[i]))
    if node is None or prose < _MIN_PROSE:
        return [i for i, mark in enumerate(marks) if not mark and blocks[i].kind != "button"]
    is_news = flat.meta.get("og:type") == "article"
    title = next((i for i, b in enumerate(blocks) if b.kind == "heading" and b.level == 1 and not marks[i]), node.start)
    if not is_news and title < node.start:  # a price, a date or a rank stands between the title and the prose
        chosen = [i for i in range(title, node.start) if not marks[i]] + chosen
    kept = _article(blocks, chosen, keep_title=not is_news)
    first, last = chosen[0], chosen[-1]
    facts = [i for i, b in enumerate(blocks) if not (marks[i] or first <= i <= last) and _is_fact(b)]
    return sorted(kept + facts) if len(facts) > 1 else kept


def _is_fact(block: Block) -> bool:
    return block.kind == "term" or (block.kind == "row" and " | " in block.text)


def _is_sentence(block: Block) -> bool:
    return block.words >= 8 and block.link_share < 0.5 and bool(_SENTENCE_END.search(block.text))


def _score(block: Block) -> float:
    if block.kind in ("caption", "button"):
        return 0.0
    score = block.words * (1 - 2 * block.link_share)
    if block.kind == "text" and block.words < 8 and not _SENTENCE_END.search(block.text):
        return min(score, 0.0) - 1.0
    return score


def _boilerplate(flat: Flat) -> list[bool]:
    """An element that holds much of the page's own text is no boilerplate, whatever it is called."""
    plain = _Sums(float(max(0, len(block.text) - block.link_chars)) for block in flat.blocks)
    marks = [False] * len(flat.blocks)
    total = max([1.0, *(plain.of(node) for node in flat.nodes[:1])])
    content_end = marked_end = 0
    for node in flat.nodes:
        if node.end <= marked_end:
            continue
        if node.tag in ("article", "main"):
            content_end = max(content_end, node.end)
        if plain.of(node) < _share_limit(node, node.start < content_end) * total:
            marks[node.start : node.end] = [True] * (node.end - node.start)
            marked_end = node.end
    return marks


def _share_limit(node: Node, in_content: bool) -> float:
    """The share of the page's text below which an element is boilerplate."""
    if node.tag in ("html", "body", "main", "article") or "infobox" in node.label:
        return 0.0
    if node.tag == "nav" or (node.label and _NAVIGATION.search(node.label)):
        return 0.8
    if node.tag in ("aside", "footer") or (node.tag == "header" and not in_content):
        return 1 / 3
    if node.label and _BOILERPLATE.search(node.label):
        return 1 / 3
    return 0.1 if node.label and _CAPTION.search(node.label) else 0.0


def _main_node(flat: Flat, marks: list[bool]) -> Node | None:
    scores = _Sums(0.0 if mark else _score(b) for b, mark in zip(flat.blocks, marks, strict=True))
    best, best_score = None, 0.0
    bodies: dict[tuple[str, str], list[Node]] = {}
    for node in flat.nodes:
        score = scores.of(node)
        if node.tag in ("article", "main"):
            score *= 1.6
        elif node.tag in ("div", "section") and node.label and _ARTICLE_BODY.search(node.label):
            score *= 3
            bodies.setdefault((node.tag, node.label), []).append(node)
        if score >= best_score and score > 0:
            best, best_score = node, score
    parts = bodies.get((best.tag, best.label), []) if best else []
    return _joined(flat, parts) or best


def _joined(flat: Flat, parts: list[Node]) -> Node | None:
    """The smallest element around all parts of one article; None where there is one part, or several articles."""
    if len(parts) < 2:
        return None
    start, end = min(part.start for part in parts), max(part.end for part in parts)
    around = [node for node in flat.nodes if node.start <= start and node.end >= end]
    smallest = min(around, key=lambda node: node.end - node.start, default=None)
    if smallest is None:
        return None
    titles = sum(b.kind == "heading" and b.level == 1 for b in flat.blocks[smallest.start : smallest.end])
    return smallest if titles < 2 else None


def _article(blocks: list[Block], chosen: list[int], keep_title: bool) -> list[int]:
    """The article's own blocks: without its title, captions, repeats, and what else there is to read."""
    title = next((n for n, i in enumerate(chosen) if blocks[i].kind == "heading" and blocks[i].level == 1), -1)
    before = sum(blocks[i].words for i in chosen[:title] if _is_sentence(blocks[i])) if title > 0 else 0
    kept: list[int] = []
    seen: set[str] = set()
    aside = False
    for n, i in enumerate(chosen):
        block = blocks[i]
        if n < title and before < 40 and not _is_fact(block):
            continue
        short = block.words < 12 and not _is_sentence(block)
        if block.kind == "heading" or (short and block.kind == "text"):
            aside = bool(_MORE.match(block.text)) or (aside and block.kind == "text")
        elif block.kind == "text" and not short:
            aside = False
        linked = block.link_share > 0.6 and block.kind in ("text", "heading")
        repeated = block.kind == "text" and block.words > 25 and block.text in seen
        if aside or linked or repeated or block.kind in ("caption", "button") or (n == title and not keep_title):
            continue
        seen.add(block.text)
        kept.append(i)
    while kept and blocks[kept[-1]].kind == "heading":
        kept.pop()
    return kept
