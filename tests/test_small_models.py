"""Habits of small models and their servers, in whole runs: each ends well, or at least honestly."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from fake_openai import Answer, calls, message, text
from scripted import NO_DOUBT, QUESTION, good_script, small_web
from slow_server import Habits, Script, SlowServer
from spadework.agent import Budget, run_agent
from spadework.agent.events import Event
from spadework.agent.llm.model import OpenAICompatible
from spadework.agent.result import Result
from spadework.agent.terminal.progress import Teller

BUDGET = Budget(searches=5, browses=5, model_calls=15)
Turn = list[tuple[str, Any]]
SCRIPT: list[Any] = good_script()
TURNS: list[Turn] = SCRIPT[:-1]


def in_calls_form(turn: Turn) -> str:
    return json.dumps({"calls": [{"name": name, "arguments": given} for name, given in turn]})


def in_tags(turn: Turn) -> str:
    told = [json.dumps({"name": name, "arguments": given}) for name, given in turn]
    return "I will do that.\n" + "\n".join(f"<tool_call>\n{one}\n</tool_call>" for one in told)


def in_fences(turn: Turn) -> str:
    told = [json.dumps({"name": name, "parameters": given}, indent=1) for name, given in turn]
    return "\n".join(f"```json\n{one}\n```" for one in told) + "\nNow I wait for the results."


def in_python(turn: Turn) -> str:
    written = [f"{name}({', '.join(f'{key}={value!r}' for key, value in given.items())})" for name, given in turn]
    return f"[{', '.join(written)}]"


def mistral(turn: Turn) -> str:
    return f"[TOOL_CALLS] {json.dumps([{'name': name, 'arguments': given} for name, given in turn])}"


def ask(*script: Script, habits: Habits | None = None, **options: Any) -> tuple[Result, SlowServer]:
    web = small_web()
    with SlowServer(*script, habits=habits) as server:
        chat = OpenAICompatible(model=f"m{time.monotonic_ns()}", base_url=server.base_url)
        result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, stream=True, **options)
    return result, server


@pytest.mark.parametrize("write", [in_calls_form, in_tags, in_fences, in_python, mistral])
@pytest.mark.parametrize("tools", ["yes", "ignores", "refuses"])
def test_a_model_that_writes_its_calls_as_text_proves_its_answer(write: Callable[[Turn], str], tools: Any) -> None:
    result, _ = ask(*(text(write(turn)) for turn in TURNS), text(NO_DOUBT), habits=Habits(tools=tools, piece_chars=50))
    assert (result.answer, result.status) == ("Mara Finch", "verified")


class WithoutTools:
    """A model behind a server that drops tools: it knows of them only where its prompt tells it."""

    def __init__(self) -> None:
        self.turn = 0

    def __call__(self, body: dict[str, Any]) -> Answer:
        if "no tool calling" not in body["messages"][0]["content"]:
            checking = "doubts" in body["messages"][0]["content"]
            return text(NO_DOUBT if checking else "The Alder Bridge is a famous bridge. How can I help?")
        self.turn += 1
        return text(in_calls_form(TURNS[self.turn - 1]))


def test_a_server_that_drops_tools_without_a_word_is_noticed_by_what_it_counts() -> None:
    result, server = ask(WithoutTools(), habits=Habits(tools="ignores", piece_chars=50))
    assert (result.answer, result.status) == ("Mara Finch", "verified")
    assert [bool(body.get("tools")) for body in server.bodies] == [True, False, False, False, False]


def test_a_server_that_takes_tools_keeps_them_after_some_prose() -> None:
    result, server = ask(text("Let me think about it."), *(calls(*turn) for turn in TURNS), text(NO_DOUBT))
    assert (result.answer, result.status) == ("Mara Finch", "verified")
    assert all(body.get("tools") for body in server.bodies[:4])


def broken_arguments(turn: Turn, change: Callable[[str], str]) -> Answer:
    return calls(*((name, change(json.dumps(given))) for name, given in turn))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(json.dumps, id="encoded twice"),
        pytest.param(str, id="as it should be"),
    ],
)
def test_arguments_that_hold_it_all_prove_an_answer(change: Callable[[str], str]) -> None:
    result, _ = ask(*(broken_arguments(turn, change) for turn in TURNS), text(NO_DOUBT))
    assert (result.answer, result.status) == ("Mara Finch", "verified")


def trailing(raw: str) -> str:
    return raw[:-1] + ",}"


def python(raw: str) -> str:
    return repr(json.loads(raw))


@pytest.mark.parametrize("change", [trailing, python])
def test_mended_arguments_search_and_answer_but_prove_nothing(change: Callable[[str], str]) -> None:
    result, _ = ask(*(broken_arguments(turn, change) for turn in TURNS), text("{}"))
    assert (result.answer, result.status) == ("Mara Finch", "unverified")
    assert (result.spend.searches, result.spend.browses) == (2, 2)


def test_the_same_id_for_every_call_is_no_harm() -> None:
    answers = [calls(*turn) for turn in TURNS]
    for answer in answers:
        for call in answer.body["choices"][0]["message"]["tool_calls"]:
            call["id"] = "call_1"
    result, _ = ask(*answers, text(NO_DOUBT))
    assert (result.answer, result.status) == ("Mara Finch", "verified")


def test_thoughts_in_every_reply_are_no_harm() -> None:
    habits = Habits(thoughts='I could call {"name": "search"} or <tool_call>.', thinks_in="content")
    result, _ = ask(*(calls(*turn) for turn in TURNS), text(NO_DOUBT), habits=habits)
    assert (result.answer, result.status) == ("Mara Finch", "verified")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(text(""), id="nothing"),
        pytest.param(message(None), id="null"),
        pytest.param(text("<think>I wonder and wonder", finish="length"), id="thoughts without an end"),
        pytest.param(text("<think>I wonder"), id="thoughts without an end, not cut"),
        pytest.param(text("对不起，我不明白。"), id="another language"),
        pytest.param(text("{}"), id="empty object"),
        pytest.param(calls(("search", "{oops")), id="broken arguments"),
        pytest.param(calls(("google", {"q": "x"})), id="no such tool"),
        pytest.param(text("<tool_call>" * 50), id="marks alone"),
    ],
)
def test_a_model_that_never_does_anything_of_use_ends_soon_and_says_so(answer: Answer) -> None:
    result, server = ask(answer)
    assert result.status in ("none", "unverified")
    assert not any(item["outcome"] == "SUCCESS" for item in result.decisions)
    assert len(server.bodies) <= 9
    assert "\n" not in result.answer


@pytest.mark.parametrize("thinks_in", ["reasoning_content", "content"])
def test_a_model_that_thinks_at_length_is_asked_again_with_more_room(thinks_in: Any) -> None:
    plan = text('{"constraints": ["the bridge spans the river Orr", "the builder was born in Wendle"], "steps": []}')
    script = (plan, *(calls(*turn[-2:]) for turn in TURNS), text(NO_DOUBT))
    asked: list[int] = []

    def played(body: dict[str, Any]) -> Answer:
        asked.append(body["max_tokens"])
        return script[min(sum(room > 1_300 for room in asked) - 1, len(script) - 1)]

    web = small_web()
    with SlowServer(played, habits=Habits(thoughts="so " * 1_500, thinks_in=thinks_in, piece_chars=500)) as server:
        chat = OpenAICompatible(model=f"m{time.monotonic_ns()}", base_url=server.base_url)
        result = run_agent(QUESTION, Budget(searches=8, browses=8), model=chat, search=web, browse=web, stream=True)
    assert (result.answer, result.status) == ("Mara Finch", "verified")
    assert asked[0] == 1_200, "the planner's usual room"
    assert asked[1] > 2_000
    assert sum(room < 1_300 for room in asked) == 1, "it is known from then on"
    assert result.spend.model_calls == len(asked), "and each request was charged"


@pytest.mark.parametrize(
    ("habits", "said"),
    [
        (Habits(tools="refuses"), "this model takes no tool calls: asking in text"),
        (Habits(streams="refuses"), "this server does not stream: waiting for whole replies"),
        (Habits(usage="refuses"), "the server does not take stream_options as it was sent: asking otherwise"),
    ],
)
def test_what_a_server_does_not_take_is_told_in_a_few_words_and_once(habits: Habits, said: str) -> None:
    events = list[Event]()
    ask(*(text(in_calls_form(turn)) for turn in TURNS), text(NO_DOUBT), habits=habits, on_event=events.append)
    teller = Teller()
    lines = [line for event in events for line in teller.lines(event) if line[0] in ("model", "note")]
    assert lines == [("note", said)]
