"""Messages in langchain's form and in the wire's, both ways, losing nothing that a provider wants back."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    UsageMetadata,
    convert_to_openai_messages,
)
from langchain_core.messages.tool import invalid_tool_call, tool_call, tool_call_chunk

from .replies import read_arguments, text_of
from .wire import Reply, Usage, as_object, dump_json, is_array, load_json

WRITTEN = ("cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
"""What langchain's chat models count as put into a cache; where the parts are told, the first one is 0."""

VERBATIM_CALLS = "wire_tool_calls"
ORIGIN = "langchain"
"""Under this key an assistant message on the wire keeps what only langchain's form of it can hold."""

_PLAIN_FIELDS = frozenset({"role", "content", "tool_calls"})
_KEPT_METADATA = ("model_provider", "output_version")


def to_wire(messages: Sequence[BaseMessage]) -> list[dict[str, Any]]:
    """Langchain's messages as wire dicts; what `from_reply` kept of a reply goes back as it came."""
    return [_one_to_wire(message) for message in messages]


def _one_to_wire(message: BaseMessage) -> dict[str, Any]:
    wire = as_object(convert_to_openai_messages(message))
    if not isinstance(message, AIMessage):
        return wire
    kept: dict[str, Any] = dict(message.additional_kwargs)
    sent = {call["id"]: call for call in map(as_object, kept.pop(VERBATIM_CALLS, ())) if "id" in call}
    kept.pop("tool_calls", None)
    if message.tool_calls or message.invalid_tool_calls:
        ids = [call["id"] for call in (*message.tool_calls, *message.invalid_tool_calls)]
        written = {call.get("id"): call for call in map(as_object, wire.get("tool_calls", ()))}
        wire["tool_calls"] = [call for key in ids if (call := sent.get(key) or written.get(key))]
    return {**kept, **wire}


def from_reply(reply: Reply, model: str) -> AIMessage:
    """A reply in langchain's form; fields that it has no place for are kept in `additional_kwargs`."""
    content = reply.message.get("content")
    good = [call for call in reply.calls if call.arguments is not None]
    bad = [call for call in reply.calls if call.arguments is None]
    return AIMessage(
        content=content if isinstance(content, str) else text_of(content),
        additional_kwargs=_extras(reply),
        tool_calls=[tool_call(name=call.name, args=call.arguments or {}, id=call.id) for call in good],
        invalid_tool_calls=[
            invalid_tool_call(name=call.name, args=call.raw, id=call.id, error="not a JSON object") for call in bad
        ],
        usage_metadata=_usage_metadata(reply.usage),
        response_metadata={"finish_reason": reply.finish_reason, "model_name": model},
    )


def from_delta(delta: dict[str, Any]) -> AIMessageChunk:
    """One piece of a streamed reply: text and parts of tool calls."""
    pieces = [as_object(piece) for piece in delta.get("tool_calls", ())]
    return AIMessageChunk(content=text_of(delta.get("content")), tool_call_chunks=[_call_chunk(p) for p in pieces])


def closing_chunk(reply: Reply, model: str) -> AIMessageChunk:
    """The last piece of a streamed reply: its usage, and what is known only at the end."""
    return AIMessageChunk(
        content="",
        additional_kwargs=_extras(reply),
        usage_metadata=_usage_metadata(reply.usage),
        response_metadata={"finish_reason": reply.finish_reason, "model_name": model},
        chunk_position="last",
    )


def from_wire(messages: Sequence[dict[str, Any]]) -> list[BaseMessage]:
    """Wire dicts as langchain's messages. Roles it does not know are sent as the user's."""
    return [_one_from_wire(message) for message in messages]


def _one_from_wire(message: dict[str, Any]) -> BaseMessage:
    role, content = message.get("role"), message.get("content") or ""
    if role in ("system", "developer"):
        return SystemMessage(content)
    if role == "tool":
        return ToolMessage(content, tool_call_id=str(message.get("tool_call_id", "")))
    if role != "assistant":
        return HumanMessage(content)
    origin = as_object(message.get(ORIGIN))
    if origin.get("content") and text_of(origin["content"]) == content:
        content = origin["content"]
    entries = message.get("tool_calls")
    return AIMessage(
        content=content,
        id=origin.get("id"),
        additional_kwargs=as_object(origin.get("additional_kwargs")),
        response_metadata=as_object(origin.get("response_metadata")),
        tool_calls=[
            tool_call(
                name=str(as_object(entry.get("function")).get("name", "")),
                args=read_arguments(as_object(entry.get("function")).get("arguments"))[0] or {},
                id=entry.get("id"),
            )
            for entry in map(as_object, entries if is_array(entries) else ())
        ],
    )


def as_delta(chunk: BaseMessage) -> dict[str, Any]:
    """One piece of a langchain model's stream, in the form of an Assembly's deltas."""
    pieces = chunk.tool_call_chunks if isinstance(chunk, AIMessageChunk) else []
    thoughts = [str(block.get("reasoning") or "") for block in chunk.content_blocks if block["type"] == "reasoning"]
    return {
        "content": text_of(chunk.content),
        "reasoning": "".join(thoughts),
        "tool_calls": [
            {"function": {"name": piece["name"], "arguments": piece["args"]}, "fresh": bool(piece["name"])}
            for piece in pieces
        ],
    }


def wire_reply(message: BaseMessage) -> dict[str, Any]:
    """A langchain model's message in the form of a whole reply on the wire, for `parse_reply`."""
    text = text_of(message.content)
    wire: dict[str, Any] = {"role": "assistant", "content": text}
    metadata = as_object(message.response_metadata)
    origin: dict[str, Any] = {"id": message.id, "additional_kwargs": message.additional_kwargs}
    origin["response_metadata"] = {name: metadata[name] for name in _KEPT_METADATA if name in metadata}
    if message.content != text:
        origin["content"] = message.content
    usage: dict[str, Any] = {}
    if isinstance(message, AIMessage):
        calls = [(call["id"], call["name"], dump_json(call["args"]).decode()) for call in message.tool_calls]
        calls += [(call["id"], call["name"] or "", call["args"] or "") for call in message.invalid_tool_calls]
        if isinstance(message, AIMessageChunk):  # langchain closes what was cut off, and takes it for whole
            calls = [(call["id"], call["name"] or "", call["args"] or "") for call in message.tool_call_chunks]
        wire["tool_calls"] = [
            {"id": key, "type": "function", "function": {"name": name, "arguments": raw}} for key, name, raw in calls
        ]
        usage = _counted(message.usage_metadata)
    plain = _plain(origin)
    if plain:
        wire[ORIGIN] = plain
    finish = metadata.get("finish_reason") or metadata.get("stop_reason") or metadata.get("done_reason")
    if isinstance(message, AIMessageChunk):
        finish = finish or "cut"  # a stream that ended without saying so may have broken off
    return {"choices": [{"message": wire, "finish_reason": finish}], "usage": usage}


def _extras(reply: Reply) -> dict[str, Any]:
    extras = {name: value for name, value in reply.message.items() if name not in _PLAIN_FIELDS}
    return {**extras, VERBATIM_CALLS: reply.message["tool_calls"]} if reply.calls else extras


def _call_chunk(piece: dict[str, Any]) -> Any:
    """Langchain joins the names and ids of pieces, so they may stand only in the first one."""
    function, fresh = as_object(piece.get("function")), piece["fresh"]
    arguments = function.get("arguments")
    return tool_call_chunk(
        name=function.get("name") if fresh else None,
        args=arguments if isinstance(arguments, str) else read_arguments(arguments)[1],
        id=piece.get("id") if fresh else None,
        index=piece["index"],
    )


def _usage_metadata(usage: Usage | None) -> UsageMetadata | None:
    if usage is None:
        return None
    return UsageMetadata(
        input_tokens=usage.tokens_in,
        output_tokens=usage.tokens_out,
        total_tokens=usage.tokens_in + usage.tokens_out,
        input_token_details={"cache_read": usage.tokens_cached, "cache_creation": usage.tokens_written},
    )


def _counted(usage: UsageMetadata | None) -> dict[str, Any]:
    """Langchain's usage in OpenAI's form; its input includes what was cached, its output the reasoning."""
    if usage is None:
        return {}
    told: Mapping[str, Any] = usage.get("input_token_details", {})
    written = sum(told.get(name) or 0 for name in WRITTEN)
    counts = {"prompt_tokens": usage["input_tokens"], "completion_tokens": usage["output_tokens"]}
    return {
        **counts,
        "prompt_tokens_details": {"cached_tokens": told.get("cache_read", 0), "cache_write_tokens": written},
    }


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """What of `value` a checkpoint can hold: JSON data only."""
    plain: dict[str, Any] = {}
    for name, part in value.items():
        try:
            plain[name] = load_json(dump_json(part))
        except (TypeError, ValueError):
            continue
    return {name: part for name, part in plain.items() if part}
