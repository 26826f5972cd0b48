"""What servers refuse, in the words that they use."""

from typing import Any

import pytest
from spadework.agent.llm.adaptations import Adaptations

BODY: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "x", "reasoning": "r"}],
    "tools": [{"type": "function", "function": {"name": "search"}}],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "response_format": {"type": "json_object"},
    "max_tokens": 100,
    "temperature": 0.2,
    "stream_options": {"include_usage": True},
    "reasoning_effort": "low",
    "seed": 7,
}


def said(text: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": text, **fields}}


@pytest.mark.parametrize(
    ("status", "reply", "parameter"),
    [
        (
            400,
            said(
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                param="max_tokens",
                code="unsupported_parameter",
            ),
            "max_tokens",
        ),
        (
            400,
            said(
                "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value "
                "is supported.",
                param="temperature",
            ),
            "temperature",
        ),
        (400, said("registry.ollama.ai/library/gemma:2b does not support tools"), "tools"),
        (404, said("No endpoints found that support tool use."), "tools"),
        (500, said("tools param requires --jinja flag"), "tools"),
        (400, {"message": '"auto" tool choice requires --enable-auto-tool-choice to be set', "code": 400}, "tools"),
        (400, said("deepseek-reasoner does not support this tool_choice"), "tool_choice"),
        (400, said("This response_format type is unavailable now"), "response_format"),
        (400, {"error": "'response_format.type' must be 'json_schema' or 'text'"}, "response_format"),
        (
            400,
            [said('Invalid JSON payload received. Unknown name "parallel_tool_calls": Cannot find field.')],
            "parallel_tool_calls",
        ),
        (
            422,
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs"}]},
            "stream_options",
        ),
        (400, said("Unrecognized request argument supplied: reasoning_effort"), "reasoning_effort"),
        (400, said("property 'messages.1.reasoning' is unsupported"), "reasoning"),
        (400, said("Unknown parameter: 'seed'."), "seed"),
    ],
)
def test_a_refusal_in_a_providers_own_words_is_understood(status: int, reply: Any, parameter: str) -> None:
    adaptations = Adaptations()
    assert adaptations.learn(status, reply, dict(BODY)) == parameter
    sent = adaptations.fit(dict(BODY))
    if parameter == "max_tokens":
        assert (sent.get("max_tokens"), sent["max_completion_tokens"]) == (None, 100)
    elif parameter == "reasoning":
        assert sent["messages"][1] == {"role": "assistant", "content": "x"}
    else:
        assert parameter not in sent
    assert BODY["messages"][1]["reasoning"] == "r"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "max_tokens is too large: 100000. This model supports at most 4096 completion tokens."),
        (400, "Invalid 'tools[0].function.name': string does not match pattern."),
        (400, "Invalid value for 'content': expected a string"),
        (400, "messages must not be empty"),
        (401, "temperature is not supported"),
        (429, "tools are not supported"),
        (500, "temperature is not supported"),
        (400, ""),
    ],
)
def test_other_errors_change_nothing(status: int, text: str) -> None:
    adaptations = Adaptations()
    assert adaptations.learn(status, said(text), dict(BODY)) is None
    assert adaptations == Adaptations()


@pytest.mark.parametrize(
    "reply",
    [
        said(
            "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens (8000 in the "
            "messages, 1000 in the completion). Please reduce the length of the messages or completion.",
            param="messages",
            code="context_length_exceeded",
        ),
        said("request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it"),
        said("the request exceeds the available context size", n_prompt_tokens=9000, n_ctx=4096),
        said("The input (9000 tokens) is longer than the model's context length (4096 tokens)."),
        said("Requested token count exceeds the model's maximum context length of 4,096 tokens."),
        {"error": "However, the model is loaded with context length of only 4096 tokens, which is not enough."},
        {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 8000 `inputs` tokens"},
        said("prompt is too long: 9000 tokens > 4096 maximum"),
    ],
)
def test_a_refused_prompt_tells_how_long_one_may_be(reply: Any) -> None:
    adaptations = Adaptations()
    assert adaptations.learn(400, reply, dict(BODY)) == "context"
    assert adaptations.context == 4_096
    assert adaptations.fit(dict(BODY)).keys() >= {"tools", "max_tokens"}
    adaptations.learn(400, reply, dict(BODY))
    assert adaptations.context == 3_481, "what was kept within it and refused all the same is shortened"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "Streaming is not supported for this model"),
        (500, "Cannot use tools with stream"),
        (400, "tools are not supported in streaming mode"),
        (422, "Unsupported parameter: stream"),
    ],
)
def test_a_server_that_does_not_stream_keeps_its_tools(status: int, text: str) -> None:
    adaptations = Adaptations()
    assert adaptations.learn(status, said(text), {**BODY, "stream": True}) == "stream"
    sent = adaptations.fit({**BODY, "stream": True})
    assert "tools" in sent
    assert not {"stream", "stream_options"} & sent.keys()


def test_without_tools_nothing_about_tools_is_sent() -> None:
    adaptations = Adaptations()
    adaptations.learn(400, said("m does not support tools"), dict(BODY))
    assert not adaptations.takes_tools
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & adaptations.fit(dict(BODY)).keys()


def test_the_limit_of_output_tokens_is_renamed_once_and_never_left_out() -> None:
    adaptations = Adaptations()
    body = adaptations.fit(dict(BODY))
    assert adaptations.learn(400, said("Unsupported parameter", param="max_tokens"), body) == "max_tokens"
    body = adaptations.fit(dict(BODY))
    assert adaptations.learn(400, said("Unsupported parameter", param="max_completion_tokens"), body) is None
    assert adaptations.fit(dict(BODY))["max_completion_tokens"] == 100


def test_a_body_without_tools_is_sent_without_a_tool_choice() -> None:
    body: dict[str, Any] = {"model": "m", "messages": [], "tool_choice": "none", "tools": []}
    assert Adaptations().fit(body) == {"model": "m", "messages": []}


@pytest.mark.parametrize(
    "reply", [None, "x", 3, [], [None], {"error": None}, {"detail": [3]}, {"detail": [{"loc": 3}]}]
)
def test_any_reply_can_be_looked_at(reply: Any) -> None:
    assert Adaptations().learn(400, reply, dict(BODY)) is None
