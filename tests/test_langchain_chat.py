"""Other langchain chat models, used as a Chat."""

import asyncio
from typing import Any

import orjson
import pytest
from fake_openai import FakeOpenAI, calls, error, slow, text
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field
from spadework.agent.llm.langchain_chat import LangChainChat
from spadework.agent.llm.langchain_messages import from_wire
from spadework.agent.llm.model import OpenAICompatible
from spadework.agent.llm.wire import Adapted, Chat, Usage
from spadework.tools.errors import CassetteError, ModelError

TOOLS: list[dict[str, Any]] = [{"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}]
HELLO: list[dict[str, Any]] = [{"role": "user", "content": "hello"}]


class Playing(BaseChatModel):
    """A langchain chat model that plays one message, or raises one error, and notes what it was given."""

    plays: Any = None
    model_name: str = "play-1"
    base_url: str = ""
    max_tokens: int | None = None
    temperature: float | None = None
    seen: list[Any] = Field(default_factory=list[Any])

    @property
    def _llm_type(self) -> str:
        return "playing"

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        self.seen.append((messages, self.max_tokens, self.temperature, kwargs))
        if isinstance(self.plays, Exception):
            raise self.plays
        return ChatResult(generations=[ChatGeneration(message=self.plays)])


class PlayingWithTools(Playing):
    """The same, and tools can be bound to it."""

    def bind_tools(self, tools: Any, *, tool_choice: Any = None, **kwargs: Any) -> Any:
        return self.bind(tools=tools, tool_choice=tool_choice, **kwargs)


ANSWER = AIMessage(
    "Paris",
    usage_metadata={
        "input_tokens": 9,
        "output_tokens": 4,
        "total_tokens": 13,
        "input_token_details": {"cache_read": 3, "cache_creation": 0, "ephemeral_5m_input_tokens": 2},
    },
    response_metadata={"stop_reason": "max_tokens"},
)


async def test_a_langchain_model_is_a_chat() -> None:
    chat: Chat = LangChainChat(Playing(plays=ANSWER), context=9000)
    reply = await chat.complete(HELLO)
    assert (chat.name, chat.context, chat.local, chat.takes_tools) == ("play-1", 9000, False, False)
    assert (reply.text, reply.usage, reply.truncated) == ("Paris", Usage(9, 4, 3, 2), True)


@pytest.mark.parametrize(
    ("url", "local"), [("http://localhost:11434", True), ("https://x.example/v1", False), ("nonsense", False)]
)
def test_a_model_with_a_loopback_url_is_local(url: str, local: bool) -> None:
    assert LangChainChat(Playing(plays=ANSWER, base_url=url)).local is local


async def test_limits_and_temperature_are_set_for_the_call_only() -> None:
    model = Playing(plays=ANSWER)
    await LangChainChat(model).complete(HELLO, max_tokens=50, temperature=0.1)
    assert model.seen[0][1:3] == (50, 0.1)
    assert (model.max_tokens, model.temperature) == (None, None)


async def test_tools_are_bound_in_langchains_words() -> None:
    model = PlayingWithTools(plays=ANSWER)
    chat = LangChainChat(model)
    assert chat.takes_tools
    await chat.complete(HELLO, tools=TOOLS, tool_choice="required")
    await chat.complete(HELLO, tools=TOOLS, tool_choice={"type": "function", "function": {"name": "search"}})
    await chat.complete(HELLO, tools=TOOLS, tool_choice="none")
    assert [seen[3]["tool_choice"] for seen in model.seen] == ["any", "search", None]
    assert model.seen[0][3]["tools"] == TOOLS


async def test_a_model_that_cannot_bind_tools_after_all_says_so_once() -> None:
    class Pretending(Playing):
        def bind_tools(self, tools: Any, *, tool_choice: Any = None, **kwargs: Any) -> Any:
            raise NotImplementedError

    chat = LangChainChat(Pretending(plays=ANSWER))
    with pytest.raises(Adapted) as caught:
        await chat.complete(HELLO, tools=TOOLS)
    assert not caught.value.sent
    assert not chat.takes_tools
    assert (await chat.complete(HELLO, tools=TOOLS)).text == "Paris"


async def test_a_server_that_refuses_tools_is_remembered() -> None:
    model = PlayingWithTools(plays=FromSdk(400, "", "registry.ollama.ai/library/m does not support tools"))
    chat = LangChainChat(model)
    with pytest.raises(Adapted) as caught:
        await chat.complete(HELLO, tools=TOOLS)
    assert (caught.value.sent, caught.value.status, chat.takes_tools) == (True, 400, False)


async def test_calls_come_out_with_unique_ids_and_broken_ones_keep_their_text() -> None:
    answer = AIMessage(
        "",
        tool_calls=[{"name": "search", "args": {"q": 1}, "id": "a"}, {"name": "search", "args": {}, "id": None}],
        invalid_tool_calls=[
            {"name": "search", "args": "{cut", "id": "a", "error": None, "type": "invalid_tool_call"},
        ],
    )
    reply = await LangChainChat(PlayingWithTools(plays=answer)).complete(HELLO, tools=TOOLS)
    assert [(call.id, call.arguments) for call in reply.calls] == [("a", {"q": 1}), ("call_0", {}), ("call_1", None)]
    assert reply.usage is None
    (back,) = from_wire([reply.message])
    assert isinstance(back, AIMessage)
    assert [call["id"] for call in back.tool_calls] == ["a", "call_0", "call_1"]


async def test_signed_thoughts_come_back_to_the_model_that_signed_them() -> None:
    blocks: list[str | dict[str, Any]] = [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "text", "text": "Paris"},
    ]
    answer = AIMessage(blocks, additional_kwargs={"sign": "x"}, response_metadata={"model_provider": "anthropic"})
    model = Playing(plays=answer)
    chat = LangChainChat(model)
    reply = await chat.complete(HELLO)
    assert reply.text == "Paris"
    stored = orjson.loads(orjson.dumps(reply.message))
    await chat.complete([*HELLO, stored, *HELLO])
    back = model.seen[1][0][1]
    assert back.content == blocks
    assert back.additional_kwargs == {"sign": "x"}
    assert back.response_metadata == {"model_provider": "anthropic"}


async def test_lone_surrogates_do_not_get_into_the_state() -> None:
    answer = AIMessage("a\ud83d", tool_calls=[{"name": "search", "args": {"q": "b\ud83d"}, "id": "c"}])
    reply = await LangChainChat(PlayingWithTools(plays=answer)).complete(HELLO, tools=TOOLS)
    assert (reply.text, reply.calls[0].arguments) == ("a?", {"q": "b?"})
    orjson.dumps(reply.message)


def test_wire_messages_become_langchains() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        calls(("a", {"x": 1})).body["choices"][0]["message"],
        {"role": "tool", "tool_call_id": "c0", "content": "found"},
        {"role": "martian", "content": "m"},
        {"role": "assistant", "content": "x", "tool_calls": "nonsense", "langchain": 3},
    ]
    made = from_wire(messages)
    assert [type(one) for one in made] == [
        SystemMessage,
        HumanMessage,
        AIMessage,
        ToolMessage,
        HumanMessage,
        AIMessage,
    ]
    assert isinstance(made[2], AIMessage)
    assert made[2].tool_calls[0]["args"] == {"x": 1}


class FromSdk(Exception):
    """An error like those of the providers' packages."""

    def __init__(self, status: int, wait: str, said: str = "slow\ndown") -> None:
        super().__init__(said)
        self.status_code = status
        self.response = type("Response", (), {"headers": {"retry-after": wait}, "status_code": status})


class ConnectError(Exception):
    """Named like httpx's error for a server that is not there."""


@pytest.mark.parametrize(
    ("raised", "kind", "status", "sent"),
    [
        (FromSdk(429, "3"), "status", 429, True),
        (FromSdk(400, ""), "rejected", 400, True),
        (TimeoutError(), "timeout", None, True),
        (ConnectError("refused"), "unreachable", None, False),
        (IndexError("list index out of range"), "bad_reply", None, True),
        (KeyError("choices"), "bad_reply", None, True),
    ],
)
async def test_whatever_a_model_raises_becomes_a_model_error(
    raised: Exception, kind: str, status: int | None, sent: bool
) -> None:
    with pytest.raises(ModelError) as caught:
        await LangChainChat(Playing(plays=raised)).complete(HELLO)
    assert (caught.value.kind, caught.value.status, caught.value.sent) == (kind, status, sent)
    assert "play-1" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.retry_after == (3.0 if status == 429 else None)


async def test_our_own_errors_pass_as_they_are() -> None:
    raised = CassetteError("not recorded")
    with pytest.raises(CassetteError) as caught:
        await LangChainChat(Playing(plays=raised)).complete(HELLO)
    assert caught.value is raised


async def test_the_deadline_and_cancelling_hold() -> None:
    with FakeOpenAI(slow(text("late"), 0.3), slow(text("late"), 0.3)) as server:
        chat = LangChainChat(OpenAICompatible(model="m", base_url=server.base_url))
        with pytest.raises(ModelError) as caught:
            await chat.complete(HELLO, timeout=0.05)
        assert caught.value.kind == "timeout"
        task = asyncio.create_task(chat.complete(HELLO))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_real_model_from_another_package_works() -> None:
    openai = pytest.importorskip("langchain_openai")
    with FakeOpenAI(calls(("search", {"q": "x"})), error(429, "slow down", headers={"Retry-After": "2"})) as server:
        model = openai.ChatOpenAI(model="m", base_url=server.base_url, api_key="k", max_retries=0)
        chat = LangChainChat(model)
        assert (chat.local, chat.takes_tools) == (True, True)
        reply = await chat.complete(HELLO, tools=TOOLS, tool_choice="required", max_tokens=7, temperature=0.5)
        assert (reply.calls[0].arguments, reply.usage) == ({"q": "x"}, Usage(11, 7, 0))
        assert (server.bodies[0]["tool_choice"], server.bodies[0]["temperature"]) == ("required", 0.5)
        assert 7 in (server.bodies[0].get("max_tokens"), server.bodies[0].get("max_completion_tokens"))
        with pytest.raises(ModelError) as caught:
            await chat.complete(HELLO)
        await model.root_async_client.close()
    assert (caught.value.status, caught.value.retry_after) == (429, 2.0)
