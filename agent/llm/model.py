"""The chat model for any OpenAI-compatible server: OpenAI, Ollama, vLLM, llama.cpp, OpenRouter, Google, Anthropic.

It is a langchain-core chat model, so it works wherever one does. The graph uses the direct way, `complete`: wire dicts
in, a Reply out, exactly one request a call.
"""

import os
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Unpack

import httpx
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field, PrivateAttr, SecretStr

from ...tools.errors import ConfigError
from ..elsewhere import Elsewhere, iterate_elsewhere
from .adaptations import Adaptations
from .chunks import Assembly
from .connections import Connections, Route, is_loopback, is_near, read_base_url
from .endpoint import Endpoint
from .langchain_messages import closing_chunk, from_delta, from_reply, to_wire
from .patience import Patience
from .pieces import Pieces
from .replies import parse_reply
from .wire import Adapted, Options, Reply, Stream

OPENAI = "https://api.openai.com/v1"
PATH = "/chat/completions"
STREAMED: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
UNMENDED = ("tools", "context")
"""What only the caller can do without."""
RESENDS = 3
"""How often langchain's own entry points send again what a server refused only for a parameter."""

_LEARNT: dict[tuple[str, str], Adaptations] = {}


class OpenAICompatible(BaseChatModel):
    """A chat model behind an OpenAI-compatible server.

    `base_url` and `api_key` default to SPADEWORK_BASE_URL and OPENAI_API_KEY. `temperature` and `max_tokens` hold for
    calls that do not set them; `timeout` is in seconds over a whole call; `extra` are further fields of every request,
    such as `{"reasoning_effort": "low"}`. `ca` is a file of certificates to trust; a given `transport` carries all
    requests. Raises ConfigError for a missing or unusable key or URL.

    >>> OpenAICompatible(model="qwen3:8b", base_url="http://127.0.0.1:11434/v1").local
    True
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    model: str
    base_url: str = Field(default_factory=lambda: os.environ.get("SPADEWORK_BASE_URL") or OPENAI)
    api_key: SecretStr = Field(default_factory=lambda: SecretStr(os.environ.get("OPENAI_API_KEY", "")))
    name: Any = ""  # always a str; langchain declares `str | None`, which no narrower type may replace
    context: int | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    timeout: float = 120.0
    extra: dict[str, Any] = Field(default_factory=dict)
    proxy: str | None = None
    ca: str | None = None
    transport: httpx.AsyncBaseTransport | None = Field(default=None, exclude=True, repr=False)

    _endpoint: Endpoint = PrivateAttr()
    _local: bool = PrivateAttr()
    _near: bool = PrivateAttr()

    def model_post_init(self, _context: Any, /) -> None:
        """Check the settings and set up the endpoint; no connection is opened."""
        url = read_base_url(self.base_url)
        key = self.api_key.get_secret_value().strip()
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ConfigError("the API key holds characters that no key has: check OPENAI_API_KEY")
        if not key and url == httpx.URL(OPENAI):
            raise ConfigError(
                f"the model {self.model} needs a key: set OPENAI_API_KEY, "
                "or set SPADEWORK_BASE_URL to a server that needs none"
            )
        self.name = self.name or self.model
        self._local = is_loopback(url)
        self._near = is_near(url)
        self._endpoint = Endpoint(
            url.copy_with(path=url.path.rstrip("/").removesuffix(PATH) + PATH),
            key=key,
            who=f"{self.model} at {url.host}",
            connections=Connections(url.scheme, Route(self.proxy, self.ca, self.transport)),
            adapt=self._adaptations(url),
        )
        self._take_context()

    def _adaptations(self, url: httpx.URL) -> Adaptations:
        """One memory for each server and model; with a given transport a fresh one, as a replay starts without any."""
        fresh = Adaptations(cap="max_completion_tokens" if url.host == "api.openai.com" else "max_tokens")
        return fresh if self.transport is not None else _LEARNT.setdefault((str(url), self.model), fresh)

    @property
    def local(self) -> bool:
        """Whether the server is on this machine."""
        return self._local

    @property
    def takes_tools(self) -> bool:
        """Whether the server has not refused tool definitions."""
        return self._endpoint.adapt.takes_tools

    @property
    def streams(self) -> bool:
        """Whether the server has not refused to stream."""
        return self._endpoint.adapt.streams

    @property
    def near(self) -> bool:
        """Whether the server is on this machine or in a private network: slow ones are waited for longer."""
        return self._near

    async def complete(self, messages: list[dict[str, Any]], **options: Unpack[Options]) -> Reply:
        """Send one request and read its reply.

        Raises ModelError; as `Adapted` when the same call is worth making again, because the server refused a
        parameter that is left out from now on.
        """
        stream = options.pop("stream", None)
        try:
            if stream is not None and self.streams:
                return await self._streamed(*self._body(messages, {**options, **STREAMED}), stream)
            body, timeout = self._body(messages, dict(options))
            return parse_reply(await self._endpoint.post(body, timeout), name=self._endpoint.who)
        except Adapted:
            self._take_context()
            raise

    def _take_context(self) -> None:
        """Keep within what the server said, where that is less."""
        told = self._endpoint.adapt.context
        if told is not None and (self.context is None or told < self.context):
            self.context = told

    async def _streamed(self, body: dict[str, Any], timeout: float, stream: Stream) -> Reply:
        """The same reply, put together from the pieces that are told on the way."""
        adapt, patience = self._endpoint.adapt, Patience(timeout, stream)
        assembly, pieces = Assembly(), Pieces(stream.tell, thinking=adapt.thinks_first)
        try:
            async with aclosing(self._endpoint.events(body, patience)) as events:
                async for event in events:
                    if pieces.add(assembly.add(event)):
                        patience.piece()
        finally:
            pieces.close()
        adapt.thinks_first = adapt.thinks_first or pieces.unopened
        return parse_reply(assembly.whole(), name=self._endpoint.who)

    def _body(self, messages: list[dict[str, Any]], options: dict[str, Any]) -> tuple[dict[str, Any], float]:
        given: float | None = options.pop("timeout", None)
        timeout = self.timeout if given is None else given
        body: dict[str, Any] = {"model": self.model, "messages": messages}
        defaults = {"temperature": self.temperature, "max_tokens": self.max_tokens, **self.extra}
        for name, value in (*defaults.items(), *options.items()):
            if value is not None:
                body[name] = value
        return body, timeout

    @property
    def _llm_type(self) -> str:
        return "openai-compatible"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "base_url": self.base_url, "temperature": self.temperature}

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        body, timeout = self._body(to_wire(messages), {"stop": stop, **kwargs})
        data = await self._post_adapting(body, timeout)
        message = from_reply(parse_reply(data, name=self._endpoint.who), self.model)
        return ChatResult(generations=[ChatGeneration(message=message)], llm_output={"model_name": self.model})

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        body, timeout = self._body(to_wire(messages), {"stop": stop, **kwargs, **STREAMED})
        assembly = Assembly()
        async with aclosing(self._events(body, timeout)) as events:
            async for event in events:
                delta = assembly.add(event)
                if delta.get("content") or delta["tool_calls"]:
                    yield ChatGenerationChunk(message=from_delta(delta))
        reply = parse_reply(assembly.whole(), name=self._endpoint.who)
        yield ChatGenerationChunk(message=closing_chunk(reply, self.model))

    async def _post_adapting(self, body: dict[str, Any], timeout: float) -> Any:
        for _ in range(RESENDS):
            try:
                return await self._endpoint.post(body, timeout)
            except Adapted as refused:
                if refused.parameter in UNMENDED:
                    raise
        return await self._endpoint.post(body, timeout)

    async def _events(self, body: dict[str, Any], timeout: float, resends: int = RESENDS) -> AsyncGenerator[Any, None]:
        try:
            async with aclosing(self._endpoint.events(body, Patience(timeout))) as events:
                async for event in events:
                    yield event
        except Adapted as refused:
            if refused.parameter in UNMENDED or not resends:
                raise
        else:
            return
        async with aclosing(self._events(body, timeout, resends - 1)) as events:
            async for event in events:
                yield event

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with Elsewhere() as elsewhere:
            return elsewhere.run(self._agenerate(messages, stop, None, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        yield from iterate_elsewhere(self._astream(messages, stop, None, **kwargs))

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """A copy that offers these tools with every call; `tool_choice` is auto, none, any, or a tool's name."""
        strict = kwargs.pop("strict", None)
        formatted = [convert_to_openai_tool(tool, strict=strict) for tool in tools]
        return self.bind(tools=formatted, tool_choice=_choice(tool_choice), **kwargs)


def _choice(tool_choice: str | dict[str, Any] | bool | None) -> str | dict[str, Any] | None:
    """Langchain's tool choice in the wire's form."""
    if tool_choice is True or tool_choice == "any":
        return "required"
    if isinstance(tool_choice, str) and tool_choice not in ("auto", "none", "required"):
        return {"type": "function", "function": {"name": tool_choice}}
    return tool_choice or None
