"""A file of pages as a small web of its own: searched with BM25 and read without any network.

The file has one JSON object a line: "title" and "text", and optionally "url" and "date". A page without "url" gets
`corpus://` and the slug of its title. Words match by stem, without case and accents; text without spaces between
words (Chinese, Japanese) is matched by whole runs only.
"""

import json
import re
import sqlite3
import unicodedata
import weakref
from collections.abc import Container, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

from ..clean import clean, one_line
from ..errors import ConfigError, ToolError
from ..home import with_home
from ..query import Query, read_query
from ..reading.extract import Page
from ..search import Hit, make_hits, normalise_url, usable_url
from ..shapes import is_mapping
from .api import Row, day

TITLE_WEIGHT = 3.0
MAX_WORDS = 64
_SNIPPET_WORDS = 60
_COLUMNS: tuple[str, ...] = ("title", "url", "snippet", "date")
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a about an and are as at be been but by can could did do does for from had has have how i in is it its many
        much of on or that the their them there these they this those to was were what when where which who whom whose
        why will with would""",
    )
)


@dataclass(frozen=True, slots=True)
class Document:
    """One page of the file, cleaned."""

    url: str
    title: str
    text: str
    date: str | None = None


def load_corpus(path: str) -> "Corpus":
    """The corpus in the file at `path`; a file that did not change is read and indexed once in a process.

    Raises ConfigError: no path, no such file, or a line that is broken (its number and fault are named).
    """
    if not path.strip():
        raise ConfigError("the search backend 'corpus' needs a file: write corpus:FILE")
    file = with_home(path.strip())
    try:
        stat = file.stat()
        return _loaded(file.resolve(), stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise ConfigError(f"cannot read the corpus {path}: {error.strerror or error}") from error


@lru_cache(maxsize=4)
def _loaded(file: Path, _changed: int, _size: int) -> "Corpus":
    return Corpus(read_documents(file))


def read_documents(file: Path) -> Iterator[Document]:
    """The documents of a JSONL file, in order. Raises ConfigError at the first broken line, OSError."""
    taken: dict[str, int] = {}
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                document = _document(line.removeprefix(b"\xef\xbb\xbf"), taken)
            except (ValueError, RecursionError) as error:
                raise ConfigError(f"{file.name}, line {number}: {one_line(str(error))}") from error
            taken[normalise_url(document.url)] = number
            yield document
    if not taken:
        raise ConfigError(f"{file.name}: holds no pages; each line has to be a JSON object with title and text")


def _document(line: bytes, taken: dict[str, int]) -> Document:
    row: object = json.loads(line.decode())
    if not is_mapping(row):
        raise ValueError("not a JSON object")
    for name in ("title", "text"):
        if not isinstance(row.get(name), str) or not clean(str(row[name])).strip():
            raise ValueError(f"{name!r} is missing or not a text: {row.get(name)!r:.60}")
    title, text = one_line(str(row["title"])), clean(str(row["text"]))
    date = row.get("date")
    given = row.get("url")
    if given is None:
        return Document(free_url(title, taken), title, text, date if isinstance(date, str) else None)
    url = usable_url(given)
    if not url:
        raise ValueError(f"'url' is not an http, https or corpus URL: {given!r:.80}")
    if normalise_url(url) in taken:
        raise ValueError(f"'url' {url} is already that of line {taken[normalise_url(url)]}")
    return Document(url, title, text, date if isinstance(date, str) else None)


def free_url(title: str, taken: Container[str]) -> str:
    """A corpus:// URL whose key (see `normalise_url`) is not taken yet: titles may repeat."""
    plain = unicodedata.normalize("NFKD", title.casefold())
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    slug = re.sub(r"[\W_]+", "-", letters).strip("-")[:80] or "page"
    url, count = f"corpus://{slug}", 1
    while normalise_url(url) in taken:
        count += 1
        url = f"corpus://{slug}-{count}"
    return url


class Corpus:
    """Documents as a search backend and as the browse that reads them; both are free of network and of waiting."""

    name = "corpus"

    def __init__(self, documents: Iterable[Document]) -> None:
        self._lock = Lock()
        self._rows: dict[str, int] = {}
        # Runs may search from several threads; the lock lets one at a time use the connection.
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, self._database.close)
        self._database.execute(
            "CREATE VIRTUAL TABLE documents USING fts5"
            "(title, text, url UNINDEXED, date UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        for row, document in enumerate(documents, start=1):
            values = (row, document.title, document.text, document.url, document.date)
            self._database.execute(
                "INSERT INTO documents (rowid, title, text, url, date) VALUES (?, ?, ?, ?, ?)", values
            )
            self._rows[normalise_url(document.url)] = row

    def __len__(self) -> int:
        return len(self._rows)

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        """See Search. Documents with any word of the query, by BM25; the timeout is not needed.

        The operators site:, after: and before: leave documents out; one without a date stays.
        """
        wanted = read_query(query)
        matching = match_expression(wanted.words)
        if not matching or limit < 1:
            return []
        sql = (
            f"SELECT title, url, snippet(documents, 1, '', '', '…', {_SNIPPET_WORDS}), date FROM documents"
            f" WHERE documents MATCH ? AND rank MATCH 'bm25({TITLE_WEIGHT}, 1.0)' ORDER BY rank LIMIT ?"
        )
        # What the filters leave out must not use the limit up.
        most = -1 if wanted.filtered else limit
        with self._lock, closing(self._database.execute(sql, (matching, most))) as cursor:
            found = (dict(zip(_COLUMNS, row, strict=True)) for row in cursor)
            return make_hits((row for row in found if _allowed(wanted, row)), backend=self.name, limit=limit)

    async def read(self, url: str, *, timeout: float) -> Page:
        """The document at `url`, as a page. Raises ToolError (not_found, nothing sent)."""
        row = self._rows.get(normalise_url(url))
        if row is None:
            raise ToolError(f"the corpus has no page {one_line(url)}", kind="not_found", sent=False, url=url)
        sql = "SELECT url, title, text, date FROM documents WHERE rowid = ?"
        with self._lock, closing(self._database.execute(sql, (row,))) as cursor:
            document = Document(*cursor.fetchone())
        return Page(
            url=document.url,
            title=document.title,
            text=document.text,
            links=(),
            date=document.date,
            site=(urlsplit(document.url).hostname or "").removeprefix("www."),
        )

    async def aclose(self) -> None:
        """Nothing: the index stays for the next run in this process."""


def _allowed(wanted: Query, row: Row) -> bool:
    return wanted.on_site(row.get("url")) and wanted.in_time(day(row.get("date")))


def match_expression(query: str) -> str:
    """`query` as an FTS5 expression: any of its words, each quoted; without stop words unless it has no others."""
    words = list(dict.fromkeys(re.findall(r"\w+", query.casefold())))
    telling = [word for word in words if word not in _STOP_WORDS] or words
    return " OR ".join(f'"{word}"' for word in telling[:MAX_WORDS])
