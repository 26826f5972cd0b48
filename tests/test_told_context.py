"""What servers say of their own context, as each kind of them says it."""

from typing import Any

import pytest
from slow_server import SlowServer
from spadework.agent.llm.model import OpenAICompatible
from spadework.agent.llm.told_context import learn_context


def listed(**fields: Any) -> dict[str, Any]:
    return {"/v1/models": {"object": "list", "data": [{"id": "other"}, {"id": "m", "object": "model", **fields}]}}


@pytest.mark.parametrize(
    ("told", "requests"),
    [
        pytest.param(listed(owned_by="vllm", max_model_len=16_384), 1, id="vLLM"),
        pytest.param(
            listed(owned_by="llamacpp", meta={"n_ctx_train": 131_072})
            | {"/props": {"default_generation_settings": {"n_ctx": 16_384}, "total_slots": 1}},
            2,
            id="llama.cpp",
        ),
        pytest.param(
            listed(owned_by="library")
            | {"/api/ps": {"models": [{"name": "m:latest", "model": "m:latest", "context_length": 16_384}]}},
            2,
            id="Ollama",
        ),
        pytest.param(
            listed(owned_by="organization_owner")
            | {
                "/api/v0/models": {
                    "data": [
                        {"id": "other", "max_context_length": 4_096, "loaded_context_length": 4_096},
                        {"id": "m", "max_context_length": 131_072, "loaded_context_length": 16_384},
                    ]
                }
            },
            2,
            id="LM Studio",
        ),
    ],
)
async def test_a_server_that_says_its_context_is_believed(told: dict[str, Any], requests: int) -> None:
    with SlowServer(told=told) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url)
        assert await learn_context(chat) == 16_384
    assert chat.context == 16_384
    assert (len(server.asked), server.bodies) == (requests, [])


NOTHING: list[dict[str, Any]] = [
    {},
    listed(),
    listed(owned_by="library"),
    listed(owned_by="library") | {"/api/ps": {"models": []}},
    listed(max_model_len=0),
    listed(max_model_len="many"),
    {"/v1/models": []},
    {"/v1/models": {"data": [None, 3]}},
    {"/v1/models": {"data": {"id": "m"}}},
]


@pytest.mark.parametrize("told", NOTHING)
async def test_what_is_not_told_stays_unknown(told: dict[str, Any]) -> None:
    with SlowServer(told=told) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url)
        assert await learn_context(chat) is None


async def test_what_the_user_said_holds_and_nobody_is_asked() -> None:
    with SlowServer(told=listed(max_model_len=16_384)) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url, context=6_000)
        assert await learn_context(chat) == 6_000
    assert server.asked == []


async def test_a_server_that_is_not_there_costs_no_error() -> None:
    assert await learn_context(OpenAICompatible(model="m", base_url="http://127.0.0.1:1/v1")) is None
