"""Questions that cannot be understood, and questions that need no search at all."""

import asyncio
import json
from typing import Any

import pytest
from scripted import CONSTRAINTS, QUESTION, Said, ScriptedChat, answer, call, good_script, record, search, small_web
from spadework.agent import Budget, Result, run_agent
from spadework.agent.settings import Settings
from spadework.agent.terminal.show import head_text

TAKEN = "the Alder Bridge over the Orr, not the one in Torve"
SMALL, LARGE = Budget(searches=4, browses=4), Budget(searches=8, browses=8)


def play(*script: Said, budget: Budget = SMALL, **options: Any) -> tuple[Result, ScriptedChat]:
    chat, web = ScriptedChat(script), small_web()
    return run_agent(QUESTION, budget, model=chat, search=web, browse=web, **options), chat


def unclear() -> list[Said]:
    first = call("record", assumption=TAKEN, constraints=[{"text": text} for text in CONSTRAINTS])
    return [[first, search("Alder", "Finch")], *good_script()[1:]]


def test_an_assumption_is_stated_in_the_prompts_and_in_the_result() -> None:
    result, chat = play(*unclear())
    assert (result.assumption, result.status) == (TAKEN, "verified")
    assert f"[question taken as]\n{TAKEN}" in str(chat.prompts[1][1]["content"])
    assert f"the question was taken as: {TAKEN}" in head_text(result)
    assert result.to_dict()["assumption"] == TAKEN
    assert play(*good_script())[0].assumption == ""


def test_the_planner_may_state_it_too() -> None:
    plan = json.dumps({"constraints": [{"text": text} for text in CONSTRAINTS], "assumption": TAKEN})
    result, chat = play(plan, *good_script(), budget=LARGE)
    assert result.assumption == TAKEN
    assert TAKEN in str(chat.prompts[1])


@pytest.mark.parametrize(
    ("says", "taken"), [("I mean the new\nbridge", "I mean the new bridge"), ("", TAKEN), (None, TAKEN), (5, TAKEN)]
)
def test_who_can_be_asked_is_asked_once(says: Any, taken: str) -> None:
    asked: list[str] = []

    def clarify(assumption: str) -> Any:
        asked.append(assumption)
        return says

    script = unclear()
    script[1] = [call("record", assumption="something else"), *list(script[1])]  # pyright: ignore[reportArgumentType, reportUnknownArgumentType]
    result, _ = play(*script, clarify=clarify)
    assert asked == [TAKEN]
    assert result.assumption == taken


def test_waiting_for_a_person_takes_no_time_of_the_budget() -> None:
    now = [1_000.0]

    async def clarify(_: str) -> str:
        now[0] += 500
        await asyncio.sleep(0)
        return "the old one"

    budget = Budget(searches=4, browses=4, seconds=60)
    result, _ = play(*unclear(), budget=budget, clarify=clarify, settings=Settings(clock=lambda: now[0]))
    assert (result.assumption, result.status) == ("the old one", "verified")
    assert result.spend.seconds < 1


@pytest.mark.parametrize("budget", [SMALL, LARGE])
def test_a_question_that_needs_no_search_takes_one_call(budget: Budget) -> None:
    direct: Said = [call("answer", answer="4", no_search=True)]
    said = json.dumps({"no_search_answer": "4"}) if budget is LARGE else direct
    result, chat = play(said, budget=budget)
    assert (result.answer, result.status, result.stop_reason) == ("4", "unverified", "no_search_needed")
    assert len(chat.prompts) == result.spend.model_calls == 1
    assert (result.spend.searches, result.spend.browses) == (0, 0)


def test_after_a_search_no_answer_needs_no_search() -> None:
    late: Said = [call("answer", answer="4", no_search=True)]
    result, _ = play([record(constraints=CONSTRAINTS), search("Alder")], late, "{}")
    assert result.stop_reason != "no_search_needed"


@pytest.mark.parametrize("reply", [{"no_search_answer": ""}, {"no_search_answer": None}, {"answer": "4"}])
def test_a_planner_that_gives_no_such_answer_is_followed_by_the_search(reply: Any) -> None:
    result, chat = play(json.dumps(reply), [answer("Mara Finch")], "{}", budget=LARGE)
    assert result.stop_reason != "no_search_needed"
    assert len(chat.prompts) > 1
