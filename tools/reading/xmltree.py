"""XML, parsed without any entities, and XML of any kind as readable text.

The document type declaration is cut off and every entity that HTML knows is replaced before the parser sees the text.
So there is nothing left that could expand to gigabytes, read a file or open a connection; the parser's own switches
stand behind that.
"""

import re
from collections.abc import Iterator
from html.entities import html5
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING

from ..clean import clean, one_line
from .extract import MAX_LINKS, Page, read_date
from .links import host_of
from .plain import file_name
from .targets import linked

if TYPE_CHECKING:  # lxml has no types of its own; its elements are of this shape
    from xml.etree.ElementTree import Element

_MISC = re.compile(r"(?>\s+|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*+)?>", re.DOTALL | re.IGNORECASE)
_NAME = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_ENTITY = re.compile(r"&(?!#|amp;|lt;|gt;|quot;|apos;)(?:(\w{1,32});)?")
_MAX_INDENT = 10  # levels
_MAX_ATTRIBUTES = 100  # of one element: lxml takes a time for them that grows with the square of their number
_IDLE_ATTRIBUTES = frozenset(["schemaLocation", "noNamespaceSchemaLocation", "space", "style", "class"])
_TITLES = ("title", "name", "headline")
_DATES = ("published", "pubDate", "date", "datePublished", "updated")


def root_name(text: str) -> str:
    """The name of the outermost element without its prefix, in small letters; "" where there is none."""
    name = _NAME.match(text, _root(text[:20_000]))
    return name[1].lower() if name else ""


def _root(text: str) -> int:
    """Where the outermost element begins: behind declarations and comments."""
    position = _skip(_MISC, text, 0)
    while (after := _skip(_DOCTYPE, text, position)) > position:
        position = _skip(_MISC, text, after)
    return position


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def parse_xml(text: str) -> "Element | None":
    """The outermost element, small faults mended; None where no element can be read."""
    etree = import_module("lxml.etree")
    text = clean(text)
    text = _ENTITY.sub(_plain_entity, text[_root(text) :])
    parser = etree.XMLParser(
        encoding="utf-8",
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(text.encode("utf-8", "ignore"), parser)
    except etree.XMLSyntaxError:
        return None


def _plain_entity(match: re.Match[str]) -> str:
    known = html5.get(f"{match[1]};", "") if match[1] else ""
    return known if known and known not in "<&" else f"&amp;{match[0][1:]}"


def local(element: "Element") -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def full_text(element: "Element") -> str:
    """All text in an element, on one line."""
    return one_line("".join(element.itertext()))


def xml_page(root: "Element", url: str) -> Page:
    """Any XML: an element a line as `name (attribute: value): text`, the elements in it indented below.

    An element that mixes text with elements is one line of text. Links are the texts and attributes that are addresses.
    """
    lines = "\n".join(f"{'  ' * min(level, _MAX_INDENT)}{line}" for level, line in _lines(root))
    return Page(
        url=url,
        title=one_line(_first(root, _TITLES) or file_name(url), 300),
        text=clean(lines),
        links=linked(islice(_addresses(root), 10 * MAX_LINKS), url),
        date=read_date(_first(root, _DATES)),
        site=host_of(url),
    )


def _lines(root: "Element") -> Iterator[tuple[int, str]]:
    stack = [(0, root)]
    while stack:
        level, element = stack.pop()
        said = [f"{name}: {one_line(value)}" for name, value in _attributes(element) if value.strip()]
        head = local(element) + (f" ({', '.join(said)})" if said else "")
        whole = len(element) == 0 or _is_mixed(element)
        text = full_text(element) if whole else ""
        if text or said or not whole:
            yield level, f"{head}: {text}" if text else head
        if not whole:
            stack += [(level + 1, child) for child in reversed(element)]


def _is_mixed(element: "Element") -> bool:
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _attributes(element: "Element") -> Iterator[tuple[str, str]]:
    for key in islice(element.attrib.keys(), _MAX_ATTRIBUTES):
        name = key.rpartition("}")[2]
        if name not in _IDLE_ATTRIBUTES:
            yield name, element.get(key, "")


def _first(root: "Element", names: tuple[str, ...]) -> str:
    """The first text of an element by one of these names, near the top of the document."""
    near = (child for child in islice(root.iter(), 200) if local(child) in names)
    return next((text for child in near if (text := full_text(child)) and len(text) < 300), "")


def _addresses(root: "Element") -> Iterator[tuple[str, str]]:
    for element in root.iter():
        text = (element.text or "").strip()
        if text.startswith(("http://", "https://")) and " " not in text:
            yield local(element), text
        for name, value in _attributes(element):
            if value.startswith(("http://", "https://")):
                yield full_text(element) or element.get("title") or element.get("text") or name, value
