"""A parsed page as a flat list of text blocks: paragraphs, headings, list items, table rows, code.

The tree is walked once, with a stack of its own: pages nest deeper than Python may recurse. Every element remembers
which run of blocks it holds, so that whatever is asked of a subtree later is arithmetic on that list. This module, and
those about single elements, import the parser: they are imported only when a page is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bs4.element import NavigableString, PageElement, Tag

from .blocks import Block, Flat, Kind, Link, Node, Time, count_words
from .elements import BLOCK_TAGS, IN_LINE, KINDS, SKIPPED_TAGS, attribute, is_in_text, label_of, span_of, start_of
from .formula import formula, plain_tex, raised
from .hidden import is_hidden, is_shadow_root, unfolds
from .inline import Apart, needs_space, stand_apart
from .rows import Cell, Repeats, Table

_MAX_LINK_TEXT = 200  # characters
_MAX_TERM = 20, 500  # blocks, characters: longer ones are no terms
_MAX_RAISED = 8, 60  # pieces, characters: longer ones are no raised signs
_MAX_LISTS = 9  # lists within lists that are told apart


def flatten(root: Tag, *, see_hidden: bool = False) -> Flat:
    """Walk the tree below `root`. With `see_hidden`, hidden elements and noscript count as text too."""
    return _Walk(see_hidden).run(root)


@dataclass(slots=True)
class _Open:
    """An element that has been entered and not yet left: where its blocks and nodes begin; for a sup, its line."""

    tag: str
    children: Iterator[PageElement]
    block: int
    node: int
    is_block: bool
    link: Link | None = None
    piece: int = 0
    links: int = 0


class _Walk:
    def __init__(self, see_hidden: bool) -> None:
        self.flat = Flat()
        self._see_hidden = see_hidden
        self._skipped = SKIPPED_TAGS - {"noscript"} if see_hidden else SKIPPED_TAGS
        self._stack: list[_Open] = []
        self._line: list[str] = []
        self._linked = 0
        self._links: list[Link] = []
        self._kinds: list[tuple[Kind, int]] = []
        self._tables: list[Table] = []
        self._repeats = Repeats()
        self._lists = 0
        self._bullet = self._tight = False
        self._apart: Apart = ""
        self._pre = 0
        self._term = ""

    def run(self, root: Tag) -> Flat:
        stack = self._stack
        stack.append(self._enter(root, ""))
        while stack:
            child = next(stack[-1].children, None)
            if child is None:
                self._leave(stack.pop())
            elif type(child) is NavigableString:  # its subclasses are comments and doctypes
                self._add(child)
            elif isinstance(child, Tag):
                if child.name in self._skipped and not is_shadow_root(child):
                    self._describe(child)
                    continue
                label = label_of(child) if child.attrs else ""
                if self._see_hidden or not child.attrs or not is_hidden(child, label):
                    stack.append(self._enter(child, label))
                else:
                    self.flat.hides = True
        self._end_term()
        return self.flat

    def _describe(self, tag: Tag) -> None:
        """What an element says that has no place of its own in the text."""
        name, flat = tag.name, self.flat
        if name == "meta":
            key = attribute(tag, "property") or attribute(tag, "name") or attribute(tag, "itemprop")
            flat.meta.setdefault(key.lower(), attribute(tag, "content"))
        elif name == "title":
            flat.title = flat.title or start_of(tag)
        elif name == "base":
            flat.base = flat.base or attribute(tag, "href")
        elif name == "link" and attribute(tag, "rel").lower() == "canonical":
            flat.canonical = flat.canonical or attribute(tag, "href")
        elif name == "frame":
            title = attribute(tag, "title") or attribute(tag, "name")
            flat.links.append(Link(title, attribute(tag, "src"), -1))
        elif name == "noscript":
            flat.hides = True
        elif name == "math":
            self._add(formula(tag))

    def _add(self, text: str) -> None:
        if self._apart:
            if self._line and needs_space(self._line[-1], text, self._apart):
                self._line.append(" ")
            self._apart = ""
        self._line.append(text)
        if self._links:
            self._linked += len(text.strip())
            link = self._links[-1]
            if len(link.text) < _MAX_LINK_TEXT:
                link.text += text[:_MAX_LINK_TEXT]

    def _flush(self) -> None:
        """End the current line: what was collected becomes a block."""
        raw = "".join(self._line)
        self._line.clear()
        linked, self._linked = self._linked, 0
        tight, self._tight = self._tight, False
        text = _code_text(raw) if self._pre else " ".join(raw.split())
        if not text:
            return
        kind, level = self._kinds[-1] if self._kinds else ("text", 0)
        if self._bullet and kind == "text":
            kind, level = "item", min(self._lists, _MAX_LISTS)
        self._bullet = False
        if kind == "heading" and 0 < linked <= 2:  # the sign that links a heading to itself
            text = text.strip("#¶§\U0001f517 ") or text
        if self._term:
            text, kind, self._term = f"{self._term}: {text}", "term", ""
        self.flat.blocks.append(Block(text, kind, level, linked, count_words(text), tight))

    def _take(self, opened: _Open) -> None:
        """Forget the blocks and nodes inside an element: their text goes on in another block."""
        del self.flat.blocks[opened.block :], self.flat.nodes[opened.node :]
        for places in (self.flat.links, self.flat.times):
            for place in reversed(places):
                if place.block <= opened.block:
                    break
                place.block = opened.block

    def _enter(self, tag: Tag, label: str) -> _Open:
        name = tag.name
        parent = self._stack[-1].tag if self._stack else ""
        is_block = name in BLOCK_TAGS or ("-" in name and parent not in IN_LINE and not is_in_text(tag))
        if is_block:
            self._end_line()
            self.flat.nodes.append(Node(name, label, len(self.flat.blocks)))
            self._begin(tag, name, label)
        else:
            self._apart = self._apart or (stand_apart(tag, parent) if self._line else "")
        opened = _Open(name, iter(tag.contents), len(self.flat.blocks), len(self.flat.nodes), is_block)
        if name == "a" and "href" in tag.attrs:
            opened.link = Link("", attribute(tag, "href"), opened.block)
            self.flat.links.append(opened.link)
            self._links.append(opened.link)
        elif name == "time" or name == "relative-time":
            value = attribute(tag, "datetime") or start_of(tag)
            self.flat.times.append(Time(opened.block, label, value))
        elif name == "sup":
            opened.piece, opened.links = len(self._line), len(self.flat.links)
        elif name == "br":
            self._break()
        elif name == "img":
            self._see_image(attribute(tag, "alt"), label)
        elif "aria-label" in tag.attrs and attribute(tag, "role") == "img":
            self._see_image(attribute(tag, "aria-label"), label)
        return opened

    def _end_line(self) -> None:
        if self._line:
            self._flush()
        self._tight, self._apart = False, ""

    def _begin(self, tag: Tag, name: str, label: str) -> None:
        if self._term and name in ("li", "pre", "table", "dl", "dt"):
            self._end_term()
        if name in KINDS:
            self._kinds.append(self._kind_of(name, label))
            self._pre += name == "pre"
        elif name == "li":
            self._bullet, self._lists = True, self._lists + 1
        elif name == "table":
            for outer in self._tables[-1:]:
                outer.nested = True
            self._tables.append(Table(self._repeats))
        elif name == "tr" and self._tables:
            self._tables[-1].cells = []  # of a row that was left open, in whose last cell this one stands
        elif name in ("td", "th") and self._tables:
            cell = Cell(len(self.flat.blocks), span_of(tag, "colspan"), span_of(tag, "rowspan"), name == "th")
            self._tables[-1].begin_cell(cell)

    def _kind_of(self, name: str, label: str) -> tuple[Kind, int]:
        around = self._kinds[-1] if self._kinds else ("text", 0)
        if around[0] == "button":
            return around
        if name != "button":
            return KINDS[name]
        if around[0] == "heading":  # of a part that the button unfolds
            return around
        return ("text", 0) if unfolds(label) else KINDS[name]

    def _leave(self, opened: _Open) -> None:
        name = opened.tag
        if opened.link:
            self._links.pop()
        if not opened.is_block:
            if name == "sup":
                self._raise(opened)
            return
        self._end_line()
        self.flat.nodes[opened.node - 1].end = len(self.flat.blocks)
        if name in KINDS:
            self._kinds.pop()
            if name == "pre":
                self._leave_code(opened)
        elif name == "li":
            self._bullet, self._lists = False, self._lists - 1
        elif name in ("dt", "dd", "dl"):
            self._leave_definition(name, opened)
        elif self._tables:
            self._leave_table(name, opened)

    def _raise(self, opened: _Open) -> None:
        pieces = self._line[opened.piece :] if len(self._line) - opened.piece <= _MAX_RAISED[0] else []
        text = "".join(pieces)
        if self._pre or not text.strip() or len(text) > _MAX_RAISED[1]:
            return
        links = self.flat.links
        is_note = len(links) == opened.links + 1 and links[-1].href.startswith("#")
        before = self._line[opened.piece - 1][-20:] if opened.piece else ""
        self._line[opened.piece :] = [raised(before, text, is_note)]

    def _leave_code(self, opened: _Open) -> None:
        """The lines of one piece of code, which may each have an element of their own, become one block."""
        self._pre -= 1
        if self._pre or len(self.flat.blocks) - opened.block < 2 or (self._tables and self._tables[-1].cells):
            return
        lines = self.flat.blocks[opened.block :]
        text = "\n".join(line.text for line in lines)
        self._take(opened)
        self.flat.blocks.append(Block(text, "code", 0, sum(b.link_chars for b in lines), count_words(text)))
        self.flat.nodes[opened.node - 1].end = len(self.flat.blocks)

    def _leave_definition(self, name: str, opened: _Open) -> None:
        if name != "dt":
            self._end_term()
            return
        self._end_term()
        if len(self.flat.blocks) - opened.block > _MAX_TERM[0]:
            return
        term = " ".join(block.text for block in self.flat.blocks[opened.block :]).rstrip(" :：")
        if len(term) > _MAX_TERM[1]:
            return
        self._take(opened)
        self._term = term
        self.flat.nodes[opened.node - 1].end = opened.block

    def _end_term(self) -> None:
        if self._term:
            self.flat.blocks.append(Block(self._term, "term", 0, 0, count_words(self._term)))
            self._term = ""

    def _leave_table(self, name: str, opened: _Open) -> None:
        table = self._tables[-1]
        if name == "table":
            self._tables.pop()
        elif name in ("td", "th") and table.alt and len(self.flat.blocks) == opened.block:
            self.flat.blocks.append(Block(table.alt, "text", 0, 0, count_words(table.alt)))
        elif name == "tr" and not self._pre:
            row = table.join_row(self.flat.blocks, opened.block)
            if row:
                self._take(opened)
                self.flat.blocks.extend([row] if row.text else [])
                self.flat.nodes[opened.node - 1].end = len(self.flat.blocks)

    def _break(self) -> None:
        if self._pre:
            self._line.append("\n")
        elif self._kinds and self._kinds[-1][0] == "heading":
            self._line.append(" ")
        else:
            had_text = any(piece.strip() for piece in self._line)
            self._flush()
            self._tight = had_text

    def _see_image(self, alt: str, label: str) -> None:
        if "math" in label:
            self._add(plain_tex(alt))
        elif self._tables:
            self._tables[-1].see_image(alt)


def _code_text(raw: str) -> str:
    return "\n".join(line.rstrip() for line in raw.splitlines()).strip("\n")
