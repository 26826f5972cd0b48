"""A reader service as the second way to a page: the service opens the page in a browser and sends its text.

The form of the request is that of Jina Reader (github.com/jina-ai/reader, README, as of 2026): the address of the
service with the page's URL after it, and the text comes back as Markdown below a few lines of `Title:`, `URL Source:`,
`Published Time:` and `Markdown Content:`. The service learns which pages are read, so it is used only where a user
names one.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote, urlsplit

from .clean import one_line
from .errors import ConfigError, ToolError
from .reading.extract import Page, read_date
from .reading.plain import markdown_page
from .search import ClientFor
from .web.fetch import parse
from .web.http import SafeClient

KEY = "SPADEWORK_READER_KEY"
LEAST_WORDS = 20
_REFUSED_STATUS = frozenset({401, 403, 406, 429, 451, 503})
_FIELD = re.compile(r"(Title|URL Source|Published Time|Warning): (.*)")
_CONTENT = re.compile(r"^Markdown Content:\s*$", re.MULTILINE)


class Reader:
    """The service at `base`, such as https://r.jina.ai/. `client` follows no redirects there and is its own."""

    def __init__(self, base: str, client: SafeClient, *, key: str = "") -> None:
        self._base = base.rstrip("/") + "/"
        self._client = client
        self._key = key

    def may_help(self, error: ToolError) -> bool:
        """Whether the site answered with something that a browser would get past."""
        if error.kind == "unreadable":
            return True
        return error.kind == "status" and error.status in _REFUSED_STATUS

    async def read(self, url: str, error: ToolError, *, timeout: float) -> Page:
        """The page at `url`; `error` is how the first way ended, and what is raised where this one fails, too."""
        if timeout <= 0:
            raise error
        headers = {"accept": "text/plain"} | ({"authorization": f"Bearer {self._key}"} if self._key else {})
        try:
            reply = await self._client.get(
                self._base + quote(str(parse(url)), safe="/:?&=%#+,;@!$'()*~"),
                headers=headers,
                timeout=timeout,
                follow_redirects=False,
            )
            page = reader_page(url, reply.text)
        except ToolError as second:
            told = one_line(f"{error}; nor did the reader {urlsplit(self._base).hostname} help: {second}", 400)
            attempts = error.attempts + second.attempts
            raise ToolError(
                told, kind=error.kind, sent=error.sent or second.sent, url=url, status=error.status, attempts=attempts
            ) from second
        if len(page.text.split()) < LEAST_WORDS:
            raise error
        return page


def reader_page(url: str, reply: str) -> Page:
    """The page in a reply of the service, under its own address `url`."""
    mark = _CONTENT.search(reply[:5_000])
    head, text = (reply[: mark.start()], reply[mark.end() :]) if mark else ("", reply)
    fields: Mapping[str, str] = dict(_FIELD.findall(head))
    page = markdown_page(url, text.strip(), title=one_line(fields.get("Title", ""), 300))
    return replace(page, date=read_date(fields.get("Published Time", "")))


def make_reader(base: str | None, client_for: ClientFor, environment: Mapping[str, str] = os.environ) -> Reader | None:
    """The reader at `base`; None without one. Raises ConfigError for an address that cannot be used."""
    if not base:
        return None
    try:
        parts = urlsplit(base.strip())
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.username is not None:
        # The value is not shown: it holds a password.
        raise ConfigError(f"SPADEWORK_READER holds a user name or password: a key goes into {KEY}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"SPADEWORK_READER is {base!r}: give the address of a service, such as https://r.jina.ai/")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Reader(base.strip(), client_for([f"{host}:{port}"]), key=environment.get(KEY, ""))
