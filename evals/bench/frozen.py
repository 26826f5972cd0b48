"""Measures a frozen web of many pages beside plain FTS5: `python -m spadework.evals.bench.frozen [--hotpot FOLDER]`.

The pages are those of bundled webs, and of a folder with `questions.jsonl` and `corpus.jsonl` (--hotpot). Asked are the
folder's questions as they stand and as keywords; and of the bundled web of --seed, for each fact of a proof, the name
that it is about with the constraint ("named"), and with the plain words for it ("asked"). A question of the bundled web
as it stands shares next to no word with its proofs, on purpose, and says nothing about a ranking.

Plain FTS5 has the defaults: tokenizer unicode61, bm25() with no weights, all words of a query joined by OR, titles and
texts as they are. The weights of the frozen web were chosen on the bundled webs of seeds 1 to 4 among other pages than
these; --seed 20 and the folder were not used for it.
"""

import argparse
import asyncio
import json
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ...tools.backends.corpus import read_documents
from ...tools.backends.frozen import load_frozen
from ...tools.errors import ConfigError
from ...tools.search import normalise_url
from ..frozen.freeze import freeze
from ..world.making import SEED, World, make_world
from ..world.searcher import plain_queries
from .long_pages import keywords

PAGES = 20_000
SHOWN = 10
_BASE = "http://web-{seed}.example"
_FILL = 100
"""The seed of the first of the webs that fill up; each has as many pages as a web can."""
_MOST = 5_000

Search = Callable[[str], Sequence[str]]
"""A query to the addresses that it finds, best first, at most SHOWN."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, of what kind it is, and the normalised addresses of the pages that prove what it asks for."""

    kind: str
    query: str
    proving: frozenset[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """One way to search: seconds to build, bytes on disk, milliseconds of each query (on the clock, and of the
    processor), and recall by kind of query."""

    name: str
    build_s: float
    size: int
    query_ms: list[float]
    cpu_ms: list[float]
    recall: dict[str, float]


Row = dict[str, str]


def world_rows(world: World) -> list[Row]:
    """The pages of a bundled web, as lines of a corpus."""
    return [{"title": page.title, "text": page.text, "url": page.url, "date": page.date} for page in world.pages]


def world_asked(world: World) -> list[Asked]:
    """What is asked of a bundled web (see above)."""
    found: dict[Asked, None] = {}
    for question in world.questions:
        for constraint in question.constraints:
            plain = [*plain_queries(constraint.demand)][-1:]
            for fact in constraint.demand.witness(world.facts, question.answer_id) or ():
                about = world.facts.entities.get(fact.subject)
                proving = frozenset(normalise_url(world.base + path) for path, _ in world.proofs[fact])
                if about is None or not proving:
                    continue
                found[Asked("bundled, named", f"{about.name}: {constraint.text}", proving)] = None
                found |= {Asked("bundled, asked", f"{about.name} {words}", proving): None for words in plain}
    return list(found)


def hotpot(folder: Path) -> tuple[list[Row], list[Asked]]:
    """The pages of a folder, and what is asked of them. Raises ConfigError where a file is missing or broken."""
    try:
        pages = {page.url: page for page in read_documents(folder / "corpus.jsonl")}
        lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
        items: list[dict[str, str]] = [json.loads(line) for line in lines]
        by_title = {page.title: normalise_url(url) for url, page in reversed(pages.items())}
        asked: list[Asked] = []
        for item in items:
            proving = frozenset(by_title[title] for title in item["supporting_titles"] if title in by_title)
            asked.append(Asked("hotpot, question", item["question"], proving))
            asked.append(Asked("hotpot, keywords", keywords(item["question"]), proving))
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"{folder} holds no questions.jsonl and corpus.jsonl that can be read: {error}") from None
    return [{"title": page.title, "text": page.text, "url": url} for url, page in pages.items()], asked


def filled(rows: Sequence[Row], pages: int) -> list[Row]:
    """These rows, and pages of further bundled webs up to so many; no text comes twice."""
    found = {row["text"]: row for row in rows}
    for seed in range(_FILL, _FILL + pages):
        if len(found) >= pages:
            break
        world = make_world(seed, min(_MOST, max(200, pages - len(found))), _BASE.format(seed=seed), questions=0)
        for row in world_rows(world):
            if len(found) < pages:
                found.setdefault(row["text"], row)
    return list(found.values())


def measure_frozen(corpus: Path, asked: Sequence[Asked]) -> Measured:
    """A frozen web made from the corpus."""
    out = corpus.with_name("web.db")
    begun = time.perf_counter()
    freeze([corpus], out)
    build_s = time.perf_counter() - begun
    web = load_frozen(str(out))
    with asyncio.Runner() as runner:

        def search(query: str) -> list[str]:
            return [hit.url for hit in runner.run(web.search(query, limit=SHOWN, timeout=10))]

        return _measured("frozen web", build_s, out.stat().st_size, search, asked)


def measure_plain(corpus: Path, asked: Sequence[Asked]) -> Measured:
    """The same corpus in an FTS5 table with all its defaults, which keeps the texts; it makes snippets, too."""
    out = corpus.with_name("plain.db")
    begun = time.perf_counter()
    with closing(sqlite3.connect(out)) as database:
        database.execute("CREATE VIRTUAL TABLE pages USING fts5 (title, text, url UNINDEXED, date UNINDEXED)")
        rows = ((page.title, page.text, page.url, page.date) for page in read_documents(corpus))
        database.executemany("INSERT INTO pages VALUES (?, ?, ?, ?)", rows)
        database.commit()
        build_s = time.perf_counter() - begun
        sql = (
            "SELECT url, title, snippet(pages, 1, '', '', '…', 60) FROM pages WHERE pages MATCH ? ORDER BY rank LIMIT ?"
        )

        def search(query: str) -> list[str]:
            words = dict.fromkeys(re.findall(r"\w+", query.lower()))
            matching = " OR ".join(f'"{word}"' for word in words)
            return [str(row[0]) for row in database.execute(sql, (matching, SHOWN))]

        return _measured("plain FTS5", build_s, out.stat().st_size, search, asked)


def _measured(name: str, build_s: float, size: int, search: Search, asked: Sequence[Asked]) -> Measured:
    found: dict[str, list[float]] = {}
    query_ms: list[float] = []
    cpu_ms: list[float] = []
    for item in asked:
        begun, worked = time.perf_counter(), time.process_time()
        urls = search(item.query)
        query_ms.append((time.perf_counter() - begun) * 1000)
        cpu_ms.append((time.process_time() - worked) * 1000)
        hit = item.proving.intersection(map(normalise_url, urls))
        found.setdefault(item.kind, []).append(len(hit) / min(SHOWN, len(item.proving)))
    recall = {kind: statistics.fmean(each) for kind, each in found.items()}
    return Measured(name, build_s, size, query_ms, cpu_ms, recall)


def table(pages: int, counts: Mapping[str, int], ways: Sequence[Measured]) -> str:
    """What was measured, a column a way."""
    lines = [f"{f'{pages:,} pages':34}" + "".join(f"{way.name:>14}" for way in ways)]

    def row(name: str, values: Iterator[str]) -> None:
        lines.append(f"{name:34}" + "".join(f"{value:>14}" for value in values))

    row("build, s", (f"{way.build_s:.1f}" for way in ways))
    row("file, MB", (f"{way.size / 1e6:.1f}" for way in ways))
    row("query, median ms", (f"{statistics.median(way.query_ms):.1f}" for way in ways))
    row("query, p95 ms", (f"{_p95(way.query_ms):.1f}" for way in ways))
    row("query, median CPU ms", (f"{statistics.median(way.cpu_ms):.1f}" for way in ways))
    for kind, count in counts.items():
        row(f"recall@{SHOWN} {kind} ({count})", (f"{way.recall[kind]:.3f}" for way in ways))
    return "\n".join(lines) + "\n"


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def main(arguments: Sequence[str]) -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m spadework.evals.bench.frozen")
    parser.add_argument("--hotpot", type=Path, help="a folder with questions.jsonl and corpus.jsonl")
    parser.add_argument("--pages", type=int, default=PAGES, help="in all (%(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the bundled web that is asked about (%(default)s)")
    options = parser.parse_args(arguments)
    try:
        rows, asked = hotpot(options.hotpot) if options.hotpot else ([], [])
        world = make_world(options.seed, base=_BASE.format(seed=options.seed))
    except ConfigError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    asked = [*asked, *world_asked(world)]
    rows = filled([*rows, *world_rows(world)], options.pages)
    counts = {kind: sum(item.kind == kind for item in asked) for kind in dict.fromkeys(item.kind for item in asked)}
    with tempfile.TemporaryDirectory(prefix="spadework-") as folder:
        corpus = Path(folder) / "pages.jsonl"
        corpus.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        ways = [measure_frozen(corpus, asked), measure_plain(corpus, asked)]
    sys.stdout.write(table(len(rows), counts, ways))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
