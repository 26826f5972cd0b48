"""What is known of a web: pages, where addresses led, what searches showed, what failed; newer readings take over."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ...tools.backends.corpus import Document, free_url
from ...tools.errors import ToolError
from ...tools.reading.extract import Page
from ...tools.search import Hit, normalise_url


@dataclass(slots=True)
class Shown:
    """What searches showed of an address: its newest title and date, and every snippet."""

    url: str
    title: str = ""
    date: str | None = None
    snippets: dict[str, None] = field(default_factory=dict[str, None])


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the file. Without `page` only what searches showed of it is known."""

    key: str
    page: Page | None
    shown: Shown | None

    @property
    def found_text(self) -> str:
        """The text that it is found by."""
        return self.page.text if self.page else "\n".join(self.shown.snippets) if self.shown else ""


class Collected:
    """Filled from the oldest source to the newest. All is kept by normalised address."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.shown: dict[str, Shown] = {}
        self.differing: set[str] = set()
        """Pages that were read more than once, and not the same each time."""
        self._led: dict[str, str] = {}
        self._failed: dict[str, ToolError] = {}
        self._texts: dict[tuple[str, str], str] = {}

    def add_page(self, asked: str, page: Page) -> None:
        """A page that was read, at `asked` or where that led."""
        key = normalise_url(page.url)
        before = self.pages.get(key)
        if before is not None and before.digest != page.digest:
            self.differing.add(key)
        self.pages[key] = page
        self._led[key] = self._led[normalise_url(asked)] = key

    def add_failure(self, asked: str, error: ToolError) -> None:
        """A reading that failed."""
        self._failed[normalise_url(asked)] = error

    def add_hit(self, hit: Hit) -> None:
        """A result that a search showed."""
        shown = self.shown.setdefault(normalise_url(hit.url), Shown(hit.url))
        shown.title, shown.date = hit.title, hit.date or shown.date
        if hit.snippet:
            shown.snippets[hit.snippet] = None

    def add_document(self, document: Document) -> None:
        """A page out of a collection of texts. Of pages without an address of their own each text is kept once."""
        url = document.url
        if url.startswith("corpus:"):
            if (document.title, document.text) in self._texts:
                return
            if normalise_url(url) in self.pages:
                url = free_url(document.title, self.pages)
            self._texts[document.title, document.text] = url
        site = (urlsplit(url).hostname or "").removeprefix("www.")
        self.add_page(url, Page(url, document.title, document.text, (), document.date, site))

    def entries(self) -> Iterator[Entry]:
        """Every page that can be found, in the order of addresses."""
        for key in sorted({*self.pages, *(key for key in self.shown if key not in self._led)}):
            yield Entry(key, self.pages.get(key), self.shown.get(key))

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Where each address leads; one that was only shown leads to itself."""
        led = {key: key for key in self.shown} | self._led
        yield from sorted(led.items())

    def failures(self) -> Iterator[tuple[str, ToolError]]:
        """What failed and was never read."""
        yield from sorted((item for item in self._failed.items() if item[0] not in self._led), key=lambda item: item[0])
