"""Verification as in BATS (arXiv 2511.17006): a verdict over the course of the search, which is obeyed as it is.

No quote is looked up, so an answer that passes here is never called verified.
"""

from collections.abc import Mapping
from typing import Any

from ...prompts import render
from ...tools.clean import clean, one_line
from ...tools.reading.passages import estimate_tokens
from ...tools.shapes import is_list, is_mapping
from ..money.block import tracker_block
from ..session import Session
from ..state import AgentState, Candidate
from .asking import ask_verifier
from .material import course_text
from .prompting import question_text

MAX_SUMMARY = 1_500
DECISIONS = ("SUCCESS", "CONTINUE", "PIVOT")


async def give_verdict(state: AgentState, session: Session, update: dict[str, Any]) -> Mapping[str, Any]:
    """Ask for the verdict on the answer that was just proposed, and note it with the candidate."""
    if not state["proposed"]:
        return {}
    checked = await ask_verifier(state, session, lambda room: _messages(state, session, room))
    if checked.fault:
        update["fault"] = checked.fault
    data = checked.data
    said = str(data.get("decision")).strip().upper()
    if not checked.trusted and said == "SUCCESS":
        return {}  # what had to be repaired may turn a search back, never end it
    update["verdict"] = said if said in DECISIONS else ""
    update["candidates"] = [_noted(item, state["proposed"], data, said) for item in state["candidates"]]
    return {"reason": data.get("justification"), "facts": _summary(data), **_details(data)}


def _messages(state: AgentState, session: Session, room: int) -> list[dict[str, Any]]:
    system = render("verdict")
    head = f"{question_text(state)}\n\n[course of the search]"
    end = f"[proposed answer]\n{state['proposed']}\n\n{tracker_block(session.ledger.remaining())}"
    left = room - estimate_tokens(system + head + end) - 50
    text = "\n\n".join([head, course_text(state, session, max(0, left)), end])
    return [{"role": "system", "content": system}, {"role": "user", "content": text}]


def _noted(item: Candidate, proposed: str, data: Mapping[str, Any], said: str) -> Candidate:
    if item["answer"] != proposed or said not in DECISIONS:
        return item
    checks = data.get("verification")
    told = [
        f"{one_line(str(check.get('constraint')), 120)}: {one_line(str(check.get('verdict')), 40)}"
        for check in (checks[:12] if is_list(checks) else ())
        if is_mapping(check)
    ]
    why = one_line(str(data.get("justification") or ""), 300)
    return {**item, "passed": said == "SUCCESS", "verification": "; ".join([said, *told, why]).strip("; ")}


def _summary(data: Mapping[str, Any]) -> list[str]:
    summary = data.get("summary")
    return [clean(summary)[:MAX_SUMMARY]] if isinstance(summary, str) and summary.strip() else []


def _details(data: Mapping[str, Any]) -> dict[str, Any]:
    found = data.get("details")
    details: Mapping[str, Any] = found if is_mapping(found) else {}
    failed = details.get("failed")
    return {"gaps": [failed] if isinstance(failed, str) else [], "leads": [*_texts(details, "useful", "next")]}


def _texts(details: Mapping[str, Any], *names: str) -> list[Any]:
    lists = [details.get(name) for name in names]
    return [item for found in lists if is_list(found) for item in found]
