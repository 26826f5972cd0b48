"""What the adapters of all providers share: the search itself, the exchange with an HTTP API, and its errors.

A key comes from the environment and leaves in a header only. Redirects are not followed: the next host must not get
the key. What a provider says goes into an error text as one clean line, without the key.
"""

import html
import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field

from ..clean import one_line
from ..errors import ConfigError, ToolError
from ..query import Query, read_query
from ..reading.extract import read_date
from ..search import Hit, make_hits
from ..shapes import is_list, is_mapping
from ..web.http import Response, SafeClient

Row = Mapping[str, object]
"""A result before it is cleaned: title, url, snippet, date."""
_ERROR_CHARS = 500
_RATE_LIMITED = "too many requests, or the plan is used up: wait, or use another search backend"


@dataclass(frozen=True, slots=True)
class Key:
    """The key for an API. `variable` is where it comes from; the value is never shown."""

    variable: str
    value: str = field(repr=False)


def read_key(variable: str, provider: str) -> Key:
    """The key in the environment variable. Raises ConfigError, which names it."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise ConfigError(f"{variable} is not set: {provider} searches with a key only")
    if not re.fullmatch(r"[!-~]+", value):
        raise ConfigError(f"{variable} holds white space or other characters that no key has: set it again")
    return Key(variable, value)


@dataclass(frozen=True, slots=True)
class Reply:
    """A JSON object that an API answered with, and the response it came in."""

    data: Mapping[str, object]
    response: Response

    def rows(self, *path: str) -> list[Mapping[str, object]]:
        """The objects in the list below these names; none where the reply has another form."""
        value: object = self.data
        for name in path:
            value = value.get(name) if is_mapping(value) else None
        return [item for item in value if is_mapping(item)] if is_list(value) else []


class ApiSearch(ABC):
    """A provider as a search backend: an adapter gives `name` and `find`, this does the rest.

    `label` begins every error text. `hints` say what to do after a status, or after "redirect", "unreachable" or
    "no json". `client` stays the caller's to close.
    """

    name: str

    def __init__(
        self, client: SafeClient, *, label: str, key: Key | None = None, hints: Mapping[int | str, str] | None = None
    ) -> None:
        self._client = client
        self._label = label
        self._secret = key.value if key else ""
        self._hints: dict[int | str, str] = {429: _RATE_LIMITED}
        if key:
            refused = f"{key.variable} is wrong, or not allowed to search: check it with the provider"
            self._hints |= {401: refused, 403: refused}
        self._hints |= hints or {}

    @abstractmethod
    async def find(self, query: Query, *, limit: int, timeout: float) -> Iterable[Row]:
        """Results for `query`, best first; there may be more than `limit`. Raises ToolError."""

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        """See Search."""
        wanted = read_query(query)
        if not wanted.words or limit < 1:
            return []
        rows = await self.find(wanted, limit=limit, timeout=timeout)
        return make_hits((row for row in rows if wanted.on_site(row.get("url"))), backend=self.name, limit=limit)

    async def get(
        self, url: str, params: Mapping[str, str], *, timeout: float, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Ask with a query string. Raises ToolError."""
        asked = self._client.get(url, params=params, headers=headers, timeout=timeout, follow_redirects=False)
        return await self._reply(asked, timeout)

    async def post(self, url: str, body: object, *, timeout: float, headers: Mapping[str, str]) -> Reply:
        """Ask with a JSON body. Raises ToolError."""
        return await self._reply(self._client.post(url, json=body, headers=headers, timeout=timeout), timeout)

    async def _reply(self, asked: Awaitable[Response], timeout: float) -> Reply:
        try:
            response = await asked
        except ToolError as error:
            raise self._explained(error, timeout) from error
        try:
            data: object = json.loads(response.text)
        except (ValueError, RecursionError) as error:
            if "json" in response.content_type:
                raise self.bad_reply("answered broken JSON instead of a JSON object", response) from error
            data = None
        if not is_mapping(data):
            what = f"answered {response.content_type or 'something'} instead of a JSON object"
            raise self.bad_reply(what + self._hint("no json"), response)
        if reason := _refusal(data):
            raise self.bad_reply(f"refused the search: {reason}", response)
        return Reply(data, response)

    def bad_reply(self, what: str, response: Response) -> ToolError:
        """An error for a response that came but cannot be used."""
        url = response.url.partition("?")[0]
        text, attempts = self._told(what), response.attempts
        return ToolError(text, kind="bad_reply", sent=True, url=url, status=response.status, attempts=attempts)

    def _explained(self, error: ToolError, timeout: float) -> ToolError:
        status, what = error.status, f"failed: {error}"
        if status is not None and 300 <= status < 400:
            what = f"answered {status}, a redirect, which is not followed{self._hint('redirect')}"
        elif status in self._hints:
            what = f"answered {status}{self._hint(status)}"
        elif error.kind == "timeout":
            what = f"did not answer within {timeout:g} s"
        elif error.kind == "unreachable" and "unreachable" in self._hints:
            what = f"cannot be reached{self._hint('unreachable')}"
        return ToolError(
            self._told(what), kind=error.kind, sent=error.sent, url=error.url, status=status, attempts=error.attempts
        )

    def _hint(self, after: int | str) -> str:
        return f"; {self._hints[after]}" if after in self._hints else ""

    def _told(self, what: str) -> str:
        text = one_line(f"{self._label} {what}")
        # Before it is cut: half a key must not stay either.
        return one_line(text.replace(self._secret, "(key)") if self._secret else text, _ERROR_CHARS)

    async def aclose(self) -> None:  # noqa: B027 - an adapter need not have its own
        """Nothing of its own is open."""


def _refusal(data: Mapping[str, object]) -> str:
    """Why a reply is an error after all; empty if it is none. Providers name the reason in one of these ways."""
    for name in ("error", "detail", "message"):
        fault = data.get(name)
        if is_mapping(fault):
            told = (fault.get(part) for part in ("message", "info", "detail", "error", "code"))
            fault = next((text for text in told if isinstance(text, str) and text), "no reason given")
        if isinstance(fault, str) and fault.strip():
            return fault
    return ""


def plain(marked: object) -> str:
    """The text of a title or snippet that came as HTML; empty for what is no text."""
    return html.unescape(re.sub(r"<[^<>]*>", "", marked)) if isinstance(marked, str) else ""


def day(told: object) -> str | None:
    """The day that a provider's date names, as YYYY-MM-DD; None for none and for an age such as "2 days ago"."""
    return read_date(told[:100]) if isinstance(told, str) else None
