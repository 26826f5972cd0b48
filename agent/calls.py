"""Calling a model: fit the prompt, hold its upper bound, send, settle. Each request is charged once, retries too."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson

from ..tools.errors import ModelError
from ..tools.passages import estimate_tokens
from .amounts import ZERO, Amounts
from .charges import Charge, Refusal, call_of
from .context import DEFAULT_CONTEXT
from .events import CallEvent
from .outcomes import reply_of, stored_reply
from .protocol import as_text, read_text_calls
from .session import LastPrompt, Session
from .warn import say_once
from .wire import Adapted, Chat, Reply, Usage, dump_json, load_json, prompt_was_cut

MAX_OUT = 4_096
MIN_OUT = 96
"""A reply shorter than this many tokens cannot hold a call or a verdict."""
MIN_ROOM = 500
REQUESTS = 3
LATE_S = 0.5
"""A chat keeps its timeout itself; one that does not is cut off this much later."""
BACKOFF_S = (1.0, 4.0)

Build = Callable[[int], list[dict[str, Any]]]
"""Builds the messages so that they come to about so many tokens at most."""

CUT = (
    "{name} counted {tokens} tokens for a prompt several times as long: the server cuts prompts. "
    "`spadework doctor --probe` shows the mend"
)


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


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply, or a refusal by the ledger, or the fault of a model that failed, as one line."""

    reply: Reply | None = None
    refusal: Refusal | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Fitted:
    messages: list[dict[str, Any]]
    pieces: dict[bytes, int]
    amounts: Amounts


async def call_model(session: Session, ask: Ask) -> Answered:
    """Make one call, sending again after failures that may pass; each request is a charge of its own."""
    chat = session.deps.chat(ask.role)
    call = call_of("model", ask.node, what=ask.role, attempt=ask.attempt)
    previous, told = _made_before(session, call)
    if told is not None:
        return Answered(told)
    fault = ""
    for number in range(REQUESTS):
        fitted = _fit(session, chat, ask)
        if isinstance(fitted, Refusal):
            return Answered(refusal=fitted, fault=fault)
        held = await session.ledger.take(call, fitted.amounts, keep=ask.keep, retry_of=previous)
        if isinstance(held, Refusal):
            return Answered(refusal=held, fault=fault)
        session.emit(CallEvent("model", ask.role, "started"))
        try:
            reply = await _send(session, chat, ask, fitted, held)
        except ModelError as error:
            fault = str(error)
            session.emit(CallEvent("model", ask.role, "failed", fault))
            if session.ledger.seconds_left(ask.keep.ms) == 0:
                # The time for this stage is up: that is the budget's end, not the model's fault.
                return Answered(refusal=Refusal("ms", 1, 0))
            if not (error.retryable or isinstance(error, Adapted)) or number == REQUESTS - 1:
                return Answered(fault=fault)
            previous = held
            await session.ledger.commit()
            await _pause(session, error, number, ask.keep)
            continue
        await session.ledger.commit()
        session.asked = held.id
        session.emit(CallEvent("model", ask.role, "done"))
        return Answered(reply)
    return Answered(fault=fault)


def _made_before(session: Session, call: Charge) -> tuple[Charge | None, Reply | None]:
    """After a kill: the last attempt that this very call had, and the reply, if it came and was written down."""
    earlier = session.ledger.earlier(call)
    if earlier is None:
        return None, None
    charge, told = earlier
    reply = None if told is None else reply_of(told)
    if reply is not None:
        session.asked = charge.id
    return charge, reply


async def _send(session: Session, chat: Chat, ask: Ask, fitted: _Fitted, held: Charge) -> Reply:
    ledger = session.ledger
    started = ledger.clock()
    left = ledger.seconds_left(ask.keep.ms)
    timeout = session.deps.model_timeout if left is None else min(session.deps.model_timeout, left)
    by_text = bool(ask.tools) and not chat.takes_tools
    try:
        async with asyncio.timeout(timeout + LATE_S):
            reply = await chat.complete(
                fitted.messages,
                tools=None if by_text else [*ask.tools] or None,
                response_format={"type": "json_object"} if ask.json_reply else None,
                max_tokens=held.amounts.tokens_out,
                temperature=ask.temperature,
                timeout=timeout,
            )
    except TimeoutError:
        late = ModelError(f"{chat.name}: no answer within {timeout:.0f} s", kind="timeout", sent=True)
        _settle_failure(session, held, late, int((ledger.clock() - started) * 1000))
        raise late from None
    except ModelError as error:
        _settle_failure(session, held, error, int((ledger.clock() - started) * 1000))
        raise
    except BaseException:
        # Cancelled in flight: the request may well be billed, so the whole hold stays charged.
        ledger.settle(held, held.amounts, marks=("estimated", "cancelled"))
        raise
    reply = _storable(reply)
    usage, marks = _usage(reply, fitted)
    cut = prompt_was_cut(sum(fitted.pieces.values()), reply.usage)
    if not marks and not cut:
        session.last[ask.role] = LastPrompt(fitted.pieces, usage.tokens_in)
    priced = session.deps.prices.picousd(chat.name, usage, local=chat.local)
    amounts = _amounts(usage, priced, int((ledger.clock() - started) * 1000))
    told = _storable(read_text_calls(reply)) if by_text else reply
    marks += ["unpriced"] if priced is None else []
    ledger.settle(held, amounts, marks=marks, result=lambda: stored_reply(told))
    if cut:
        say_once(f"cut {chat.name}", CUT.format(name=chat.name, tokens=usage.tokens_in))
    return told


def _fit(session: Session, chat: Chat, ask: Ask) -> _Fitted | Refusal:
    """The largest prompt that fits the context and what is left, with an upper bound of what it will cost."""
    context = chat.context or DEFAULT_CONTEXT
    out = min(ask.max_out, context // 4)
    room = context - out
    while True:
        messages = ask.build(room)
        if ask.tools and not chat.takes_tools:
            messages = as_text(messages, ask.tools)
        pieces = _pieces(messages, ask.tools)
        bound = _bound(session, ask.role, pieces)
        fitted = _afford(session, chat, ask, bound, _out_beside(pieces, context, out))
        if not isinstance(fitted, Refusal):
            return _Fitted(messages, pieces, fitted)
        if fitted.resource not in ("tokens", "picousd") or room // 2 < MIN_ROOM:
            return fitted
        room //= 2


def _afford(session: Session, chat: Chat, ask: Ask, tokens_in: int, out: int) -> Amounts | Refusal:
    """The upper bound of a call with as many output tokens as fit, at most `out`."""
    left = session.ledger.remaining()
    tokens = left.left("tokens")
    if tokens is not None:
        out = min(out, tokens - ask.keep.tokens - tokens_in)
        if out < MIN_OUT:
            return Refusal("tokens", tokens_in + MIN_OUT, max(0, tokens - ask.keep.tokens))
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
        if out < MIN_OUT:
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
    return min(out, max(MIN_OUT, context - _estimated(pieces)))


def _estimated(pieces: dict[bytes, int]) -> int:
    return sum(size // len(piece) * estimate_tokens(piece.decode("utf-8", "replace")) for piece, size in pieces.items())


def _bound(session: Session, role: str, pieces: dict[bytes, int]) -> int:
    """An upper bound of the prompt's tokens: its bytes, or the last real size plus the bytes that are new."""
    total = sum(pieces.values())
    last = session.last.get(role)
    if last is None:
        return total
    new = sum(max(0, size - last.pieces.get(piece, 0)) for piece, size in pieces.items())
    return min(total, last.tokens_in + new)


def _storable(reply: Reply) -> Reply:
    """The reply with a message that goes through JSON and into a checkpoint: lone surrogates do neither."""
    try:
        orjson.dumps(reply.message)
    except TypeError:
        return replace(reply, message=load_json(dump_json(reply.message)))
    return reply


def _usage(reply: Reply, fitted: _Fitted) -> tuple[Usage, list[str]]:
    """What the server counted; an estimate where it counted nothing: calls that cost nothing would never end."""
    told = _sane(reply.usage or Usage(0, 0, 0))
    if told.tokens_in:
        return told, []
    sent = _estimated(fitted.pieces)
    out = estimate_tokens(orjson.dumps(reply.message).decode("utf-8", "replace"))
    return Usage(max(1, sent), max(1, out, told.tokens_out), 0), ["estimated"]


def _sane(usage: Usage) -> Usage:
    """Nothing negative, and no more cached than there was: a wrong count must never lower the spend."""
    tokens_in = max(0, usage.tokens_in)
    return Usage(tokens_in, max(0, usage.tokens_out), min(tokens_in, max(0, usage.tokens_cached)))


def _settle_failure(session: Session, held: Charge, error: ModelError, ms: int) -> None:
    if not error.sent:
        session.ledger.release(held)
    elif error.usage is not None:
        usage = _sane(Usage(*error.usage))
        chat = session.deps.chat(held.what)
        priced = session.deps.prices.picousd(chat.name, usage, local=chat.local)
        session.ledger.settle(held, _amounts(usage, priced, ms), marks=("failed",))
    elif error.kind in ("status", "rejected"):
        session.ledger.settle(held, Amounts(model_calls=1, ms=ms), marks=("failed",))
    else:
        # Sent, and then nothing readable came back: it may have been billed in full.
        session.ledger.settle(held, held.amounts, marks=("estimated", "failed"))


def _amounts(usage: Usage, picousd: int | None, ms: int) -> Amounts:
    return Amounts(
        tokens_in=usage.tokens_in,
        tokens_out=usage.tokens_out,
        tokens_cached=usage.tokens_cached,
        picousd=picousd or 0,
        ms=ms,
        model_calls=1,
    )


async def _pause(session: Session, error: ModelError, number: int, keep: Amounts) -> None:
    if isinstance(error, Adapted):
        return
    wait = error.retry_after if error.retry_after is not None else BACKOFF_S[number]
    left = session.ledger.seconds_left(keep.ms)
    await asyncio.sleep(min(wait, 60.0) if left is None else min(wait, 60.0, left))
