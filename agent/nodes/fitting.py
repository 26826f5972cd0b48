"""Fitting a prompt to the model's context and to what is left, with an upper bound of what the call will cost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from ...tools.reading.passages import estimate_tokens
from ..llm.protocol import as_text
from ..llm.wire import Chat
from ..money.amounts import ZERO, Amounts
from ..money.charges import Refusal
from ..session import Session
from .context import DEFAULT_CONTEXT

MAX_OUT = 4_096
MIN_OUT = 96
"""A reply shorter than this many tokens cannot hold a call or a verdict."""
MIN_ROOM = 500
THINKING = 4
"""So many times the room of a reply is given to a model that thinks at length before it writes."""

Build = Callable[[int], list[dict[str, Any]]]
"""Builds the messages so that they come to about so many tokens at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One call to a model, before it is fitted to what is left."""

    role: str
    node: str
    build: Build
    attempt: int
    keep: Amounts = ZERO
    """What must be left when it is done."""
    tools: tuple[dict[str, Any], ...] = ()
    json_reply: bool = False
    temperature: float | None = None
    max_out: int = MAX_OUT
    min_out: int = MIN_OUT
    """With less room than this for its reply the prompt is made shorter, or the call is not made."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A prompt that fits, its parts as they go over the wire with their sizes in bytes, and its upper bound."""

    messages: list[dict[str, Any]]
    pieces: dict[bytes, int]
    amounts: Amounts


def fit(session: Session, chat: Chat, ask: Ask) -> Fitted | Refusal:
    """The largest prompt that fits the context and what is left, with an upper bound of what it will cost."""
    context = int((chat.context or DEFAULT_CONTEXT) / session.shown.scale(chat))
    thinks = chat.name in session.shown.thinkers
    out = min(ask.max_out * THINKING, context // 3) if thinks else min(ask.max_out, context // 4)
    room = context - out
    apart = ask.tools if session.shown.takes_tools(chat) else ()
    while True:
        messages = ask.build(room)
        if ask.tools and not apart:
            messages = as_text(messages, ask.tools)
        pieces = _pieces(messages, apart)
        bound = _bound(session, f"{ask.role} {chat.name}", pieces)
        fitted = _afford(session, chat, ask, bound, _out_beside(pieces, context, out))
        if not isinstance(fitted, Refusal):
            return Fitted(messages, pieces, fitted)
        if fitted.resource not in ("tokens", "picousd") or room // 2 < MIN_ROOM:
            return fitted
        room //= 2


def _afford(session: Session, chat: Chat, ask: Ask, tokens_in: int, out: int) -> Amounts | Refusal:
    """The upper bound of a call with as many output tokens as fit, at most `out`."""
    left, least = session.ledger.remaining(), min(ask.min_out, out)
    tokens = left.left("tokens")
    if tokens is not None:
        out = min(out, tokens - ask.keep.tokens - tokens_in)
        if out < least:
            return Refusal("tokens", tokens_in + least, max(0, tokens - ask.keep.tokens))
    prices, picousd = session.deps.prices, left.left("picousd")
    if picousd is None:
        return Amounts(tokens_in=tokens_in, tokens_out=out, model_calls=1)
    base = prices.bound(chat.name, tokens_in, 0, local=chat.local)
    full = prices.bound(chat.name, tokens_in, out, local=chat.local)
    if base is None or full is None:
        return Refusal("picousd", 1, 0)
    usable = picousd - ask.keep.picousd
    if full > usable:
        out = (usable - base) * out // max(1, full - base)
        if out < least:
            return Refusal("picousd", full, max(0, usable))
        full = prices.bound(chat.name, tokens_in, out, local=chat.local) or 0
    return Amounts(tokens_in=tokens_in, tokens_out=out, picousd=full, model_calls=1)


def _pieces(messages: list[dict[str, Any]], tools: tuple[dict[str, Any], ...]) -> dict[bytes, int]:
    """Each part of the prompt as it goes over the wire, with its size in bytes: no token is shorter than a byte."""
    dumped = [orjson.dumps(message) for message in messages]
    dumped += [orjson.dumps(tool) for tool in tools]
    pieces: dict[bytes, int] = {}
    for piece in dumped:
        pieces[piece] = pieces.get(piece, 0) + len(piece)
    return pieces


def _out_beside(pieces: dict[bytes, int], context: int, out: int) -> int:
    """How much of `out` fits into the context beside the prompt; its bytes often tell without a costly estimate."""
    if sum(pieces.values()) <= context - out:
        return out
    return min(out, max(MIN_OUT, context - estimated(pieces)))


def estimated(pieces: dict[bytes, int]) -> int:
    """About how many tokens a prompt has."""
    return sum(size // len(piece) * estimate_tokens(piece.decode("utf-8", "replace")) for piece, size in pieces.items())


def _bound(session: Session, asked: str, pieces: dict[bytes, int]) -> int:
    """An upper bound of the prompt's tokens: its bytes, or the last real size plus the bytes that are new.

    `asked` is the role and its model: two models count differently.
    """
    total = sum(pieces.values())
    last = session.shown.last.get(asked)
    if last is None:
        return total
    new = sum(max(0, size - last.pieces.get(piece, 0)) for piece, size in pieces.items())
    return min(total, last.tokens_in + new)
