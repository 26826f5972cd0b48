"""Reading what a chat model sends back, whole or in chunks.

Broken replies are the normal case: whatever comes in, the result is a Reply or a ModelError, and usage that can be
read is never lost.
"""

from dataclasses import astuple
from itertools import count
from typing import Any

import orjson

from ...tools.clean import clean, one_line
from ...tools.errors import ModelError
from .wire import MOST_TOKENS, Reply, ToolCall, Usage, as_object, is_array, is_object

TEXT_SHOWN = 300
THOUGHTS = ("reasoning_content", "reasoning")
"""Where servers put thoughts that they tell apart themselves."""
OPENING, CLOSING = "<think>", "</think>"
"""What thoughts stand between, in a text that a server does not take apart itself."""


def parse_reply(data: object, *, name: str = "the model") -> Reply:
    """Read a whole reply of a chat completions endpoint.

    The message stays as it came, but for what would make a server refuse it when it goes back: tool calls that cannot
    be read are left out, missing or repeated ids are set, and arguments that are no JSON object become `{}`.
    Raises ModelError (kind "bad_reply", or "status" for an error sent as a reply), with the usage where there is one.
    """
    body = as_object(data)
    usage = parse_usage(body.get("usage"))
    charged = astuple(usage) if usage else None
    choices = body.get("choices")
    choice = as_object(choices[0]) if is_array(choices) and choices else {}
    failure = body.get("error") or choice.get("error")
    if failure:
        raise _sent_error(failure, name, charged)
    message = choice.get("message")
    if not is_object(message):
        raise ModelError(f"{name} sent a reply without a message", kind="bad_reply", sent=True, usage=charged)
    calls, entries = _read_calls(message.get("tool_calls"))
    message = {**message, "role": "assistant", "tool_calls": entries}
    if not entries:
        del message["tool_calls"]
    finish = choice.get("finish_reason")
    text = clean(without_thoughts(text_of(message.get("content"))))
    return Reply(message, text, calls, usage, finish if isinstance(finish, str) else "")


def parse_usage(value: object) -> Usage | None:
    """Usage in the forms of OpenAI, Anthropic, Gemini, DeepSeek and their kin; None when it is missing or all zero.

    Negative counts become 0, and cached and written tokens never exceed the input. Where the total is more than input
    and output, the rest is reasoning that was left out of the output, and counts as output.
    """
    counts = as_object(value)
    details = as_object(counts.get("prompt_tokens_details") or counts.get("input_tokens_details"))
    cached = _count(details, "cached_tokens") or _count(counts, "prompt_cache_hit_tokens", "cached_tokens")
    cached = cached or _count(counts, "cache_read_input_tokens", "cachedContentTokenCount") or 0
    written = _count(details, "cache_write_tokens") or _count(counts, "cache_creation_input_tokens") or 0
    tokens_in = _count(counts, "prompt_tokens", "input_tokens", "promptTokenCount")
    tokens_out = _count(counts, "completion_tokens", "output_tokens", "candidatesTokenCount")
    total = _count(counts, "total_tokens", "totalTokenCount")
    if tokens_in is None or (tokens_out is None and total is None):
        return None
    if "prompt_tokens" not in counts:  # Anthropic's own form counts cached input apart
        tokens_in += _count(counts, "cache_read_input_tokens") or 0
        tokens_in += written
    tokens_out = max(tokens_out or 0, (total or 0) - tokens_in)
    if not (tokens_in or tokens_out):
        return None
    cached = min(cached, tokens_in)
    return Usage(tokens_in, tokens_out, cached, min(written, tokens_in - cached))


def text_of(content: object) -> str:
    """The text of a message's content: a string, or a list of parts of which the text parts are joined."""
    if isinstance(content, str):
        return content
    if not is_array(content):
        return ""
    texts: list[str] = []
    for part in content:
        text = part if isinstance(part, str) else as_object(part).get("text")
        if isinstance(text, str):
            texts.append(text)
    return "".join(texts)


def is_thoughts_alone(reply: Reply) -> bool:
    """Whether a reply was cut off before its first word or call: the model was still thinking."""
    held = any(text_of(reply.message.get(name)) for name in THOUGHTS) or OPENING in text_of(
        reply.message.get("content")
    )
    return reply.truncated and not reply.text and not reply.calls and held


def without_thoughts(text: str) -> str:
    """The text without <think> parts; one never closed runs to the end, one never opened starts at the beginning."""
    opening = text.find(OPENING)
    closing = text.find(CLOSING)
    if closing >= 0 and not 0 <= opening < closing:
        text = text[closing + len(CLOSING) :]
        opening = text.find(OPENING)
    kept: list[str] = []
    start = 0
    while opening >= 0:
        kept.append(text[start:opening])
        closing = text.find(CLOSING, opening)
        if closing < 0:
            return "".join(kept).strip()
        start = closing + len(CLOSING)
        opening = text.find(OPENING, start)
    return "".join((*kept, text[start:])).strip()


def _sent_error(failure: object, name: str, usage: tuple[int, int, int] | None) -> ModelError:
    """An error that came with status 200, as OpenRouter sends it."""
    text, code = one_line(error_text(failure), TEXT_SHOWN), as_object(failure).get("code")
    if isinstance(code, int) and 400 <= code < 600:
        kind = "status" if code == 429 or code >= 500 else "rejected"
        return ModelError(f"{name} answered with error {code}: {text}", kind=kind, sent=True, status=code, usage=usage)
    return ModelError(f"{name} answered with an error: {text}", kind="bad_reply", sent=True, usage=usage)


def error_text(failure: object) -> str:
    """The message of a server's error object, in any of its usual forms."""
    if is_array(failure) and failure:
        return error_text(failure[0])
    if not is_object(failure):
        return failure if isinstance(failure, str) else ""
    for key in ("error", "message", "detail", "msg"):
        text = error_text(failure.get(key))
        if text:
            return text
    return ""


def _count(counts: dict[str, Any], *keys: str) -> int | None:
    """The first of these counts that is a number, from 0 to MOST_TOKENS."""
    for key in keys:
        value = counts.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
            return int(min(max(value, 0), MOST_TOKENS))
    return None


def _read_calls(entries: object) -> tuple[tuple[ToolCall, ...], list[dict[str, Any]]]:
    """The tool calls of a message, and the entries for them that no server refuses when they go back."""
    named = [as_object(entry) for entry in entries if _function_name(entry)] if is_array(entries) else []
    sent_ids = {entry.get("id") for entry in named if isinstance(entry.get("id"), str)}
    free_ids = (name for name in map("call_{}".format, count()) if name not in sent_ids)
    used: set[str] = set()
    calls: list[ToolCall] = []
    wire: list[dict[str, Any]] = []
    for entry in named:
        call_id, function = entry.get("id"), as_object(entry["function"])
        if not isinstance(call_id, str) or not call_id or call_id in used:
            call_id = next(free_ids)
            entry = {**entry, "id": call_id}
        used.add(call_id)
        sent = function.get("arguments")
        arguments, raw = read_arguments(sent)
        told = raw if arguments else "{}"
        if not is_object(sent) and told != sent:
            entry = {**entry, "function": {**function, "arguments": told}}
        calls.append(ToolCall(call_id, function["name"], arguments, raw))
        wire.append(entry)
    return tuple(calls), wire


def _function_name(entry: object) -> str:
    name = as_object(as_object(entry).get("function")).get("name")
    return name if isinstance(name, str) else ""


def read_arguments(value: object) -> tuple[dict[str, Any] | None, str]:
    """Arguments of a tool call and their raw text: nothing at all is {}, what is no JSON object is None."""
    if is_object(value):
        return value, orjson.dumps(value).decode()
    if value is None:
        return {}, ""
    if not isinstance(value, str):
        return None, str(value)
    if not value.strip():
        return {}, value
    try:
        arguments: object = orjson.loads(value)
        if isinstance(arguments, str):  # some models write JSON into a string of JSON
            value, arguments = arguments, orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return None, value
    return (arguments if is_object(arguments) else None), value
