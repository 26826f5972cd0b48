"""Elements of a page: what their names mean for its text, and what is read off a single one."""

from bs4.element import PageElement, Tag

from .blocks import Kind

_BLOCK_NAMES = (
    "address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav noscript ol p "
    "pre section summary table tbody td template tfoot th thead tr ul"
)
BLOCK_TAGS = frozenset(_BLOCK_NAMES.split())
"""Elements that begin a line of their own."""
_SKIPPED_NAMES = (
    "script style template noscript svg canvas iframe frame object embed select option datalist textarea input video "
    "audio map link meta title base math rt rp rtc"
)
SKIPPED_TAGS = frozenset(_SKIPPED_NAMES.split())
"""Elements whose content is no text of the page."""
_IN_LINE_NAMES = "p span a b i em strong small label h1 h2 h3 h4 h5 h6 dt time code sup sub"
IN_LINE = frozenset(_IN_LINE_NAMES.split())
"""Elements in which an element of an unknown name is part of the line."""
KINDS: dict[str, tuple[Kind, int]] = {
    "figcaption": ("caption", 0),
    "button": ("button", 0),
    "pre": ("code", 0),
    "caption": ("row", 0),
    **{f"h{level}": ("heading", level) for level in range(1, 7)},
}
MAX_CHARS = 500
"""Characters of a label or a style that count: patterns are searched in them."""

_MAX_SPAN = 50  # rows or columns; browsers allow 65,534, which would let a small page make a huge text
_LABELS = ("class", "id", "role", "itemprop")


def attribute(tag: Tag, name: str) -> str:
    """An attribute's text, "" where there is none."""
    value = tag.attrs.get(name)
    return value.strip() if isinstance(value, str) else ""


def label_of(tag: Tag) -> str:
    """Class, id, role and itemprop of an element, in lower case; what is long beyond reason is cut."""
    attrs = tag.attrs
    return " ".join([str(attrs[name]) for name in _LABELS if name in attrs])[:MAX_CHARS].lower()


def span_of(tag: Tag, name: str) -> int:
    """How many rows or columns a cell spans, as its attribute says."""
    value = attribute(tag, name)
    return max(1, min(int(value), _MAX_SPAN)) if value.isascii() and value.isdigit() and len(value) < 6 else 1


def start_of(tag: Tag) -> str:
    """The text at the start of an element, two levels deep, without a walk through all that it holds."""
    pieces = [piece for child in tag.contents[:10] for piece in _strings(child)]
    return "".join(pieces)


def _strings(child: PageElement) -> list[str]:
    if isinstance(child, str):
        return [child]
    return [piece for piece in getattr(child, "contents", [])[:10] if isinstance(piece, str)]


def is_in_text(tag: Tag) -> bool:
    """Whether text stands directly before or after an element."""
    around = (tag.previous_sibling, tag.next_sibling)
    return any(isinstance(sibling, str) and sibling.strip() for sibling in around)
