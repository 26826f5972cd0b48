"""The direct way to a model: wire dicts in, one request, a Reply out."""

import asyncio
from typing import Any

import httpx
import pytest
from fake_openai import USAGE, FakeOpenAI, calls, message, raw, text, unsupported
from spadework.agent.llm.connections import close_connections
from spadework.agent.llm.model import OpenAICompatible
from spadework.agent.llm.wire import Adapted, Chat, Usage
from spadework.tools.errors import CassetteError, ConfigError

HELLO: list[dict[str, Any]] = [{"role": "user", "content": "hello"}]
TOOLS: list[dict[str, Any]] = [{"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}]


def chat(server: FakeOpenAI, **settings: Any) -> OpenAICompatible:
    return OpenAICompatible(model="m", base_url=server.base_url, **settings)


async def test_one_call_is_one_request_with_just_what_was_asked_for() -> None:
    with FakeOpenAI(text("Paris")) as server:
        reply = await chat(server).complete(HELLO)
    assert (reply.text, reply.usage, reply.finish_reason) == ("Paris", Usage(11, 7, 0), "stop")
    assert server.bodies == [{"model": "m", "messages": HELLO}]
    assert server.requests[0].path == "/v1/chat/completions"


async def test_every_option_reaches_the_server() -> None:
    options: dict[str, Any] = {
        "tools": TOOLS,
        "tool_choice": "required",
        "response_format": {"type": "json_object"},
        "max_tokens": 50,
        "temperature": 0.0,
    }
    with FakeOpenAI(calls(("search", {"q": "a"}), ("search", {"q": "b"}))) as server:
        reply = await chat(server, extra={"reasoning_effort": "low"}).complete(HELLO, **options)
    assert server.bodies == [{"model": "m", "messages": HELLO, "reasoning_effort": "low", **options}]
    assert [(call.id, call.arguments) for call in reply.calls] == [("c0", {"q": "a"}), ("c1", {"q": "b"})]


async def test_settings_of_the_model_hold_where_the_call_has_none() -> None:
    with FakeOpenAI() as server:
        model = chat(server, temperature=0.3, max_tokens=9)
        await model.complete(HELLO)
        await model.complete(HELLO, temperature=0.9)
    assert [(body["temperature"], body["max_tokens"]) for body in server.bodies] == [(0.3, 9), (0.9, 9)]


async def test_an_assistant_message_goes_back_as_it_came() -> None:
    signed = {"reasoning_content": "hm", "reasoning_details": [{"type": "x", "signature": "c2ln"}]}
    with FakeOpenAI(message("a", **signed)) as server:
        model = chat(server)
        reply = await model.complete(HELLO)
        await model.complete([*HELLO, reply.message, *HELLO])
    assert server.bodies[1]["messages"][1] == {"role": "assistant", "content": "a", **signed}


async def test_the_key_is_sent_and_shows_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", " sk-very-secret\n")
    with FakeOpenAI() as server:
        model = chat(server)
        await model.complete(HELLO)
    assert server.requests[0].headers["authorization"] == "Bearer sk-very-secret"
    assert "sk-very-secret" not in repr(model) + str(model.model_dump())


async def test_a_base_url_may_be_written_in_several_ways() -> None:
    with FakeOpenAI() as server:
        for url in (server.base_url, server.base_url + "/", server.base_url + "/chat/completions"):
            await OpenAICompatible(model="m", base_url=url).complete(HELLO)
        await OpenAICompatible(model="m", base_url=server.base_url + "?api-version=2").complete(HELLO)
    assert [request.path for request in server.requests[:3]] == ["/v1/chat/completions"] * 3
    assert server.requests[3].path == "/v1/chat/completions?api-version=2"


async def test_without_a_key_no_authorization_is_sent() -> None:
    with FakeOpenAI() as server:
        await chat(server).complete(HELLO)
    assert "authorization" not in server.requests[0].headers


async def test_a_refused_parameter_is_said_once_and_then_left_out() -> None:
    with FakeOpenAI(unsupported("temperature"), text("ok")) as server:
        model = chat(server)
        with pytest.raises(Adapted, match="temperature") as caught:
            await model.complete(HELLO, temperature=0.2, max_tokens=5)
        assert (caught.value.parameter, caught.value.sent) == ("temperature", True)
        await model.complete(HELLO, temperature=0.2, max_tokens=5)
        await chat(server).complete(HELLO, temperature=0.2)  # another instance knows it too
    assert ["temperature" in body for body in server.bodies] == [True, False, False]
    assert server.bodies[1]["max_tokens"] == 5


async def test_max_tokens_is_renamed_when_the_server_wants_that() -> None:
    with FakeOpenAI(unsupported("max_tokens"), text("ok")) as server:
        model = chat(server)
        with pytest.raises(Adapted):
            await model.complete(HELLO, max_tokens=5)
        await model.complete(HELLO, max_tokens=5)
    assert server.bodies[1] == {"model": "m", "messages": HELLO, "max_completion_tokens": 5}


async def test_a_model_that_takes_no_tools_is_known_from_then_on() -> None:
    refusal = raw({"error": {"message": "registry.ollama.ai/library/m does not support tools"}}, status=400)
    with FakeOpenAI(refusal, text("ok")) as server:
        model = chat(server)
        assert model.takes_tools
        with pytest.raises(Adapted):
            await model.complete(HELLO, tools=TOOLS, tool_choice="auto")
        assert not model.takes_tools
        await model.complete(HELLO, tools=TOOLS, tool_choice="auto")
    assert server.bodies[1] == {"model": "m", "messages": HELLO}


async def test_a_given_transport_carries_the_requests_and_keeps_its_own_memory() -> None:
    bodies: list[bytes] = []

    def play(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        if len(bodies) == 1:
            return httpx.Response(400, json={"error": {"message": "unsupported", "param": "temperature"}})
        return httpx.Response(200, json={"choices": [{"message": {"content": "x"}}], "usage": USAGE})

    for _ in range(2):
        bodies.clear()
        model = OpenAICompatible(model="m", base_url="http://replay.test/v1", transport=httpx.MockTransport(play))
        with pytest.raises(Adapted):
            await model.complete(HELLO, temperature=1)
        assert (await model.complete(HELLO, temperature=1)).text == "x"


async def test_a_recordings_error_passes_untouched() -> None:
    error = CassetteError("no such request was recorded")

    def play(request: httpx.Request) -> httpx.Response:
        raise error

    model = OpenAICompatible(model="m", base_url="http://replay.test/v1", transport=httpx.MockTransport(play))
    with pytest.raises(CassetteError) as caught:
        await model.complete(HELLO)
    assert caught.value is error


def test_one_model_works_under_ten_event_loops_in_a_row() -> None:
    with FakeOpenAI() as server:
        model = chat(server)
        for _ in range(10):
            assert asyncio.run(model.complete(HELLO)).text == "ok"
    assert len(server.requests) == 10


async def test_a_connection_is_used_again_by_every_model_and_closed_on_demand() -> None:
    with FakeOpenAI() as server:
        model = chat(server)
        for _ in range(5):
            await model.complete(HELLO)
        assert server.connections == 1
        await chat(server).complete(HELLO)
        assert server.connections == 1
        await close_connections()
        await model.complete(HELLO)
        assert server.connections == 2


async def test_a_hundred_calls_at_once_each_get_their_own_reply() -> None:
    with FakeOpenAI(otherwise=lambda body: text(body["messages"][0]["content"])) as server:
        model = chat(server)
        asked = [[{"role": "user", "content": str(number)}] for number in range(100)]
        replies = await asyncio.gather(*(model.complete(messages) for messages in asked))
    assert [reply.text for reply in replies] == [str(number) for number in range(100)]


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:11434/v1", True),
        ("http://localhost:8000/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://0.0.0.0:8000", True),
        ("https://api.example.com/v1", False),
        ("http://192.168.1.5/v1", False),
        ("https://localhost.example.com/v1", False),
    ],
)
def test_a_model_is_local_when_its_server_is_this_machine(url: str, local: bool) -> None:
    model: Chat = OpenAICompatible(model="m", base_url=url, context=4096)
    assert (model.local, model.name, model.context, model.takes_tools) == (local, "m", 4096, True)


@pytest.mark.parametrize("url", ["", "ftp://x/v1", "api.example.com", "http://", "http://u:p@x/v1", "http://x:port/v1"])
def test_a_base_url_that_cannot_be_used_is_a_config_error(url: str) -> None:
    with pytest.raises(ConfigError, match="base URL"):
        OpenAICompatible(model="m", base_url=url)


@pytest.mark.parametrize(
    "settings", [{"api_key": "a b"}, {"api_key": "schlüssel"}, {"proxy": "socks5://x"}, {"ca": "/no/such/file"}]
)
def test_settings_that_cannot_be_used_are_config_errors(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        OpenAICompatible(model="m", base_url="https://api.example.com/v1", **settings)


def test_openai_itself_needs_a_key() -> None:
    with pytest.raises(ConfigError, match="the model gpt-x needs a key: set OPENAI_API_KEY"):
        OpenAICompatible(model="gpt-x")


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with FakeOpenAI() as server:
        assert asyncio.run(chat(server).complete(HELLO)).text == "ok"


async def test_a_given_proxy_is_used() -> None:
    with FakeOpenAI() as proxy:
        model = OpenAICompatible(model="m", base_url="http://model.test/v1", proxy=proxy.base_url.removesuffix("/v1"))
        assert (await model.complete(HELLO)).text == "ok"
    assert proxy.requests[0].path == "http://model.test/v1/chat/completions"
