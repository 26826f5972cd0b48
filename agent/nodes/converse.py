"""The first look at a message of a conversation: small talk is replied to at once, a question is searched for."""

from dataclasses import dataclass
from typing import Any, Literal

from langgraph.types import Command

from ...prompts import render
from ...tools.clean import clean
from ...tools.reading.passages import estimate_tokens
from ...tools.search import normalise_query
from ..llm.partial import field_so_far
from ..llm.verdicts import read_object
from ..llm.wire import Reply
from ..proof.matrix import cell_key
from ..session import Session
from ..state import AgentState, updated, what_is_asked
from .arguments import MAX_ANSWER_CHARS, read_claims
from .arguments import said as said_on_one_line
from .calls import call_model
from .context import DEFAULT_CONTEXT
from .fitting import Ask
from .past import conversation_text, known_entries
from .planner import is_simple
from .recording import record_claims

MAX_OUT = 700
MAX_TALK = 4_000
MAX_QUESTION = 1_000
MAX_KNOWN = 4_000
"""Tokens of what is known already that a follow-up starts with; a small context gets three tenths of it at most."""

Next = Literal["planner", "verifier", "__end__"]


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message wants, as a model took it: talk, or a question, perhaps with an answer that stands already."""

    talk: str = ""
    question: str = ""
    answer: str = ""
    quotes: object = None


async def converse(state: AgentState, session: Session) -> Command[Next]:
    """Reply to small talk, check an answer that stands already, or hand the question on with what was found before."""
    asked = await call_model(
        session,
        Ask(
            role="planner",
            node="converse",
            build=lambda room: converse_messages(state, session, room),
            attempt=1,
            keep=session.keep_to_explore(state),
            json_reply=True,
            max_out=MAX_OUT,
        ),
    )
    charges = session.ledger.drain()
    if asked.reply is None and asked.fault:
        return Command(update={"fault": asked.fault, "stop_reason": "error", "charges": charges}, goto="__end__")
    said = _read(asked.reply)
    if said.talk and not said.question:
        update: dict[str, Any] = {"answer": said.talk, "status": "unverified", "stop_reason": "no_search_needed"}
        return Command(update={**update, "charges": charges}, goto="__end__")
    question = said.question or state["question"]
    update = {"charges": charges}
    if normalise_query(question) != normalise_query(state["question"]):
        update |= {"assumption": question, "constraints": [what_is_asked(question)]}
    if said.answer and (shown := _shown_already(updated(state, update), session, said)):
        stated = {"stated": True} if is_simple(question) else {}
        update |= {**stated, **shown, "charges": {**charges, **session.ledger.drain()}}
        return Command(update=update, goto="verifier")
    context = session.chat("searcher").context or DEFAULT_CONTEXT
    known = known_entries(state, session, question, min(MAX_KNOWN, context * 3 // 10))
    return Command(update=update | ({"transcript": known} if known else {}), goto="planner")


def _shown_already(state: AgentState, session: Session, said: Understood) -> dict[str, Any]:
    """An answer as it is proposed, where code finds the words that show it on pages read before; else nothing."""
    if not session.deps.strategy.matrix:
        return {}
    found = {"candidate": said.answer, "constraint": "c0", "verdict": "satisfied", "quotes": said.quotes}
    done = record_claims(session, state, read_claims([found], "", []), by="converse")
    finding = done.findings.get(cell_key(said.answer, "c0"))
    proven = finding is not None and finding["proof"] == "page" and finding["verdict"] == "satisfied"
    return {"findings": done.findings, "proposed": said.answer} if proven else {}


def converse_messages(state: AgentState, session: Session, room: int) -> list[dict[str, Any]]:
    """The prompt: what was said so far, as far as there is room, and last the message."""
    system = render("converse")
    message = f"[message]\n{state['question']}"
    text = conversation_text(state, session, room - estimate_tokens(system) - estimate_tokens(message) - 100)
    told = f"[conversation]\n{text}\n\n{message}"
    return [{"role": "system", "content": system}, {"role": "user", "content": told}]


def _read(reply: Reply | None) -> Understood:
    """What a reply says. One that says nothing usable is no harm: the message is searched for as it is."""
    if reply is None:
        return Understood()
    data = read_object(reply).data
    talk = data.get("talk") if data else field_so_far(reply.text, "talk")  # cut off: what is there is worth showing
    return Understood(
        talk=clean(talk).strip()[:MAX_TALK] if isinstance(talk, str) else "",
        question=_line(data.get("question"), MAX_QUESTION),
        answer=_line(data.get("answer"), MAX_ANSWER_CHARS),
        quotes=data.get("quotes"),
    )


def _line(value: object, most: int) -> str:
    return said_on_one_line(value, most) if isinstance(value, str) else ""
