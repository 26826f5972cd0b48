"""What a page says of itself apart from its text: the objects in its JSON-LD, and its description."""

import json
import re
from collections.abc import Iterator

from ..clean import one_line

Json = dict[str, "Json"] | list["Json"] | str | float | bool | None

_MAX_LINES = 60
_MAX_VALUE = 1_000  # characters
_FRAME = frozenset(["BreadcrumbList", "ImageObject", "ListItem", "Organization", "SearchAction", "WebSite"])
_IDLE_KEYS = frozenset(["articleBody", "image", "inLanguage", "logo", "sameAs", "thumbnailUrl", "url"])
_VALUE_ADDRESS = re.compile(r"https?://(?:www\.)?schema\.org/(\w+)")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def things(scripts: list[str]) -> Iterator[dict[str, Json]]:
    """Every object in the page's JSON-LD, outer ones first."""
    for script in scripts:
        try:
            value: Json = json.loads(script, strict=False)
        except (ValueError, RecursionError):
            continue
        level = [value]
        while level:
            yield from (thing for thing in level if isinstance(thing, dict))
            level = [child for thing in level for child in _children(thing)]


def _children(thing: Json) -> list[Json]:
    if isinstance(thing, dict):
        return list(thing.values())
    return thing if isinstance(thing, list) else []


def first_text(found: list[dict[str, Json]], key: str) -> str:
    """The first text that goes by this name, "" where there is none."""
    return next((value for thing in found if isinstance(value := thing.get(key), str) and value), "")


def described(meta: dict[str, str], found: list[dict[str, Json]]) -> str:
    """The page's description, and the values in its JSON-LD as `name: value` lines: for pages drawn by scripts."""
    lines: dict[str, None] = {}
    for thing in found:
        if len(lines) >= _MAX_LINES:
            break
        kind = thing.get("@type")
        if isinstance(kind, str) and kind in _FRAME:
            continue
        for key, value in thing.items():
            text = _plain(value)
            if text and not key.startswith("@") and key not in _IDLE_KEYS:
                lines[f"{_HUMP.sub(' ', key).lower()}: {text}"] = None
    about = one_line(meta.get("description") or meta.get("og:description", ""), _MAX_VALUE)
    return "\n\n".join(part for part in (about, "\n".join(list(lines)[:_MAX_LINES])) if part)


def _plain(value: Json) -> str:
    """A value that can be read; "" for objects, and for addresses other than the names of schema.org."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = one_line(str(value), _MAX_VALUE)
    named = _VALUE_ADDRESS.fullmatch(text)
    if named:
        return named[1]
    return "" if text.startswith(("http://", "https://", "data:")) else text
