"""A cassette is one recorded run: every request with its reply, the failures, the clock readings and what was asked.

The file is JSON, compressed where its name ends in .gz. `interactions` has the shape of vcrpy's own JSON cassettes, so
vcrpy can play the file too (see keyed.py); `order` numbers all requests, failed ones included, as they were sent.
"""

import gzip
import re
import zlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any

import orjson

from ...tools.errors import CassetteError
from ...tools.replacing import write_whole
from .entries import VERSION, checked

MAX_BYTES = 64_000_000
"""The most that is read or written, before it is compressed."""
SUFFIXES = (".json.gz", ".json")
"""How the name of a cassette's file ends: compressed, and plain."""
EVALUATED = "bundled"
"""The folder of the shipped cassettes that `eval run bundled` plays."""

_LAYOUT = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")


@dataclass(frozen=True, slots=True)
class Cassette:
    """One recorded run, as it stands in the file."""

    meta: dict[str, Any]
    """question, budget, strategy, model, how the replies were made, created, version; question at least."""
    interactions: list[dict[str, Any]]
    failures: list[dict[str, Any]]
    """Requests that got no reply: `request`, `order`, and `error` with kind and text."""
    clock: list[float]
    """What the run's clock showed at each reading, in seconds."""
    path: str = ""

    @property
    def name(self) -> str:
        return name_of(self.path) or "cassette"

    @property
    def question(self) -> str:
        return str(self.meta["question"])

    def events(self) -> list[dict[str, Any]]:
        """Interactions and failures together, in the order in which the requests were sent."""
        return sorted([*self.interactions, *self.failures], key=lambda event: event["order"])


def load_cassette(source: Path | Traversable) -> Cassette:
    """Read and check one cassette file; raises CassetteError, one line that names the file and the fault."""
    try:
        with source.open("rb") as file:
            data = _plain(file.read(MAX_BYTES + 1))
    except (OSError, EOFError, zlib.error) as error:
        raise CassetteError(f"cassette {source} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES} bytes")
        document = checked(orjson.loads(data))
    except ValueError as error:
        raise CassetteError(f"cassette {source} cannot be used: {error}") from error
    return Cassette(
        document["meta"], document["interactions"], document["failures"], document["clock"], path=str(source)
    )


def save_cassette(cassette: Cassette, path: Path) -> None:
    """Check the cassette and write it to `path` in one step: whatever goes wrong, an older file stays whole."""
    data = check_cassette(cassette, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except OSError as error:
        raise CassetteError(f"cassette {path} was not written: {error.strerror or error}") from error


def check_cassette(cassette: Cassette, path: Path) -> bytes:
    """The bytes that `save_cassette` would write to `path`; CassetteError when cassette or name cannot be used."""
    if not path.name.endswith(SUFFIXES):
        raise CassetteError(f"cassette {path} cannot be written: its name must end in {' or '.join(SUFFIXES)}")
    check_name(name_of(path))
    parts = {name: getattr(cassette, name) for name in ("meta", "interactions", "failures", "clock")}
    try:
        data = orjson.dumps(checked({"version": VERSION} | parts), option=_LAYOUT)
    except (TypeError, ValueError) as error:
        raise CassetteError(f"cassette {path} cannot be written: {error}") from error
    if len(data) > MAX_BYTES:
        raise CassetteError(f"cassette {path} cannot be written: {len(data)} bytes are over the limit of {MAX_BYTES}")
    # No time of day goes into the file: the same recording gives the same bytes.
    return gzip.compress(data, compresslevel=6, mtime=0) if path.suffix == ".gz" else data


def check_name(name: str) -> str:
    """The name itself when it can name a cassette; CassetteError otherwise."""
    if _NAME.fullmatch(name):
        return name
    better = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:100] or "my-question"
    raise CassetteError(
        f"cassette name {name!r} cannot be used: letters, digits and dashes only, for example {better!r}"
    )


def name_of(path: PurePath | str) -> str:
    """The name of the cassette in a file.

    >>> name_of("runs/salt.json.gz")
    'salt'
    """
    return PurePath(path).name.removesuffix(".gz").removesuffix(".json")


def cassettes_in(folder: Path | Traversable) -> list[Path | Traversable]:
    """The cassettes of a folder, by name. Raises CassetteError for a folder that cannot be read or holds none."""
    try:
        found = [item for item in folder.iterdir() if item.name.endswith(SUFFIXES) and item.name[0] != "."]
    except OSError as error:
        raise CassetteError(f"the folder {folder} cannot be read: {error.strerror or error}") from error
    if not found:
        raise CassetteError(f"the folder {folder} holds no cassettes (files that end in {' or '.join(SUFFIXES)})")
    return sorted(found, key=lambda item: item.name)


def cassette_names() -> list[str]:
    """The names of the cassettes that ship with the package for `demo`, sorted."""
    return [name_of(item.name) for item in cassettes_in(shipped())]


def open_bundled(name: str) -> Cassette:
    """Load a cassette that ships with the package; raises CassetteError, with the names there are."""
    check_name(name)
    for folder in (shipped(), shipped() / EVALUATED):
        for suffix in SUFFIXES:
            if (item := folder / f"{name}{suffix}").is_file():
                return load_cassette(item)
    raise CassetteError(f"no cassette is named {name!r}; there are: {', '.join(cassette_names())}")


def shipped() -> Traversable:
    """The folder of the cassettes that ship with the package."""
    return files(f"{(__package__ or '').rsplit('.', 2)[0]}.cassettes")


def _plain(data: bytes) -> bytes:
    """Inflated where it is compressed, whatever the file is called, and no further than what could be used."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    with gzip.GzipFile(fileobj=BytesIO(data)) as file:
        return file.read(MAX_BYTES + 1)
