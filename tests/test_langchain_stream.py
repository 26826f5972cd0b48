"""Replies of langchain models piece by piece."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk
from spadework.agent.llm.langchain_chat import LangChainChat
from spadework.agent.llm.wire import Part, Reply, Stream, Usage
from spadework.tools.errors import ModelError
from test_langchain_chat import ANSWER, HELLO, TOOLS, PlayingWithTools


class Writing(PlayingWithTools):
    """The same, in pieces: each a chunk, or seconds of silence."""

    stream_usage: bool = False

    async def _astream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        self.seen.append((messages, self.stream_usage, kwargs))
        for piece in self.plays:
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            else:
                yield ChatGenerationChunk(message=piece)


def call_piece(arguments: str, name: str | None = None) -> AIMessageChunk:
    piece = tool_call_chunk(name=name, args=arguments, id="c0" if name else None, index=0)
    return AIMessageChunk(content="", tool_call_chunks=[piece])


END = AIMessageChunk(
    content="",
    usage_metadata={"input_tokens": 9, "output_tokens": 4, "total_tokens": 13},
    response_metadata={"finish_reason": "tool_calls"},
)


async def written(*pieces: Any, timeout: float = 5.0, silence: float = 5.0) -> tuple[Reply, list[tuple[Part, str]]]:
    told: list[tuple[Part, str]] = []
    stream = Stream(lambda part, text: told.append((part, text)), silence, silence)
    model = Writing(plays=pieces)
    reply = await LangChainChat(model).complete(HELLO, tools=TOOLS, stream=stream, timeout=timeout)
    assert model.seen[0][1] is True, "usage is asked for"
    return reply, told


async def test_a_streamed_reply_is_told_piece_by_piece_and_is_the_same() -> None:
    thought: Any = [{"type": "thinking", "thinking": "hm", "index": 0}]
    reply, told = await written(
        AIMessageChunk(content=thought, response_metadata={"model_provider": "anthropic"}),
        AIMessageChunk(content=[{"type": "text", "text": "I <b", "index": 1}]),
        AIMessageChunk(content=[{"type": "text", "text": "> look", "index": 1}]),
        call_piece('{"q"', "search"),
        call_piece(": 1}"),
        END,
    )
    assert (reply.text, [(one.name, one.arguments) for one in reply.calls]) == ("I <b> look", [("search", {"q": 1})])
    assert (reply.usage, reply.truncated) == (Usage(9, 4), False)
    assert "".join(text for part, text in told if part == "text") == "I <b> look"
    assert "".join(text for part, text in told if part == "call") == 'search {"q": 1}'
    assert ("thought", "hm") in told


async def test_a_call_that_was_cut_off_in_a_stream_has_no_arguments() -> None:
    reply, _ = await written(call_piece('{"findings": [{"candidate": "x"}', "record"))
    assert reply.truncated
    assert reply.calls[0].arguments is None, "langchain itself would close the brackets"


async def test_a_model_that_cannot_stream_is_asked_for_its_whole_reply() -> None:
    chat = LangChainChat(PlayingWithTools(plays=ANSWER))
    assert not chat.streams
    streamed = await chat.complete(HELLO, stream=Stream(lambda part, text: None))
    assert streamed == await chat.complete(HELLO)
    assert LangChainChat(Writing(plays=[END])).streams


async def test_silence_within_a_stream_ends_the_call() -> None:
    with pytest.raises(ModelError, match=r"fell silent for 0\.1 s") as caught:
        await written(AIMessageChunk(content="Par"), 3.0, silence=0.1)
    assert (caught.value.kind, caught.value.sent) == ("timeout", True)
