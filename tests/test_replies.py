"""Reading replies, and most of all broken ones."""

import json
import random
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spadework.agent.llm.chunks import Assembly
from spadework.agent.llm.replies import parse_reply, parse_usage
from spadework.agent.llm.wire import Reply, Usage
from spadework.tools.errors import ModelError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
USAGE = {"prompt_tokens": 3, "completion_tokens": 2}


def whole(message: Any, finish: Any = "stop", **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": finish}], "usage": USAGE, **more}


def call(name: Any = "search", arguments: Any = "{}", **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}, Usage(9, 4, 0)),
        ({**USAGE, "prompt_tokens_details": {"cached_tokens": 2}}, Usage(3, 2, 2)),
        ({**USAGE, "prompt_tokens_details": {"cached_tokens": 50}}, Usage(3, 2, 3)),
        ({**USAGE, "prompt_tokens_details": None}, Usage(3, 2, 0)),
        ({**USAGE, "prompt_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 9}}, Usage(3, 2, 1, 2)),
        ({"input_tokens": 3, "output_tokens": 2, "cache_creation_input_tokens": 5}, Usage(8, 2, 0, 5)),
        ({**USAGE, "prompt_cache_hit_tokens": 1}, Usage(3, 2, 1)),
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 115}, Usage(10, 105, 0)),
        ({"input_tokens": 3, "output_tokens": 2, "cache_read_input_tokens": 7}, Usage(10, 2, 7)),
        ({"promptTokenCount": 8, "candidatesTokenCount": 2, "totalTokenCount": 30}, Usage(8, 22, 0)),
        ({"prompt_tokens": -5, "completion_tokens": 7}, Usage(0, 7, 0)),
        ({"prompt_tokens": 1e300, "completion_tokens": 1}, Usage(10**9, 1, 0)),
        ({"prompt_tokens": -5, "completion_tokens": -7}, None),
        ({"prompt_tokens": 0, "completion_tokens": 0}, None),
        ({"prompt_tokens": 5}, None),
        ({"prompt_tokens": "5", "completion_tokens": True}, None),
        ({}, None),
        (None, None),
        ("many", None),
        ([1], None),
    ],
)
def test_usage_is_read_in_every_form_and_never_trusted(usage: Any, expected: Usage | None) -> None:
    assert parse_usage(usage) == expected


def test_a_message_stays_as_it_came_with_fields_nobody_knows() -> None:
    message = {
        "role": "assistant",
        "content": "<think>hm</think>Paris",
        "reasoning_details": [{"type": "reasoning.encrypted", "data": "c2ln"}],
        "tool_calls": [call(id="a", extra_content={"google": {"thought_signature": "x"}}, arguments='{"q":1}')],
    }
    reply = parse_reply(whole(message))
    assert reply.message == message
    assert reply.text == "Paris"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("plain", "plain"),
        (None, ""),
        (7, ""),
        ({"text": "x"}, ""),
        ([{"type": "text", "text": "a"}, "b", {"type": "thinking", "thinking": "z"}, 3, {"text": None}], "ab"),
        ("<think>a</think>b<think>c</think>d", "bd"),
        ("b<think>never closed", "b"),
        ("opened by the template</think>answer", "answer"),
        ("</think></think>x", "</think>x"),
        ("a\x1b[31m\u202eb", "a[31mb"),
    ],
)
def test_text_is_joined_cleaned_and_free_of_thoughts(content: Any, text: str) -> None:
    assert parse_reply(whole({"content": content})).text == text


def test_a_hundred_thousand_unclosed_thoughts_are_read_at_once() -> None:
    assert parse_reply(whole({"content": "<think>" * 100_000})).text == ""


@pytest.mark.parametrize(
    ("sent", "arguments", "raw"),
    [
        ('{"q": [1]}', {"q": [1]}, '{"q": [1]}'),
        ({"q": 1}, {"q": 1}, '{"q":1}'),
        ("", {}, ""),
        (None, {}, ""),
        ('{"q": "cut o', None, '{"q": "cut o'),
        ("[1]", None, "[1]"),
        (5, None, "5"),
        ('"{\\"q\\": [1]}"', {"q": [1]}, '{"q": [1]}'),
        ('"no object"', None, '"no object"'),
    ],
)
def test_arguments_are_an_object_or_none_with_the_raw_text(sent: Any, arguments: Any, raw: str) -> None:
    (read,) = parse_reply(whole({"tool_calls": [call(arguments=sent, id="a")]})).calls
    assert (read.arguments, read.raw) == (arguments, raw)


def test_broken_arguments_go_back_as_an_empty_object_which_every_server_can_read() -> None:
    reply = parse_reply(whole({"tool_calls": [call(arguments="{oops", id="a")]}))
    assert reply.message["tool_calls"][0]["function"]["arguments"] == "{}"


def test_missing_and_repeated_ids_become_unique_and_good_ones_stay() -> None:
    sent = [call(id="call_0"), call(), call(id="call_0"), call(id=""), call(id=4), call(id="z")]
    reply = parse_reply(whole({"tool_calls": sent}))
    ids = [one.id for one in reply.calls]
    assert ids == ["call_0", "call_1", "call_2", "call_3", "call_4", "z"]
    assert [entry["id"] for entry in reply.message["tool_calls"]] == ids


def test_calls_that_cannot_be_read_are_left_out_of_the_message_too() -> None:
    sent = ["x", {}, {"function": 3}, call(name=None), call(name=""), call(id="a")]
    reply = parse_reply(whole({"content": "", "tool_calls": sent}))
    assert [one.id for one in reply.calls] == ["a"]
    assert len(reply.message["tool_calls"]) == 1


@pytest.mark.parametrize("sent", [[], "search", {"name": "x"}, None, 3])
def test_tool_calls_that_are_no_list_leave_a_message_without_any(sent: Any) -> None:
    reply = parse_reply(whole({"content": "hi", "tool_calls": sent}))
    assert reply.calls == ()
    assert "tool_calls" not in reply.message


@pytest.mark.parametrize(
    "body", [None, 3, [], {}, {"choices": []}, {"choices": None}, {"choices": [None]}, {"choices": [{"message": "x"}]}]
)
def test_a_reply_without_a_message_is_a_bad_reply(body: Any) -> None:
    with pytest.raises(ModelError, match="without a message") as caught:
        parse_reply(body)
    assert caught.value.kind == "bad_reply"
    assert caught.value.sent


def test_usage_of_an_unreadable_reply_is_not_lost() -> None:
    with pytest.raises(ModelError) as caught:
        parse_reply({"choices": [], "usage": USAGE})
    assert caught.value.usage == (3, 2, 0, 0)


def test_an_error_sent_with_status_200_is_an_error() -> None:
    with pytest.raises(ModelError, match="upstream is busy") as caught:
        parse_reply({"error": {"message": "upstream is busy", "code": 429}, "usage": USAGE})
    assert (caught.value.kind, caught.value.status, caught.value.usage) == ("status", 429, (3, 2, 0, 0))
    assert caught.value.retryable


@given(JSON)
def test_any_json_gives_a_reply_or_a_model_error(value: Any) -> None:
    for body in (value, {"choices": value}, whole(value), whole({"tool_calls": [value], "content": value}, value)):
        with suppress(ModelError):
            assert isinstance(parse_reply(body), Reply)


@given(st.lists(JSON))
def test_any_chunks_give_a_reply_or_a_model_error(events: list[Any]) -> None:
    assembly = Assembly()
    for event in events:
        assembly.add(event)
        assembly.add({"choices": [{"delta": event}]})
        assembly.add({"choices": [{"delta": {"tool_calls": [event, {"index": 0, "function": event}]}}]})
    with suppress(ModelError):
        assert isinstance(parse_reply(assembly.whole()), Reply)


@settings(max_examples=50)
@given(st.text(max_size=40), st.dictionaries(st.text(max_size=5), st.text(max_size=5)), st.integers(1, 9), st.randoms())
def test_a_stream_cut_anywhere_gives_the_same_reply_as_a_whole_one(
    content: str, arguments: dict[str, str], size: int, chance: random.Random
) -> None:
    raw = json.dumps(arguments)
    pieces: list[dict[str, Any]] = [{"content": content[at : at + size]} for at in range(0, len(content), size)]
    for index in range(2):
        function = {"name": "search", "arguments": ""}
        first: dict[str, Any] = {"index": index, "id": f"c{index}", "type": "function", "function": function}
        pieces.append({"tool_calls": [first]})
    tails = [(index, raw[at : at + size]) for at in range(0, len(raw), size) for index in range(2)]
    if chance.random() < 0.5:  # one call after the other, not interleaved
        tails.sort(key=lambda tail: tail[0])
    pieces += [{"tool_calls": [{"index": index, "function": {"arguments": text}}]} for index, text in tails]
    assembly = Assembly()
    for piece in pieces:
        assembly.add({"choices": [{"delta": piece, "finish_reason": None}]})
    assembly.add({"choices": [{"finish_reason": "tool_calls"}]})
    assembly.add({"choices": [], "usage": USAGE})
    calls = [call(arguments=raw, id=f"c{index}") for index in range(2)]
    expected = parse_reply(whole({"content": content, "tool_calls": calls}, "tool_calls"))
    got = parse_reply(assembly.whole())
    assert (got.text, got.calls, got.usage) == (expected.text, expected.calls, expected.usage)


def test_pieces_without_an_index_are_filed_by_id_or_go_on_with_the_last() -> None:
    assembly = Assembly()
    pieces: list[dict[str, Any]] = [
        {"id": "a", "function": {"name": "search", "arguments": '{"q"'}},
        {"function": {"arguments": ":1}"}},
        {"function": {"name": "browse", "arguments": "{}"}},
    ]
    for piece in pieces:
        assembly.add({"choices": [{"delta": {"tool_calls": [piece]}}]})
    assembly.add({"done": True})
    reply = parse_reply(assembly.whole())
    assert [(one.name, one.arguments) for one in reply.calls] == [("search", {"q": 1}), ("browse", {})]


def test_a_stream_that_breaks_off_is_truncated() -> None:
    assembly = Assembly()
    assembly.add({"choices": [{"delta": {"content": "SUCC"}}]})
    assert parse_reply(assembly.whole()).truncated
