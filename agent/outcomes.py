"""What paid calls brought, as plain data: kept with their charges, so that nothing is paid for twice after a kill."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ..tools.errors import ToolError
from ..tools.extract import Page
from ..tools.search import Hit
from ..tools.shapes import is_mapping
from .wire import Reply, ToolCall, Usage

FAILED = "failed"


def stored_reply(reply: Reply) -> dict[str, Any]:
    """A model's reply; its calls as they were read."""
    usage = asdict(reply.usage) if reply.usage is not None else None
    calls = [asdict(call) for call in reply.calls]
    return {"message": reply.message, "text": reply.text, "calls": calls, "usage": usage, "end": reply.finish_reason}


def reply_of(stored: Any) -> Reply | None:
    """The reply again; None for what is none."""
    try:
        usage = Usage(**stored["usage"]) if stored["usage"] is not None else None
        calls = tuple(ToolCall(**call) for call in stored["calls"])
        return Reply(stored["message"], stored["text"], calls, usage, stored["end"])
    except (KeyError, TypeError):
        return None


def stored_hits(hits: Sequence[Hit]) -> dict[str, Any]:
    """The results of one search."""
    return {"hits": [asdict(hit) for hit in hits]}


def hits_of(stored: Any) -> list[Hit] | None:
    """The results again; None for what is none."""
    try:
        return [Hit(**hit) for hit in stored["hits"]]
    except (KeyError, TypeError):
        return None


def stored_page(page: Page, fetched: str) -> dict[str, Any]:
    """A page that was read, and when."""
    return {"page": asdict(page), "fetched": fetched}


def page_of(stored: Any) -> tuple[Page, str] | None:
    """The page again, and when it was read; None for what is none."""
    try:
        fields: dict[str, Any] = {**stored["page"]}
        fields["links"] = tuple((text, url) for text, url in fields["links"])
        return Page(**fields), str(stored["fetched"])
    except (KeyError, TypeError, ValueError):
        return None


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
