"""Where recorded runs are found by name."""

from pathlib import Path

from .cassettes import Cassette, load_cassette, open_bundled


def find_cassette(name: str) -> Cassette:
    """A cassette by the path of its file, or by its name among those that come with Spadework.

    Raises CassetteError.
    """
    return load_cassette(Path(name)) if name.endswith(".json") or "/" in name else open_bundled(name)
