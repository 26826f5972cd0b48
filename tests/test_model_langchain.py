"""The same model through langchain's own entry points."""

import asyncio
from typing import Any

import pytest
from fake_openai import FakeOpenAI, calls, error, stream, text, unsupported
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel
from spadework.agent.llm.langchain_messages import from_reply, to_wire
from spadework.agent.llm.model import OpenAICompatible
from spadework.agent.llm.replies import parse_reply
from spadework.tools.errors import ModelError


class Capital(BaseModel):
    """A country's capital."""

    city: str


@tool
def search(query: str) -> str:
    """Search the web."""
    return query


def chat(server: FakeOpenAI, **settings: Any) -> OpenAICompatible:
    return OpenAICompatible(model="m", base_url=server.base_url, **settings)


async def whole(model: Any, said: str = "hi") -> AIMessageChunk:
    """All chunks of a stream, put together by langchain."""
    chunks = [chunk async for chunk in model.astream(said)]
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    return total


async def test_messages_of_every_kind_reach_the_server_in_its_form() -> None:
    asked = AIMessage("", tool_calls=[{"name": "search", "args": {"query": "x"}, "id": "c1"}])
    with FakeOpenAI(text("Paris")) as server:
        answer = await chat(server).ainvoke(
            [SystemMessage("s"), HumanMessage("u"), asked, ToolMessage("found", tool_call_id="c1")], stop=["END"]
        )
    assert isinstance(answer, AIMessage)
    assert answer.content == "Paris"
    assert server.bodies[0]["stop"] == ["END"]
    sent = server.bodies[0]["messages"]
    assert [one["role"] for one in sent] == ["system", "user", "assistant", "tool"]
    assert sent[2]["tool_calls"][0]["function"] == {"name": "search", "arguments": '{"query": "x"}'}
    assert sent[3] == {"role": "tool", "content": "found", "tool_call_id": "c1"}


async def test_usage_and_metadata_are_langchains() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}
    with FakeOpenAI(text("x", usage=usage)) as server:
        answer = await chat(server).ainvoke("hi")
    assert answer.usage_metadata == {
        "input_tokens": 10,
        "output_tokens": 5,
        "total_tokens": 15,
        "input_token_details": {"cache_read": 4, "cache_creation": 0},
    }
    assert answer.response_metadata["model_name"] == "m"
    assert answer.response_metadata["finish_reason"] == "stop"


async def test_langchains_usage_counter_counts_it() -> None:
    counter = UsageMetadataCallbackHandler()
    with FakeOpenAI() as server:
        model = chat(server)
        await model.ainvoke("hi", config={"callbacks": [counter]})
        async for _ in model.astream("hi", config={"callbacks": [counter]}):
            pass
    assert counter.usage_metadata["m"]["total_tokens"] == 36


async def test_bound_tools_and_choices_are_sent_and_calls_come_back() -> None:
    with FakeOpenAI(calls(("search", {"query": "a"}), ("search", "{broken"))) as server:
        bound = chat(server).bind_tools([search], tool_choice="search")
        answer = await bound.ainvoke("hi")
    assert server.bodies[0]["tools"][0]["function"]["name"] == "search"
    assert server.bodies[0]["tool_choice"] == {"type": "function", "function": {"name": "search"}}
    assert [(call["id"], call["args"]) for call in answer.tool_calls] == [("c0", {"query": "a"})]
    assert [(call["id"], call["args"]) for call in answer.invalid_tool_calls] == [("c1", "{broken")]


async def test_structured_output_works() -> None:
    with FakeOpenAI(calls(("Capital", {"city": "Paris"}))) as server:
        found = await chat(server).with_structured_output(Capital).ainvoke("capital of France?")
    assert found == Capital(city="Paris")
    assert server.bodies[0].keys() == {"model", "messages", "tools", "tool_choice"}
    assert server.bodies[0]["tool_choice"] == "required"


async def test_a_stream_brings_text_calls_and_usage_once() -> None:
    answer = calls(("search", {"query": "a"}), ("search", {"query": "b"}))
    answer.body["choices"][0]["message"] |= {"content": "Paris is it", "reasoning_content": "hm"}
    with FakeOpenAI(answer) as server:
        total = await whole(chat(server))
    assert server.bodies[0]["stream_options"] == {"include_usage": True}
    assert total.content == "Paris is it"
    assert [(call["id"], call["args"]) for call in total.tool_calls] == [("c0", {"query": "a"}), ("c1", {"query": "b"})]
    assert total.usage_metadata is not None
    assert total.usage_metadata["total_tokens"] == 18
    assert total.additional_kwargs["reasoning_content"] == "hm"
    assert total.response_metadata["finish_reason"] == "tool_calls"


async def test_text_comes_while_the_server_is_still_writing() -> None:
    pieces = [{"choices": [{"delta": {"content": piece}}]} for piece in "abc"]
    with FakeOpenAI(stream(*pieces, "[DONE]", event_delay=0.05)) as server:
        loop = asyncio.get_running_loop()
        started = loop.time()
        times = [loop.time() - started async for chunk in chat(server).astream("hi") if chunk.content]
    assert len(times) == 3
    assert times[-1] - times[0] > 0.05


async def test_a_server_that_cannot_stream_gives_its_reply_whole() -> None:
    whole_reply = text("Paris").payload()
    with FakeOpenAI() as server:
        server.take = lambda received: type(text(""))(body=whole_reply)
        total = await whole(chat(server))
    assert (total.content, total.response_metadata["finish_reason"]) == ("Paris", "stop")


async def test_a_stream_that_breaks_off_or_sends_nonsense_is_a_model_error() -> None:
    first = {"choices": [{"delta": {"content": "a"}}]}
    with FakeOpenAI(stream(first, "{nonsense"), stream(first, {"error": {"message": "overloaded"}})) as server:
        for said in ("something else than JSON", "overloaded"):
            with pytest.raises(ModelError, match=said):
                await whole(chat(server))


async def test_a_stream_without_an_end_is_told_from_a_finished_one() -> None:
    with FakeOpenAI(stream({"choices": [{"delta": {"content": "a"}}]})) as server:
        total = await whole(chat(server))
    assert total.response_metadata["finish_reason"] == "cut"


async def test_leaving_a_stream_early_closes_it() -> None:
    pieces = [{"choices": [{"delta": {"content": "a"}}]}] * 50
    with FakeOpenAI(stream(*pieces, event_delay=0.01), text("ok")) as server:
        model = chat(server)
        async for _ in model.astream("hi"):
            break
        assert (await model.ainvoke("hi")).content == "ok"


async def test_refused_parameters_are_left_out_and_the_call_is_made_again() -> None:
    with FakeOpenAI(unsupported("max_tokens"), unsupported("temperature"), text("a")) as server:
        model = chat(server, temperature=0.5, max_tokens=9)
        assert (await model.ainvoke("hi")).content == "a"
    assert server.bodies[2].keys() == {"model", "messages", "max_completion_tokens"}


async def test_a_stream_whose_options_are_refused_is_asked_for_again() -> None:
    with FakeOpenAI(unsupported("stream_options"), text("a")) as server:
        assert (await whole(chat(server))).content == "a"
    assert "stream_options" not in server.bodies[1]


async def test_tools_are_never_left_out_behind_the_callers_back() -> None:
    refusal = error(400, "m does not support tools")
    with FakeOpenAI(refusal) as server, pytest.raises(ModelError, match="does not support tools"):
        await chat(server).bind_tools([search]).ainvoke("hi")
    assert len(server.requests) == 1


async def test_sync_calls_work_also_below_a_running_loop() -> None:
    with FakeOpenAI() as server:
        model = chat(server)
        assert model.invoke("hi").content == "ok"
        assert [chunk.content for chunk in model.stream("hi") if chunk.content] == ["o", "k"]


def test_sync_calls_work_without_a_loop_again_and_again() -> None:
    with FakeOpenAI() as server:
        model = chat(server)
        assert [model.invoke("hi").content for _ in range(5)] == ["ok"] * 5
        for _ in model.stream("hi"):
            break
        with pytest.raises(ModelError), FakeOpenAI(error(500, "oops")) as broken:
            chat(broken).invoke("hi")
    assert len(server.requests) == 6


def test_ten_asyncio_runs_in_a_row_work() -> None:
    with FakeOpenAI() as server:
        model = chat(server)
        assert [asyncio.run(model.ainvoke("hi")).content for _ in range(10)] == ["ok"] * 10


@pytest.mark.parametrize("finish", ["stop", "tool_calls"])
def test_a_reply_goes_through_langchain_and_back_unchanged(finish: str) -> None:
    entry = {
        "id": "c1",
        "type": "function",
        "function": {"name": "search", "arguments": '{"q":  1}'},
        "extra_content": {"google": {"thought_signature": "c2ln"}},
    }
    sent = {"role": "assistant", "content": "a", "reasoning_details": [{"data": "x"}], "tool_calls": [entry]}
    reply = parse_reply({"choices": [{"message": sent, "finish_reason": finish}]})
    assert to_wire([from_reply(reply, "m")]) == [sent]


def test_calls_that_were_taken_out_in_langchain_stay_out() -> None:
    sent: dict[str, Any] = calls(("a", {}), ("b", {})).body
    answer = from_reply(parse_reply(sent), "m")
    answer.tool_calls = answer.tool_calls[1:]
    assert [call["id"] for call in to_wire([answer])[0]["tool_calls"]] == ["c1"]
    answer.tool_calls = []
    assert not to_wire([answer])[0].get("tool_calls")
