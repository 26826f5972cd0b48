"""Plain text as a page."""

import re
from urllib.parse import unquote, urlsplit

from ..clean import clean, one_line
from ..search import usable_url
from .extract import Page


def text_page(url: str, text: str, *, title: str = "", date: str | None = None) -> Page:
    """A page of plain text. Without a `title`: its first Markdown heading, else the file name in `url`."""
    text = clean(text)
    parts = urlsplit(usable_url(url))
    if not title:
        heading = re.search(r"^#{1,2} +(.+)$", text[:5_000], re.MULTILINE)
        title = heading[1] if heading else unquote(parts.path.rstrip("/").rpartition("/")[2])
    site = (parts.hostname or "").removeprefix("www.")
    return Page(url=url, title=one_line(title, 300), text=text, links=(), date=date, site=site)
