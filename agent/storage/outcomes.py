"""What paid calls brought, as plain data: kept with their charges, so that nothing is paid for twice after a kill."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from ...tools.errors import ToolError
from ...tools.reading.extract import Page
from ...tools.search import Hit
from ...tools.shapes import is_mapping
from ..llm.wire import Reply

FAILED = "failed"
T = TypeVar("T")


def stored_reply(reply: Reply) -> dict[str, Any]:
    """A model's reply; its calls as they were read."""
    return asdict(reply)


def reply_of(stored: Any) -> Reply | None:
    """The reply again; None for what is none."""
    return _read(Reply, stored)


def stored_hits(hits: Sequence[Hit]) -> dict[str, Any]:
    """The results of one search."""
    return {"hits": [asdict(hit) for hit in hits]}


def hits_of(stored: Any) -> list[Hit] | None:
    """The results again; None for what is none."""
    return _read(list[Hit], stored.get("hits")) if is_mapping(stored) else None


def stored_page(page: Page, fetched: str) -> dict[str, Any]:
    """A page that was read, and when."""
    return {"page": asdict(page), "fetched": fetched}


def page_of(stored: Any) -> tuple[Page, str] | None:
    """The page again, and when it was read; None for what is none."""
    if not is_mapping(stored):
        return None
    page, fetched = _read(Page, stored.get("page")), stored.get("fetched")
    return (page, fetched) if page is not None and isinstance(fetched, str) else None


def stored_text(text: str) -> dict[str, Any]:
    """What a further tool said."""
    return {"text": text}


def text_of(stored: Any) -> str:
    """What it said; nothing for what is none."""
    text = stored.get("text") if is_mapping(stored) else None
    return text if isinstance(text, str) else ""


def stored_failure(error: ToolError) -> dict[str, Any]:
    """A call that failed: the model is told the same line again."""
    return {FAILED: str(error)}


def failure_of(stored: Any) -> str | None:
    """The line of a call that failed; None for what is none."""
    line = stored.get(FAILED) if is_mapping(stored) else None
    return line if isinstance(line, str) else None


def _read(kind: type[T], data: Any) -> T | None:
    """Checked field by field: what another version of the program left may look like it, and not be it."""
    try:
        return _reader(kind).validate_python(data)
    except ValidationError:
        return None


@cache
def _reader(kind: type[T]) -> TypeAdapter[T]:
    """Made when it is first needed, as only a run that was killed needs it."""
    return TypeAdapter(kind)
