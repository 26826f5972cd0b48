"""Which model is meant, and whether its server reads whole prompts."""

import re
import sys
from typing import Any

import httpx
import pytest
from fake_openai import Answer, FakeOpenAI, error, text, unsupported
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from spadework.agent.llm.langchain_chat import LangChainChat
from spadework.agent.llm.model import OpenAICompatible
from spadework.agent.llm.models import Server, make_chat, probe_context
from spadework.tools.errors import ConfigError, ModelError

HELLO: list[dict[str, Any]] = [{"role": "user", "content": "hello"}]


def made(value: object = None, **more: Any) -> OpenAICompatible:
    chat = make_chat(value, **more)
    assert isinstance(chat, OpenAICompatible)
    return chat


def test_without_any_model_the_error_names_the_three_ways() -> None:
    with pytest.raises(ConfigError) as caught:
        make_chat()
    for way in ("SPADEWORK_MODEL=openai:NAME and OPENAI_API_KEY", "ollama:NAME", "spadework demo"):
        assert way in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_with_a_key_is_a_model_of_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("SPADEWORK_MODEL", "gpt-x")
    for chat in (made(), made("openai:gpt-x"), made("gpt-x")):
        assert (chat.name, chat.base_url, chat.local) == ("gpt-x", "https://api.openai.com/v1", False)


def test_openai_without_a_key_and_a_server_is_one_clear_line() -> None:
    with pytest.raises(ConfigError, match="the model gpt-x needs a key: set OPENAI_API_KEY, or set SPADEWORK_BASE_URL"):
        make_chat("openai:gpt-x")


async def test_everything_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeOpenAI() as server:
        monkeypatch.setenv("SPADEWORK_MODEL", "qwen3:8b")
        monkeypatch.setenv("SPADEWORK_BASE_URL", server.base_url + "/")
        monkeypatch.setenv("SPADEWORK_CONTEXT", "32768")
        chat = made()
        await chat.complete(HELLO)
    assert (chat.name, chat.context, chat.local) == ("qwen3:8b", 32768, True)
    assert "authorization" not in server.requests[0].headers
    assert server.requests[0].path == "/v1/chat/completions"


def test_ollama_needs_no_setting_and_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    chat = made("ollama:qwen3:8b")
    assert (chat.name, chat.base_url, chat.local) == ("qwen3:8b", "http://127.0.0.1:11434/v1", True)
    assert chat.api_key.get_secret_value() == ""


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPADEWORK_MODEL", "other")
    monkeypatch.setenv("SPADEWORK_BASE_URL", "http://other.test/v1")
    monkeypatch.setenv("SPADEWORK_CONTEXT", "5")
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    chat = made("m", context=9, server=Server("http://given.test/v1", transport=transport))
    assert (chat.name, chat.base_url, chat.context, chat.transport) == ("m", "http://given.test/v1", 9, transport)


@pytest.mark.parametrize("said", ["many", "-1", "0", "1.5", "٣"])
def test_a_context_that_is_no_number_of_tokens_is_a_config_error(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("SPADEWORK_CONTEXT", said)
    with pytest.raises(ConfigError, match="token"):
        make_chat("ollama:x")


@pytest.mark.parametrize("value", ["openai:", "ollama:", "", "  "])
def test_a_model_without_a_name_is_a_config_error(value: str) -> None:
    with pytest.raises(ConfigError, match="has no name"):
        make_chat(value)


def test_a_chat_is_taken_as_it_is_and_a_langchain_model_is_wrapped() -> None:
    chat = made("ollama:x")
    assert make_chat(chat) is chat
    wrapped = make_chat(FakeListChatModel(responses=["a"]), context=77)
    assert isinstance(wrapped, LangChainChat)
    assert wrapped.context == 77


@pytest.mark.parametrize("value", [3, object(), ["gpt-x"]])
def test_anything_else_is_a_config_error(value: object) -> None:
    with pytest.raises(ConfigError, match="must be a name, a langchain chat model or a Chat"):
        make_chat(value)


def test_a_provider_of_langchain_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain.chat_models", None)
    with pytest.raises(ConfigError, match=r"pip install 'spadework\[langchain\]' langchain-google-genai"):
        make_chat("google_genai:gemini-x")


def test_a_provider_whose_package_is_missing_is_a_config_error() -> None:
    pytest.importorskip("langchain")
    with pytest.raises(ConfigError, match=r"the model cohere:x cannot be set up: .*langchain-cohere"):
        make_chat("cohere:x")


def code_word(prompt: str) -> str:
    found = re.search(r"HERON-\d{4}", prompt)
    return found[0] if found else ""


def cutting(kept: int) -> Any:
    """A server that silently reads only the last `kept` tokens of a prompt, and then forgets the code word."""

    def answer(body: dict[str, Any]) -> Answer:
        prompt = body["messages"][0]["content"]
        read = prompt[-4 * kept :]
        usage = {"prompt_tokens": len(read) // 4, "completion_tokens": 5}
        return text(code_word(read) or "I do not know", usage=usage)

    return answer


async def test_a_server_that_reads_everything_is_found_well() -> None:
    with FakeOpenAI(otherwise=cutting(1_000_000)) as server:
        finding = await probe_context(made("m", server=Server(server.base_url)))
    assert finding.whole
    assert not finding.mend
    assert "whole prompt was read" in finding.text
    assert finding.usage is not None
    assert abs(finding.usage.tokens_in - finding.sent_tokens) < 300


@pytest.mark.parametrize("kept", [2048, 4096])
async def test_a_server_that_cuts_is_found_and_the_mend_is_printed(kept: int) -> None:
    with FakeOpenAI(otherwise=cutting(kept)) as server:
        finding = await probe_context(made("qwen3:8b", server=Server(server.base_url)))
    assert not finding.whole
    assert f"it counted {kept:,}" in finding.text
    assert "OLLAMA_CONTEXT_LENGTH=12000" in finding.mend
    assert "FROM qwen3:8b" in finding.mend
    assert "num_ctx 12000" in finding.mend


async def test_the_declared_context_is_what_is_probed_on_a_local_server() -> None:
    with FakeOpenAI(otherwise=cutting(20_000)) as server:
        assert (await probe_context(made("m", context=16_000, server=Server(server.base_url)))).whole
        finding = await probe_context(made("m", context=40_000, server=Server(server.base_url)))
    assert not finding.whole
    assert "OLLAMA_CONTEXT_LENGTH=40000" in finding.mend


async def test_without_usage_the_code_word_decides() -> None:
    def remembering(body: dict[str, Any]) -> Answer:
        return text(code_word(body["messages"][0]["content"]).lower() + ".", usage=None)

    with FakeOpenAI(remembering, text("no idea", usage=None)) as server:
        chat = made("m", server=Server(server.base_url))
        assert (await probe_context(chat)).whole
        assert not (await probe_context(chat)).whole


async def test_a_forgetful_model_whose_server_read_everything_is_not_blamed() -> None:
    with FakeOpenAI(text("what?", usage={"prompt_tokens": 11_400, "completion_tokens": 5})) as server:
        finding = await probe_context(made("m", server=Server(server.base_url)))
    assert finding.whole
    assert "did not name" in finding.text


async def test_a_server_that_openly_refuses_a_long_prompt_is_told() -> None:
    said = "The prompt is too long for this model"
    with FakeOpenAI(unsupported("max_tokens"), error(400, said)) as server:
        finding = await probe_context(made("m", server=Server(server.base_url)))
    assert not finding.whole
    assert said in finding.text
    assert "SPADEWORK_CONTEXT" in finding.mend


async def test_a_server_that_names_its_limit_when_it_refuses_is_taken_at_its_word() -> None:
    said = "This model's maximum context length is 8192 tokens"
    with FakeOpenAI(unsupported("max_tokens"), error(400, said)) as server:
        finding = await probe_context(made("m", server=Server(server.base_url)))
    assert finding.whole
    assert "8,192 tokens" in finding.text


async def test_a_model_that_cannot_be_asked_is_a_model_error() -> None:
    with FakeOpenAI(error(401, "no")) as server, pytest.raises(ModelError):
        await probe_context(made("m", server=Server(server.base_url)))


@pytest.mark.parametrize(
    "name",
    [
        "openai:gpt-4o-search-preview",
        "gpt-5-search-api",
        "openrouter:some/model:online",
        "perplexity:sonar-pro",
        "perplexity/sonar",
        "sonar",
        "o4-mini-deep-research",
    ],
)
def test_a_model_that_searches_by_itself_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="searches the web inside of its own calls"):
        make_chat(name)


def test_names_that_only_look_like_it_are_not() -> None:
    assert make_chat("ollama:research-llm").name == "research-llm"
    assert make_chat("ollama:qwen3:8b").name == "qwen3:8b"
