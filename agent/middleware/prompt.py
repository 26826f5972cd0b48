"""An agent's prompt as it is sent: with its budget blocks, cut where it must be, and measured."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from langchain.agents.middleware import ModelRequest
from langchain.agents.structured_output import AutoStrategy, ProviderStrategy, ToolStrategy
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from ...tools.reading.passages import estimate_tokens
from ..llm.langchain_messages import VERBATIM_CALLS
from .accounts import Account, Counted

UNSEEN = 500
"""Tokens of instructions that a provider adds for tools, and that stand in no prompt."""
NO_TOOLS: Mapping[str, Any] = {"langchain_anthropic": {"type": "none"}, "langchain_aws": None}
"""By package, how a model is told to call no tool where it is not "none"; None where it cannot be told."""
SAID_TWICE = frozenset({VERBATIM_CALLS, "tool_calls", "function_call"})

Request = ModelRequest[Any]
M = TypeVar("M", bound=BaseMessage)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt's size. `bound` is never less than the tokens it comes to, `guess` is about as many."""

    parts: tuple[int, ...]
    """The hashes of its parts."""
    size: int
    """Bytes."""
    bound: int
    guess: int
    fresh: frozenset[int]
    """Messages, by their place, that were in no prompt that a model counted."""
    reply: int
    """Bytes of the longest reply in it that calls a tool."""

    def counted(self, tokens_in: int) -> Counted:
        return Counted(self.parts, tokens_in)


def measure(request: Request, account: Account, name: str) -> Prompt:
    """Its size: no token is shorter than a byte, and what the model counted the last time it need not count again."""
    parts = tuple(_json(part) for part in _sent(request))
    ahead = 1 if request.system_message is not None else 0
    counted = account.counted.get(name) or _counted_elsewhere(request, parts, ahead, account)
    known = Counter(counted.parts if counted else ())
    fresh: list[int] = []
    for place, part in enumerate(parts):
        if known[hash(part)] > 0:
            known[hash(part)] -= 1
        else:
            fresh.append(place)
    before = counted.tokens_in if counted else 0
    size = sum(map(len, parts))
    calling = (i for i, message in enumerate(request.messages) if isinstance(message, AIMessage) and message.tool_calls)
    return Prompt(
        tuple(map(hash, parts)),
        size,
        bound=min(size + UNSEEN, before + sum(len(parts[place]) for place in fresh)) if counted else size + UNSEEN,
        guess=before + sum(estimate_tokens(parts[place].decode("utf-8", "replace")) for place in fresh),
        fresh=frozenset(place - ahead for place in fresh),
        reply=max((len(parts[ahead + i]) for i in calling), default=0),
    )


def shown(
    request: Request, blocks: Mapping[str, str], *, note: str = "", cut: Collection[int] = (), chars: int = 0
) -> list[AnyMessage]:
    """The messages with the blocks that belong to them, and a note at the end; of those to cut, the first `chars`."""
    messages: list[AnyMessage] = []
    for place, message in enumerate(request.messages):
        if place in cut and len(message.text) > chars:
            message = message.model_copy(update={"content": f"{message.text[:chars]} [...]"})
        block = blocks.get(message.id or "")
        messages.append(_with(message, block) if block else message)
    if note and messages and isinstance(messages[-1], ToolMessage | HumanMessage):
        messages[-1] = _with(messages[-1], note)  # some models take no user's message after a tool's
    elif note:
        messages.append(HumanMessage(note))
    return messages


def without_tools(request: Request) -> Request:
    """The request with no tool to call, but for that of the form in which the answer is wanted.

    The tools stay described where they can: providers refuse an empty list, or messages about tools without them.
    """
    packages = [kind.__module__.partition(".")[0] for kind in type(request.model).__mro__]
    choice = next((NO_TOOLS[package] for package in packages if package in NO_TOOLS), "none")
    form = request.response_format
    if form is None:
        return request.override(tool_choice=choice)
    if isinstance(form, ProviderStrategy):
        told = {"tool_choice": choice} if choice and request.tools else {}
        return request.override(model_settings=request.model_settings | told)
    if isinstance(form, AutoStrategy):
        if isinstance(form.schema, dict) and "title" not in form.schema:
            return request  # its tool has a name that cannot be known here
        form = ToolStrategy(form.schema)
    return request.override(tools=[], response_format=form)


def _with(message: M, text: str) -> M:
    content = message.content
    longer = f"{content}\n\n{text}" if isinstance(content, str) else [*content, {"type": "text", "text": text}]
    return message.model_copy(update={"content": longer})


def _counted_elsewhere(request: Request, parts: tuple[bytes, ...], ahead: int, account: Account) -> Counted | None:
    """What the model counted for an earlier prompt of this thread in another process, as its reply tells."""
    if not any(charge.kind == "model" for charge in account.ledger.charges.values()):
        return None  # the messages may come from anywhere
    for place, message in reversed(list(enumerate(request.messages))):
        usage = message.usage_metadata if isinstance(message, AIMessage) else None
        if usage is not None and usage["input_tokens"] > 0:
            before = parts[: ahead + place] + parts[ahead + len(request.messages) :]
            return Counted(tuple(map(hash, before)), usage["input_tokens"])
    return None


def _sent(request: Request) -> Iterator[Any]:
    """All that goes over the wire, in the order system message, messages, tools, forms."""
    for message in (*([request.system_message] if request.system_message else ()), *request.messages):
        told: dict[str, Any] = {"role": message.type, "content": message.content}
        told |= {name: more for name, more in message.additional_kwargs.items() if name not in SAID_TWICE}
        if isinstance(message, AIMessage):
            told |= {"tool_calls": [*message.tool_calls, *message.invalid_tool_calls]}
        elif isinstance(message, ToolMessage):
            told |= {"tool_call_id": message.tool_call_id, "name": message.name}
        yield told
    for tool in request.tools:
        yield tool if isinstance(tool, dict) else convert_to_openai_tool(tool)
    form = request.response_format
    if isinstance(form, AutoStrategy | ProviderStrategy | ToolStrategy):
        yield from (spec.json_schema for spec in ToolStrategy(form.schema).schema_specs)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8", "replace")
