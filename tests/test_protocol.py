"""Tool calls through plain text: a model without tool calling completes a run like any other."""

import json
from typing import Any

import pytest
from scripted import ALDER, FINCH, QUESTION, Messages, ScriptedChat, good_script, prose, small_web
from spadework.agent import Budget, run_agent
from spadework.agent.llm.protocol import as_text, read_text_calls
from spadework.prompts import tool_specs

TOOLS = tool_specs("search", "browse", "record", "answer")


def spoken(calls: Any, before: str = "I look it up.") -> str:
    told = [{"name": name, "arguments": arguments} for name, arguments in calls]
    return f"{before}\n{json.dumps({'calls': told})}"


def test_a_model_without_tool_calling_proves_an_answer() -> None:
    web = small_web()
    chat = ScriptedChat([spoken(turn) for turn in good_script() if not isinstance(turn, str)], takes_tools=False)
    result = run_agent(QUESTION, Budget(searches=4, browses=4), model=chat, search=web, browse=web)
    assert (result.answer, result.status) == ("Mara Finch", "verified")
    assert (web.searches, web.reads) == (2, 2)
    for messages, options in zip(chat.prompts, chat.options, strict=True):
        assert options.get("tools") is None
        assert {message["role"] for message in messages} <= {"system", "user", "assistant"}
        assert all("tool_calls" not in message for message in messages)
    assert "no tool calling" in chat.prompts[0][0]["content"]
    assert '"name": "browse"' in chat.prompts[0][0]["content"]
    last = str(chat.prompts[-1])
    assert ALDER in last
    assert FINCH in last
    assert "It was built by Mara Finch in 1871" in last, "the model sees what it asked for"


def test_two_messages_of_one_side_become_one() -> None:
    messages: Messages = [
        {"role": "system", "content": "rules"},
        {"role": "user", "content": "question"},
        {"role": "assistant", "content": "hm", "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "search", "arguments": '{"queries": ["x"]}'}},
            {"id": "b", "type": "function", "function": {"name": "browse", "arguments": "{broken"}},
        ]},
        {"role": "tool", "tool_call_id": "a", "content": "first"},
        {"role": "tool", "tool_call_id": "b", "content": "second"},
        {"role": "user", "content": "budget"},
    ]  # fmt: skip
    shown = as_text(messages, TOOLS)
    assert [message["role"] for message in shown] == ["system", "user", "assistant", "user"]
    assert shown[3]["content"] == "first\n\nsecond\n\nbudget"
    calls = json.loads(shown[2]["content"].partition("\n")[2])["calls"]
    assert calls == [{"name": "search", "arguments": {"queries": ["x"]}}, {"name": "browse", "arguments": "{broken"}]


@pytest.mark.parametrize(
    "text",
    [
        '{"calls": [{"name": "search", "arguments": {"queries": ["x"]}}]}',
        'Let me see.\n{"calls": [{"name": "search", "arguments": {"queries": ["x"]}}]}',
        'Now:\n```json\n{"calls": [{"name": "search", "arguments": {"queries": ["x"]}}]}\n```\n',
        'One {brace} too.\n{"calls": [{"name": "search", "arguments": {"queries": ["x"]}}, 5, {"name": 3}]}',
    ],
)
def test_calls_are_read_from_text(text: str) -> None:
    reply = read_text_calls(prose(text), TOOLS)
    assert [(call.name, call.arguments) for call in reply.calls] == [("search", {"queries": ["x"]})]
    assert reply.message["tool_calls"][0]["function"]["name"] == "search"
    assert reply.usage == prose(text).usage


@pytest.mark.parametrize("text", ["", "ANSWER: x", '{"calls": []}', '{"calls": "search"}', '{"calls": [', "[]", "5"])
def test_text_without_calls_stays_as_it_is(text: str) -> None:
    assert read_text_calls(prose(text), TOOLS) == prose(text)


def test_arguments_that_are_no_object_are_told_apart_and_a_cut_reply_has_no_calls() -> None:
    reply = read_text_calls(prose('{"calls": [{"name": "search", "arguments": "x"}]}'), TOOLS)
    assert reply.calls[0].arguments is None
    assert not read_text_calls(prose('{"calls": [{"name": "search", "arguments": {}}]}', finish="length"), TOOLS).calls
