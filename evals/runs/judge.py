"""One judgement: a judge is asked about one answer, twice where it cannot be read; what that took is counted."""

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

from ...agent.llm.models import Server, make_chat
from ...agent.llm.wire import Adapted, Chat, Reply, Usage
from ...agent.money.amounts import to_usd
from ...agent.money.prices import Prices, load_prices
from ...agent.terminal.ask import Asked
from ...prompts import render
from ...tools.clean import one_line
from ...tools.errors import ModelError, SpadeworkError
from ..suites.judge import Verdict, read_verdict
from .total import PaidChat, Total

MAX_OUT = (600, 2_400)
"""Tokens of a reply. A verdict needs a tenth; a judge that had to think first is given room at the second time."""
TIMEOUT_S = 120.0
LATE_S = 0.5
PAUSES_S = (1.0, 4.0)
"""Before a request is sent again after a failure that may pass."""
MOST_PAUSE_S = 60.0
ADAPTATIONS = 4
"""How many of its parameters a server may refuse, one after the other."""
MOST_SAID = 4_000
"""Characters of a reply that could not be read, as its judge is shown it again."""
MOST_FAULT = 300

Graded = Literal["judge", "unreadable", "judge failed"]


@dataclass(slots=True)
class Spent:
    """What judging came to, as the server counted it; dollars are None where nobody knows them."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    picousd: int | None = 0

    def bill(self, usage: Usage | None, picousd: int | None) -> None:
        """Count the tokens of one reply, and its price."""
        if usage is not None:
            self.tokens_in += usage.tokens_in
            self.tokens_out += usage.tokens_out
        self.picousd = None if picousd is None or self.picousd is None else self.picousd + picousd

    def to_dict(self) -> dict[str, Any]:
        """Plain data; dollars as text, so that they stay exact."""
        usd = None if self.picousd is None else str(to_usd(self.picousd))
        return {"calls": self.calls, "tokens_in": self.tokens_in, "tokens_out": self.tokens_out, "usd": usd}


@dataclass(frozen=True, slots=True)
class Judgement:
    """How it ended: with a verdict, or without, and why."""

    graded: Graded
    verdict: Verdict | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Judge:
    """A chat model that grades. `name` is how the user called it."""

    name: str
    chat: Chat
    prices: Prices

    async def judge(self, messages: list[dict[str, Any]], given: str, spent: Spent) -> Judgement:
        """Ask about the answer `given`, and add to `spent` what that takes. Raises only when it is cancelled."""
        fault = ""
        try:
            for most in MAX_OUT:
                reply = await self._patiently(messages, most, spent)
                read = read_verdict(reply, given)
                if isinstance(read, Verdict):
                    return Judgement("judge", read)
                fault = read
                said = {"role": "assistant", "content": reply.text[:MOST_SAID] or "(nothing)"}
                messages = [*messages, said, {"role": "user", "content": render("repair", fault=fault)}]
        except SpadeworkError as error:
            return Judgement("judge failed", fault=one_line(str(error), MOST_FAULT))
        return Judgement("unreadable", fault=fault)

    async def _patiently(self, messages: list[dict[str, Any]], most: int, spent: Spent) -> Reply:
        """One reply; the request is sent again after failures that may pass."""
        for pause in PAUSES_S:
            try:
                return await self._adapting(messages, most, spent)
            except ModelError as error:
                if not error.retryable:
                    raise
                await asyncio.sleep(min(pause if error.retry_after is None else error.retry_after, MOST_PAUSE_S))
        return await self._adapting(messages, most, spent)

    async def _adapting(self, messages: list[dict[str, Any]], most: int, spent: Spent) -> Reply:
        for _ in range(ADAPTATIONS):
            try:
                return await self._counted(messages, most, spent)
            except Adapted:
                continue
        return await self._counted(messages, most, spent)

    async def _counted(self, messages: list[dict[str, Any]], most: int, spent: Spent) -> Reply:
        try:
            async with asyncio.timeout(TIMEOUT_S + LATE_S):
                reply = await self.chat.complete(
                    messages,
                    response_format={"type": "json_object"},
                    max_tokens=most,
                    temperature=0.0,
                    timeout=TIMEOUT_S,
                )
        except TimeoutError:
            spent.calls += 1
            spent.bill(None, self._price(None))
            told = f"{self.chat.name}: no answer within {TIMEOUT_S:g} s"
            raise ModelError(told, kind="timeout", sent=True) from None
        except ModelError as error:
            spent.calls += error.sent
            if error.sent and error.usage is not None:
                usage = Usage(*error.usage)
                spent.bill(usage, self._price(usage))
            elif error.sent and error.kind not in ("status", "rejected"):
                # Sent, and then nothing readable came back: it may have been billed.
                spent.bill(None, self._price(None))
            raise
        spent.calls += 1
        spent.bill(reply.usage, self._price(reply.usage))
        return reply

    def _price(self, usage: Usage | None) -> int | None:
        """Of a reply in picodollars; None where nobody knows. Without usage only what is free has a price."""
        if usage is None:
            return 0 if self.prices.bound(self.chat.name, 1, 1, local=self.chat.local) == 0 else None
        return self.prices.picousd(self.chat.name, usage, local=self.chat.local)


def make_judge(name: str, base_url: str | None, total: Total | None) -> Judge:
    """The judge that `name` names, as a model is named, paid from `total`. Raises ConfigError; nothing is spent."""
    settings = Asked(base_url=base_url).settings()
    prices = load_prices(settings.prices)
    chat = make_chat(name, server=Server(settings.base_url, settings.proxy, settings.ca))
    return Judge(name, PaidChat(chat, total, prices) if total else chat, prices)
