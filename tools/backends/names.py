"""The names of the search backends, apart, so that a shell that completes them waits for nothing."""

import re
from pathlib import Path

from ..home import with_home

BACKENDS = (
    *("duckduckgo", "brave", "tavily", "serper", "google", "searxng", "wikipedia"),
    *("corpus:FILE", "frozen:FILE"),
)
"""Those of our own; installed packages may add others (see plugins)."""

LOCAL = re.compile("corpus:|frozen:")
"""What stands before a file, which comes last in a search: it may be called anything."""
SHIPPED = "bundled"
"""The frozen web that comes with the package: what the shipped recordings saw of the bundled web."""


def with_whole_place(spec: str, folder: Path) -> str:
    """A search with the file that it names, if it names one, by its whole place: `folder` is where one without is.

    Raises ConfigError for the home of nobody.

    >>> with_whole_place("brave,corpus:pages.jsonl", Path("/data"))
    'brave,corpus:/data/pages.jsonl'
    """
    local = LOCAL.search(spec)
    file = spec[local.end() :].strip() if local else ""
    place = folder / with_home(file)
    is_shipped = f"{local and local[0]}{file}" == f"frozen:{SHIPPED}" and not place.exists()
    if local is None or not file or is_shipped:
        return spec
    return f"{spec[: local.end()]}{place}"
