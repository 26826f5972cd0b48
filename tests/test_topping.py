"""A run whose budget is gone and whose owner can be asked: it waits, goes on, takes what it has, or stops."""

import time
from pathlib import Path
from typing import Any, cast

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from pydantic import ValidationError
from scripted import (
    QUESTION,
    Messages,
    Said,
    ScriptedChat,
    SmallWeb,
    search,
)
from spadework.agent import Budget, Result, resume_agent, run_agent
from spadework.agent.events import Event, PauseEvent
from spadework.agent.prepare import prepare
from spadework.agent.topup import TopUp, read_said
from spadework.prompts import render
from spadework.tools.errors import ConfigError
from test_topup import FOUND, REST, web

__all__ = ["web"]

SHORT = Budget(searches=1, browses=3, model_calls=20)
SILENT: list[Said] = ["", "", ""]
"""With nothing to search with, it has nothing to say until it is given more."""


def ask(script: list[Said], web: SmallWeb, budget: Budget = SHORT, **options: Any) -> tuple[Result, ScriptedChat]:
    chat = ScriptedChat(script)
    return run_agent(QUESTION, budget, model=chat, search=web, browse=web, **options), chat


def test_a_function_that_is_asked_gives_more_and_the_run_goes_on(web: SmallWeb) -> None:
    seen: list[Result] = []

    def more(result: Result) -> dict[str, int]:
        seen.append(result)
        return {"searches": 3}

    events: list[Event] = []
    result, chat = ask([*FOUND, *SILENT, *REST], web, on_spent=more, on_event=events.append)
    assert (result.answer, result.status, result.stop_reason, result.paused) == (
        *("Mara Finch", "verified", "answered"),
        False,
    )
    assert [(one.answer, one.status, one.resource, one.stop_reason) for one in seen] == [
        ("Mara Finch", "unverified", "searches", "budget")
    ]
    assert result.budget["searches"] == 4
    assert (result.spend.searches, web.searches) == (2, 2)
    assert "searches: 3 of 4 left" in str(chat.prompts[len(FOUND) + len(SILENT)])
    assert [event for event in events if isinstance(event, PauseEvent)] == [
        PauseEvent("searches", "Mara Finch", "unverified")
    ]


def test_it_is_asked_again_each_time_and_never_more_is_spent_than_was_given(web: SmallWeb) -> None:
    def greedy(messages: Any) -> Said:
        return [search(*(f"Alder {len(str(messages))} {number}" for number in range(5)))]

    given = [1, 2, "take"]
    chat = ScriptedChat(greedy)
    budget = Budget(searches=1, browses=0, model_calls=60)
    result = run_agent(
        QUESTION, budget, model=chat, search=web, browse=web, on_spent=lambda _: cast("Any", given.pop(0))
    )
    assert given == []
    assert (result.spend.searches, web.searches, result.budget["searches"]) == (4, 4, 4)
    assert (result.stop_reason, result.resource) == ("budget", "searches")


def test_who_takes_what_there_is_gets_the_answer_written_out_of_what_was_held_back(web: SmallWeb) -> None:
    def say(messages: Messages) -> Said:
        last = messages[0]["content"].startswith(render("answer")[:60])
        return '{"answer": "Mara Finch"}' if last else FOUND[0] if len(messages) < 4 else ""

    asked: list[Result] = []

    def take(result: Result) -> Any:
        asked.append(result)
        return "take"

    chat = ScriptedChat(say)
    result = run_agent(QUESTION, SHORT, model=chat, search=web, browse=web, on_spent=take)
    assert [(one.answer, one.status) for one in asked] == [("", "none")]
    assert (result.answer, result.status, result.stop_reason) == ("Mara Finch", "unverified", "budget")
    assert result.spend.model_calls == asked[0].spend.model_calls + 1


def test_who_says_stop_ends_the_run_without_a_further_call(web: SmallWeb) -> None:
    calls: list[int] = []
    chat = ScriptedChat(FOUND)

    def stop(_: Result) -> Any:
        calls.append(len(chat.prompts))
        return "stop"

    result = run_agent(QUESTION, SHORT, model=chat, search=web, browse=web, on_spent=stop)
    assert (result.answer, result.status, result.stop_reason) == ("Mara Finch", "unverified", "budget")
    assert calls == [len(chat.prompts)]


def test_the_time_in_which_somebody_thinks_is_not_counted(web: SmallWeb) -> None:
    def slow(_: Result) -> dict[str, int]:
        time.sleep(0.6)
        return {"searches": 3}

    result, _ = ask([*FOUND, *SILENT, *REST], web, Budget(searches=1, browses=3, seconds=60), on_spent=slow)
    assert result.status == "verified"
    assert result.spend.seconds < 0.5


def test_a_paused_run_waits_in_its_store_until_it_is_told(web: SmallWeb, tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    paused, _ = ask(FOUND, web, store=store, thread_id="one", on_spent="pause")
    assert (paused.paused, paused.answer, paused.status, paused.resource) == (
        *(True, "Mara Finch", "unverified"),
        "searches",
    )
    assert paused.to_dict()["paused"] is True

    def again(script: list[Said], top_up: Any = None, **options: Any) -> tuple[Result, ScriptedChat]:
        chat = ScriptedChat(script)
        told = resume_agent("one", top_up=top_up, model=chat, search=web, browse=web, store=store, **options)
        return told, chat

    still, chat = again([], on_spent="pause")
    assert (still.paused, still.answer, chat.prompts) == (True, "Mara Finch", [])
    result, _ = again(REST, {"searches": 2}, on_spent="pause")
    assert (result.status, result.paused, result.budget["searches"], web.searches) == ("verified", False, 3, 2)
    assert result.spend.model_calls >= paused.spend.model_calls
    over, chat = again([])
    assert (over.status, chat.prompts) == ("verified", [])


@pytest.mark.parametrize(("word", "ended"), [("take", "budget"), ("stop", "budget"), (None, "budget")])
def test_a_paused_run_can_be_ended_and_goes_on_later_all_the_same(
    word: Any, ended: str, web: SmallWeb, tmp_path: Path
) -> None:
    store = tmp_path / "runs.db"
    ask(FOUND, web, store=store, thread_id="one", on_spent="pause")
    options: Any = {"search": web, "browse": web, "store": store}
    result = resume_agent("one", top_up=word, model=ScriptedChat([]), **options)
    assert (result.answer, result.stop_reason, result.paused) == ("Mara Finch", ended, False)
    after = resume_agent("one", top_up={"searches": 2}, model=ScriptedChat(REST), **options)
    assert after.status == "verified"


async def test_langgraph_users_answer_the_same_interrupt_and_a_wrong_answer_is_refused(web: SmallWeb) -> None:
    options: Any = {"model": ScriptedChat([*FOUND, *SILENT, *REST]), "search": web, "browse": web, "on_spent": "pause"}
    built: Any = prepare(QUESTION, SHORT, options).built
    graph = built.compile(checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "x"}}
    values = await graph.ainvoke({"question": QUESTION, "budget": SHORT.to_dict()}, config)
    (asked,) = values["__interrupt__"]
    assert asked.value["kind"] == "top_up"
    assert (asked.value["resource"], asked.value["answer"]) == ("searches", "Mara Finch")
    assert asked.value["left"]["searches"] == 0
    assert set(asked.response_schema["properties"]) == {"do", "add"}
    with pytest.raises(ValidationError):
        await graph.ainvoke(Command(resume={"do": "add"}), config)
    values = await graph.ainvoke(Command(resume={"do": "add", "add": {"searches": 3}}), config)
    assert (values["answer"], values["status"], values["budget"]["searches"]) == ("Mara Finch", "verified", 4)


@pytest.mark.parametrize("nonsense", ["more", {"serches": 3}, {"searches": 0}, 0, -1, {"usd": 1}, ["take"]])
def test_what_cannot_be_added_is_told_in_one_line(nonsense: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        read_said(nonsense, SHORT)
    assert "\n" not in str(caught.value)


def test_limits_belong_to_adding_alone() -> None:
    assert read_said(None, SHORT) == TopUp(do="take")
    assert read_said(2, SHORT) == TopUp(do="add", add={"searches": 2, "browses": 2})
    for wrong in ({"do": "take", "add": {"searches": 1}}, {"do": "add"}, {"do": "maybe"}, {"do": "stop", "more": 1}):
        with pytest.raises(ValidationError):
            TopUp.model_validate(wrong)
