"""HTML to `Page`: the text that matters, its title, date, site and links.

`strip` thins out the markup, beautifulsoup4 builds the tree with lxml, `flatten` walks it, `content` chooses. Our own
steps take time in proportion to the input. The parser's cannot be promised to, nor can it be interrupted: pages of
strangers are better read in a process that can be killed.
"""

import hashlib
import re
from dataclasses import dataclass
from itertools import islice

from ..clean import clean, one_line
from .blocks import Block, Flat, title_block
from .content import content
from .data import described, first_text, things
from .dates import published
from .dates import read_date as read_date  # for readers of other formats
from .links import MAX_LINKS as MAX_LINKS
from .links import canonical, host_of, page_links
from .markup import strip

MAX_CHARS = 2_000_000
"""Characters of HTML that are read; what comes after is not seen."""

MAX_TAGS = 150_000
"""Tags of HTML that are read, of those that end elements too: more than the longest pages that people write have."""

_WEAK_WORDS = 25
_NO_WORDS = 5


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says. All text is cleaned; it is data from outside, never instructions."""

    url: str
    title: str
    text: str
    """Headings as `# ` lines, list items as `- `, table rows as `cell | cell`, definitions as `term: meaning`."""
    links: tuple[tuple[str, str], ...]
    """(text, absolute http or https URL), each URL once: the content's links first, then the others, in page order."""
    date: str | None
    """Day of publication as YYYY-MM-DD, None where the page does not say; never a day that lies ahead."""
    site: str
    canonical: str = ""
    """The address that the page gives as its own, on the host of `url` (but for www., m. or amp.); "" for none."""

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hex: evidence names the very text it was found in."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def extract_page(html: str, url: str = "") -> Page:
    """Read a page. `url` is its final address, against which its links are resolved. Never raises on any text.

    At most MAX_CHARS characters and MAX_TAGS tags are read. Without any markup the text is taken as it is. Where there
    is next to no text, what the page says of itself in its head and its JSON-LD stands in for it.

    >>> extract_page("<title>Tea</title><p>Green tea is brewed at 80 degrees.").text
    'Green tea is brewed at 80 degrees.'
    """
    html = _cut(html[:MAX_CHARS])
    if "<" not in html:
        return Page(url, "", clean(html).strip(), (), None, host_of(url))
    markup, scripts = strip(html)
    flat, kept = _read(markup)
    found = list(things(scripts))
    text = _render(flat.blocks, kept)
    if flat.words(kept) < _WEAK_WORDS:
        text = _with_data(text, clean(first_text(found, "articleBody")).strip(), clean(described(flat.meta, found)))
    title = title_block(flat, list(range(len(flat.blocks))))
    heading = "" if title is None else flat.blocks[title].text
    return Page(
        url=url,
        title=one_line(flat.meta.get("og:title") or flat.title.strip() or heading, 300),
        text=text,
        links=page_links(flat, set(kept), url),
        date=published(flat, found, kept, title, url),
        site=one_line(flat.meta.get("og:site_name", ""), 100) or host_of(url),
        canonical=canonical(flat, url),
    )


def _cut(html: str) -> str:
    """Without what comes after so many tags: each costs the parser some 10 microseconds and 1,500 bytes."""
    if html.count("<") <= MAX_TAGS:
        return html
    last = next(islice(re.finditer("<", html), MAX_TAGS, None))
    return html[: last.start()]


def _read(markup: str) -> tuple[Flat, list[int]]:
    """The blocks of the page and which of them to keep; where that is next to nothing, less strictly."""
    from .flatten import flatten
    from .tree import parse

    soup = parse(markup)
    flat = flatten(soup)
    kept = content(flat)
    if flat.words(kept) >= _WEAK_WORDS:
        return flat, kept
    hidden = flatten(soup, see_hidden=True) if flat.hides else Flat()
    for other, prune in ((hidden, True), (flat, False), (hidden, False)):
        more = content(other, prune=prune)
        if other.words(more) > 4 * flat.words(kept) and (prune or flat.words(kept) < _NO_WORDS):
            return other, more
    return flat, kept


def _with_data(text: str, article: str, about: str) -> str:
    """The little text of a page with what its data says: the whole article, or else what the page is about."""
    if len(article) > len(text):
        return article
    return "\n\n".join(part for part in (text, about) if part)


def _render(blocks: list[Block], kept: list[int]) -> str:
    parts: list[str] = []
    last = -1
    for i in kept:
        if parts:
            parts.append("\n" if _is_next_line(blocks, last, i) else "\n\n")
        last = i
        parts.append(_line(blocks[i]))
    return clean("".join(parts)).strip()


def _is_next_line(blocks: list[Block], last: int, i: int) -> bool:
    above, block = blocks[last], blocks[i]
    if block.kind == above.kind and block.kind in ("item", "row", "term"):
        return True
    return block.tight and last == i - 1 and block.kind == "text" and above.kind != "heading"


def _line(block: Block) -> str:
    if block.kind == "heading":
        return f"{'#' * block.level} {block.text}"
    if block.kind == "item":
        return f"{'  ' * (block.level - 1)}- {block.text}"
    return f"```\n{block.text}\n```" if block.kind == "code" else block.text
