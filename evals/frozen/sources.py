"""The files that a web is frozen from: which they are, of what kind, and the texts in those that are no recordings.

Recordings are told from the rest by their content: a JSON object, plain or compressed. A corpus has JSON lines of title
and text; HotpotQA, 2WikiMultiHopQA (`context`) and MuSiQue (`paragraphs`) carry paragraphs with their questions.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...agent.llm.wire import is_array, is_object, load_json
from ...tools.backends.corpus import Document, free_url, read_documents
from ...tools.clean import clean, one_line
from ...tools.errors import ConfigError

Kind = Literal["cassette", "corpus", "suite"]
_CASSETTES = (".json", ".json.gz")
_LINES = ".jsonl"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A file. They are ordered by name and content, wherever they lie."""

    name: str
    sha256: str
    kind: Kind
    file: Path


def find_sources(paths: Sequence[Path]) -> list[Source]:
    """The files at `paths`, and the recordings below those that are folders, each once, in order.

    Raises ConfigError: nothing there, or a file of no known kind; OSError.
    """
    files = [file for path in paths for file in (_cassettes_below(path) if path.is_dir() else [path])]
    found = {source.sha256: source for source in map(_source, files)}
    if not found:
        raise ConfigError("there is nothing to freeze: give recordings, a corpus or a suite")
    return sorted(found.values())


def _cassettes_below(folder: Path) -> list[Path]:
    found = [path for path in folder.rglob("*") if path.name.endswith(_CASSETTES) and not path.name.startswith(".")]
    if not found:
        raise ConfigError(f"the folder {folder} holds no recordings (NAME.json)")
    return found


def _source(file: Path) -> Source:
    if not file.name.endswith((*_CASSETTES, _LINES)):
        raise ConfigError(
            f"{file}: give recordings (.json), a corpus (.jsonl) or a suite with paragraphs (.json, .jsonl)"
        )
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return Source(file.name, digest, _kind(file), file)


def _kind(file: Path) -> Kind:
    with file.open("rb") as opened:
        start = opened.read(1_000).removeprefix(_BOM).lstrip()
        if not file.name.endswith(_LINES):
            return "suite" if start.startswith(b"[") else "cassette"
        opened.seek(0)
        first = next((line for line in opened if line.removeprefix(_BOM).strip()), b"")
    try:
        row = load_json(first.removeprefix(_BOM))
    except ValueError:
        return "corpus"
    return "suite" if is_object(row) and ("context" in row or "paragraphs" in row) else "corpus"


def documents_of(source: Source) -> Iterator[Document]:
    """The texts in a corpus or a suite. Raises ConfigError that names file, place and mistake; OSError."""
    if source.kind == "corpus":
        yield from read_documents(source.file)
        return
    count = 0
    for place, item in _items(source.file):
        try:
            for title, text in _paragraphs(item):
                count += 1
                # Whether another page has this address is found out where all pages come together.
                yield Document(free_url(title, ()), title, text)
        except ValueError as error:
            raise ConfigError(f"{source.file}, {place}: {one_line(str(error), 200)}") from error
    if not count:
        raise ConfigError(f"{source.file}: its questions come without paragraphs: there is nothing to freeze")


def _items(file: Path) -> Iterator[tuple[str, Any]]:
    data = file.read_bytes().removeprefix(_BOM)
    place = "it"
    try:
        if file.name.endswith(_LINES):
            for number, line in enumerate(data.splitlines(), start=1):
                place = f"line {number}"
                if line.strip():
                    yield place, load_json(line)
            return
        rows = load_json(data)
    except ValueError as error:
        raise ConfigError(f"{file}, {place}: this is no JSON: {one_line(str(error), 150)}") from error
    yield from ((f"item {number}", row) for number, row in enumerate(rows if is_array(rows) else [], start=1))


def _paragraphs(item: object) -> Iterator[tuple[str, str]]:
    """Title and text of each paragraph. Raises ValueError that says what is wrong."""
    if not is_object(item):
        raise ValueError("give one object a question")
    context, paragraphs = item.get("context", []), item.get("paragraphs", [])
    if not is_array(context) or not is_array(paragraphs):
        raise ValueError("context has to be a list of [title, [sentence, ...]], paragraphs one of objects")
    for part in context:
        if not (is_array(part) and len(part) == 2 and is_array(part[1])):
            raise ValueError(f"a paragraph of the context is not [title, [sentence, ...]]: {part!r:.80}")
        yield from _cleaned(part[0], " ".join(str(sentence).strip() for sentence in part[1]))
    for part in paragraphs:
        if not is_object(part):
            raise ValueError(f"a paragraph is not an object with title and paragraph_text: {part!r:.80}")
        yield from _cleaned(part.get("title"), part.get("paragraph_text"))


def _cleaned(title: object, text: object) -> Iterator[tuple[str, str]]:
    if not isinstance(title, str) or not one_line(title) or not isinstance(text, str):
        raise ValueError(f"a paragraph has no title or no text: {title!r:.80}")
    if clean(text).strip():
        yield one_line(title), clean(text).strip()
