"""What is in a cassette, as text to read."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from ...tools.clean import one_line
from .cassettes import Cassette
from .entries import body_bytes, is_chat, is_list, is_object

_META_FIRST = ("question", "case", "budget", "strategy", "model", "replies", "created", "version")
_QUERY_PARAMETERS = ("q", "query", "srsearch", "gsrsearch")


def show(cassette: Cassette) -> str:
    """The cassette as text to read: what was asked, then a numbered line for each request, in order."""
    lines = [f"cassette: {cassette.name}"]
    lines += [f"{one_line(key)}: {_value(cassette.meta[key], 200)}" for key in _META_FIRST if key in cassette.meta]
    lines += [
        f"{one_line(key)}: {_value(value, 200)}" for key, value in cassette.meta.items() if key not in _META_FIRST
    ]
    lines.append(
        f"{len(cassette.interactions)} replies, {len(cassette.failures)} failures, {len(cassette.clock)} clock readings"
    )
    lines += [f"{number} {one_line(_told(event))}" for number, event in enumerate(cassette.events(), 1)]
    return "\n".join(lines)


def _told(event: dict[str, Any]) -> str:
    request: dict[str, Any] = event["request"]
    method, url, body = request["method"], request["uri"], body_bytes(request.get("body"))
    chat = is_chat(method, url)
    if "error" in event:
        outcome = f"{event['error']['kind']}: {event['error']['text']}"
    elif chat and event["response"]["status"]["code"] == 200:
        outcome = _reply(body_bytes(event["response"]["body"]))
    else:
        outcome = _page(event["response"])
    return f"{_asked(url, body) if chat else _wanted(method, url)} -> {one_line(outcome, 300)}"


def _asked(url: str, body: bytes) -> str:
    wanted = _parsed(body)
    messages = wanted.get("messages")
    count = len(messages) if is_list(messages) else 0
    return f"model turn, {count} messages to {wanted.get('model', url)}"


def _wanted(method: str, url: str) -> str:
    parameters = parse_qs(urlsplit(url).query)
    query = next((parameters[name][0] for name in _QUERY_PARAMETERS if name in parameters), None)
    if method == "GET" and query is not None:
        return f"search {one_line(query, 120)!r} at {urlsplit(url).hostname}"
    return f"{'page' if method == 'GET' else method} {url}"


def _page(response: dict[str, Any]) -> str:
    types: list[str] = response["headers"].get("content-type", [""])
    size = len(body_bytes(response["body"]))
    return f"{response['status']['code']} {types[0].partition(';')[0]} {size} bytes"


def _reply(body: bytes) -> str:
    """What the model said: its tool calls, then its text."""
    choices = _parsed(body).get("choices")
    choice = choices[0] if is_list(choices) and choices else None
    message = choice.get("message") if is_object(choice) else None
    if not is_object(message):
        return f"unreadable reply of {len(body)} bytes"
    calls = message.get("tool_calls")
    functions = [call.get("function") for call in calls if is_object(call)] if is_list(calls) else []
    told = [f"{call.get('name')}({call.get('arguments')})" for call in functions if is_object(call)]
    return "; ".join([*(one_line(call, 140) for call in told), one_line(str(message.get("content") or ""), 140)])


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if is_object(value) else {}


def _value(value: object, max_chars: int) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return one_line(text, max_chars)
