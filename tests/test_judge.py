"""Selection: the matrix decides where it can, a judge between equals, and "none" never beats an answer."""

import json
from typing import Any, cast

import pytest
from scripted import (
    ALDER,
    BUILT,
    CONSTRAINTS,
    FINCH,
    QUESTION,
    SPANS,
    Script,
    ScriptedChat,
    SmallWeb,
    answer,
    browse,
    finding,
    record,
    search,
)
from spadework.agent import Budget, Result, run_agent
from spadework.agent.fresh import fresh_question
from spadework.agent.nodes.judge import choose, contenders, is_none, majority
from spadework.agent.state import AgentState, Candidate
from test_matrix import CONSTRAINTS as DEMANDS
from test_matrix import cell, matrix

TWO = f"{SPANS} {BUILT} Others say that it was built by Bo Larch in 1871."
LARCH = "it was built by Bo Larch in 1871"


def state(*cells: Any, said: tuple[str, ...] = (), stated: bool = True) -> AgentState:
    fresh: dict[str, Any] = fresh_question("who?") | {"constraints": DEMANDS, "stated": stated}
    fresh |= {"findings": matrix(*cells), "candidates": [Candidate(answer=name, attempt=1) for name in said]}
    return cast("AgentState", fresh)


def whole(name: str, proof: Any = "page") -> list[Any]:
    return [cell(name, constraint, "satisfied", proof) for constraint in ("c0", "c1", "c2")]


@pytest.mark.parametrize(
    ("now", "names"),
    [
        (state(), []),
        (state(*whole("Ada"), cell("Bo", "c0")), ["Ada"]),
        (state(*whole("Ada"), *whole("Bo", "snippet")), ["Ada"]),
        (state(*whole("Ada"), *whole("Bo")), ["Bo", "Ada"]),
        (state(*whole("Ada", "snippet"), *whole("Bo", "snippet")), ["Bo", "Ada"]),
        (state(cell("Ada", "c0"), cell("Bo", "c0"), cell("Cy", "c0", "contradicted")), ["Bo", "Ada"]),
        (state(cell("Ada", "c0"), cell("Ada", "c1"), cell("Bo", "c0")), ["Ada"]),
        (state(cell("None", "c0"), cell("Bo", "c0")), ["Bo"]),
    ],
)
def test_a_judge_is_needed_only_between_equals(now: AgentState, names: list[str]) -> None:
    assert contenders(now) == names


@pytest.mark.parametrize(
    ("now", "answer", "status"),
    [
        (state(), "", "none"),
        (state(said=("none",)), "", "none"),
        (state(said=("Ada", "None")), "Ada", "unverified"),
        (state(said=("Ada", "Bo")), "Bo", "unverified"),
        (state(cell("None", "c0"), cell("Ada", "c1", "contradicted")), "Ada", "unverified"),
        (state(*whole("None")), "None", "verified"),
        (state(*whole("Ada"), *whole("Bo", "snippet"), said=("Bo",)), "Ada", "verified"),
        (state(*whole("Ada"), stated=False), "Ada", "unverified"),
    ],
)
def test_the_choice_without_a_judge(now: AgentState, answer: str, status: str) -> None:
    assert choose(now) == (answer, status)


def test_none_is_a_way_to_say_nothing() -> None:
    assert [is_none(text) for text in ("None", " none. ", "None of them", "")] == [True, True, False, False]


def test_the_majority_wins_and_of_equals_the_first() -> None:
    assert majority(["Bo", "Ada", "ada.", "Cy"]) == "Ada"
    assert majority(["Bo", "Ada"]) == "Bo"


def play(*ends: Any) -> tuple[Result, ScriptedChat]:
    """Two candidates that stand equal when the budget is gone."""
    told = [finding("Mara Finch", "c0", (ALDER, BUILT)), finding("Bo Larch", "c0", (ALDER, LARCH))]
    script: Script = [
        [record(constraints=CONSTRAINTS), search("Alder")],
        [browse(ALDER)],
        [record(*told), answer("Mara Finch")],
        "{}",
        *ends,
    ]
    chat, web = ScriptedChat(script), SmallWeb({ALDER: TWO, FINCH: "nothing"})
    return run_agent(QUESTION, Budget(searches=1, browses=1), model=chat, search=web, browse=web), chat


@pytest.mark.parametrize(("choice", "chosen"), [(1, "Mara Finch"), (2, "Bo Larch")])
def test_a_judge_at_temperature_0_chooses_between_equals(choice: int, chosen: str) -> None:
    result, chat = play(json.dumps({"choice": choice, "reason": "so"}))
    assert (result.answer, result.status) == (chosen, "unverified")
    assert chat.options[-1].get("temperature") == 0.0
    shown = str(chat.prompts[-1][-1]["content"])
    assert "[answer 1]\nMara Finch\nproven by page c0; open c1 c2" in shown
    assert LARCH in shown
    assert [charge.what for charge in result.charges if charge.node == "finish"] == ["judge"]


@pytest.mark.parametrize("reply", ["", "no idea", '{"choice": 9}', '{"choice": true}', '{"choice": "1"}'])
def test_a_judge_that_says_nothing_usable_leaves_the_choice_to_the_matrix(reply: str) -> None:
    assert play(reply)[0].answer == "Mara Finch", "the one that was proposed"
