"""Calls one by one: each prompt as it was sent, and each reply. A message is shown once, and led to afterwards."""

import json
from collections.abc import Generator
from typing import Any

from ...tools.clean import clean, one_line
from ...tools.shapes import is_list
from ..llm.wire import as_object
from .lines import Json, Prompt
from .markup import Html, element, link, outside
from .parts import apart, chip
from .reader import Traced
from .story import Call

STATES = {"done": "done", "free": "free", "failed": "failed", "refused": "refused", "started": "not ended"}
FIRST_WORDS = 100
LEAST_S = 0.01
"""What took less is not told to have taken any time."""
LOST = "This message is not in the file."
OWN = frozenset({"role", "content", "tool_calls", "tool_call_id"})


class CallList:
    """The calls of one question as items of a list. `prefix` keeps the names of several questions apart."""

    def __init__(self, traced: Traced, prefix: str) -> None:
        self._traced = traced
        self._prefix = prefix
        self._shown: dict[str, str] = {}
        """Messages and tools that were shown, with where that was."""

    def item(self, call: Call) -> Html:
        """One call: a line that opens where there is more to it."""
        attributes: dict[str, object] = {"data_tool": call.row, "data_state": STATES[call.state]}
        attributes |= {"id": f"{self._prefix}c{call.number}", "class_": "call"}
        if call.prompt is None:
            return element("li", element("div", *self._head(call), class_="line"), **attributes)
        inside = element("div", *self._model(call, call.prompt), class_="inside")
        return element("li", element("details", element("summary", *self._head(call)), inside), **attributes)

    def _head(self, call: Call) -> Generator[Html | str]:
        yield element("span", f"{call.number}.", class_="count")
        yield element("b", one_line(call.row, 40))
        if call.state != "done":
            yield chip(STATES[call.state], call.state)
        if call.tool == "browse":
            yield link(call.what)
        else:
            yield outside(self._said(call) if call.tool == "model" else call.what)
        if call.detail:
            yield outside(call.detail, class_="fault" if call.state == "failed" else "came")
        yield element("small", *apart(_figures(call)))

    def _said(self, call: Call) -> str:
        """What a reply asks for, or its first words; what is written for a program says little in a line."""
        message = self._traced.messages.get(call.reply.message, {}) if call.reply is not None else {}
        calls, content = message.get("tool_calls"), message.get("content")
        names = [
            str(as_object(as_object(one).get("function")).get("name")) for one in (calls if is_list(calls) else ())
        ]
        if names or not isinstance(content, str) or content.startswith("{"):
            return f"asks for {', '.join(dict.fromkeys(names))}" if names else ""
        return one_line(content, FIRST_WORDS)

    def _model(self, call: Call, prompt: Prompt) -> Generator[Html]:
        reply = call.reply
        told = [f"model {prompt.model}", f"attempt {prompt.attempt}", f"at most {prompt.max_tokens:,} tokens of reply"]
        yield outside("; ".join([*told, f"charge {prompt.charge}"]), "p", class_="note")
        yield element("p", f"Prompt, {len(prompt.messages)} messages", class_="part")
        sent = [element("li", self._message(name, f"the prompt of call {call.number}")) for name in prompt.messages]
        sent += [element("li", self._tools(prompt.tools, call))] if prompt.tools else []
        yield element("ol", *sent, class_="messages")
        if reply is None:
            yield element("p", "No reply came.", class_="note")
            return
        cached = f", {reply.tokens_cached:,} of them cached" if reply.tokens_cached else ""
        counts = f"{reply.tokens_in:,} tokens in{cached}, {reply.tokens_out:,} out; ended with {reply.finish_reason}"
        yield element("p", "Reply, ", one_line(counts, 200), class_="part")
        yield element("div", self._message(reply.message, f"the reply of call {call.number}", is_open=True))

    def _message(self, name: str, where: str, *, is_open: bool = False) -> Html:
        message = self._traced.messages.get(name)
        if message is None:
            return element("p", LOST, class_="note")
        text = message_text(message)
        role = one_line(str(message.get("role", "")), 20) or "message"
        head = [element("b", role), element("small", f" {len(text):,} characters ")]
        return self._once(name, where, head, text, is_open=is_open)

    def _tools(self, name: str, call: Call) -> Html:
        tools = self._traced.tools.get(name)
        if tools is None:
            return element("p", LOST, class_="note")
        text = "\n\n".join(json.dumps(tool, indent=2, ensure_ascii=False) for tool in tools)
        head = [element("b", "tools"), element("small", f" {len(tools)} offered ")]
        return self._once(name, f"the prompt of call {call.number}", head, text)

    def _once(self, name: str, where: str, head: list[Html], text: str, *, is_open: bool = False) -> Html:
        """The text at its first place; at any other a link to that."""
        anchor = f"{self._prefix}m-{name}"
        if name in self._shown:
            return element("p", *head, element("a", f"as in {self._shown[name]}", href=f"#{anchor}"))
        self._shown[name] = where
        first = outside(one_line(text, FIRST_WORDS), class_="first")
        body = element("pre", clean(text), dir="auto", tabindex="0")
        return element("details", element("summary", *head, first), body, id=anchor, open=is_open)


def _figures(call: Call) -> Generator[Html]:
    """When it was, how long it took, and what it came to."""
    yield element("span", f"at {call.start:,.2f} s")
    if call.end is not None and call.end - call.start >= LEAST_S:
        yield element("span", f"{call.end - call.start:,.2f} s")
    if call.reply is not None:
        yield element("span", f"{call.reply.tokens_in:,} + {call.reply.tokens_out:,} tokens")
    if call.chars:
        yield element("span", f"{call.chars:,} characters")
    if call.proved:
        yield element("span", f"proves {' '.join(call.proved)}", class_="proved")
    if call.marks:
        yield element("span", ", ".join(call.marks))


def message_text(message: Json) -> str:
    """All of a message as text: what it says, the calls that it asks for, and whatever else it holds."""
    content = message.get("content")
    parts = [content if isinstance(content, str) else _json(content)] if content else []
    calls = message.get("tool_calls")
    parts += [_call_text(call) for call in (calls if is_list(calls) else ())]
    parts += [f"{name}: {_json(value)}" for name, value in message.items() if name not in OWN and value]
    if answered := message.get("tool_call_id"):
        parts.insert(0, f"(answers the call {answered})")
    return "\n\n".join(parts)


def _call_text(call: Any) -> str:
    function = as_object(as_object(call).get("function"))
    raw = function.get("arguments")
    try:
        arguments = _json(json.loads(raw)) if isinstance(raw, str) else _json(raw)
    except (ValueError, RecursionError):
        arguments = str(raw)
    return f"(calls {function.get('name')}) {arguments}"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
