"""A page as plain data and back: for the pipe to the process that parsed it, and for the cache."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from .extract import Page


def page_data(page: Page) -> dict[str, Any]:
    """All of a page as plain data that JSON can hold."""
    return asdict(page)


def page_from(data: Mapping[str, Any]) -> Page:
    """The page again. Raises KeyError, TypeError or ValueError for what is none."""
    known = {field.name: data[field.name] for field in fields(Page)}
    links = tuple((str(text), str(target)) for text, target in known.pop("links"))
    if not all(isinstance(value, str) or (name == "date" and value is None) for name, value in known.items()):
        raise TypeError("not the fields of a page")
    return Page(**known, links=links)
