"""A streamed reply as it is told to whoever watches: words, thoughts and calls apart, wherever the pieces are cut."""

from collections.abc import Callable
from typing import Any

from .replies import CLOSING, OPENING, THOUGHTS, text_of
from .wire import Part, as_object


class Pieces:
    """Tells what stands in each delta of one reply. `thinking` says that the model's replies begin within a thought."""

    def __init__(self, tell: Callable[[Part, str], None], *, thinking: bool = False) -> None:
        self._tell = tell
        self._thinking = thinking
        self._held = ""
        """The end of what came, where it may be the beginning of a mark."""
        self._calls = 0
        self.unopened = False
        """Whether a thought was closed that nothing had opened: what was told before that was none of its words."""

    def add(self, delta: dict[str, Any]) -> bool:
        """Tell what is in a delta of an Assembly. Whether there was anything in it."""
        thoughts = next((text for name in THOUGHTS if (text := text_of(delta.get(name)))), "")
        words = text_of(delta.get("content"))
        self._say("thought", thoughts)
        self._read(words)
        called = [self._call(as_object(piece)) for piece in delta.get("tool_calls") or ()]
        return bool(thoughts or words or any(called))

    def close(self) -> None:
        """Tell what was held back: nothing more comes."""
        held, self._held = self._held, ""
        self._say("thought" if self._thinking else "text", held)

    def _read(self, words: str) -> None:
        text = self._held + words
        while True:
            marks = (CLOSING,) if self._thinking else (OPENING, CLOSING)
            place, mark = min(((text.find(mark), mark) for mark in marks if mark in text), default=(-1, ""))
            if place < 0:
                break
            self._say("thought" if self._thinking else "text", text[:place])
            self.unopened = self.unopened or (mark == CLOSING and not self._thinking)
            self._thinking = mark == OPENING
            text = text[place + len(mark) :]
        kept = max(_begun(text, mark) for mark in marks)
        self._held = text[len(text) - kept :]
        self._say("thought" if self._thinking else "text", text[: len(text) - kept])

    def _call(self, piece: dict[str, Any]) -> str:
        """The name of a call, and then its arguments as they come; each call begins a line."""
        function = as_object(piece.get("function"))
        name, arguments = function.get("name"), function.get("arguments")
        text = arguments if isinstance(arguments, str) else ""
        if piece.get("fresh"):
            text = f"{chr(10) if self._calls else ''}{name if isinstance(name, str) else ''} {text}"
            self._calls += 1
        self._say("call", text)
        return text

    def _say(self, part: Part, text: str) -> None:
        if text:
            self._tell(part, text)


def _begun(text: str, mark: str) -> int:
    """How many characters at the end of a text may be the beginning of a mark."""
    return next((size for size in range(min(len(text), len(mark) - 1), 0, -1) if text.endswith(mark[:size])), 0)
