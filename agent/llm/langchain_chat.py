"""Any langchain chat model, used by the graph as it is."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any, Unpack

import httpx
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from ...tools.clean import one_line
from ...tools.errors import ConfigError, ModelError, SpadeworkError
from .adaptations import refuses_tools
from .connections import is_loopback, is_near, read_base_url
from .endpoint import retry_after
from .langchain_messages import as_delta, from_wire, wire_reply
from .patience import Patience
from .pieces import Pieces
from .replies import TEXT_SHOWN, parse_reply
from .wire import Adapted, Options, Reply, Stream, dump_json, load_json

CAPS = ("max_tokens", "max_output_tokens", "max_tokens_to_sample", "num_predict")
NAMES = ("model_name", "model", "model_id", "deployment_name")
URLS = ("base_url", "openai_api_base", "api_base", "anthropic_api_url", "endpoint_url")
NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "APIConnectionError", "ConnectionRefusedError"})
TAKES_FORMAT = ("langchain_openai", "langchain_groq", "langchain_deepseek", "langchain_xai", "langchain_mistralai")


class LangChainChat:
    """A langchain chat model as a Chat.

    Limits of tokens and the temperature are set on a copy of the model, where it has fields for them. Retries inside
    the model are its own matter and cannot be charged: set its `max_retries` to 0.
    """

    traces_itself = True
    """LangSmith is told of its calls by LangChain."""

    def __init__(self, model: BaseChatModel, *, context: int | None = None) -> None:
        self._model = model
        self._no_tools = type(model).bind_tools is BaseChatModel.bind_tools
        self.name = next(_texts(model, NAMES), type(model).__name__)
        self.context = context or _known_context(model)
        urls = [url for text in _texts(model, URLS) if (url := _readable(text)) is not None]
        self.local = any(map(is_loopback, urls))
        self.near = any(map(is_near, urls))
        self.streams = _can_stream(model)

    @property
    def takes_tools(self) -> bool:
        """Whether tools can be bound to the model."""
        return not self._no_tools

    async def complete(self, messages: list[dict[str, Any]], **options: Unpack[Options]) -> Reply:
        """Ask the model once. Raises ModelError; as `Adapted` when it turns out to take no tools."""
        timeout = options.get("timeout", 120.0)
        if timeout <= 0:
            raise ModelError(f"no time was left to ask {self.name}", kind="timeout", sent=False)
        runnable = self._prepared(options)
        stream = options.get("stream") if self.streams else None
        patience = Patience(timeout, stream)
        try:
            if stream is not None:
                message = await _streamed(runnable, messages, stream, patience)
            else:
                async with asyncio.timeout_at(patience.deadline):
                    message = await runnable.ainvoke(from_wire(messages))
            reply = load_json(dump_json(wire_reply(message)))  # plain JSON, without lone surrogates
        except SpadeworkError:
            raise
        except Exception as error:
            if options.get("tools") and self.takes_tools and refuses_tools(str(error)):
                self._no_tools = True
                raise self._without_tools(_status(error), sent=True) from error
            raise self._failure(error, patience) from error
        return parse_reply(reply, name=self.name)

    def _prepared(self, options: Options) -> Any:
        fields = type(self._model).model_fields
        settings: dict[str, Any] = {}
        cap = next((name for name in CAPS if name in fields), None)
        if cap and options.get("max_tokens") is not None:
            settings[cap] = options.get("max_tokens")
        if "temperature" in fields and options.get("temperature") is not None:
            settings["temperature"] = options.get("temperature")
        if "stream_usage" in fields and options.get("stream") is not None:
            settings["stream_usage"] = True
        model = self._model.model_copy(update=settings) if settings else self._model
        bound: dict[str, Any] = {}
        if options.get("response_format") and type(model).__module__.startswith(TAKES_FORMAT):
            bound["response_format"] = options.get("response_format")
        tools = options.get("tools")
        if not tools or self._no_tools:
            return model.bind(**bound) if bound else model
        choice = _tool_choice(options.get("tool_choice"))
        if choice:
            bound["tool_choice"] = choice
        try:
            return model.bind_tools(tools, **bound)
        except NotImplementedError as error:
            self._no_tools = True
            raise self._without_tools(None, sent=False) from error

    def _without_tools(self, status: int | None, *, sent: bool) -> Adapted:
        text = f"the model {self.name} takes no tools; the call can be made again without them"
        return Adapted(text, parameter="tools", status=status, sent=sent)

    def _failure(self, error: Exception, patience: Patience) -> ModelError:
        """What went wrong inside the model, told by the status of the HTTP reply where there was one."""
        causes = list(_causes(error))
        if any(isinstance(cause, TimeoutError) for cause in causes):
            return patience.fault(self.name)
        said = one_line(str(error), TEXT_SHOWN) or "no reason given"
        text = f"{self.name} failed: {type(error).__name__}: {said}"
        status = next((code for cause in causes if (code := _status(cause)) is not None), None)
        if status is not None:
            headers = getattr(getattr(error, "response", None), "headers", None)
            wait = retry_after(headers) if headers is not None else None
            rejected = 400 <= status < 500 and status != 429
            kind = "rejected" if rejected else "status"
            return ModelError(text, kind=kind, sent=True, status=status, retry_after=wait)
        if any(type(cause).__name__ in NEVER_SENT for cause in causes):
            return ModelError(text, kind="unreachable", sent=False)
        return ModelError(text, kind="bad_reply", sent=True)


async def _streamed(runnable: Any, messages: list[dict[str, Any]], stream: Stream, patience: Patience) -> BaseMessage:
    """The same message, put together from the pieces that are told on the way. A model that cannot stream sends one."""
    pieces, whole = Pieces(stream.tell), None
    try:
        async with aclosing(runnable.astream(from_wire(messages))) as chunks:
            while True:
                async with asyncio.timeout_at(patience.deadline):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                patience.alive()
                if pieces.add(as_delta(chunk)):
                    patience.piece()
                whole = chunk if whole is None else whole + chunk
    finally:
        pieces.close()
    return AIMessage("") if whole is None else whole


def _tool_choice(choice: str | dict[str, Any] | None) -> str | None:
    """The choice in langchain's words. "none" has none that all providers take: then the tools are just offered."""
    if isinstance(choice, dict):
        name = choice.get("function", {}).get("name")
        return name if isinstance(name, str) else None
    return "any" if choice == "required" else None


def _texts(model: object, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = getattr(model, name, None)
        if isinstance(value, str) and value:
            yield value


def _can_stream(model: BaseChatModel) -> bool:
    """Whether a model sends pieces of its own; langchain streams any other one as a single piece."""
    own = any(getattr(type(model), name) is not getattr(BaseChatModel, name) for name in ("_stream", "_astream"))
    return own and model.disable_streaming is not True


def _known_context(model: BaseChatModel) -> int | None:
    tokens = (model.profile or {}).get("max_input_tokens")
    return tokens if isinstance(tokens, int) and tokens > 0 else None


def _readable(url: str) -> httpx.URL | None:
    try:
        return read_base_url(url)
    except ConfigError:
        return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int):
            return status
    return None
