"""Tool calls through plain text, for models and servers without tool calling."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...prompts import render
from ...tools.shapes import is_list, is_mapping
from .text_calls import text_calls
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


def read_text_calls(reply: Reply, tools: Sequence[dict[str, Any]]) -> Reply:
    """A reply with the calls of these tools that its text holds; the text before them stays as the model's own words.

    What was cut off calls nothing. Arguments that had to be mended are left to whoever takes the call, as raw text.
    """
    if reply.calls or reply.truncated:
        return reply
    offered = {tool["function"]["name"]: [*tool["function"]["parameters"].get("properties", ())] for tool in tools}
    found = read_object(reply).data.get("calls")
    named = [item for item in found if is_mapping(item) and isinstance(item.get("name"), str)] if is_list(found) else []
    if named:  # as we asked for it
        said, made = reply.text.partition('{"calls"')[0], [(item["name"], item.get("arguments")) for item in named]
    else:
        said, made = text_calls(reply.text, offered)
    if not made:
        return reply
    calls = tuple(_call(number, name, given) for number, (name, given) in enumerate(made))
    wire = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": _sent(call)}} for call in calls
    ]
    message = {"role": "assistant", "content": said.strip(), "tool_calls": wire}
    return replace(reply, message=message, calls=calls)


def _call(number: int, name: str, given: object) -> ToolCall:
    raw = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return ToolCall(f"call_{number}", name, dict(given) if is_mapping(given) else None, raw)


def _sent(call: ToolCall) -> str:
    """What goes back to the model, and through servers that want an object there."""
    return "{}" if call.arguments is None else call.raw


def _spoken(call: dict[str, Any]) -> dict[str, Any]:
    function: dict[str, Any] = call.get("function") or {}
    arguments: Any = function.get("arguments") or "{}"
    if isinstance(arguments, str):
        with contextlib.suppress(ValueError):
            arguments = json.loads(arguments)
    return {"name": function.get("name", ""), "arguments": arguments}
