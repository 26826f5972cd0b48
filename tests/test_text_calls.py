"""Calls in text, as models of many families write them where their server gives them no tools."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import prose
from spadework.agent.llm.protocol import read_text_calls
from spadework.agent.llm.text_calls import mended_object, text_calls
from spadework.prompts import tool_specs

TOOLS = tool_specs("search", "browse", "record", "answer")
OFFERED = {"search": ["queries"], "browse": ["urls", "goal", "page"], "record": ["findings"], "answer": ["answer"]}
SEARCH = [("search", {"queries": ["Alder Bridge"]})]
BOTH = [*SEARCH, ("browse", {"urls": ["http://x.example/a"], "goal": "who built it"})]
ONE = '{"name": "search", "arguments": {"queries": ["Alder Bridge"]}}'
TWO = '{"name": "browse", "arguments": {"urls": ["http://x.example/a"], "goal": "who built it"}}'


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        pytest.param(f"I search.\n<tool_call>\n{ONE}\n</tool_call>", SEARCH, id="Hermes, Qwen"),
        pytest.param(f"<tool_call>{ONE}</tool_call>\n<tool_call>{TWO}</tool_call>", BOTH, id="two of them"),
        pytest.param(f"<tool_call>\n{ONE}", SEARCH, id="never closed"),
        pytest.param(f"<tool_call>\n{ONE}\n</tool_call>\nObservation: it was Bo Larch.", SEARCH, id="result made up"),
        pytest.param(
            "<tool_call>\n<function=browse>\n<parameter=urls>\n[\"http://x.example/a\"]\n</parameter>\n"
            "<parameter=goal>\nwho built it\n</parameter>\n</function>\n</tool_call>",
            BOTH[1:],
            id="Qwen3-Coder",
        ),
        pytest.param(
            "<tool_call>search\n<arg_key>queries</arg_key>\n<arg_value>[\"Alder Bridge\"]</arg_value>\n</tool_call>",
            SEARCH,
            id="GLM",
        ),
        pytest.param(f"[TOOL_CALLS] [{ONE}, {TWO}]", BOTH, id="Mistral"),
        pytest.param('[TOOL_CALLS]search[ARGS]{"queries": ["Alder Bridge"]}', SEARCH, id="newer Mistral"),
        pytest.param('{"name": "search", "parameters": {"queries": ["Alder Bridge"]}}', SEARCH, id="Llama 3.1"),
        pytest.param(f"<|python_tag|>{ONE}; {TWO}<|eom_id|>", BOTH, id="Llama, two"),
        pytest.param('<function=search>{"queries": ["Alder Bridge"]}</function>', SEARCH, id="Llama, custom"),
        pytest.param('[search(queries=["Alder Bridge"])]', SEARCH, id="Llama 3.2"),
        pytest.param(
            'I look.\n[search(queries=["Alder Bridge"]), browse(urls=["http://x.example/a"], goal="who built it")]',
            BOTH,
            id="Python, two",
        ),
        pytest.param('```tool_code\nprint(default_api.search(queries=["Alder Bridge"]))\n```', SEARCH, id="Gemma"),
        pytest.param('search(["Alder Bridge"])', SEARCH, id="by position"),
        pytest.param(f"Let me look:\n```json\n{ONE}\n```\nThen I will know.", SEARCH, id="fence"),
        pytest.param(f"```json\n[\n{ONE},\n{TWO}\n]\n```", BOTH, id="list in a fence"),
        pytest.param(f"```json\n{ONE}\n```\n\n```json\n{TWO}\n```", BOTH, id="two fences"),
        pytest.param(f"<|tool_call|>[{ONE}]<|/tool_call|>", SEARCH, id="Phi"),
        pytest.param(f"<|tool_call|>[{ONE}]", SEARCH, id="Granite"),
        pytest.param(
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>search\n```json\n"
            '{"queries": ["Alder Bridge"]}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
            SEARCH,
            id="DeepSeek",
        ),
        pytest.param(
            'Thought: I must search.\nAction: search\nAction Input: {"queries": ["Alder Bridge"]}\nObservation: found',
            SEARCH,
            id="ReAct",
        ),
        pytest.param(
            "Action: answer\nAction Input: Mara Finch\n", [("answer", {"answer": "Mara Finch"})], id="ReAct, plain"
        ),
        pytest.param('{"tool": "search", "tool_input": {"queries": ["Alder Bridge"]}}', SEARCH, id="tool_input"),
        pytest.param(
            json.dumps({"action": "search", "action_input": '{"queries": ["Alder Bridge"]}'}), SEARCH, id="string"
        ),
        pytest.param(
            json.dumps({"tool_calls": [{"type": "function", "function": json.loads(ONE)}]}), SEARCH, id="OpenAI's form"
        ),
        pytest.param('{"name": "functions.search", "queries": ["Alder Bridge"]}', SEARCH, id="beside the name"),
        pytest.param('{"search": {"queries": ["Alder Bridge"]}}', SEARCH, id="name as key"),
        pytest.param('{"answer": "Mara Finch"}', [("answer", {"answer": "Mara Finch"})], id="answer as key"),
        pytest.param(f"{ONE}\n{TWO}", BOTH, id="two lines"),
    ],
)  # fmt: skip
def test_calls_are_found_in_what_models_really_write(text: str, calls: list[Any]) -> None:
    reply = read_text_calls(prose(text), TOOLS)
    assert [(call.name, call.arguments) for call in reply.calls] == calls
    assert [call["function"]["name"] for call in reply.message["tool_calls"]] == [name for name, _ in calls]
    assert "queries" not in reply.message["content"], "the call itself is no longer the model's words"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ANSWER: Mara Finch",
        "It was built by Mara Finch in 1871 (see http://x.example/a).",
        '{"name": "Mara Finch", "arguments": {"born": 1840}}',
        '<tool_call>{"name": "delete_files", "arguments": {"path": "/"}}</tool_call>',
        "[TOOL_CALLS] none",
        '```python\nimport os\nos.system("search")\n```',
        "```json\n{\"bridge\": \"Alder\"}\n```",
        'I could call search(queries=["x"]) and then browse it.',
        'search(queries=["x"]) is what I would call next.',
        'search(queries=[__import__("os").getcwd()])',
        f'The page says {ONE} and then goes on about bricks.',
        "[search]", "{search}", "search", "[[[[[", '{"name": "search"', "<tool_call>", "Action: search",
    ],
)  # fmt: skip
def test_what_is_no_call_of_an_offered_tool_calls_nothing(text: str) -> None:
    reply = read_text_calls(prose(text), TOOLS)
    assert not [call for call in reply.calls if call.arguments]


def test_a_tool_that_was_not_offered_in_this_call_is_not_called() -> None:
    assert not read_text_calls(prose(f"<tool_call>{TWO}</tool_call>"), tool_specs("search")).calls


def test_what_was_cut_off_calls_nothing_and_real_calls_are_left_alone() -> None:
    cut = prose(f"<tool_call>{ONE}", finish="length")
    assert read_text_calls(cut, TOOLS) == cut


def test_mended_arguments_stay_raw_text_for_whoever_may_use_them() -> None:
    reply = read_text_calls(
        prose('<tool_call>{"name": "search", "arguments": {"queries": ["x",],}}</tool_call>'), TOOLS
    )
    assert reply.calls[0].arguments is None
    assert mended_object(reply.calls[0].raw) == {"queries": ["x"]}
    assert reply.message["tool_calls"][0]["function"]["arguments"] == "{}", "servers want an object there"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ('{"a": 1,}', {"a": 1}),
        ("{'a': True, 'b': None}", {"a": True, "b": None}),
        ('{"a": ["x", "y",], }', {"a": ["x", "y"]}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ('{"a": [1', None),
        ('{"a": "x', None),
        ("[1]", None),
        ("", None),
        ("{1: 2}", {"1": 2}),
        ("[" * 100_000, None),
        ("(" * 5_000, None),
    ],
)
def test_only_what_is_whole_is_mended(raw: str, value: Any) -> None:
    assert mended_object(raw) == value


@given(st.text(alphabet="{}[]<>\"',:()=\\|`\n abcsearch_tool/", max_size=80))
def test_any_text_is_read_without_an_error(text: str) -> None:
    said, calls = text_calls(text, OFFERED)
    assert isinstance(said, str)
    assert all(name in OFFERED for name, _ in calls)


@pytest.mark.parametrize(
    "text",
    ["[\n" * 25_000, "{\n" * 25_000, "<tool_call>" * 5_000, "<parameter=a>" * 4_000, "search(\n" * 6_000, "`" * 59_000,
     "<tool_call>" + "{" * 40_000, "Action: search\n" * 4_000, "{'a': " * 3_000, "x" * 10_000_000],
)  # fmt: skip
def test_no_text_takes_long_to_read(text: str) -> None:
    started = time.perf_counter()
    text_calls(text, OFFERED)
    assert time.perf_counter() - started < 1
