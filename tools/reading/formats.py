"""From the body of a reply, whatever kind of document it is, to a Page.

Servers name types wrongly, so the body has a say, as in browsers. What the first bytes show beyond doubt counts: PDF,
archives, pictures. What has no type, or one that says nothing, is looked at. A feed or JSON sent as HTML is a feed or
JSON. But what is declared as plain text stays text even where it is HTML: who sends a source file that way means the
source, and browsers show it so. Only JSON, Markdown and tables are laid out even then, for that changes no word.
"""

import re
from typing import Literal

from ..clean import clean, one_line
from ..errors import ToolError
from ..web.body import decode
from .extract import Page, extract_page
from .feeds import FEEDS, feed_page
from .pdf import pdf_page
from .plain import file_name, markdown_page, text_page
from .values import json_page, table_page
from .walls import wall
from .xmltree import parse_xml, root_name, xml_page

Kind = Literal["html", "xml", "json", "table", "markdown", "text"]

_TYPES: dict[str, Kind] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/xml": "xml",
    "application/xml": "xml",
    "application/json": "json",
    "text/json": "json",
    "application/jsonl": "json",
    "application/ndjson": "json",
    "application/x-ndjson": "json",
    "text/csv": "table",
    "text/tab-separated-values": "table",
    "text/markdown": "markdown",
    "text/x-markdown": "markdown",
}
_SUFFIXES: dict[str, Kind] = {"json": "json", "xml": "xml"}
_ENDINGS: dict[str, Kind] = {
    "md": "markdown",
    "markdown": "markdown",
    "csv": "table",
    "tsv": "table",
    "json": "json",
    "jsonl": "json",
    "ndjson": "json",
}
_UNREADABLE = ("image/", "audio/", "video/", "font/", "model/", "multipart/")
_SIGNATURES = (
    (b"PK\x03\x04", "application/zip (or an Office document)"),
    (b"\xd0\xcf\x11\xe0", "application/msword (or another old Office document)"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (rb"{\rtf", "application/rtf"),
)
_HTML_START = re.compile(
    r"(?>\s+|<!--.*?-->|<\?[^>]*>)*+<(?:!doctype html|html|head|body|title|meta|link|script|style|div|main|article|p"
    r"|h[1-6]|table|font|center|a|b|br)\b",
    re.DOTALL | re.IGNORECASE,
)
_LOOKED_AT = 4_000
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read_body(body: bytes, content_type: str, url: str) -> Page:
    """The page in an inflated body; `content_type` is the whole header, `url` the final address. No network.

    Raises ToolError (kind "unreadable") with the reason where there is no text to read: another type of document, a
    broken or locked file, or a page that shows a wall in place of itself (see `walls.wall`).
    """
    media = one_line(content_type.partition(";")[0].lower(), 60)
    page = _pdf(body, media, url) or _page(body, content_type, media, url)
    if not page.text.strip():
        raise _unreadable("page has no readable text", url)
    return page


def looks_like_html(text: str) -> bool:
    """Whether a text of unknown kind begins as HTML does."""
    return _HTML_START.match(text[:_LOOKED_AT]) is not None


def _pdf(body: bytes, media: str, url: str) -> Page | None:
    if body[:100].lstrip(b"\xef\xbb\xbf\0\t\n\f\r ").startswith(b"%PDF-") or (
        media == "application/pdf" and b"%PDF-" in body[:1024]
    ):
        return pdf_page(body, url)
    return None


def _page(body: bytes, content_type: str, media: str, url: str) -> Page:
    if media.startswith(_UNREADABLE):
        raise _of_type(media, url)
    text = decode(body, content_type)
    if (named := _binary(body, text, media)) is not None:
        raise _of_type(named, url)
    kind = _kind(media, text, url)
    if kind == "html":
        page = extract_page(text, url)
        if reason := wall(text, page):
            raise _unreadable(reason, url)
        return page
    if kind == "xml":
        return _xml(text, url)
    if kind == "json":
        return json_page(url, text) or text_page(url, text)
    if kind == "table":
        return table_page(url, text)
    return markdown_page(url, text) if kind == "markdown" else text_page(url, text)


def _xml(text: str, url: str) -> Page:
    root = parse_xml(text)
    if root is None:
        return text_page(url, text)
    return feed_page(root, url) or xml_page(root, url)


def _kind(media: str, text: str, url: str) -> Kind:
    declared = _TYPES.get(media) or _SUFFIXES.get(media.rpartition("+")[2] if "+" in media else "")
    start = text[:50].lstrip()[:1]
    if declared == "html":
        is_feed = start == "<" and root_name(text) in FEEDS
        return "xml" if is_feed else "json" if start in ("{", "[") and json_page(url, text) else "html"
    if declared == "xml":
        return "html" if root_name(text) == "html" else "xml"
    if declared:
        return declared
    if ending := _ENDINGS.get(file_name(url).rpartition(".")[2].lower()):
        return ending
    if start in ("{", "["):
        return "json"
    return "text" if media.startswith("text/") else _sniffed(text)


def _sniffed(text: str) -> Kind:
    """The kind of a text that no type was given for."""
    if looks_like_html(text):
        return "html"
    return "xml" if text.lstrip().startswith("<?xml") or root_name(text) in FEEDS | {"urlset"} else "text"


def _binary(body: bytes, text: str, media: str) -> str | None:
    """The type of a body that is no text at all, None for text.

    A few control characters are no proof where a type of text is declared; else one is, as in browsers.
    """
    sample = text[:_LOOKED_AT]
    if _is_text(media) and not clean(sample).strip():
        return None
    signed = next((name for start, name in _SIGNATURES if body.startswith(start)), "")
    allowed = len(sample) // 50 if _is_text(media) else 0
    if len(_CONTROL.findall(sample)) > allowed or sample.count("\ufffd") > len(sample) // 3:
        return signed or media or "unknown"
    return signed if signed == "application/rtf" else None


def _is_text(media: str) -> bool:
    return media in _TYPES or media.startswith("text/")


def _of_type(media: str, url: str) -> ToolError:
    return _unreadable(f"cannot read content of type {media}", url)


def _unreadable(text: str, url: str) -> ToolError:
    return ToolError(f"{text}; read another page", kind="unreadable", sent=True, url=url)
