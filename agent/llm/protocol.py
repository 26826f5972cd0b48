"""Tool calls through plain text, for models and servers without tool calling."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...prompts import render
from ...tools.shapes import is_list, is_mapping
from .verdicts import read_object
from .wire import Reply, ToolCall


def as_text(messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conversation without tool messages: calls as JSON text, results as user messages, the tools explained."""
    described = "\n".join(json.dumps(tool["function"], ensure_ascii=False) for tool in tools)
    shown: list[dict[str, Any]] = []
    for message in messages:
        role, content = message["role"], message.get("content") or ""
        if role == "assistant" and message.get("tool_calls"):
            calls = [_spoken(call) for call in message["tool_calls"]]
            content = f"{content}\n{json.dumps({'calls': calls}, ensure_ascii=False)}".strip()
        elif role == "tool":
            role = "user"
        if shown and shown[-1]["role"] == role == "user":
            shown[-1] = {"role": role, "content": f"{shown[-1]['content']}\n\n{content}"}
        else:
            shown.append({"role": role, "content": content})
    if shown and shown[0]["role"] == "system":
        shown[0] = {"role": "system", "content": shown[0]["content"] + render("protocol", tools=described)}
    return shown


def read_text_calls(reply: Reply) -> Reply:
    """A reply with the tool calls that its text holds; the text itself stays as the model's own words."""
    found = read_object(reply).data.get("calls")
    calls: list[ToolCall] = []
    wire: list[dict[str, Any]] = []
    for item in found if is_list(found) else ():
        if not is_mapping(item) or not isinstance(item.get("name"), str):
            continue
        arguments = item.get("arguments")
        raw = json.dumps(arguments, ensure_ascii=False)
        call = ToolCall(f"call_{len(calls)}", item["name"], dict(arguments) if is_mapping(arguments) else None, raw)
        calls.append(call)
        wire.append({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": raw}})
    if not calls:
        return reply
    message = {"role": "assistant", "content": reply.text.partition('{"calls"')[0].strip(), "tool_calls": wire}
    return replace(reply, message=message, calls=tuple(calls))


def _spoken(call: dict[str, Any]) -> dict[str, Any]:
    function: dict[str, Any] = call.get("function") or {}
    arguments: Any = function.get("arguments") or "{}"
    if isinstance(arguments, str):
        with contextlib.suppress(ValueError):
            arguments = json.loads(arguments)
    return {"name": function.get("name", ""), "arguments": arguments}
