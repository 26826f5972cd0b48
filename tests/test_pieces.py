"""Words, thoughts and calls of a streamed reply, wherever it is cut: bytes within a character, marks within a mark."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_server import deltas
from spadework.agent.llm.model import OpenAICompatible
from spadework.agent.llm.pieces import Pieces
from spadework.agent.llm.replies import parse_reply
from spadework.agent.llm.wire import Part, Reply, Stream

Told = list[tuple[Part, str]]


def joined(told: Told, part: Part) -> str:
    return "".join(text for kind, text in told if kind == part)


def read(*contents: str, thinking: bool = False) -> tuple[Told, Pieces]:
    """What is told of a content that comes in these pieces."""
    told: Told = []
    pieces = Pieces(lambda part, text: told.append((part, text)), thinking=thinking)
    for content in contents:
        pieces.add({"content": content})
    pieces.close()
    return told, pieces


class Cut(httpx.AsyncByteStream):
    """A body that comes in parts of so many bytes."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._data), self._size):
            yield self._data[at : at + self._size]


class Sending(httpx.AsyncBaseTransport):
    """Answers every request with one body, in parts."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Cut(self._data, self._size))


def streamed(message: dict[str, Any], usage: Any, chars: int, size: int) -> tuple[Reply, Told]:
    """The reply to a stream of this message in pieces of so many characters, and parts of so many bytes."""
    events: list[Any] = [{"choices": [{"delta": delta}]} for delta in deltas(message, chars)]
    events += [{"choices": [{"delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": usage}]
    lines = [f"data: {json.dumps(event, ensure_ascii=False)}\r\n\r\n" for event in events]
    data = ": hello\n\n" + "".join(lines) + "data: [DONE]\n\n"
    told: Told = []
    chat = OpenAICompatible(
        model="m", base_url="http://127.0.0.1:1/v1", transport=Sending(data.encode("utf-8", "replace"), size)
    )
    stream = Stream(lambda part, text: told.append((part, text)))
    return asyncio.run(chat.complete([], stream=stream)), told


WORDS = st.lists(
    st.sampled_from(["<think>", "</think>", "<", "/", "<thi", "nk>", "雪の橋", "👩‍🚀", "é", "\n", "data: x", "word "]),
    max_size=12,
).map("".join)


@settings(max_examples=60)
@given(WORDS, WORDS, st.dictionaries(WORDS, WORDS, max_size=2), st.integers(1, 9), st.integers(1, 40))
def test_a_streamed_reply_is_the_whole_reply_wherever_it_is_cut(
    content: str, thoughts: str, arguments: dict[str, str], chars: int, size: int
) -> None:
    call = {"id": "c0", "type": "function", "function": {"name": "search", "arguments": json.dumps(arguments)}}
    usage = {"prompt_tokens": 5, "completion_tokens": 3}
    message = {"role": "assistant", "reasoning_content": thoughts, "content": content, "tool_calls": [call]}
    expected = parse_reply({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})
    got, told = streamed(message, usage, chars, size)
    assert (got.text, got.calls, got.usage, got.finish_reason) == (
        expected.text, expected.calls, expected.usage, expected.finish_reason,
    )  # fmt: skip
    assert got.message.get("reasoning_content", "") == thoughts
    assert joined(told, "call") == f"search {json.dumps(arguments)}"
    inside, _ = read(content)
    assert joined(told, "thought").startswith(thoughts)
    assert joined(told, "text") == joined(inside, "text")


@given(WORDS, st.integers(1, 5))
def test_how_a_text_is_cut_changes_nothing_of_what_is_told(content: str, size: int) -> None:
    whole, _ = read(content)
    cut, _ = read(*(content[at : at + size] for at in range(0, len(content), size)))
    for part in ("text", "thought"):
        assert joined(cut, part) == joined(whole, part)


def test_thoughts_between_marks_are_thoughts() -> None:
    told, pieces = read("<thi", "nk>Hm", "m</th", "ink>Paris", " <b>it is</b>")
    assert (joined(told, "thought"), joined(told, "text")) == ("Hmm", "Paris <b>it is</b>")
    assert not pieces.unopened


def test_what_only_looks_like_a_mark_is_told_at_the_end() -> None:
    told, _ = read("1 <", " 2 and 2 <th")
    assert joined(told, "text") == "1 < 2 and 2 <th"


def test_thoughts_that_nothing_opened_are_known_the_next_time() -> None:
    told, pieces = read("I think", "</think>Paris")
    assert joined(told, "text") == "I thinkParis"
    assert pieces.unopened
    told, _ = read("I think", "</think>Paris", thinking=True)
    assert (joined(told, "thought"), joined(told, "text")) == ("I think", "Paris")


def test_each_call_begins_a_line_with_its_name() -> None:
    told: Told = []
    pieces = Pieces(lambda part, text: told.append((part, text)))
    for name, arguments, fresh in (
        ("search", "", True),
        (None, '{"a"', False),
        (None, ":1}", False),
        ("b", "{}", True),
    ):
        pieces.add({"tool_calls": [{"function": {"name": name, "arguments": arguments}, "fresh": fresh}]})
    assert joined(told, "call") == 'search {"a":1}\nb {}'


def test_a_piece_with_nothing_in_it_is_none() -> None:
    pieces = Pieces(lambda part, text: None)
    assert not pieces.add({"role": "assistant", "content": "", "tool_calls": []})
    assert not pieces.add({"content": None, "reasoning_content": ""})
    assert pieces.add({"content": "<"}), "even where nothing of it can be told yet"
