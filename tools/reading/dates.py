"""Days: how pages write them, and which one is the day of publication."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from .blocks import Block, Flat
from .data import Json, first_text

_DATE_NAMES = (
    "article:published_time og:published_time datepublished date pubdate publishdate publish_date parsely-pub-date "
    "sailthru.date dc.date dc.date.issued dcterms.date dcterms.created citation_publication_date"
)
_DATE_KEYS = _DATE_NAMES.split()
_ISO_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-/.]?)(\d{1,2})\2(\d{1,2})(?!\d)")
_CJK_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})")
_WORD_DATE = re.compile(
    r"(?<![^\W_])([^\W\d_]{3,12})\.? (\d{1,2})(?:st|nd|rd|th)?,? ((?:19|20)\d\d)(?!\d)"
    r"|(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|\.)?(?: de)? ([^\W\d_]{3,12})\.?,?(?: del?)? ((?:19|20)\d\d)(?!\d)",
    re.IGNORECASE,
)
# The first letters of the names of months in the larger European languages; "jui" alone would be two months.
_MONTH_NAMES = (
    "jan ene gen янв;feb fev фев;mar maa мар;apr avr abr апр;may mai maj mag mei мая маи;jun juin giu июн;"
    "jul juil lug июл;aug aou ago авг;sep set сен;oct okt out ott окт;nov ноя;dec dez dic des дек"
)
_MONTHS = {name: n for n, names in enumerate(_MONTH_NAMES.split(";"), 1) for name in names.split()}
_PUBLISHED = re.compile(
    r"\b(?:published|posted|released|updated|issued|written|date|veröffentlicht|erstellt|stand|publié|publicado|publicada"
    r"|pubblicato|gepubliceerd|publicerad|опубликовано)\b|发布|發佈|更新|日期|公開|投稿|掲載|작성일|등록일|게시",
    re.IGNORECASE,
)
_PUBLISHED_LABEL = re.compile(r"publish|posted-?on|entry-date|post-date|pubdate|datecreated")
_COPYRIGHT = re.compile(r"©|\(c\)|copyright|all rights", re.IGNORECASE)
_URL_DATE = re.compile(r"/((?:19|20)\d\d)/(\d{1,2})/(\d{1,2})(?=/|$)|/((?:19|20)\d\d)-(\d\d)-(\d\d)(?!\d)")
_BEFORE, _AFTER = 15, 12  # blocks before and after the start of the content in which a time element counts
_NEAR = 6  # blocks around the title in which a day in words counts
_FEW_WORDS = 25
_OLDEST = "1990"  # older days in a text or an address are what the page is about


def read_date(text: str) -> str | None:
    """The first day named in a text, as YYYY-MM-DD; None where there is none, or none that exists."""
    if match := _ISO_DATE.search(text):
        year, month, day = match[1], int(match[3]), match[4]
    elif match := _CJK_DATE.search(text):
        year, month, day = match[1], int(match[2]), match[3]
    elif match := _WORD_DATE.search(text):
        year, month, day = match[3] or match[6], _month(match[1] or match[5]), match[2] or match[4]
    else:
        return None
    try:
        return date(int(year), month, int(day)).isoformat()
    except ValueError:
        return None


def _month(name: str) -> int:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))
    return _MONTHS.get(plain[:3]) or _MONTHS.get(plain[:4], 0)


def published(flat: Flat, found: list[dict[str, Json]], kept: list[int], title: int | None, url: str) -> str | None:
    """The day of publication; never one that lies ahead.

    In this order: what the page's head says, its JSON-LD, time elements near its top, words near its title, its
    address; last the day of the last change, from its head.
    """
    latest = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    for text in _said(flat, found, kept, title, url):
        day = read_date(text) if text else None
        if day and day <= latest:
            return day
    return None


def _said(flat: Flat, found: list[dict[str, Json]], kept: list[int], title: int | None, url: str) -> Iterator[str]:
    yield from (flat.meta.get(key, "") for key in _DATE_KEYS)
    yield first_text(found, "datePublished")
    yield from (time.value for time in flat.times if _PUBLISHED_LABEL.search(time.label))
    first = kept[0] if kept else 0
    yield from (time.value for time in flat.times if first - _BEFORE <= time.block <= first + _AFTER)
    start = first if title is None else title
    yield from filter(None, map(_day_of_line, flat.blocks[max(0, start - _NEAR) : start + _NEAR + 1]))
    yield _day_in_url(url)
    yield flat.meta.get("article:modified_time", "")
    yield first_text(found, "dateModified")


def _day_of_line(block: Block) -> str:
    """The day of a line such as "Published on 3 March 2024" or "By A. Berg, 3 March 2024"; "" in other lines."""
    if block.kind in ("heading", "code", "row") or block.words > _FEW_WORDS or _COPYRIGHT.search(block.text):
        return ""
    day = read_date(block.text)
    if day is None or day < _OLDEST:
        return ""
    if _PUBLISHED.search(block.text):
        return day
    rest = _WORD_DATE.sub(" ", _ISO_DATE.sub(" ", _CJK_DATE.sub(" ", block.text, 1), 1), 1)
    by = rest.strip().lower().startswith("by ")
    return day if read_date(rest) is None and len(rest.split()) <= (5 if by else 2) else ""


def _day_in_url(url: str) -> str:
    try:
        match = _URL_DATE.search(urlsplit(url).path)
    except ValueError:
        return ""
    parts = [part for part in match.groups() if part] if match else []
    return "-".join(parts) if parts and parts[0] >= _OLDEST else ""
