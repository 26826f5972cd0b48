"""The plan: a tree checklist. Steps carry their share of the budget and what they used, and are never deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from ...tools.clean import neutralise, one_line
from ...tools.shapes import is_list, is_mapping
from ..money.budget import TOOL_RESOURCES, Remaining
from ..state import Step

STATES = ("todo", "done", "failed", "partial")
OPEN = ("partial", "todo")
MOST_STEPS = 40
MOST_NEW = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """What a model says of a step: by its id, or by the text of a new one."""

    step: str
    state: str = ""
    note: str = ""
    under: str = ""
    """The id of the step that a new one is another way to."""
    share: int = 0
    """Percent of the searches and page reads that are left."""


def read_steps(value: object) -> list[Mark]:
    """New steps as a planner gives them: their text, what they are a branch of, and their share of the budget."""
    found: list[Mark] = []
    for item in value[:MOST_NEW] if is_list(value) else ():
        text = item.get("text") if is_mapping(item) else item
        if not isinstance(text, str) or not one_line(text):
            continue
        under, share = (item.get("under"), item.get("share")) if is_mapping(item) else ("", 0)
        percent = int(share) if isinstance(share, int | float) and 0 < share <= 100 else 0
        found.append(Mark(neutralise(one_line(text, 300)), "todo", under=_id(under), share=percent))
    return found


def read_marks(value: object, name: str) -> list[Mark]:
    """States and notes of steps; `name` is the field that names the step."""
    found: list[Mark] = []
    for item in value[:MOST_STEPS] if is_list(value) else ():
        if not is_mapping(item):
            continue
        step, state, note = (item.get(key) for key in (name, "state", "note"))
        if isinstance(step, str | int) and one_line(str(step)):
            told = neutralise(one_line(note, 300)) if isinstance(note, str) else ""
            found.append(Mark(neutralise(one_line(str(step), 300)), state if isinstance(state, str) else "", told))
    return found


def update_plan(plan: Sequence[Step], marks: Sequence[Mark], calls_left: int | None = None) -> list[Step]:
    """The plan with states changed and new steps added. `calls_left` is what shares are parts of, if it is limited."""
    updated = [Step(**step) for step in plan]
    for mark in marks:
        step = next((step for step in updated if step["id"] == _id(mark.step)), None)
        if step is None:
            if len(updated) >= MOST_STEPS or any(known["text"] == mark.step for known in updated):
                continue
            step = Step(id=_next_id(updated, mark.under), text=mark.step, state="todo")
            if mark.share:
                step["share"] = mark.share
            if mark.share and calls_left is not None:
                step["calls"] = max(1, round(calls_left * mark.share / 100))
            updated.append(step)
        if mark.state in STATES:
            step["state"] = mark.state
        if mark.note:
            step["note"] = mark.note
    return in_order(updated)


def charge_step(plan: Sequence[Step], calls: int) -> list[Step]:
    """The plan after so many searches and page reads for the step at hand; as it was where no step is open."""
    at = step_at_hand(plan)
    return [cast("Step", {**step, "used": step.get("used", 0) + calls}) if step["id"] == at else step for step in plan]


def step_at_hand(plan: Sequence[Step]) -> str:
    """The id of the step that is worked on: one that was begun, else the first open one; empty if none is open.

    A branch is another way to its step, for when that one has failed.
    """
    states = {step["id"]: step["state"] for step in plan}
    for state in OPEN:
        for step in plan:
            parent = step["id"].rpartition(".")[0]
            if step["state"] == state and states.get(parent, "failed") == "failed":
                return step["id"]
    return ""


def calls_left(remaining: Remaining) -> int | None:
    """Searches and page reads that are left together; None where one of them has no limit."""
    left = [remaining.left(name) for name in TOOL_RESOURCES]
    return None if None in left else sum(number for number in left if number is not None)


def in_order(plan: Sequence[Step]) -> list[Step]:
    """Branches behind the step that they belong to."""
    return sorted(plan, key=lambda step: [int(part) for part in step["id"].split(".") if part.isdecimal()])


def _next_id(plan: Sequence[Step], under: str) -> str:
    parent = next((step for step in plan if step["id"] == under), None)
    if parent is None:
        return str(sum("." not in step["id"] for step in plan) + 1)
    depth = under.count(".") + 1
    return f"{under}.{sum(_below(parent, step) and step['id'].count('.') == depth for step in plan) + 1}"


def _below(step: Step, other: Step) -> bool:
    return other["id"].startswith(f"{step['id']}.")


def _id(value: object) -> str:
    return str(value).rstrip(".").strip() if isinstance(value, str | int) else ""
