"""One tiny message to a model: whether it replies, how soon, whether in pieces, and whether it makes tool calls."""

import time
from dataclasses import dataclass
from typing import Any, Literal

from .protocol import read_text_calls
from .wire import Adapted, Chat, Options, Part, Reply, Stream, Streaming, Usage

ASKED = "Call the tool `note` once, with the text: the tools are ready. Say nothing else."
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "note",
        "description": "Take a note.",
        "parameters": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    },
}
MOST_TOKENS_OUT = 512
"""Enough for a model that thinks before it replies."""
REST_S = 120.0
"""What a reply may take in all, once it could have begun."""
REQUESTS = 4
"""A server may refuse tools, streaming and one more parameter."""

Calls = Literal["made", "in text", "none", "refused"]


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it. Times are in seconds, of the last request; `pieces` is 0 where the reply came as a whole."""

    requests: int
    calls: Calls
    pieces: int
    first_s: float
    whole_s: float
    usage: Usage | None
    said: bool
    """Whether there was anything in the reply but thoughts."""


class _Watch:
    """When the pieces of a reply came."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.first_s: float | None = None
        self.pieces = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def tell(self, part: Part, text: str) -> None:
        self.first_s = self.seconds if self.first_s is None else self.first_s
        self.pieces += 1


async def try_model(chat: Chat, *, first_s: float) -> Trial:
    """Ask for one tool call. `first_s` is how long the reply may take to begin. The requests are real ones.

    Raises ModelError when the model cannot be asked.
    """
    requests, watch, reply = 0, _Watch(), None
    while reply is None:
        requests, watch = requests + 1, _Watch()
        try:
            reply = await chat.complete([{"role": "user", "content": ASKED}], **_options(chat, watch, first_s))
        except Adapted:
            if requests == REQUESTS:
                raise
    whole_s = watch.seconds
    said = bool(reply.text or reply.calls)
    first = whole_s if watch.first_s is None else watch.first_s
    return Trial(requests, _calls(chat, reply), watch.pieces, first, whole_s, reply.usage, said)


def _options(chat: Chat, watch: _Watch, first_s: float) -> Options:
    options: Options = {"max_tokens": MOST_TOKENS_OUT, "timeout": first_s + REST_S}
    if chat.takes_tools:
        options["tools"] = [TOOL]
    if isinstance(chat, Streaming) and chat.streams:
        options["stream"] = Stream(watch.tell, first_s)
    return options


def _calls(chat: Chat, reply: Reply) -> Calls:
    if not chat.takes_tools:
        return "refused"
    if reply.calls:
        return "made"
    return "in text" if read_text_calls(reply, [TOOL]).calls else "none"
