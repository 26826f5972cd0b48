"""The first look at a message of a conversation: small talk is replied to at once, a question is searched for."""

from typing import Any, Literal

from langgraph.types import Command

from ...prompts import render
from ...tools.clean import clean
from ...tools.reading.passages import estimate_tokens
from ...tools.search import normalise_query
from ..llm.partial import field_so_far
from ..llm.verdicts import read_object
from ..llm.wire import Reply
from ..session import Session
from ..state import AgentState, what_is_asked
from .arguments import said
from .calls import call_model
from .context import DEFAULT_CONTEXT
from .fitting import Ask
from .past import conversation_text, known_entries

MAX_OUT = 700
MAX_TALK = 4_000
MAX_QUESTION = 1_000
MAX_KNOWN = 4_000
"""Tokens of what is known already that a follow-up starts with; a small context gets three tenths of it at most."""

Next = Literal["planner", "__end__"]


async def converse(state: AgentState, session: Session) -> Command[Next]:
    """Reply to small talk, or hand the question on, complete by itself and with what was found before."""
    asked = await call_model(
        session,
        Ask(
            role="planner",
            node="converse",
            build=lambda room: converse_messages(state, room),
            attempt=1,
            keep=session.keep_to_explore(state),
            json_reply=True,
            max_out=MAX_OUT,
        ),
    )
    charges = session.ledger.drain()
    if asked.reply is None and asked.fault:
        return Command(update={"fault": asked.fault, "stop_reason": "error", "charges": charges}, goto="__end__")
    question, talk = _read(asked.reply)
    if talk and not question:
        update: dict[str, Any] = {"answer": talk, "status": "unverified", "stop_reason": "no_search_needed"}
        return Command(update={**update, "charges": charges}, goto="__end__")
    update = {"charges": charges}
    if question and normalise_query(question) != normalise_query(state["question"]):
        update |= {"assumption": question, "constraints": [what_is_asked(question)]}
    context = session.chat("searcher").context or DEFAULT_CONTEXT
    known = known_entries(state, session, question or state["question"], min(MAX_KNOWN, context * 3 // 10))
    return Command(update=update | ({"transcript": known} if known else {}), goto="planner")


def converse_messages(state: AgentState, room: int) -> list[dict[str, Any]]:
    """The prompt: what was said so far, as far as there is room, and last the message."""
    system = render("converse")
    message = f"[message]\n{state['question']}"
    text = conversation_text(state, room - estimate_tokens(system) - estimate_tokens(message) - 100)
    return [{"role": "system", "content": system}, {"role": "user", "content": f"{text}\n\n{message}"}]


def _read(reply: Reply | None) -> tuple[str, str]:
    """The question and the talk of a reply. What is neither is searched for as it was said: that can do no harm."""
    if reply is None:
        return "", ""
    data = read_object(reply).data
    question, talk = data.get("question"), data.get("talk")
    if not data:
        talk = field_so_far(reply.text, "talk")  # a reply that was cut off: what is there is worth showing
    told = clean(talk).strip()[:MAX_TALK] if isinstance(talk, str) else ""
    return said(question, MAX_QUESTION) if isinstance(question, str) else "", told
