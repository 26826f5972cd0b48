"""What goes to models and tools and what comes back, told to whoever listens: references only, nothing is copied."""

from collections.abc import Awaitable
from typing import Any, cast

from ...tools.reading.extract import Page
from ...tools.search import Hit
from ..events import PromptEvent, ReplyEvent
from ..langsmith_runs import as_run
from ..llm.wire import Chat, Reply, Usage
from ..money.charges import Charge
from ..session import Session
from .fitting import Ask, Fitted

SHOWN = 2_000
"""Characters of a page, or of what a tool gave, that LangSmith is shown."""


def tell_prompt(session: Session, chat: Chat, ask: Ask, fitted: Fitted, held: Charge) -> None:
    """The request that is about to be sent. A model without tool calling has its tools in the messages."""
    if session.listener is None:
        return
    session.listener(
        PromptEvent(
            held.id,
            ask.role,
            ask.node,
            chat.name,
            ask.attempt,
            fitted.messages,
            ask.tools if chat.takes_tools else (),
            held.amounts.tokens_out,
        )
    )


def tell_reply(session: Session, ask: Ask, held: Charge, reply: Reply, usage: Usage) -> None:
    """The reply as the model wrote it, before calls are read out of its text, and what it is charged for."""
    if session.listener is None:
        return
    counts = usage.tokens_in, usage.tokens_out, usage.tokens_cached
    session.listener(ReplyEvent(held.id, ask.role, reply.message, reply.finish_reason, *counts))


async def as_model_run(chat: Chat, ask: Ask, fitted: Fitted, sending: Awaitable[Reply]) -> Reply:
    """Await a reply, as a run that LangSmith shows. A model of LangChain's shows its calls itself."""
    if getattr(chat, "traces_itself", False):
        return await sending

    def inputs() -> dict[str, Any]:
        named = {"ls_model_name": chat.name, "ls_model_type": "chat", "role": ask.role}
        return {"messages": fitted.messages, "tools": list(ask.tools), "metadata": named}

    return await as_run("llm", f"{ask.role}: {chat.name}", sending, inputs, _reply_outputs)


def _reply_outputs(reply: Reply) -> dict[str, Any]:
    said: dict[str, Any] = {"choices": [{"message": reply.message, "finish_reason": reply.finish_reason}]}
    if reply.usage is not None:
        counts = {"input_tokens": reply.usage.tokens_in, "output_tokens": reply.usage.tokens_out}
        said["usage_metadata"] = {**counts, "total_tokens": reply.usage.tokens_in + reply.usage.tokens_out}
    return said


async def as_tool_run(charge: Charge, using: Awaitable[Any]) -> Any:
    """Await a search, a page or a tool of the caller's, as a run that LangSmith shows."""
    name = {"search": "search", "browse": "read page"}.get(charge.kind) or charge.what.partition(" ")[0]
    asked = {"search": "query", "browse": "url"}.get(charge.kind, "call")
    return await as_run("tool", name, using, lambda: {asked: charge.what}, _tool_outputs)


def _tool_outputs(found: Any) -> dict[str, Any]:
    """What a tool brought, without the whole text of a page."""
    if isinstance(found, Page):
        return {"title": found.title, "url": found.url, "characters": len(found.text), "text": found.text[:SHOWN]}
    if isinstance(found, list):
        hits = [hit for hit in cast("list[Any]", found) if isinstance(hit, Hit)]
        return {"results": [{"title": hit.title, "url": hit.url, "snippet": hit.snippet} for hit in hits]}
    return {"output": str(found)[:SHOWN]}
