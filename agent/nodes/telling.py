"""What goes to a model and what comes back, told to whoever listens: references only, nothing is copied."""

from ..events import PromptEvent, ReplyEvent
from ..llm.wire import Chat, Reply, Usage
from ..money.charges import Charge
from ..session import Session
from .fitting import Ask, Fitted


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
