"""What a run has seen: the pages it read, the snippets it was shown, and the addresses it may open."""

import re
from collections.abc import Iterable

from .reading.extract import Page
from .reading.targets import trimmed
from .search import Hit, normalise_url, usable_url

MAX_CHARS = 20_000_000
MAX_LINKS = 50_000
MAX_SNIPPETS = 20_000

# Ends at white space, quotes, angle brackets and the punctuation of East Asian text.
_URL = re.compile(r"""(?:https?://|corpus://|www\.)[^\s<>"'`“”‘’«»「」『』【】（）。，、；！？]+""", re.IGNORECASE)


def urls_in(text: str) -> list[str]:
    """The web addresses written in `text`, in order, without the punctuation of the sentence around them."""
    found: list[str] = []
    for match in _URL.finditer(text):
        url = trimmed(match[0])
        if url.lower().startswith("www."):
            url = "https://" + url
        if usable_url(url) and url not in found:
            found.append(url)
    return found


class PageStore:
    """The pages of one run, in memory, found again by address or by digest.

    A browse may open only what is named in the question, was found by a search or is linked from a page that was
    read: `allow`, `add_hits` and `put` add to that. When the pages together pass `max_chars` characters, the oldest
    are dropped; a dropped page may still be opened again. Links and snippets are bounded likewise.
    """

    def __init__(self, max_chars: int = MAX_CHARS) -> None:
        self._max_chars = max_chars
        self._chars = 0
        # By final address and digest: two addresses may show one text, and one address two texts in turn.
        self._pages: dict[tuple[str, str], Page] = {}
        self._latest: dict[str, tuple[str, str]] = {}
        self._digests: dict[str, tuple[str, str]] = {}
        self._named: dict[str, str] = {}
        self._linked: dict[str, str] = {}
        self._snippets: dict[str, list[str]] = {}

    def put(self, page: Page, *, asked: str = "") -> None:
        """Keep `page` under its own address and under the one that was `asked` for; its links may be opened."""
        key = (normalise_url(page.url), page.digest)
        # Put again, a page counts as new: what is read twice is worth keeping.
        if key in self._pages:
            self._chars -= len(self._pages.pop(key).text)
        self._pages[key] = page
        self._chars += len(page.text)
        self._digests[page.digest] = key
        for url in (page.url, asked):
            if url:
                self._latest[normalise_url(url)] = key
        while self._chars > self._max_chars and len(self._pages) > 1:
            self._drop(next(iter(self._pages)))
        self._link([page.url, asked, *(url for _, url in page.links)])

    def _drop(self, dropped: tuple[str, str]) -> None:
        self._chars -= len(self._pages.pop(dropped).text)
        self._latest = {url: key for url, key in self._latest.items() if key != dropped}
        self._digests = {digest: key for digest, key in self._digests.items() if key != dropped}

    def get(self, url: str) -> Page | None:
        """The page last read at `url`, or that `url` redirected to."""
        key = self._latest.get(normalise_url(url))
        return self._pages[key] if key else None

    def by_digest(self, digest: str) -> Page | None:
        """A page whose text has this digest: what evidence was quoted from, even if its address was read again."""
        key = self._digests.get(digest)
        return self._pages[key] if key else None

    def allow(self, urls: Iterable[str]) -> None:
        """These may be opened, such as those in the question (`urls_in`)."""
        self._named.update({key: url for url in urls for key in _ways_to_open(url)})

    def may_open(self, url: str) -> bool:
        """Whether this run came across `url`, with or without its tracking parameters.

        Others may not be put in: text that a page slipped into the model could carry what it knows out by them.
        """
        return bool(self.seen(url))

    def seen(self, url: str) -> str:
        """`url` as this run came across it, which is how it is opened; empty where it never did.

        Slashes at its end and the case of its escapes could carry out something, too.
        """
        key = normalise_url(url, keep_tracking=True)
        return self._named.get(key) or self._linked.get(key, "")

    def add_hits(self, hits: Iterable[Hit]) -> None:
        """Keep the texts of search results; their addresses may be opened."""
        for hit in hits:
            self.allow([hit.url])
            texts = self._snippets.setdefault(normalise_url(hit.url), [])
            texts.extend(text for text in dict.fromkeys((hit.title, hit.snippet)) if text and text not in texts)
        _keep_newest(self._snippets, MAX_SNIPPETS)

    def snippets(self, url: str) -> list[str]:
        """Each title and snippet that searches showed for `url`, apart, so that no quote runs across two of them."""
        return list(self._snippets.get(normalise_url(url), []))

    def _link(self, urls: Iterable[str]) -> None:
        self._linked.update((key, url) for url in urls for key in _ways_to_open(url))
        _keep_newest(self._linked, MAX_LINKS)


def _ways_to_open(url: str) -> set[str]:
    return {normalise_url(url), normalise_url(url, keep_tracking=True)} if usable_url(url) else set()


def _keep_newest(table: dict[str, str] | dict[str, list[str]], limit: int) -> None:
    if len(table) > limit:
        for key in list(table)[: len(table) - limit]:
            del table[key]
