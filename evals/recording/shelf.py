"""Where recorded runs are found by name."""

from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

from .cassettes import EVALUATED, SUFFIXES, Cassette, cassettes_in, load_cassette, open_bundled, shipped


def find_cassette(name: str) -> Cassette:
    """A cassette by the path of its file, or by its name among those that come with Spadework.

    Raises CassetteError.
    """
    return load_cassette(Path(name)) if name.endswith(SUFFIXES) or "/" in name else open_bundled(name)


def find_all(names: Sequence[str]) -> list[str | Path | Traversable]:
    """What the names stand for: names and files as they are, a folder for what is in it, none for all that is shipped.

    Raises CassetteError.
    """
    found: list[str | Path | Traversable] = []
    for name in names:
        found += cassettes_in(Path(name)) if Path(name).is_dir() else [name]
    return found if names else [*cassettes_in(shipped()), *cassettes_in(shipped() / EVALUATED)]
