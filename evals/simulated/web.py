"""The bundled web without a network: a search function and a browse function for `run_agent`, and how to read its text.

Reading means: of the sentences that the world knows, which ones stand in a text, and what do they state? Nothing else
of the world is used, so whoever reads this way knows only what was shown.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from ...agent.proof.quotes import MIN_QUOTE
from ...tools.errors import ToolError
from ...tools.reading.extract import Page, extract_page
from ..world.base import Fact
from ..world.making import World
from ..world.rank import Ranking

_MARKED = re.compile(r"<<<(page|results) ([0-9a-f]{8}): (.*?)\n(.*?)\n\1 \2>>>", re.DOTALL)
_URL = re.compile(r"https?://[^\s\"'<>]+")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence as it was shown: where, in which words, and what it states."""

    url: str
    words: str
    facts: tuple[Fact, ...]
    on_page: bool
    """Shown by the page itself, not by a search result."""

    @property
    def telling(self) -> tuple[bool, bool]:
        """How well it proves what it states: on a page rather than in a result, long enough rather than one cell."""
        return self.on_page, len(self.words) >= MIN_QUOTE

    @property
    def quote(self) -> str:
        """The words to quote; of a short row of a table the cell with the value."""
        return self.words if len(self.words) >= MIN_QUOTE else self.words.rpartition(" | ")[2]


@dataclass(frozen=True, slots=True)
class Shown:
    """What one marked text shows: sentences, the addresses in it, and the page it is of, where it is one."""

    said: tuple[Said, ...]
    urls: tuple[str, ...]
    page: str = ""


class SimulatedWeb:
    """Searches and reads a world in this process. Close it when done; runs may share it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._ranking = Ranking((page.path, page.title, page.text) for page in world.pages)
        self._pages = {page.path: page for page in world.pages}
        self._read: dict[str, Page] = {}
        self._shown: dict[str, Shown] = {}

    def __enter__(self) -> "SimulatedWeb":
        return self

    def __exit__(self, *_: object) -> None:
        self._ranking.close()

    def search(self, query: str) -> list[dict[str, str]]:
        """The ten best results, with snippets of forty words."""
        found = self._ranking.search(query)
        return [{"url": self.world.base + hit.path, "title": hit.title, "snippet": hit.snippet} for hit in found]

    def browse(self, url: str) -> Page:
        """A page as it comes out of its HTML. Raises ToolError where there is none."""
        if url not in self._read:
            page = self._pages.get(self.path(url))
            if page is None:
                raise ToolError(f"there is no page {url}", kind="not_found", sent=True, url=url, status=404)
            self._read[url] = extract_page(page.html, url)
        return self._read[url]

    def path(self, url: str) -> str:
        """The path of an address of this world; of another one an empty string."""
        return urlsplit(url).path if url.startswith(self.world.base + "/") else ""

    def read(self, text: str) -> list[Shown]:
        """What the marked texts of a prompt show, in their order."""
        found: list[Shown] = []
        for kind, tag, head, body in _MARKED.findall(text):
            key = f"{tag} {head}"
            if key not in self._shown:
                self._shown[key] = self._page(head, body) if kind == "page" else self._results(body)
            found.append(self._shown[key])
        return found

    def sayings(self, url: str, text: str, *, on_page: bool) -> tuple[Said, ...]:
        """The sentences of a page that stand in a text."""
        page = self._pages.get(self.path(url))
        lines = page.lines if page else ()
        return tuple(Said(url, line.text, line.facts, on_page) for line in lines if line.text in text)

    def _page(self, head: str, body: str) -> Shown:
        url = head.split(" ", 1)[0]
        return Shown(self.sayings(url, body, on_page=True), (url, *_URL.findall(body)), url)

    def _results(self, body: str) -> Shown:
        """Results come as title, address and snippet on lines of their own, or with the address first on one line."""
        said: list[Said] = []
        urls: list[str] = []
        for line in body.splitlines():
            if match := _URL.search(line):
                urls.append(match[0])
            if urls:
                said += self.sayings(urls[-1], line, on_page=False)
        return Shown(tuple(said), tuple(urls))
