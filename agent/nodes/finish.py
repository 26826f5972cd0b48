"""The end of a run: choose the answer, write one where there is none, fill the caller's form."""

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from ...prompts import render
from ...tools.clean import neutralise, one_line
from ...tools.reading.passages import estimate_tokens
from ..llm.verdicts import answer_among, read_object
from ..proof.marks import marked
from ..session import Session
from ..state import AgentState, Candidate, updated
from .arguments import Unusable, read_answer
from .calls import call_model
from .fitting import Ask, Build
from .judge import is_none, select
from .material import course_text, evidence_messages
from .prompting import question_text
from .verifier import take_checks

ANSWER_OUT = 800
FORM_TRIES = 2
"""One try, and one more after being told what did not fit."""


async def finish(state: AgentState, session: Session) -> dict[str, Any]:
    """Choose the answer. A model is called only to choose between equals, to write an answer where there is none, or to
    fill the caller's form."""
    update: dict[str, Any] = {}
    now = state
    if not _names(now):
        await _write_answer(now, session, update)
        now = updated(now, update)
    answer, status = await select(now, session)
    update |= {"answer": answer, "status": status, "data": None}
    if status == "none" and now["stop_reason"] == "answered":
        update["stop_reason"] = "no_leads"
    if session.deps.output is not None and answer:
        update["data"] = await _fill(now, session, answer, session.deps.output)
    return {**update, "charges": session.ledger.drain()}


async def _write_answer(state: AgentState, session: Session, update: dict[str, Any]) -> None:
    """With no candidate at all: one call that answers from what was read, if it fits. It was held back for this."""
    if state["fault"] and state["stop_reason"] == "error":
        return
    asked = await call_model(session, _ask(state, lambda room: _last_messages(state, session, room)))
    if asked.reply is None:
        update["fault"] = asked.fault
        return
    parsed = read_object(asked.reply)
    try:
        # Of a reply that was cut off the answer may be whole; its checks are not looked at, so it stays unverified.
        answer = read_answer(parsed.data or {"answer": answer_among(asked.reply)})
    except Unusable:
        return
    update["candidates"] = [*state["candidates"], Candidate(answer=answer, attempt=state["attempt"])]
    update["proposed"] = answer
    if session.deps.strategy.matrix:
        take_checks(state, session, answer, parsed.data, update, trusted=True)


def _last_messages(state: AgentState, session: Session, room: int) -> list[dict[str, Any]]:
    """All that was found; without a matrix the course of the search."""
    if session.deps.strategy.matrix:
        return evidence_messages(state, session, render("answer"), "", room)
    system, head = render("last"), f"{question_text(state)}\n\n[course of the search]\n"
    course = course_text(state, session, max(0, room - estimate_tokens(system + head) - 50))
    return [{"role": "system", "content": system}, {"role": "user", "content": head + course}]


async def _fill(state: AgentState, session: Session, answer: str, output: type[BaseModel]) -> dict[str, Any] | None:
    """The answer in the caller's form, or None when that cannot be had within what is left."""
    schema = json.dumps(output.model_json_schema(), ensure_ascii=False)
    system = render("form", schema=schema)
    facts = neutralise(
        "\n".join(item["quote"] for finding in state["findings"].values() for item in finding["evidence"])
    )
    text = f"[question]\n{state['question']}\n\n[answer]\n{answer}\n\n[what was found]\n"
    mend: list[dict[str, Any]] = []

    def build(room: int) -> list[dict[str, Any]]:
        shown = text + marked("quotes", "of what was read", facts[: max(0, room * 3 - len(system) - len(text) - 50)])
        told = f"{shown}\n\n{session.budget_block(state)}"
        return [{"role": "system", "content": system}, {"role": "user", "content": told}, *mend]

    for _ in range(FORM_TRIES):
        asked = await call_model(session, _ask(state, build))
        if asked.reply is None:
            return None
        parsed = read_object(asked.reply)
        try:
            return output.model_validate(dict(parsed.data)).model_dump(mode="json")
        except ValidationError as error:
            first = error.errors()[0]
            fault = parsed.fault or one_line(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", 200)
            mend = [asked.reply.message, {"role": "user", "content": render("repair", fault=fault)}]
    return None


def _ask(state: AgentState, build: Build) -> Ask:
    return Ask(
        role="judge",
        node="finish",
        build=build,
        attempt=state["attempt"],
        json_reply=True,
        temperature=0.0,
        max_out=ANSWER_OUT,
        min_out=ANSWER_OUT // 2,
    )


def _names(state: AgentState) -> list[str]:
    named = [item["candidate"] for item in state["findings"].values()]
    return [name for name in [*named, *(item["answer"] for item in state["candidates"])] if not is_none(name)]
