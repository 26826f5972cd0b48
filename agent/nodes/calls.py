"""Calling a model: fit the prompt, hold its upper bound, send, settle. Each request is charged once, retries too."""

import asyncio
from dataclasses import dataclass, replace

import orjson

from ...tools.errors import ModelError
from ...tools.reading.passages import estimate_tokens
from ..events import CallEvent
from ..llm.protocol import read_text_calls
from ..llm.shown import LastPrompt
from ..llm.wire import MOST_TOKENS, Adapted, Chat, Options, Reply, TooSlow, Usage, dump_json, load_json, prompt_was_cut
from ..money.amounts import Amounts
from ..money.charges import Charge, Refusal, call_of
from ..session import Session
from ..storage.outcomes import reply_of, stored_reply
from ..warn import say_once
from .fitting import Ask, Fitted, estimated, fit
from .streaming import fault_of, streaming, timeout_of
from .telling import as_model_run, tell_prompt, tell_reply

REQUESTS = 3
LATE_S = 0.5
"""A chat keeps its timeout itself; one that does not is cut off this much later."""
BACKOFF_S = (1.0, 4.0)

THOUGHT = "its thoughts took all the room of its reply; it is asked again and given more"
CUT = (
    "{name} counted {tokens} tokens for a prompt several times as long: the server cuts prompts. "
    "`spadework doctor --probe` shows the mend"
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply, or a refusal by the ledger, or the fault of a model that failed, as one line."""

    reply: Reply | None = None
    refusal: Refusal | None = None
    fault: str = ""


async def call_model(session: Session, ask: Ask) -> Answered:
    """Make one call, sending again after failures that may pass; each request is a charge of its own."""
    chat = session.chat(ask.role)
    call = call_of("model", ask.node, what=ask.role, attempt=ask.attempt)
    previous, told = _made_before(session, call)
    if told is not None:
        return Answered(told)
    fault = ""
    for number in range(REQUESTS):
        fitted = fit(session, chat, ask)
        if isinstance(fitted, Refusal):
            return Answered(refusal=fitted, fault=fault)
        held = await session.ledger.take(call, fitted.amounts, keep=ask.keep, retry_of=previous)
        if isinstance(held, Refusal):
            return Answered(refusal=held, fault=fault)
        if (stopped := session.ledger.stopped(ask.keep.ms)) is not None:
            session.ledger.release(held)
            return Answered(refusal=stopped, fault=fault)
        session.emit(CallEvent("model", ask.role, "started"))
        tell_prompt(session, chat, ask, fitted, held)
        try:
            reply = await as_model_run(chat, ask, fitted, _send(session, chat, ask, fitted, held))
        except ModelError as error:
            over = session.ledger.seconds_left(ask.keep.ms) == 0
            fault = fault_of(error, chat.name, over=over)
            last = over or number == REQUESTS - 1
            session.emit(_failed(ask, error, fault, last=last))
            if over:
                # The time for this stage is up: that is the budget's end, not the model's fault.
                return Answered(refusal=Refusal("ms", 1, 0))
            if not (error.retryable or isinstance(error, Adapted)) or last:
                return Answered(fault=fault)
            previous = held
            await session.ledger.commit()
            await _pause(session, error, number, ask.keep)
            continue
        await session.ledger.commit()
        session.asked = held.id
        if session.shown.needs_room(chat, reply) and number < REQUESTS - 1:
            session.emit(CallEvent("model", ask.role, "failed", THOUGHT, again=True))
            previous = held
            continue
        session.emit(CallEvent("model", ask.role, "done"))
        return Answered(reply)
    return Answered(fault=fault)


def _failed(ask: Ask, error: ModelError, fault: str, *, last: bool) -> CallEvent:
    """What is told of a call that failed; where the server only wants it in another way, that."""
    if isinstance(error, Adapted) and not last:
        return CallEvent("model", ask.role, "failed", error.change, again=True)
    return CallEvent("model", ask.role, "failed", fault)


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


async def _send(session: Session, chat: Chat, ask: Ask, fitted: Fitted, held: Charge) -> Reply:
    ledger = session.ledger
    started = ledger.clock()
    left = ledger.seconds_left(ask.keep.ms)
    timeout = timeout_of(session, chat, left)
    by_text = bool(ask.tools) and not session.shown.takes_tools(chat)
    options: Options = {
        "tools": None if by_text else [*ask.tools] or None,
        "response_format": {"type": "json_object"} if ask.json_reply else None,
        "max_tokens": held.amounts.tokens_out,
        "temperature": session.temperature(ask.role, ask.temperature),
        "timeout": timeout,
    }
    try:
        async with asyncio.timeout(timeout + LATE_S):
            with streaming(session, chat, ask.role) as stream:
                if stream is not None:
                    options["stream"] = stream
                reply = await chat.complete(fitted.messages, **options)
    except TimeoutError:
        late = TooSlow(f"{chat.name} did not answer within {round(timeout, 1):g} s", missing="reply")
        _settle_failure(session, chat, held, late, int((ledger.clock() - started) * 1000))
        raise late from None
    except ModelError as error:
        _settle_failure(session, chat, held, error, int((ledger.clock() - started) * 1000))
        raise
    except BaseException:
        # Cancelled in flight: the request may well be billed, so the whole hold stays charged.
        ledger.settle(held, held.amounts, marks=("estimated", "cancelled"))
        raise
    reply = _storable(reply)
    usage, marks = _usage(reply, fitted)
    tell_reply(session, ask, held, reply, usage)
    cut = prompt_was_cut(sum(fitted.pieces.values()), reply.usage)
    if ask.tools and not by_text and (reply.calls or _dropped_tools(fitted, ask, reply)):
        session.shown.tools_arrive.setdefault(chat.name, bool(reply.calls))
    if not marks and not cut:
        scale = usage.tokens_in / max(1, estimated(fitted.pieces))
        session.shown.last[f"{ask.role} {chat.name}"] = LastPrompt(fitted.pieces, usage.tokens_in, scale)
    priced = session.deps.prices.picousd(chat.name, usage, local=chat.local)
    amounts = _amounts(usage, priced, int((ledger.clock() - started) * 1000))
    told = _storable(read_text_calls(reply, ask.tools)) if ask.tools else reply
    marks += ["unpriced"] if priced is None else []
    ledger.settle(held, amounts, marks=marks, result=lambda: stored_reply(told))
    if cut:
        say_once(f"cut {chat.name}", CUT.format(name=chat.name, tokens=usage.tokens_in))
    return told


def _storable(reply: Reply) -> Reply:
    """The reply with a message that goes through JSON and into a checkpoint: lone surrogates do neither."""
    try:
        orjson.dumps(reply.message)
    except TypeError:
        return replace(reply, message=load_json(dump_json(reply.message)))
    return reply


def _usage(reply: Reply, fitted: Fitted) -> tuple[Usage, list[str]]:
    """What the server counted; an estimate where it counted nothing: calls that cost nothing would never end."""
    told = _sane(reply.usage or Usage(0, 0, 0))
    said = bool(reply.text or reply.calls)
    if told.tokens_in and (told.tokens_out or not said):
        return told, []
    out = max(1, estimate_tokens(orjson.dumps(reply.message).decode("utf-8", "replace")), told.tokens_out)
    if told.tokens_in:
        return replace(told, tokens_out=out), ["estimated"]
    return Usage(max(1, estimated(fitted.pieces)), out, 0), ["estimated"]


def _dropped_tools(fitted: Fitted, ask: Ask, reply: Reply) -> bool:
    """Whether a server dropped the tools without a word: it counted hardly more than there is without them."""
    if reply.usage is None or reply.truncated:
        return False
    tools = sum(estimate_tokens(orjson.dumps(tool).decode()) for tool in ask.tools)
    return 0 < reply.usage.tokens_in < min(estimated(fitted.pieces) - tools * 9 // 10, 2 * tools)


def _sane(usage: Usage) -> Usage:
    """Nothing negative, no more cached than there was, and nothing too large to be stored: a wrong count must not lower
    the spend, and not lose the run."""
    tokens_in = min(max(0, usage.tokens_in), MOST_TOKENS)
    cached = min(tokens_in, max(0, usage.tokens_cached))
    written = min(tokens_in - cached, max(0, usage.tokens_written))
    return Usage(tokens_in, min(max(0, usage.tokens_out), MOST_TOKENS), cached, written)


def _settle_failure(session: Session, chat: Chat, held: Charge, error: ModelError, ms: int) -> None:
    if not error.sent:
        session.ledger.release(held)
    elif error.usage is not None:
        usage = _sane(Usage(*error.usage))
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
