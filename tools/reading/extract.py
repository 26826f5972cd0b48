"""HTML to `Page`: the text that matters, its title, date, site and links.

beautifulsoup4 builds the tree with lxml, `flatten` walks it, `content` chooses. Parsing takes place in this process and
cannot be interrupted: the size of the input bounds the work, but markup made for the purpose (hundreds of thousands of
attributes in one tag) can still hold it for a long time. A child process that can be killed is still to come.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import urljoin, urlsplit

from ..clean import clean, one_line
from .blocks import Block, Flat, content
from .flatten import flatten

Json = dict[str, "Json"] | list["Json"] | str | float | bool | None

MAX_CHARS = 2_000_000
"""Characters of HTML that are read; what comes after is not seen."""

MAX_LINKS = 1_000
"""Links that a page keeps."""

# Both cases spelled out: with IGNORECASE the search is several times slower.
_NAMES = {
    "script": "[sS][cC][rR][iI][pP][tT]",
    "style": "[sS][tT][yY][lL][eE]",
    "svg": "[sS][vV][gG]",
}
_RAW = re.compile(rf"<(?:({'|'.join(_NAMES.values())})\b|!--)")
_RAW_ENDS = {name: re.compile(rf"</{letters}\s*>") for name, letters in _NAMES.items()}
_IDLE_SPACE = re.compile(
    r">\s+(?=</?(?:article|aside|body|div|figure|footer|h[1-6]|head|header|html|li|link|main|meta|nav|ol|p|section|table|tbody"
    r"|td|th|thead|title|tr|ul)[\s>])"
)
_IDLE_TAG = re.compile(r"""<(?:link|source|input)\b(?:[^<>"']|"[^"<>]*"|'[^'<>]*')*>""")
_XML_DECLARATION = re.compile(r"\s*(?:<\?[^>]*>\s*)+")
_PLAIN_URL = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+/[\w/?&=%#-]{0,500}")  # needs no resolving
_WEAK_WORDS = 25
_DATE_NAMES = (
    "article:published_time og:published_time datepublished date pubdate publishdate publish_date parsely-pub-date "
    "sailthru.date dc.date dc.date.issued dcterms.date dcterms.created citation_publication_date"
)
_DATE_KEYS = _DATE_NAMES.split()
_ISO_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-/.]?)(\d{1,2})\2(\d{1,2})(?!\d)")
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
_WORD_DATE = re.compile(
    r"([a-z]{3})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? ((?:19|20)\d\d)"
    r"|(\d{1,2})(?:st|nd|rd|th)? ([a-z]{3})[a-z]*\.?,? ((?:19|20)\d\d)",
    re.IGNORECASE,
)


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
    """Day of publication as YYYY-MM-DD, None where the page does not say."""
    site: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hex: evidence names the very text it was found in."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def extract_page(html: str, url: str = "") -> Page:
    """Read a page. `url` is its final address, against which its links are resolved. Never raises on any text.

    At most MAX_CHARS characters are read. Without any markup the text is taken as it is.

    >>> extract_page("<title>Tea</title><p>Green tea is brewed at 80 degrees.").text
    'Green tea is brewed at 80 degrees.'
    """
    html = html[:MAX_CHARS]
    if "<" not in html:
        return Page(url, "", clean(html).strip(), (), None, _host(url))
    markup, data = _strip(html)
    flat, kept = _read(markup)
    things = list(_things(data))
    text = _render([flat.blocks[i] for i in kept])
    if sum(flat.blocks[i].words for i in kept) < _WEAK_WORDS:
        text = max(text, clean(_first(things, "articleBody")).strip(), key=len)
    return Page(
        url=url,
        title=_title(flat),
        text=text,
        links=_links(flat, set(kept), url),
        date=_published(flat, things, kept),
        site=one_line(flat.meta.get("og:site_name", ""), 100) or _host(url),
    )


def _read(markup: str) -> tuple[Flat, list[int]]:
    """The blocks of the page and which of them to keep; where that is next to nothing, less strictly."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(markup, "lxml", multi_valued_attributes=None)
    flat = flatten(soup)
    kept = content(flat)
    words = sum(flat.blocks[i].words for i in kept)
    if words >= _WEAK_WORDS:
        return flat, kept
    for see_hidden in (False, True):
        other = flatten(soup, see_hidden=see_hidden)
        everything = content(other, prune=False)
        if sum(other.blocks[i].words for i in everything) > 4 * words:
            return other, everything
    return flat, kept


def _strip(html: str) -> tuple[str, list[str]]:
    """The markup without comments, scripts, styles and drawings, for they cost time; and the JSON-LD texts in it."""
    pieces: list[str] = []
    data: list[str] = []
    unclosed: set[str] = set()
    position = search_from = 0
    while start := _RAW.search(html, search_from):
        name = (start[1] or "").lower()
        end = -1 if name in unclosed else _end_of(html, start, name)
        if end < 0:
            unclosed.add(name)
            search_from = start.end()
            continue
        pieces.append(html[position : start.start()])
        if name == "script" and "ld+json" in html[start.end() : start.end() + 200]:
            data.append(html[start.end() : end])
        position = search_from = end
    pieces.append(html[position:])
    markup = "".join(pieces).replace("\0", "").encode("utf-8", "ignore").decode()
    declaration = _XML_DECLARATION.match(markup)  # bs4 would warn that this may be XML
    markup = markup[declaration.end() :] if declaration else markup
    return _IDLE_SPACE.sub(">", _IDLE_TAG.sub("", markup)), data


def _end_of(html: str, start: re.Match[str], name: str) -> int:
    if not name:
        end = html.find("-->", start.start() + 2)
        return end + 3 if end >= 0 else -1
    match = _RAW_ENDS[name].search(html, start.end())
    return match.end() if match else -1


def _things(data: list[str]) -> Iterator[dict[str, Json]]:
    """Every object in the page's JSON-LD, outer ones first."""
    for script in data:
        try:
            value: Json = json.loads(script[script.find(">") + 1 : script.rfind("<")], strict=False)
        except (ValueError, RecursionError):
            continue
        level = [value]
        while level:
            yield from (thing for thing in level if isinstance(thing, dict))
            level = [child for thing in level for child in _children(thing)]


def _children(thing: Json) -> list[Json]:
    if isinstance(thing, dict):
        return list(thing.values())
    return thing if isinstance(thing, list) else []


def _first(things: list[dict[str, Json]], key: str) -> str:
    """The first text that goes by this name, "" where there is none."""
    return next((value for thing in things if isinstance(value := thing.get(key), str) and value), "")


def _render(blocks: list[Block]) -> str:
    parts: list[str] = []
    last = ""
    for block in blocks:
        if parts:
            parts.append("\n" if block.kind == last and last in ("item", "row", "term") else "\n\n")
        last = block.kind
        parts.append(_line(block))
    return clean("".join(parts)).strip()


def _line(block: Block) -> str:
    if block.kind == "heading":
        return f"{'#' * block.level} {block.text}"
    if block.kind == "item":
        return f"{'  ' * (block.level - 1)}- {block.text}"
    return f"```\n{block.text}\n```" if block.kind == "code" else block.text


def _title(flat: Flat) -> str:
    heading = next((block.text for block in flat.blocks if block.kind == "heading" and block.level == 1), "")
    return one_line(flat.meta.get("og:title") or flat.title.strip() or heading, 300)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _links(flat: Flat, kept: set[int], url: str) -> tuple[tuple[str, str], ...]:
    base = _absolute(url, flat.base) or url
    texts: dict[str, str] = {}
    for link in sorted(flat.links, key=lambda link: link.block not in kept):
        texts[link.href] = texts.get(link.href) or link.text
    found: dict[str, str] = {}
    for href, text in texts.items():
        target = _absolute(base, href)
        if target and target != url and len(found) < MAX_LINKS:
            found[target] = found.get(target) or one_line(text, 200)
    return tuple((text, target) for target, text in found.items())


def _absolute(base: str, href: str) -> str:
    """The http(s) address that a link names, without its fragment; "" where it names none."""
    if _PLAIN_URL.fullmatch(href):
        return href.partition("#")[0]
    try:
        target = urljoin(base, "".join(href.split())).partition("#")[0]
        parts = urlsplit(target)
        return target if parts.scheme in ("http", "https") and parts.hostname and len(target) <= 2000 else ""
    except ValueError:
        return ""


def _published(flat: Flat, things: list[dict[str, Json]], kept: list[int]) -> str | None:
    near = kept[0] - 15 if kept else 0
    said = [
        *(flat.meta.get(key, "") for key in _DATE_KEYS),
        _first(things, "datePublished"),
        *(value for block, value in flat.times if block >= near),
        flat.meta.get("article:modified_time", ""),
        _first(things, "dateModified"),
    ]
    return next((day for text in said if text and (day := read_date(text))), None)


def read_date(text: str) -> str | None:
    """The first day named in a text, as YYYY-MM-DD; None where there is none, or none that exists."""
    if match := _ISO_DATE.search(text):
        year, month, day = match[1], match[3], match[4]
    elif match := _WORD_DATE.search(text):
        name = (match[1] or match[5]).lower()
        year, month, day = match[3] or match[6], _MONTHS.get(name, 0), match[2] or match[4]
    else:
        return None
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
