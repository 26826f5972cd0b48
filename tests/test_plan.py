"""The plan: a tree whose steps are never deleted, each with its share of the budget and what it used."""

from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.money.budget import Remaining
from spadework.agent.nodes.board import plan_text
from spadework.agent.nodes.plan import (
    Mark,
    calls_left,
    charge_step,
    read_marks,
    read_steps,
    step_at_hand,
    update_plan,
)
from spadework.agent.state import Step

PLAN = [Step(id="1", text="look", state="todo"), Step(id="2", text="read", state="todo")]


def test_steps_are_changed_and_added_but_never_removed() -> None:
    marks = [Mark("1.", "done", "found"), Mark("ask", "todo"), Mark("2", "eaten"), Mark("ask", "done")]
    assert update_plan(PLAN, marks) == [
        {"id": "1", "text": "look", "state": "done", "note": "found"},
        {"id": "2", "text": "read", "state": "todo"},
        {"id": "3", "text": "ask", "state": "todo"},
    ]
    assert PLAN[0]["state"] == "todo", "the old state is not touched"
    assert len(update_plan(PLAN, [Mark(f"step {number}") for number in range(99)])) == 40


def test_other_ways_are_numbered_branches_behind_their_step() -> None:
    plan = update_plan(PLAN, read_steps([{"text": "ask Ada", "under": "1"}, {"text": "ask Bo", "under": "1."}]))
    plan = update_plan(plan, read_steps([{"text": "phone Bo", "under": "1.2"}, {"text": "end", "under": "77"}]))
    assert [(step["id"], step["text"]) for step in plan] == [
        ("1", "look"),
        ("1.1", "ask Ada"),
        ("1.2", "ask Bo"),
        ("1.2.1", "phone Bo"),
        ("2", "read"),
        ("3", "end"),
    ]


def test_a_share_becomes_calls_of_what_is_left() -> None:
    steps = read_steps([{"text": "look", "share": 40}, {"text": "read", "share": 1}, {"text": "ask", "share": "much"}])
    made = update_plan([], steps, 10)
    assert [(step.get("share"), step.get("calls")) for step in made] == [(40, 4), (1, 1), (None, None)]
    assert "calls" not in update_plan([], steps, None)[0], "where nothing is limited a share is of nothing"
    assert calls_left(Remaining({"searches": 5, "browses": 4}, {"searches": 2})) == 7
    assert calls_left(Remaining({"searches": 5}, {})) is None


def test_calls_count_for_the_step_at_hand() -> None:
    plan = update_plan(PLAN, read_steps([{"text": "ask", "under": "1"}]))
    assert step_at_hand(plan) == "1"
    assert step_at_hand(update_plan(plan, [Mark("1", "failed")])) == "1.1", "another way, once the first has failed"
    assert step_at_hand(update_plan(plan, [Mark("1", "done")])) == "2"
    plan = charge_step(update_plan(plan, [Mark("2", "partial")]), 3)
    assert step_at_hand(plan) == "2", "what was begun comes before what was not"
    assert [step.get("used", 0) for step in plan] == [0, 0, 3]
    done = update_plan(plan, [Mark(step["id"], "done") for step in plan])
    assert charge_step(done, 2) == done


def test_the_model_sees_what_each_step_used_of_its_share() -> None:
    plan = update_plan([], read_steps([{"text": "look", "share": 30}, {"text": "ask", "under": "1"}]), 10)
    text = plan_text(charge_step(charge_step(update_plan(plan, [Mark("1.1", "done")]), 2), 2))
    assert "[ ] 1. look (about 3 calls)" in plan_text(plan)
    assert text.splitlines() == ["[plan]", "[ ] 1. look (took 4 of about 3 calls, over its share)", "  [x] 1.1. ask"]


def test_marks_of_a_record_may_name_steps_by_number_or_text() -> None:
    given = [{"step": 1, "state": "done", "note": "n" * 900}, {"step": "new one"}, {"state": "done"}, 5]
    first, second = read_marks(given, "step")
    assert (first.step, first.state, len(first.note)) == ("1", "done", 300)
    assert second == Mark("new one")


@given(st.lists(st.builds(Mark, st.text(max_size=4), st.text(max_size=4), st.text(max_size=4), st.text(max_size=4))))
def test_no_mark_removes_or_renames_a_step(marks: list[Mark]) -> None:
    plan = update_plan(PLAN, marks)
    assert {(step["id"], step["text"]) for step in PLAN} <= {(step["id"], step["text"]) for step in plan}
    assert len({step["id"] for step in plan}) == len(plan)
