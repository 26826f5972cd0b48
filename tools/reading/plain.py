"""Plain text and Markdown as pages. The text stays as it was written, lines included."""

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote, urlsplit

from ..clean import clean, one_line
from .extract import MAX_LINKS, Page
from .links import host_of
from .targets import bare_links, linked

_HEADING = re.compile(r"^#{1,2} +(.+)$", re.MULTILINE)
_UNDERLINED = re.compile(r"^(?=\S)(.{1,200})\n([=\-~^*#\"'`.+_])\2{2,}[ \t]*$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A---\n(?:(?!---).*\n){0,60}?title:[ \t]*(.+)\n")
_FENCED = re.compile(r"^(`{3,}|~{3,})[^\n]*\n(?:(?!\1).*(?:\n|\Z))*+(?:\1.*)?", re.MULTILINE)

_TARGET = r"<?((?:[^\s()<>]|\([^\s()<>]{0,200}\)){1,2000})>?"
_INLINE = re.compile(rf"(?<!!)\[([^\[\]]{{1,300}})\]\([ ]?{_TARGET}(?:\s+[\"'(][^\n]{{0,200}}?)?\)")
_IMAGE_LINK = re.compile(rf"\[!\[([^\[\]]{{0,300}})\]\([^()\n]{{0,2000}}\)\]\({_TARGET}\)")
_REFERENCE = re.compile(r"(?<!!)\[([^\[\]]{1,300})\]\[([^\[\]]{0,200})\]")
_ANY_TARGET = re.compile(rf"\]\([ ]?{_TARGET}")
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]]{1,200})\]:[ \t]*<?(\S{1,2000}?)>?(?:[ \t].*)?$", re.MULTILINE)


def text_page(url: str, text: str, *, title: str = "", date: str | None = None) -> Page:
    """A page of plain text. Without a `title`: its first heading, with # or underlined, else the file name in `url`.

    Its links are the addresses that stand in the text.
    """
    text = clean(text)
    return Page(
        url=url,
        title=one_line(title or _heading(text) or file_name(url), 300),
        text=text,
        links=linked(bare_links(text), url),
        date=date,
        site=host_of(url),
    )


def markdown_page(url: str, text: str, *, title: str = "") -> Page:
    """A page of Markdown, kept as written; its links are those with a text, then the bare addresses. See text_page."""
    text = clean(text)
    prose = _FENCED.sub("", text)
    front = _FRONT_MATTER.match(text)
    return Page(
        url=url,
        title=one_line(title or (front[1].strip("\"' ") if front else "") or _heading(prose) or file_name(url), 300),
        text=text,
        links=linked([*_markdown_links(prose), *bare_links(_ANY_TARGET.sub("", prose))], url),
        date=None,
        site=host_of(url),
    )


def file_name(url: str) -> str:
    """The last part of an address's path."""
    try:
        return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    except ValueError:
        return ""


def _heading(text: str) -> str:
    start = text[:5_000]
    found = [match for pattern in (_HEADING, _UNDERLINED) if (match := pattern.search(start))]
    return min(found, key=lambda match: match.start())[1].rstrip("# ") if found else ""


def _markdown_links(text: str) -> Iterator[tuple[str, str]]:
    named = {_label(match[1]): match[2] for match in islice(_DEFINITION.finditer(text), 10 * MAX_LINKS)}
    found = [
        *((match.start(), match[1], match[2]) for match in _INLINE.finditer(text)),
        *((match.start(), match[1], match[2]) for match in _IMAGE_LINK.finditer(text)),
        *(
            (match.start(), match[1], target)
            for match in _REFERENCE.finditer(text)
            if (target := named.get(_label(match[2] or match[1])))
        ),
    ]
    yield from ((words.strip("*_`"), target) for _, words, target in sorted(found))
    yield from named.items()


def _label(text: str) -> str:
    return " ".join(text.split()).casefold()
