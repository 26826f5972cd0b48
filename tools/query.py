"""The operators that may stand in a query: `site:HOST`, `after:DATE` and `before:DATE`, as web searches know them.

A date is YYYY, YYYY-MM or YYYY-MM-DD and means its first day: `after:2024` is from 2024-01-01 on, that day included,
and `before:2024` is up to 2023-12-31. How each backend applies the filters:

| backend | site | dates |
|---|---|---|
| brave | operator in the query | `freshness` |
| tavily | `include_domains` | `start_date`, `end_date` |
| serper | operator in the query | operators in the query |
| google | `siteSearch` | `sort=date:r:` |
| duckduckgo | operator in the query | ignored |
| searxng | operator in the query, for those of its engines that know it | ignored |
| wikipedia | nothing found if the site is another one | ignored |
| corpus, frozen | pages of other sites are left out | pages of other dates are left out; undated ones stay |

With each of them, results on other sites than the one asked for are dropped.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from .clean import one_line

# Between white space; a phrase in quotation marks stays in one piece.
_TOKEN = re.compile(r'(?:"[^"]*"|\S)+')
# A host is written as such, as an address without a path, or as the end of one ("gov", ".ac.uk").
_SITE = re.compile(r"(?i)site:(?:https?://)?\.?((?:[\w-]{1,63}\.){0,9}[^\W\d_][\w-]{1,62})/?")
_DATE = re.compile(r"(?i)(after|before):([12][0-9]{3})(?:([-/])([0-9]{1,2})(?:\3([0-9]{1,2}))?)?")


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for, and where. `words` are empty only if nothing was asked; both dates are included."""

    words: str
    site: str | None = None
    since: date | None = None
    until: date | None = None

    @property
    def filtered(self) -> bool:
        """Whether there is more to heed than the words."""
        return self.site is not None or self.since is not None or self.until is not None

    def on_site(self, url: object) -> bool:
        """Whether `url` is on the wanted site or a part of it (docs.a.example for a.example); True if any will do."""
        if self.site is None:
            return True
        try:
            host = urlsplit(url).hostname if isinstance(url, str) else None
        except ValueError:
            return False
        return f".{_ascii(host or '').rstrip('.')}".endswith(f".{_ascii(self.site)}")

    def in_time(self, day: str | None) -> bool:
        """Whether a day written YYYY-MM-DD is in the wanted time; an unknown day is."""
        if day is None:
            return True
        return (not self.since or self.since.isoformat() <= day) and (not self.until or day <= self.until.isoformat())

    @property
    def with_site(self) -> str:
        """The words, with the operator for the site where there is one."""
        return f"{self.words} site:{self.site}" if self.site else self.words


def read_query(query: str) -> Query:
    """The words and the filters of a query. Never raises: an operator with an odd value stays among the words.

    Two different sites (`site:a.example OR site:b.example`) stay words too: an engine that knows the operator reads
    them together, while keeping the first would hide what the other has. So do dates that leave no day between them.
    Of several dates the narrowest count. Inside quotation marks nothing is an operator. Where no words are left, the
    site becomes the words: most providers refuse a query without any.

    >>> read_query("ocean depth site:noaa.gov after:2024")
    Query(words='ocean depth', site='noaa.gov', since=datetime.date(2024, 1, 1), until=None)
    """
    tokens: list[str] = _TOKEN.findall(one_line(query))
    sites = {token: match[1].lower() for token in tokens if (match := _SITE.fullmatch(token))}
    since = {token: day for token in tokens if (day := _first_day(token, "after"))}
    until = {token: day - timedelta(days=1) for token in tokens if (day := _first_day(token, "before"))}
    if len(set(sites.values())) > 1:
        sites = {}
    if since and until and max(since.values()) > min(until.values()):
        since, until = {}, {}
    used = {*sites, *since, *until}
    words = " ".join(token for token in tokens if token not in used)
    site = next(iter(sites.values()), None)
    if not words and site is None:
        return Query(" ".join(tokens))
    return Query(words or str(site), site, max(since.values(), default=None), min(until.values(), default=None))


def _first_day(token: str, operator: str) -> date | None:
    match = _DATE.fullmatch(token)
    if not match or match[1].lower() != operator:
        return None
    try:
        return date(int(match[2]), int(match[4] or 1), int(match[5] or 1))
    except ValueError:
        return None


def _ascii(host: str) -> str:
    """A host name as it goes over the wire (punycode), so that both spellings of it are the same."""
    try:
        return host.lower() if host.isascii() else host.encode("idna").decode().lower()
    except UnicodeError:
        return host.lower()


def cut(text: str, chars: int, words: int | None = None) -> str:
    """At most `chars` characters and `words` words of a query: providers refuse longer ones, and a part still finds."""
    if words is not None:
        text = " ".join(text.split()[:words])
    return text if len(text) <= chars else text[:chars].rsplit(" ", 1)[0]
