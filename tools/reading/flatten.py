"""A parsed page as a flat list of text blocks: paragraphs, headings, list items, table rows, code.

The tree is walked once, with a stack of its own: pages nest deeper than Python may recurse. Every element remembers
which run of blocks it holds, so that whatever is asked of a subtree later is arithmetic on that list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .blocks import Block, Flat, Kind, Link, Node, Table, count_words

if TYPE_CHECKING:
    from bs4.element import PageElement, Tag

_BLOCK_NAMES = (
    "address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table "
    "tbody td tfoot th thead tr ul"
)
_BLOCK_TAGS = frozenset(_BLOCK_NAMES.split())
_SKIPPED_NAMES = (
    "script style template noscript svg canvas iframe object embed select option datalist textarea input video "
    "audio map link meta title base"
)
_SKIPPED_TAGS = frozenset(_SKIPPED_NAMES.split())
_KINDS: dict[str, tuple[Kind, int]] = {
    "figcaption": ("caption", 0),
    "button": ("button", 0),
    "pre": ("code", 0),
    "caption": ("row", 0),
    **{f"h{level}": ("heading", level) for level in range(1, 7)},
}
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_MAX_SPAN = 50  # rows or columns; browsers allow 65,534, which would let a small page make a huge text
_SHOWN_LATER = frozenset(["html", "body", "main"])  # by a script, once it has loaded
_LABELS = ("class", "id", "role", "itemprop")
_MAX_LINK_TEXT = 200  # characters
_UNSEEN_CLASS = re.compile(r"(?:^|\s)(?:sr-only|visually-?hidden|screen-reader-text|mw-editsection|headerlink)(?:\s|$)")


def flatten(root: "Tag", *, see_hidden: bool = False) -> Flat:
    """Walk the tree below `root`. With `see_hidden`, hidden elements and noscript count as text too."""
    return _Walk(see_hidden).run(root)


def attribute(tag: "Tag", name: str) -> str:
    """An attribute's text, "" where there is none."""
    value = tag.attrs.get(name)
    return value.strip() if isinstance(value, str) else ""


def _is_hidden(tag: "Tag", label: str) -> bool:
    attrs = tag.attrs
    if label and _UNSEEN_CLASS.search(label):
        return True
    if "style" in attrs and _HIDDEN_STYLE.search(attribute(tag, "style")):
        return tag.name not in _SHOWN_LATER
    if "hidden" in attrs and attrs["hidden"] != "until-found":
        return tag.name not in _SHOWN_LATER
    return "aria-hidden" in attrs and attrs["aria-hidden"] == "true"


def _span(tag: "Tag", name: str) -> int:
    value = attribute(tag, name)
    return max(1, min(int(value), _MAX_SPAN)) if value.isascii() and value.isdigit() and len(value) < 6 else 1


@dataclass(slots=True)
class _Open:
    """An element that has been entered and not yet left: where its blocks and nodes begin."""

    tag: str
    children: "Iterator[PageElement]"
    block: int
    node: int
    link: Link | None = None


class _Walk:
    def __init__(self, see_hidden: bool) -> None:
        self.flat = Flat()
        self._see_hidden = see_hidden
        self._skipped = _SKIPPED_TAGS - {"noscript"} if see_hidden else _SKIPPED_TAGS
        self._line: list[str] = []
        self._linked = 0
        self._links: list[Link] = []
        self._kinds: list[tuple[Kind, int]] = []
        self._tables: list[Table] = []
        self._lists = 0
        self._bullet = False
        self._pre = 0
        self._term = ""

    def run(self, root: "Tag") -> Flat:
        from bs4.element import NavigableString, Tag

        stack = [self._enter(root, "")]
        while stack:
            child = next(stack[-1].children, None)
            if child is None:
                self._leave(stack.pop())
            elif type(child) is NavigableString:  # its subclasses are comments, doctypes and ruby glosses
                self._add(child)
            elif isinstance(child, Tag):
                if child.name in self._skipped:
                    self._describe(child)
                elif (label := self._label(child)) is not None:
                    stack.append(self._enter(child, label))
        self._end_term()
        return self.flat

    def _describe(self, tag: "Tag") -> None:
        if tag.name == "meta":
            name = attribute(tag, "property") or attribute(tag, "name") or attribute(tag, "itemprop")
            self.flat.meta.setdefault(name.lower(), attribute(tag, "content"))
        elif tag.name == "title":
            self.flat.title = self.flat.title or tag.get_text()
        elif tag.name == "base":
            self.flat.base = self.flat.base or attribute(tag, "href")

    def _label(self, tag: "Tag") -> str | None:
        """Class, id, role and itemprop of an element, in lower case; None where it is not seen."""
        if not tag.attrs:
            return ""
        attrs = tag.attrs
        label = " ".join([str(attrs[name]) for name in _LABELS if name in attrs]).lower()
        return None if not self._see_hidden and _is_hidden(tag, label) else label

    def _add(self, text: str) -> None:
        self._line.append(text)
        if self._links:
            self._linked += len(text.strip())
            link = self._links[-1]
            if len(link.text) < _MAX_LINK_TEXT:
                link.text += text

    def _flush(self) -> None:
        """End the current line: what was collected becomes a block."""
        raw = "".join(self._line)
        self._line.clear()
        linked, self._linked = self._linked, 0
        text = _code_text(raw) if self._pre else " ".join(raw.split())
        if not text:
            return
        kind, level = self._kinds[-1] if self._kinds else ("text", 0)
        if self._bullet and kind == "text":
            kind, level = "item", self._lists
        self._bullet = False
        if kind == "heading" and 0 < linked <= 2:  # the sign that links a heading to itself
            text = text.strip("#¶§\U0001f517 ") or text
        if self._term:
            text, kind, self._term = f"{self._term}: {text}", "term", ""
        self.flat.blocks.append(Block(text, kind, level, linked, count_words(text)))

    def _take(self, opened: _Open) -> None:
        """Forget the blocks and nodes inside an element: their text goes on in another block."""
        del self.flat.blocks[opened.block :], self.flat.nodes[opened.node :]
        for link in reversed(self.flat.links):
            if link.block <= opened.block:
                break
            link.block = opened.block

    def _enter(self, tag: "Tag", label: str) -> _Open:
        name = tag.name
        if name in _BLOCK_TAGS or "-" in name:
            if self._line:
                self._flush()
            self.flat.nodes.append(Node(name, label, len(self.flat.blocks)))
            self._begin(tag, name)
        opened = _Open(name, iter(tag.contents), len(self.flat.blocks), len(self.flat.nodes))
        if name == "a" and "href" in tag.attrs:
            opened.link = Link("", attribute(tag, "href"), opened.block)
            self.flat.links.append(opened.link)
            self._links.append(opened.link)
        elif name == "time":
            self.flat.times.append((opened.block, attribute(tag, "datetime")))
        elif name == "br":
            self._break()
        elif name == "img":
            self._see_image(attribute(tag, "alt"), label)
        return opened

    def _begin(self, tag: "Tag", name: str) -> None:
        if self._term and name in ("li", "pre", "table", "dl", "dt"):
            self._end_term()
        if name in _KINDS:
            self._kinds.append(_KINDS[name])
            self._pre += name == "pre"
        elif name == "li":
            self._bullet, self._lists = True, self._lists + 1
        elif name == "table":
            for outer in self._tables[-1:]:
                outer.nested = True
            self._tables.append(Table())
        elif name in ("td", "th") and self._tables:
            self._tables[-1].cells.append((len(self.flat.blocks), _span(tag, "colspan"), _span(tag, "rowspan")))
            self._tables[-1].alt = ""

    def _leave(self, opened: _Open) -> None:
        name = opened.tag
        if opened.link:
            self._links.pop()
        if name not in _BLOCK_TAGS and "-" not in name:
            return
        if self._line:
            self._flush()
        self.flat.nodes[opened.node - 1].end = len(self.flat.blocks)
        if name in _KINDS:
            self._kinds.pop()
            self._pre -= name == "pre"
        elif name == "li":
            self._bullet, self._lists = False, self._lists - 1
        elif name in ("dt", "dd", "dl"):
            self._leave_definition(name, opened)
        elif self._tables:
            self._leave_table(name, opened)

    def _leave_definition(self, name: str, opened: _Open) -> None:
        if name != "dt":
            self._end_term()
            return
        term = " ".join(block.text for block in self.flat.blocks[opened.block :]).rstrip(" :")
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
        elif name == "tr":
            row = table.join_row(self.flat.blocks, opened.block)
            if row:
                self._take(opened)
                self.flat.blocks.extend([row] if row.text else [])
                self.flat.nodes[opened.node - 1].end = len(self.flat.blocks)

    def _break(self) -> None:
        if self._pre:
            self._line.append("\n")
        else:
            self._flush()

    def _see_image(self, alt: str, label: str) -> None:
        if "math" in label:
            self._add(alt)
        elif self._tables:
            self._tables[-1].alt = alt


def _code_text(raw: str) -> str:
    return "\n".join(line.rstrip() for line in raw.splitlines()).strip("\n")
