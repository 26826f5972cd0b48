"""The texts that the bundled web is made from: Markdown files next to this one, in sections by heading."""

from functools import cache
from importlib.resources import files


@cache
def sections(name: str) -> dict[str, str]:
    """The text below each second-level heading of `name`.md."""
    text = files(__package__ or "").joinpath(f"{name}.md").read_text(encoding="utf-8")
    parts = text.replace("\r\n", "\n").split("\n## ")[1:]
    return {heading: body.strip() for heading, _, body in (part.partition("\n") for part in parts)}


def words(name: str, heading: str) -> list[str]:
    """The words of a section, in order."""
    return sections(name)[heading].split()


def lines(name: str, heading: str) -> list[str]:
    """The lines of a section that are not blank."""
    return [line.strip() for line in sections(name)[heading].splitlines() if line.strip()]
