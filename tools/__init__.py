"""What touches the outside: search backends, page reading, the one safe HTTP client, and the family of errors."""

if "." not in __name__:
    raise ImportError("this folder is installed as spadework.tools: pip install -e . and import spadework.tools")

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .errors import SpadeworkError
    from .face import fetch_page, search_web
    from .reading.extract import Page, extract_page
    from .search import Hit

__all__ = ["Hit", "Page", "SpadeworkError", "extract_page", "fetch_page", "search_web"]

_HOMES = {
    "Hit": ".search",
    "Page": ".reading.extract",
    "SpadeworkError": ".errors",
    "extract_page": ".reading.extract",
    "fetch_page": ".face",
    "search_web": ".face",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used: an import must not wait for the HTTP client."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
