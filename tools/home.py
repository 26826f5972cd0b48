"""Places of files as people write them, with `~` for a home."""

from pathlib import Path

from .clean import one_line
from .errors import ConfigError


def with_home(place: str | Path) -> Path:
    """The place with its `~` or `~NAME` replaced by that home. Raises ConfigError for a NAME that nobody has."""
    try:
        return Path(place).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"{one_line(str(place), 200)}: {one_line(str(error))} Write the whole path") from None
