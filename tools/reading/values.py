"""Data as text that can be quoted: JSON with one value a line, tables with one row a line."""

import csv
import json
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, cast

from ..clean import clean, one_line
from .extract import MAX_CHARS, MAX_LINKS, Page, read_date
from .links import host_of
from .plain import file_name, text_page
from .targets import bare_links, linked

_MAX_INDENT = 20  # levels; data may nest thousands deep, and each line would carry them all
_TITLES = ("headline", "title", "name")
_DATES = ("datePublished", "date_published", "published_at", "published", "date")
_URL = re.compile(r"https?://[^\s<>\"]{4,1990}")
_DELIMITERS = ",;\t|"


def json_page(url: str, text: str) -> Page | None:
    """A page of JSON or of JSON lines, None where the text is neither.

    Text stands without quote marks and escapes, so that a quote of it matches; numbers stand as they were written. Its
    links are the values that are addresses, called by their names.
    """
    values = _values(text)
    if values is None:
        return None
    return Page(
        url=url,
        title=one_line(_first(values, _TITLES) or file_name(url), 300),
        text=clean("\n".join(_within_limit(values))).strip("\n"),
        links=linked(islice(_addresses(values), 10 * MAX_LINKS), url),
        date=read_date(_first(values, _DATES)),
        site=host_of(url),
    )


def table_page(url: str, text: str) -> Page:
    """A page of comma or tab separated values, each row as `cell | cell`. Text that is no table is kept as it is."""
    text = clean(text)
    rows: list[str] = []
    try:
        for row in csv.reader(text.splitlines(keepends=True), delimiter=_delimiter(text)):
            rows.append(" | ".join(" ".join(cell.split()) for cell in row).rstrip(" |"))
    except csv.Error:
        return text_page(url, text)
    return Page(
        url=url,
        title=one_line(file_name(url), 300),
        text="\n".join(row for row in rows if row),
        links=linked(bare_links(text), url),
        date=None,
        site=host_of(url),
    )


def _delimiter(text: str) -> str:
    """The one that the first line holds most often outside of quotes."""
    head = re.sub(r'"[^"]*"', "", text[:10_000].strip().partition("\n")[0])
    return max(_DELIMITERS, key=head.count)


def _values(text: str) -> list[Any] | None:
    text = text.strip()
    if not text.startswith(("{", "[")):
        return None
    if (value := _parsed(text)) is not None:
        return [value]
    lines = [line for line in text.splitlines() if line.strip()]
    values = [_parsed(line) for line in lines]
    # One line may be cut off; a text of which no more can be read is no data.
    if len(lines) < 2 or sum(value is None for value in values) > 1:
        return None
    return [line if value is None else value for line, value in zip(lines, values, strict=True)]


def _parsed(text: str) -> Any:
    """What a JSON text says, its numbers as text; None where it is broken."""
    try:
        return json.loads(text, strict=False, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None


def _lines(value: Any) -> Iterator[str]:
    """`name: value` lines, list items as `- `, deeper levels indented. Without recursion: JSON may nest deeper."""
    stack: list[tuple[int, str, int, Any]] = [(0, "", 0, value)]
    while stack:
        level, head, inner, value = stack.pop()
        indent = "  " * min(level, _MAX_INDENT)
        children = [(inner, name, inner + 1, child) for name, child in _members(value)]
        if not children:
            yield f"{indent}{head} {_shown(value)}" if head else f"{indent}{_shown(value)}"
        elif head.endswith("-") and len(head) < _MAX_INDENT:  # the first member of an item stands beside its dash
            _, name, deeper, child = children[0]
            stack += [*reversed(children[1:]), (level, f"{head} {name}", deeper, child)]
        else:
            if head:
                yield indent + head
            stack += reversed(children)


def _within_limit(values: list[Any]) -> Iterator[str]:
    """The lines of all values, an empty one between them, up to MAX_CHARS characters."""
    chars = 0
    for line in (line for value in values for line in chain(("",), _lines(value))):
        chars += len(line) + 1
        if chars > MAX_CHARS:
            yield "[cut: there is more]"
            return
        yield line


def _members(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"{name}:", child) for name, child in cast(dict[str, Any], value).items()]
    return [("-", child) for child in cast(list[Any], value)] if isinstance(value, list) else []


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else "{}" if isinstance(value, dict) else "[]"


def _first(values: list[Any], names: tuple[str, ...]) -> str:
    """The first text by one of these names in the outermost object, or in the first object of a JSON-LD graph."""
    top = values[0] if len(values) == 1 else None
    if isinstance(top, dict):
        graph = cast(dict[str, Any], top).get("@graph")
        top = cast(list[Any], graph)[0] if isinstance(graph, list) and graph else cast(dict[str, Any], top)
    if not isinstance(top, dict):
        return ""
    said = (cast(dict[str, Any], top).get(name) for name in names)
    return next((value for value in said if isinstance(value, str) and value), "")


def _addresses(values: list[Any]) -> Iterator[tuple[str, str]]:
    stack: list[tuple[str, Any]] = [("", value) for value in reversed(values)]
    while stack:
        name, value = stack.pop()
        if isinstance(value, str):
            if _URL.fullmatch(value):
                yield name.rstrip(":"), value
        else:
            stack += [(name if key == "-" else key, child) for key, child in reversed(_members(value))]
