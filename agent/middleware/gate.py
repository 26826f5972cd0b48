"""Which call an agent's model may make next: the one it wants, the final answer alone, or none."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from ...prompts import render
from ...tools.reading.passages import estimate_tokens
from ..llm.langchain_chat import CAPS, NEVER_SENT, LangChainChat
from ..llm.langchain_messages import wire_reply
from ..llm.replies import parse_usage
from ..llm.wire import Usage, prompt_was_cut
from ..money.amounts import ZERO, Amounts
from ..money.budget import Remaining, label
from ..money.charges import Charge, Refusal, call_of
from ..money.forecast import Forecast, dearest_call
from ..money.prices import Prices, missing_price
from ..money.reserves import keep_for
from ..money.rounds import LAST
from ..nodes.fitting import MAX_OUT
from .accounts import Account
from .prompt import Prompt, Request, measure, shown, without_tools

METERED = ("tokens", "picousd")
LEAST_REPLY = 128
"""Tokens. A reply that is cut shorter holds no call."""
LEAST_ANSWER = 64
ANSWERS = (100, 2_000)
"""Tokens kept for the final answer, at least and at most."""
ANSWER_PART = 20
"""One part in so many of a limit is kept for the final answer."""
FINALS = 3
"""So often the final answer is asked for in one turn: it may have been given in a form that was not asked for."""
RESENT = 6
"""Bytes to which a token of a reply may come when it is sent back."""
FIRST_GROWTH = 500
"""Tokens by which a prompt is expected to grow in a round before it has grown once."""
LEAST_RESULT = 200
"""Characters that a tool's result keeps while there is room for a final answer of the usual length."""
UNANSWERED = frozenset({"failed", "cancelled", "interrupted"})
CAP_SETTINGS = (*CAPS, "max_completion_tokens")

Call = tuple[int, int]
"""Tokens in and out."""


@dataclass(frozen=True, slots=True)
class Step:
    """A call that fits, as it is to be sent, and the hold for it. `last` is the one for the final answer."""

    account: Account
    prices: Prices
    chat: LangChainChat
    request: Request
    prompt: Prompt
    held: Charge
    last: bool


def next_step(account: Account, request: Request, prices: Prices, blocks: Mapping[str, str]) -> Step | Refusal:
    """The wanted call if the final answer still fits after it, else the final answer, else why not even that fits."""
    gate = _Gate(account, prices, LangChainChat(request.model), account.ledger.remaining(), _own_cap(request))
    if "picousd" in gate.left.limits and prices.bound(gate.chat.name, 1_000, 1_000, local=gate.chat.local) is None:
        raise missing_price(gate.chat.name)
    wanted = request.override(messages=shown(request, blocks))
    prompt = gate.measure(wanted)
    lacking = account.stuck or gate.lacking(prompt)
    last = bool(lacking)
    if last and account.finals == FINALS:
        return Refusal(lacking, 1, 0)
    if last:
        wanted, prompt = gate.closing(request, blocks, lacking)
        out = gate.longest(LEAST_ANSWER, lambda out: gate.over((prompt.bound, out)))
    else:
        out = gate.longest(gate.usual(), lambda out: gate.over_after(prompt, out, out * RESENT))
    held = gate.hold(prompt, out)
    if isinstance(held, Refusal):
        return held
    return Step(account, prices, gate.chat, gate.capped(wanted, out), prompt, held, last)


@contextmanager
def asking(step: Step) -> Generator[list[BaseMessage]]:
    """While a model is asked. What it replied is put into the list and charged; so is a call that failed."""
    account, replies = step.account, list[BaseMessage]()
    failure: BaseException | None = None
    started = account.start(step.held)
    try:
        yield replies
        account.finals += step.last
    except BaseException as error:
        failure = error
        raise
    finally:
        ms = account.stop(step.held, started)
        # A reply that has not the form asked for was paid all the same, and comes with the error.
        said = next((reply for reply in replies if isinstance(reply, AIMessage)), getattr(failure, "ai_message", None))
        known = isinstance(said, AIMessage)
        amounts, marks = _reply_cost(step, said, ms) if known else _failure_cost(step.held, failure, ms)
        account.settle(step.held, amounts, marks)


@dataclass(frozen=True, slots=True)
class _Gate:
    """One thread's spend, one model, and what is left at this moment."""

    account: Account
    prices: Prices
    chat: LangChainChat
    left: Remaining
    cap: int

    def measure(self, request: Request) -> Prompt:
        return measure(request, self.account, self.chat.name)

    def over(self, *calls: Call) -> str:
        """The first limit that these calls would break together; empty where they all fit."""
        for resource in METERED:
            left = self.left.left(resource)
            if left is not None and sum(self._price(resource, *call) for call in calls) > left:
                return resource
        return ""

    def over_after(self, prompt: Prompt, out: int, resent: int) -> str:
        """The limit that a reply of `out` tokens, with the final answer after it, would break."""
        then = prompt.guess + resent + self._growth()
        return self.over((prompt.bound, out)) or self.over((prompt.guess, out), (then, self._answer()))

    def lacking(self, prompt: Prompt) -> str:
        """The limit for which this call must be the last one."""
        charges = self.account.ledger.charges.values()
        ms = dearest_call(charges, least=ZERO).ms
        kept = keep_for("explore", self.left.limits, answer_due=True, verifier=False).ms
        tools = max((charge.amounts.ms for charge in charges if charge.kind not in ("model", "clock")), default=0)
        keep = Amounts(ms=max(ms, kept) + tools, model_calls=1)
        lacking = Forecast(Amounts(ms=ms)).lacking(self.left, model_calls=1, keep=keep)
        return lacking or self.over_after(prompt, self.usual(), prompt.reply or LEAST_REPLY * RESENT)

    def usual(self) -> int:
        """Tokens that a reply needs: as many as the longest of the last ones."""
        return min(self.cap, max(LEAST_REPLY, *(charge.amounts.tokens_out for charge in self._past()), 0))

    def longest(self, least: int, over: Callable[[int], str]) -> int:
        """The longest reply, from `least` tokens on, that breaks no limit."""
        if not over(self.cap):
            return self.cap
        lengths = range(least + 1, self.cap + 1)
        return min(self.cap, least) + bisect_left(lengths, True, key=lambda out: bool(over(out)))

    def closing(self, request: Request, blocks: Mapping[str, str], lacking: str) -> tuple[Request, Prompt]:
        """The request for the final answer. Results that no model has counted yet are cut where they are too long."""
        note = render("tracker_final", resource=label(lacking))
        closed = without_tools(request)
        sent = closed.override(messages=shown(request, blocks, note=note))
        prompt = self.measure(sent)
        cut = {
            i for i, message in enumerate(request.messages) if i in prompt.fresh and isinstance(message, ToolMessage)
        }
        chars = max((len(request.messages[i].text) for i in cut), default=0)
        while chars and self.over((prompt.bound, self._answer() if chars > LEAST_RESULT else LEAST_ANSWER)):
            chars = chars * 7 // 8
            sent = closed.override(messages=shown(request, blocks, note=note, cut=cut, chars=chars))
            prompt = self.measure(sent)
        return sent, prompt

    def hold(self, prompt: Prompt, out: int) -> Charge | Refusal:
        """Set the upper bound of the call aside."""
        picousd = self._price("picousd", prompt.bound, out) if "picousd" in self.left.limits else 0
        amounts = Amounts(tokens_in=prompt.bound, tokens_out=out, picousd=picousd, model_calls=1)
        # Rounds are told by the names of our own graph's nodes.
        return self.account.ledger.hold(call_of("model", "searcher", what=self.chat.name), amounts)

    def capped(self, request: Request, out: int) -> Request:
        """The request with a model that replies with no more than `out` tokens, where that matters."""
        if not any(resource in self.left.limits for resource in METERED):
            return request
        settings = {name: out if name in CAP_SETTINGS else value for name, value in request.model_settings.items()}
        name = _cap_field(request)
        model = request.model.model_copy(update={name: out}) if name else request.model
        return request.override(model=model, model_settings=settings)

    def _price(self, resource: str, tokens_in: int, tokens_out: int) -> int:
        if resource == "tokens":
            return tokens_in + tokens_out
        return self.prices.bound(self.chat.name, tokens_in, tokens_out, local=self.chat.local) or 0

    def _answer(self) -> int:
        """Tokens kept for the final answer."""
        least, most = ANSWERS
        limits = [(name, self.left.limits[name] // ANSWER_PART) for name in METERED if name in self.left.limits]
        parts = [part * 1_000 // max(1, self._price(name, 0, 1_000)) for name, part in limits]
        return min(self.cap, most, max(least, min(parts, default=most)))

    def _growth(self) -> int:
        """Tokens by which the prompt grows in a round: as many as at most in the last ones."""
        sizes = [charge.amounts.tokens_in for charge in self._past()]
        return max(0, max((after - before for before, after in pairwise(sizes)), default=FIRST_GROWTH))

    def _past(self) -> list[Charge]:
        """The calls of models that were answered, of the last rounds."""
        calls = [charge for charge in self.account.ledger.charges.values() if charge.kind == "model"]
        return [charge for charge in calls if charge.status == "settled" and not UNANSWERED & {*charge.marks}][-LAST:]


def _reply_cost(step: Step, said: AIMessage, ms: int) -> tuple[Amounts, list[str]]:
    """What the model counted; where it counted nothing an estimate, for calls that cost nothing would never end."""
    usage, marks = parse_usage(wire_reply(said)["usage"]), list[str]()
    if usage is None or not usage.tokens_out:
        out = max(1, estimate_tokens(f"{said.content}{said.tool_calls or ''}"))
        usage = Usage(usage.tokens_in if usage else max(1, step.prompt.guess), out)
        marks.append("estimated")
    elif not prompt_was_cut(step.prompt.size, usage):
        step.account.counted[step.chat.name] = step.prompt.counted(usage.tokens_in)
    picousd = step.prices.picousd(step.chat.name, usage, local=step.chat.local)
    marks += ["unpriced"] if picousd is None else []
    amounts = Amounts(
        tokens_in=usage.tokens_in,
        tokens_out=usage.tokens_out,
        tokens_cached=usage.tokens_cached,
        picousd=picousd or 0,
        ms=ms,
        model_calls=1,
    )
    return amounts, marks


def _failure_cost(held: Charge, failure: BaseException | None, ms: int) -> tuple[Amounts, list[str]]:
    """What was never sent is free, what was refused cost no tokens, and what got lost may be billed in full."""
    causes = list(_causes(failure))
    if any(type(cause).__name__ in NEVER_SENT for cause in causes):
        return ZERO, []
    if any(isinstance(getattr(cause, "status_code", None), int) for cause in causes):
        return Amounts(model_calls=1, ms=ms), ["failed"]
    marks = "cancelled" if isinstance(failure, asyncio.CancelledError) else "failed"
    return replace(held.amounts, ms=ms), ["estimated", marks]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _own_cap(request: Request) -> int:
    """The most that the model's owner lets it reply, in tokens."""
    name = _cap_field(request)
    field = getattr(request.model, name) if name else None
    given = (field, *(request.model_settings.get(setting) for setting in CAP_SETTINGS))
    return min((tokens for tokens in given if isinstance(tokens, int) and tokens > 0), default=MAX_OUT)


def _cap_field(request: Request) -> str | None:
    fields = getattr(type(request.model), "model_fields", ())  # one that is configured with each call has none
    return next((name for name in CAPS if name in fields), None)
