"""Feeds (RSS, Atom, RDF) and sitemaps as pages: their entries, newest or first as the file has them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from importlib import import_module
from typing import TYPE_CHECKING

from ..clean import clean, one_line
from .extract import Page, read_date
from .links import host_of
from .plain import file_name
from .targets import absolute, linked
from .xmltree import full_text, local

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FEEDS = frozenset(["rss", "feed", "rdf"])
"""Names of the outermost element of a feed, in small letters."""

_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_ITEMS = frozenset(["item", "entry"])
_DATES = ("pubDate", "published", "date", "issued", "updated", "modified")
_BODIES = frozenset(["description", "summary", "content", "encoded", "subtitle"])
_RAW = re.compile(r"<(script|style)\b[^<]*+(?:<(?!/\1)[^<]*+)*+(?:</\1[^>]*+>?|\Z)|<!--.*?(?:-->|\Z)", re.I | re.S)
_BREAK = re.compile(r"<(?=/?(?:p|div|br|li|ul|ol|h[1-6]|tr|table|blockquote|pre|dt|dd|figure)\b)", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
_SPACES = re.compile(r"[^\S\n]*\n\s*")


@dataclass(frozen=True, slots=True)
class _Entry:
    title: str
    date: str
    link: str
    text: str

    def shown(self) -> str:
        parts = [f"## {self.title}" if self.title else "", f"{self.date} {self.link}".strip(), self.text]
        return "\n\n".join(part for part in parts if part)


def feed_page(root: "Element", url: str) -> Page | None:
    """A feed or a sitemap as a page, None for XML of another kind.

    Each entry is a heading with its date as written, its address and its text without markup; its address is also one
    of the page's links. The date of the page is that of the feed, else of its newest entry.
    """
    name = local(root).lower()
    if name in ("urlset", "sitemapindex"):
        return _sitemap(root, url)
    if name not in FEEDS:
        return None
    top = next((child for child in root if local(child) == "channel"), root)
    base = absolute(url, root.get(_BASE, "")) or url
    entries = [_entry(element, base) for element in root.iter() if local(element).lower() in _ITEMS]
    if not entries and name == "rdf":
        return None
    title = one_line(_plain(_child(top, "title")), 300)
    head = [f"# {title}" if title else "", _body(child for child in top if local(child) not in _ITEMS)]
    days = [day for text in (_date(top), *(entry.date for entry in entries)) if (day := read_date(text))]
    return Page(
        url=url,
        title=title or one_line(file_name(url), 300),
        text="\n\n".join(part for part in (*head, *(entry.shown() for entry in entries)) if part),
        links=linked(((entry.title, entry.link) for entry in entries if entry.link), url),
        date=(days[0] if _date(top) else max(days)) if days else None,
        site=host_of(url),
    )


def _entry(element: "Element", url: str) -> _Entry:
    text = _body(child for child in element.iter() if child is not element)
    return _Entry(one_line(_plain(_child(element, "title"))), _date(element), _link(element, url), text)


def _child(element: "Element", name: str) -> str:
    return next((text for child in element if local(child) == name and (text := full_text(child))), "")


def _date(element: "Element") -> str:
    return next((text for name in _DATES if (text := _child(element, name))), "") or _child(element, "lastBuildDate")


def _link(element: "Element", url: str) -> str:
    """The address of an entry: what it links to, else its name where that is an address, else what is attached."""
    links = [child for child in element if local(child) == "link"]
    hrefs = [str(child.get("href")) for child in links if child.get("href") and child.get("rel") in (None, "alternate")]
    texts = [full_text(child) for child in links]
    names = [
        full_text(child) for child in element if local(child) in ("guid", "id") and child.get("isPermaLink") != "false"
    ]
    attached = [str(child.get("url") or "") for child in element if local(child) == "enclosure"]
    names = [name for name in names if name.startswith(("http://", "https://"))]
    return next(
        (target for href in (*hrefs, *texts, *names, *attached) if href and (target := absolute(url, href))), ""
    )


def _body(children: Iterator["Element"]) -> str:
    """The longest of an entry's texts: a feed may bring a summary and the whole."""
    return max((_plain(_markup(child)) for child in children if local(child) in _BODIES), key=len, default="")


def _markup(element: "Element") -> str:
    if len(element) == 0:
        return element.text or ""
    return import_module("lxml.etree").tostring(element, encoding="unicode", method="html", with_tail=False)


def _plain(markup: str) -> str:
    """Text without its markup, a paragraph a line. Markup that is meant to be shown may be escaped twice."""
    if "<" in markup:
        markup = _TAG.sub("", _BREAK.sub("\n<", _RAW.sub("", markup)))
    return _SPACES.sub("\n", clean(unescape(markup))).strip()


def _sitemap(root: "Element", url: str) -> Page:
    found = [(_described(element), _child(element, "loc")) for element in root if _child(element, "loc")]
    site = host_of(url)
    return Page(
        url=url,
        title=one_line(f"Sitemap of {site}" if site else "Sitemap", 300),
        text=clean("\n".join(f"- {loc} {said}".rstrip() for said, loc in found)),
        links=linked(((said or loc, loc) for said, loc in found), url),
        date=None,
        site=site,
    )


def _described(element: "Element") -> str:
    """What a sitemap says of an address: the title and the date of a news entry, the day of its last change."""
    wanted = ("title", "publication_date", "lastmod")
    return " ".join(text for child in element.iter() if local(child) in wanted and (text := full_text(child)))
