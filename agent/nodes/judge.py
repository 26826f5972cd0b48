"""Selection: which of several answers is given. A model is asked only where nothing else decides."""

from collections.abc import Sequence
from typing import Any

from ...prompts import render
from ...tools.reading.passages import estimate_tokens
from ..llm.verdicts import read_object
from ..proof.matrix import Row, cell_key, lead_of, rows, same_name
from ..session import Session
from ..state import AgentState, AnswerStatus
from .board import candidate_text
from .calls import call_model
from .fitting import Ask
from .prompting import question_text

JUDGE_OUT = 400
MOST = 8
"""Answers that a judge is shown."""


async def select(state: AgentState, session: Session) -> tuple[str, AnswerStatus]:
    """The answer of a run and its honest status; a judge at temperature 0 chooses between equals."""
    if session.deps.strategy.pick:
        return await _picked(state, session)
    equals = contenders(state)
    if not session.deps.strategy.until_spent:
        equals = _accepted(state) or equals
    if len(equals) > 1 and state["stop_reason"] != "error":
        shown = [candidate_text(state, name) for name in equals]
        number = await judge(state, session, shown)
        if number is not None:
            return equals[number], status_of(state, equals[number])
    return choose(state)


async def judge(state: AgentState, session: Session, shown: Sequence[str]) -> int | None:
    """The number, from 0, of the answer that a model prefers; None where it cannot be asked or says nothing usable."""
    system = render("judge")

    def build(room: int) -> list[dict[str, Any]]:
        each = max(40, (room - estimate_tokens(system) - estimate_tokens(state["question"]) - 100) // len(shown))
        parts = [f"[answer {number}]\n{_cut(text, each)}" for number, text in enumerate(shown, start=1)]
        text = "\n\n".join([question_text(state), *parts])
        return [{"role": "system", "content": system}, {"role": "user", "content": text}]

    asked = await call_model(
        session,
        Ask(
            role="judge",
            node="finish",
            build=build,
            attempt=state["attempt"],
            json_reply=True,
            temperature=0.0,
            max_out=JUDGE_OUT,
        ),
    )
    choice = read_object(asked.reply).data.get("choice") if asked.reply is not None else None
    if isinstance(choice, int) and not isinstance(choice, bool) and 1 <= choice <= len(shown):
        return choice - 1
    return None


async def _picked(state: AgentState, session: Session) -> tuple[str, AnswerStatus]:
    """One answer of parallel runs: a judge that sees what each did, or the one that most of them gave."""
    given = [item for item in state["candidates"] if not is_none(item["answer"])]
    if not given:
        return "", "none"
    answers = [item["answer"] for item in given]
    if session.deps.strategy.pick == "best" and any(not same_name(answer, answers[0]) for answer in answers):
        shown = [f"{item['answer']}\n{item.get('verification', '')}" for item in given]
        number = await judge(state, session, shown)
        if number is not None:
            return answers[number], "unverified"
    return majority(answers), "unverified"


def majority(answers: Sequence[str]) -> str:
    """The answer that was given most often, of equals the one that was given first."""
    votes = {answer: sum(same_name(answer, other) for other in answers) for answer in answers}
    return max(answers, key=lambda answer: votes[answer])


def choose(state: AgentState) -> tuple[str, AnswerStatus]:
    """The best candidate without asking anybody: complete ones first, then those with most proof and no refutation.

    Where nothing was found out about any: what a verdict accepted, else what was said last. Never "none" if there is
    another.
    """
    best = _best(state)
    if best is None or (is_none(best) and status_of(state, best) == "unverified"):
        return "", "none"
    return best, status_of(state, best)


def contenders(state: AgentState) -> list[str]:
    """The answers that stand equal at the top; one or none where the matrix, or a verdict, decides."""
    found = _found(state)
    if state["findings"]:
        complete = [row for row in found if row.complete and state["stated"]]
        proven = [row for row in complete if row.status == "verified"]
        looked_at = [row for row in proven if _looked_at(state, row)]
        standing = looked_at or proven or complete or [row for row in found if row.score == found[0].score]
        return [row.candidate for row in standing if not is_none(row.candidate)][:MOST]
    passed = {item["answer"]: item.get("passed") for item in state["candidates"] if "verification" in item}
    return [name for name in passed if not is_none(name)][-MOST:]


def _looked_at(state: AgentState, row: Row) -> bool:
    """Whether the verifier stands behind each part of a proof."""
    return all(state["findings"][cell_key(row.candidate, name)]["by"] == "verifier" for name in row.by_page)


def _accepted(state: AgentState) -> list[str]:
    """The answer with which a verdict ended the search."""
    return [item["answer"] for item in state["candidates"] if item.get("passed")][-1:]


def status_of(state: AgentState, answer: str) -> AnswerStatus:
    """How far an answer can be trusted."""
    row = next((row for row in _found(state) if same_name(row.candidate, answer)), None)
    return row.status if row is not None and state["stated"] else "unverified"


def is_none(answer: str) -> bool:
    """Whether this is how a model says that it has no answer."""
    return same_name(answer, "none")


def _best(state: AgentState) -> str | None:
    found = _found(state)
    if not found:
        return None
    if not state["findings"]:
        said = [item for item in state["candidates"] if not is_none(item["answer"])] or state["candidates"]
        return next((item["answer"] for item in reversed(said) if item.get("passed")), said[-1]["answer"])
    names = [item["answer"] for item in state["candidates"]]
    best = lead_of(state["constraints"], state["findings"], names, state["proposed"]) or found[0]
    if best.status == "unverified":
        best = next((row for row in found if row.status != "unverified"), best)
    if is_none(best.candidate):
        best = next((row for row in found if not is_none(row.candidate)), best)
    return best.candidate


def _found(state: AgentState) -> list[Row]:
    return rows(state["constraints"], state["findings"], [item["answer"] for item in state["candidates"]])


def _cut(text: str, tokens: int) -> str:
    whole = estimate_tokens(text)
    return text if whole <= tokens else text[: len(text) * tokens // whole] + " [...]"
