"""A streamed reply put together again into the form that a whole reply has."""

from collections.abc import Iterator
from typing import Any

from .wire import as_object, is_array, is_object

SET_ONCE = frozenset({"role", "id", "type", "name", "index"})
"""Strings that servers repeat in every chunk; all other strings come in pieces."""


class Assembly:
    """Collects the chunks of one reply. The last usage that was sent counts; a stream without an end is "cut"."""

    def __init__(self) -> None:
        self._message: dict[str, Any] = {"role": "assistant"}
        self._calls: dict[object, dict[str, Any]] = {}
        self._numbers: dict[object, int] = {}
        self._usage: object = None
        self._error: object = None
        self._finish = ""
        self.done = False
        """Whether the server said that nothing more follows."""

    def add(self, chunk: object) -> dict[str, Any]:
        """Take one chunk in and return its delta: each tool call with its number, and whether it is `fresh`."""
        body = as_object(chunk)
        self._usage = body.get("usage") or self._usage
        choices = body.get("choices")
        choice = as_object(choices[0]) if is_array(choices) and choices else {}
        self._error = body.get("error") or choice.get("error") or self._error
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish:
            self._finish = finish
        whole = as_object(choice.get("message"))
        self.done = self.done or bool(whole) or body.get("done") is True
        delta = dict(as_object(choice.get("delta")) or whole)
        calls = list(self._file_calls(delta.pop("tool_calls", None)))
        _merge(self._message, delta)
        return {**delta, "tool_calls": calls}

    def whole(self) -> dict[str, Any]:
        """The reply as it would have come without streaming."""
        message = dict(self._message)
        if self._calls:
            message["tool_calls"] = list(self._calls.values())
            message["content"] = message.get("content") or None  # as in a reply that was not streamed
        finish = self._finish or ("" if self.done else "cut")
        choice = {"message": message, "finish_reason": finish}
        return {"choices": [choice], "usage": self._usage, "error": self._error}

    def _file_calls(self, pieces: object) -> Iterator[dict[str, Any]]:
        for piece in map(as_object, pieces if is_array(pieces) else []):
            key = self._place(piece)
            fresh = key not in self._calls
            number = self._numbers.setdefault(key, len(self._numbers))
            call = self._calls.setdefault(key, {})
            _merge(call, {name: value for name, value in piece.items() if name != "index"})
            yield {**piece, "index": number, "fresh": fresh}

    def _place(self, piece: dict[str, Any]) -> object:
        """Which call a piece belongs to: by its index, else by its id; a piece with neither goes on with the last."""
        index, call_id = piece.get("index"), piece.get("id")
        if isinstance(index, int):
            return index
        if isinstance(call_id, str) and call_id:
            return call_id
        starts = bool(as_object(piece.get("function")).get("name"))
        return next(reversed(self._calls)) if self._calls and not starts else ("call", len(self._calls))


def _merge(whole: dict[str, Any], piece: dict[str, Any]) -> None:
    for key, value in piece.items():
        before = whole.get(key)
        if isinstance(before, str) and isinstance(value, str):
            whole[key] = (value or before) if key in SET_ONCE else before + value
        elif is_object(before) and is_object(value):
            _merge(before, value)
        elif is_array(before) and is_array(value):
            whole[key] = [*before, *value]
        elif value is not None or key not in whole:
            whole[key] = value
