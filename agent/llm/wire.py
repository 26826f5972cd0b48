"""What goes over the wire to a chat model and back: plain dicts in OpenAI's form, and the types they are read into.

Nothing here opens a connection or imports langchain.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypedDict, TypeGuard, Unpack, runtime_checkable

import orjson

from ...tools.errors import ModelError

MOST_TOKENS = 10**9
"""In one call. More than any model takes, and small enough that its price still fits into 64 bits."""
CUT_SHORT = frozenset({"length", "max_tokens", "max_output_tokens", "cut"})


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call as the server counted them: input with its cached part, output with its reasoning part."""

    tokens_in: int
    tokens_out: int
    tokens_cached: int = 0
    """Of the input: read from the provider's cache, which is cheaper."""
    tokens_written: int = 0
    """Of the input: put into the provider's cache, which some charge extra for."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call that a model asks for. `arguments` is None when `raw` does not hold a JSON object."""

    id: str
    name: str
    arguments: dict[str, Any] | None
    raw: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's reply. `message` goes back to the model as it came; `text` is cleaned and free of <think> parts."""

    message: dict[str, Any]
    text: str
    calls: tuple[ToolCall, ...]
    usage: Usage | None
    finish_reason: str

    @property
    def truncated(self) -> bool:
        """Whether the reply was cut off at its token limit, or its stream broke off."""
        return self.finish_reason.lower() in CUT_SHORT


Part = Literal["text", "thought", "call"]
"""What a piece of a reply is: words, thoughts, or the name and the arguments of a tool call."""
QUIET_S = 120.0


@dataclass(frozen=True, slots=True)
class Stream:
    """That a reply is wanted piece by piece: who is told of each, and how many seconds of silence are borne."""

    tell: Callable[[Part, str], None]
    first_s: float = QUIET_S
    """Until the reply begins: a model may have to be loaded first, and has a long prompt to read."""
    silence_s: float = QUIET_S
    """From one piece to the next."""
    patient: bool = True
    """Whether a server that goes on saying that it is there may stay longer without a piece."""


class Options(TypedDict, total=False):
    """What a call may set besides its messages. `timeout` is in seconds, over the whole call (120 when not given).

    `stream` is given only to chats that say they stream: see Streaming.
    """

    tools: list[dict[str, Any]] | None
    tool_choice: str | dict[str, Any] | None
    response_format: dict[str, Any] | None
    max_tokens: int | None
    temperature: float | None
    timeout: float
    stream: Stream | None


@runtime_checkable
class Chat(Protocol):
    """A chat model as the graph uses it: one request a call, no hidden retry."""

    @property
    def name(self) -> str:
        """The model's name, for prices and messages."""
        ...

    @property
    def context(self) -> int | None:
        """Tokens that prompt and reply may have together; None when unknown."""
        ...

    @property
    def local(self) -> bool:
        """Whether it runs on this machine, and so costs nothing."""
        ...

    @property
    def takes_tools(self) -> bool:
        """Whether it takes tool definitions; may turn False once the server has refused them."""
        ...

    async def complete(self, messages: list[dict[str, Any]], **options: Unpack[Options]) -> Reply:
        """Send one request and read the reply. Raises ModelError and nothing else."""
        ...


@runtime_checkable
class Streaming(Chat, Protocol):
    """A Chat that can tell its reply piece by piece. Chats that know nothing of this need nothing for it."""

    @property
    def streams(self) -> bool:
        """Whether it takes the option `stream`; may turn False once the server has refused it."""
        ...


_CHANGES = {
    "tools": "this model takes no tool calls: asking in text",
    "stream": "this server does not stream: waiting for whole replies",
    "context": "the prompt was longer than this model reads: asking with a shorter one",
}


class Adapted(ModelError):
    """The server refused `parameter`; from now on it is left out or renamed, so the same call can be made again.

    The refused request was a real one, so sending again is left to the caller, who charges it.
    """

    def __init__(self, text: str, *, parameter: str, status: int | None, sent: bool = True) -> None:
        super().__init__(text, kind="rejected", sent=sent, status=status)
        self.parameter = parameter

    @property
    def change(self) -> str:
        """What is done in another way from now on, in a few words for whoever waits."""
        usual = f"the server does not take {self.parameter} as it was sent: asking otherwise"
        return _CHANGES.get(self.parameter, usual)


class TooSlow(ModelError):
    """No reply came in time; `missing` says what was waited for last: the whole reply, its beginning, or more of it."""

    def __init__(self, text: str, *, missing: Literal["reply", "beginning", "rest"]) -> None:
        super().__init__(text, kind="timeout", sent=True)
        self.missing = missing


def prompt_was_cut(sent_chars: int, usage: Usage | None) -> bool:
    """Whether the server silently cut a prompt of `sent_chars` characters: it counted under half of its tokens.

    Plain text has a token for every four or five characters. Short prompts and unknown usage give False.
    """
    return usage is not None and sent_chars > 4000 and 0 < usage.tokens_in < sent_chars / 9


def dump_json(value: object) -> bytes:
    """JSON bytes; lone surrogates and numbers beyond 64 bits, which orjson refuses, still go through.

    Raises TypeError, ValueError or RecursionError for what JSON cannot hold.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def load_json(data: bytes | str) -> Any:
    """Parsed JSON; escaped lone surrogates, which orjson refuses, become question marks. Raises ValueError."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return orjson.loads(json.dumps(json.loads(data), ensure_ascii=False).encode("utf-8", "replace"))
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether parsed JSON is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    """Whether parsed JSON is an array."""
    return isinstance(value, list)


def as_object(value: object) -> dict[str, Any]:
    """The value itself when it is a JSON object, else an empty one."""
    return value if is_object(value) else {}
