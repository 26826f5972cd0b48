"""What a server nearby says of its own context, in a quick request or two that may fail."""

import asyncio
from typing import Any

import httpx

from ...tools.shapes import is_list, is_mapping
from .adaptations import LEAST_CONTEXT
from .connections import Connections, Route, read_base_url
from .model import OpenAICompatible
from .wire import MOST_TOKENS, Chat, load_json

SECONDS = 2.0
LISTED = ("max_model_len", "loaded_context_length", "context_length", "context_window", "n_ctx")
"""Under which names servers list it: vLLM and SGLang, LM Studio, Ollama and others, llama.cpp."""
ELSEWHERE = {"llamacpp": "/props", "library": "/api/ps", "organization_owner": "/api/v0/models"}
"""Where llama.cpp, Ollama and LM Studio tell it instead, by the owner that they name in their list."""


async def learn_context(chat: Chat) -> int | None:
    """The context of a chat in tokens, asked of its server where nobody has said it; None where that is not told.

    Only servers on this machine or in a private network are asked, at most twice, for SECONDS each. What a model was
    trained for is not taken for what its server has room for.
    """
    if chat.context is None and isinstance(chat, OpenAICompatible) and chat.near and chat.transport is None:
        chat.context = await _told(chat)
    return chat.context


async def _told(chat: OpenAICompatible) -> int | None:
    base = read_base_url(chat.base_url)
    root = base.path.removesuffix("/chat/completions")
    listed = _of_model(await _get(chat, base.copy_with(path=f"{root}/models")), chat.model)
    if found := _size(listed):
        return found
    path = ELSEWHERE.get(str(listed.get("owned_by")))
    if path is None:
        return None
    told = await _get(chat, base.copy_with(path=root.removesuffix("/v1") + path))
    settings = told.get("default_generation_settings")
    return _size(settings if is_mapping(settings) else _of_model(told, chat.model))


def _of_model(told: dict[str, Any], model: str) -> dict[str, Any]:
    """The entry of a list of models that is about this one; of a server with one model, that one."""
    entries = told.get("data") or told.get("models")
    known = [dict(item) for item in entries if is_mapping(item)] if is_list(entries) else []
    names = {model, f"{model}:latest"}
    for item in known:
        if names & {str(item.get(key)) for key in ("id", "name", "model")}:
            return item
    return known[0] if len(known) == 1 else {}


def _size(told: Any) -> int | None:
    sizes = (told.get(name) for name in LISTED)
    return next((size for size in sizes if isinstance(size, int) and LEAST_CONTEXT <= size <= MOST_TOKENS), None)


async def _get(chat: OpenAICompatible, url: httpx.URL) -> dict[str, Any]:
    """The JSON object at an address of the chat's server; an empty one where there is none, or not soon."""
    key = chat.api_key.get_secret_value().strip()
    headers = {"authorization": f"Bearer {key}"} if key else {}
    extensions = {"timeout": httpx.Timeout(SECONDS).as_dict()}
    request = httpx.Request("GET", url, headers=headers, extensions=extensions)
    try:
        async with asyncio.timeout(SECONDS):
            transport = await Connections(url.scheme, Route(chat.proxy, chat.ca)).transport()
            response = await transport.handle_async_request(request)
            await response.aread()
        told: object = load_json(response.content) if response.status_code == 200 else None
    except (TimeoutError, httpx.HTTPError, OSError, ValueError):
        return {}
    return dict(told) if is_mapping(told) else {}
