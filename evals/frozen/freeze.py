"""Making a frozen web: `spadework web freeze`."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from ...agent.loop import start
from ...tools.backends.frozen_file import SCHEMA
from ...tools.errors import ConfigError
from ..recording.cassettes import Cassette, load_cassette
from .collected import Collected
from .recorded import add_recorded
from .sources import Source, documents_of, find_sources
from .tables import write_frozen


@dataclass(frozen=True, slots=True)
class Frozen:
    """What was written. `results` are pages that searches showed and nobody read; `differing` are pages that were read
    more than once and not the same each time: the newest reading is in the file."""

    pages: int
    results: int
    failures: int
    differing: int


def freeze(sources: Sequence[Path], out: Path) -> Frozen:
    """Make one web out of recordings (files, or folders of them), corpora and suites with paragraphs, and write it.

    The same sources give the same bytes with one version of Spadework and SQLite, in whatever order they come, and
    the same digest with any SQLite. Where pages of one address differ, a recording counts for more than a collection,
    and a new one for more than an old one. Raises ConfigError, CassetteError, OSError; then nothing was written.
    """
    found = find_sources(sources)
    if any(source.file.resolve() == out.resolve() for source in found):
        raise ConfigError(f"{out} is one of the sources: name another file")
    collected = Collected()
    counts = {source: _add_documents(source, collected) for source in found if source.kind != "cassette"}
    recorded = [(source, load_cassette(source.file)) for source in found if source.kind == "cassette"]
    recorded.sort(key=lambda pair: (_made(pair[1]), pair[0]))
    for source, cassette in recorded:
        counts[source] = start(add_recorded(cassette, collected)).result()
    entries = list(collected.entries())
    made = Frozen(
        pages=sum(entry.page is not None for entry in entries),
        results=sum(entry.page is None for entry in entries),
        failures=len(list(collected.failures())),
        differing=len(collected.differing),
    )
    if not entries:
        raise ConfigError("there is nothing to freeze: the recordings hold no page and no search result")
    created = max((_made(cassette) for _, cassette in recorded), default="")
    write_frozen(collected, _meta(made, created, [_told(source, counts[source]) for source in found]), out)
    return made


def _add_documents(source: Source, collected: Collected) -> dict[str, int]:
    before = len(collected.pages)
    for document in documents_of(source):
        collected.add_document(document)
    return {"pages": len(collected.pages) - before}


def _made(cassette: Cassette) -> str:
    return str(cassette.meta.get("created", ""))


def _told(source: Source, counts: dict[str, int]) -> dict[str, Any]:
    return {"name": source.name, "kind": source.kind, "sha256": source.sha256, **counts}


def _meta(made: Frozen, created: str, sources: Sequence[dict[str, Any]]) -> dict[str, str]:
    return {
        "schema": SCHEMA,
        "spadework": version("spadework"),
        "created": created,
        "pages": str(made.pages),
        "results": str(made.results),
        "failures": str(made.failures),
        "differing": str(made.differing),
        "sources": orjson.dumps(sources).decode(),
    }
