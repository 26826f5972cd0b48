"""What a question starts with: a state in which nothing of an earlier one is left, but for the charges."""

from typing import Any

from langgraph.types import Overwrite

from .proof.forms import asked_form
from .state import Constraint, Progress

ASKED = "the answer to the question itself"


def fresh_question(question: str) -> dict[str, Any]:
    """The update that starts a question clean: nothing of an earlier one leaks in, but for the charges."""
    return {
        "question": question,
        "attempt": 1,
        "constraints": [what_is_asked(question)],
        "stated": False,
        "assumption": "",
        "plan": [],
        "findings": Overwrite({}),
        "candidates": [],
        "records": [],
        "decisions": [],
        **unanswered(),
    }


def what_is_asked(question: str) -> Constraint:
    """c0, with the form that the words of the question demand of its quotes."""
    constraint, form = Constraint(id="c0", text=ASKED, kind="asked"), asked_form(question)
    return {**constraint, "form": form} if form else constraint


def unanswered() -> dict[str, Any]:
    """The update after which a question is open, with an empty transcript: what was found before stays."""
    return {
        "transcript": Overwrite([]),
        "progress": no_progress(),
        "calls": [],
        "proposed": "",
        "verdict": "",
        "resource": "",
        "fault": "",
        "answer": "",
        "data": None,
        "status": "none",
        "stop_reason": "no_leads",
    }


def no_progress() -> Progress:
    return Progress(
        idle_turns=0,
        stale_actions=0,
        unseen_actions=0,
        failed_calls=0,
        failed_again=0,
        checks=0,
        nudges=0,
        pushes=0,
    )
