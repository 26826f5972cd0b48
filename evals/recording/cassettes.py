"""A cassette is one recorded run: every request with its reply, the failures, the clock readings and what was asked.

The file is JSON. `interactions` has the shape of vcrpy's own JSON cassettes, so vcrpy can play the file too; `order`
numbers all requests, failed ones included, in the order in which they were sent.
"""

import os
import re
import secrets
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from ...tools.clean import one_line
from ...tools.errors import CassetteError
from .entries import VERSION, body_bytes, checked, is_chat, is_list, is_object

MAX_BYTES = 64_000_000
"""The largest file that is read or written."""

_LAYOUT = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")

_META_FIRST = ("question", "budget", "strategy", "model", "replies", "created", "version")
_QUERY_PARAMETERS = ("q", "query", "srsearch", "gsrsearch")


@dataclass(frozen=True, slots=True)
class Cassette:
    """One recorded run, as it stands in the file."""

    meta: dict[str, Any]
    """question, budget, strategy, model, how the replies were made, created, version; question at least."""
    interactions: list[dict[str, Any]]
    failures: list[dict[str, Any]]
    """Requests that got no reply: `request`, `order`, and `error` with kind and text."""
    clock: list[float]
    """What the run's clock showed at each reading, in seconds."""
    path: str = ""

    @property
    def name(self) -> str:
        return PurePath(self.path).stem or "cassette"

    @property
    def question(self) -> str:
        return str(self.meta["question"])

    def events(self) -> list[dict[str, Any]]:
        """Interactions and failures together, in the order in which the requests were sent."""
        return sorted([*self.interactions, *self.failures], key=lambda event: event["order"])


def load_cassette(source: Path | Traversable) -> Cassette:
    """Read and check one cassette file; raises CassetteError, one line that names the file and the fault."""
    try:
        with source.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CassetteError(f"cassette {source} cannot be read: {error.strerror or error}") from error
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES} bytes")
        document = checked(orjson.loads(data))
    except ValueError as error:
        raise CassetteError(f"cassette {source} cannot be used: {error}") from error
    return Cassette(
        document["meta"], document["interactions"], document["failures"], document["clock"], path=str(source)
    )


def save_cassette(cassette: Cassette, path: Path) -> None:
    """Check the cassette and write it to `path` in one step: whatever goes wrong, an older file stays whole."""
    data = check_cassette(cassette, path)
    try:
        _write_whole(path, data)
    except OSError as error:
        raise CassetteError(f"cassette {path} was not written: {error.strerror or error}") from error


def check_cassette(cassette: Cassette, path: Path) -> bytes:
    """The bytes that `save_cassette` would write to `path`; CassetteError when cassette or name cannot be used."""
    if path.suffix != ".json":
        raise CassetteError(f"cassette {path} cannot be written: its name must end in .json")
    check_name(path.stem)
    parts = {name: getattr(cassette, name) for name in ("meta", "interactions", "failures", "clock")}
    try:
        data = orjson.dumps(checked({"version": VERSION} | parts), option=_LAYOUT)
    except (TypeError, ValueError) as error:
        raise CassetteError(f"cassette {path} cannot be written: {error}") from error
    if len(data) > MAX_BYTES:
        raise CassetteError(f"cassette {path} cannot be written: {len(data)} bytes are over the limit of {MAX_BYTES}")
    return data


def check_name(name: str) -> str:
    """The name itself when it can name a cassette; CassetteError otherwise."""
    if _NAME.fullmatch(name):
        return name
    better = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:100] or "my-question"
    raise CassetteError(
        f"cassette name {name!r} cannot be used: letters, digits and dashes only, for example {better!r}"
    )


def cassette_names() -> list[str]:
    """The names of the cassettes that ship with the package, sorted."""
    return sorted(item.name.removesuffix(".json") for item in _bundled().iterdir() if item.name.endswith(".json"))


def open_bundled(name: str) -> Cassette:
    """Load a cassette that ships with the package; raises CassetteError, with the names there are."""
    item = _bundled().joinpath(f"{check_name(name)}.json")
    if not item.is_file():
        raise CassetteError(f"no cassette is named {name!r}; there are: {', '.join(cassette_names()) or 'none'}")
    return load_cassette(item)


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


def _bundled() -> Traversable:
    return files(f"{(__package__ or '').rsplit('.', 2)[0]}.cassettes")


def _write_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with fresh.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


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
