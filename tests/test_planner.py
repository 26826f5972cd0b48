"""The planner: splits the question once, revises the plan later, and cannot break anything by nonsense."""

import json
from typing import Any

import pytest
from scripted import CONSTRAINTS, QUESTION, Said, ScriptedChat, answer, call, good_script, search, small_web
from spadework.agent import Budget, Result, run_agent
from spadework.agent.nodes.planner import is_simple

LARGE = Budget(searches=8, browses=8)
PLAN = json.dumps(
    {
        "constraints": [{"text": text, "kind": "verification"} for text in CONSTRAINTS],
        "steps": [{"text": "find the builder"}, {"text": "find the town"}],
    }
)


def play(*script: Said) -> tuple[Result, ScriptedChat]:
    chat, web = ScriptedChat(script), small_web()
    return run_agent(QUESTION, LARGE, model=chat, search=web, browse=web), chat


def test_the_question_is_split_and_planned_before_the_first_search() -> None:
    result, chat = play(PLAN, *good_script())
    assert result.status == "verified"
    assert [item["text"] for item in result.constraints[1:]] == list(CONSTRAINTS)
    assert [(step["id"], step["text"], step["state"]) for step in result.plan] == [
        ("1", "find the builder", "todo"),
        ("2", "find the town", "todo"),
    ]
    standing = str(chat.prompts[1][-1]["content"])
    assert "c1 (verification) the bridge spans the river Orr" in standing
    assert "[ ] 1. find the builder" in standing
    assert "searches: 8 of 8 left" in str(chat.prompts[0])


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "no plan",
        "[]",
        '{"constraints": 5, "steps": {"a": 1}, "drop": "c1", "marks": [5]}',
        '{"drop": [{"id": "c0"}]}',
    ],
)
def test_nonsense_of_a_planner_changes_nothing(nonsense: str) -> None:
    result, _ = play(nonsense, *good_script())
    assert (result.answer, result.status) == ("Mara Finch", "verified")
    assert [item["id"] for item in result.constraints] == ["c0", "c1", "c2"]


def second_plan(**data: Any) -> tuple[Result, ScriptedChat]:
    """A first attempt that ends without a proof, and then another plan."""
    return play(PLAN, [search("Alder")], [answer("Mara Finch")], "{}", json.dumps(data), *good_script())


def test_the_plan_is_revised_and_no_step_is_removed() -> None:
    marks = [{"id": "1", "state": "done", "note": "Finch"}, {"id": "9", "state": "done"}]
    result, chat = second_plan(marks=marks, steps=[{"text": "read about Wendle"}])
    assert [(step["text"], step["state"]) for step in result.plan] == [
        ("find the builder", "done"),
        ("find the town", "todo"),
        ("read about Wendle", "todo"),
    ]
    assert "[x] 1. find the builder (took 1 calls) - Finch" in str(chat.prompts[5][-1]["content"])


def test_a_constraint_is_dropped_only_with_a_reason_and_never_what_is_asked() -> None:
    drops = [{"id": "c1", "why": "a misreading"}, {"id": "c2"}, {"id": "c0", "why": "too hard"}]
    result, _ = second_plan(drop=drops)
    assert [item.get("dropped", "") for item in result.constraints] == ["", "a misreading", ""]


def test_the_searcher_can_keep_the_plan_for_free() -> None:
    steps = [{"step": "1", "state": "done", "note": "it was Finch"}, {"step": "ask in Torve", "state": "todo"}]
    result, _ = play(PLAN, [call("record", plan=steps), search("Alder")], *good_script()[1:])
    assert [(step["text"], step["state"]) for step in result.plan] == [
        ("find the builder", "done"),
        ("find the town", "todo"),
        ("ask in Torve", "todo"),
    ]


@pytest.mark.parametrize(
    ("question", "simple"),
    [
        ("Who built the Alder Bridge?", True),
        ("When was Mara Finch born?", True),
        ("Capital of France?", True),
        ("Who built the Alder Bridge and when?", False),
        ("Who is older, Ada or Bo?", False),
        ("Which river does the bridge that Finch built span?", False),
        (QUESTION, False),
    ],
)
def test_a_question_is_simple_when_it_plainly_asks_one_thing(question: str, simple: bool) -> None:
    assert is_simple(question) is simple
