"""Dollars for a whole evaluation: every model call of every run is paid from one purse, and none is made beyond it.

The purse is a file beside the runs, so that what killed and failed runs cost stays counted; a call that was under way
counts as the most it could cost. The runs know nothing of it: it is in no prompt, and changes no decision.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import uuid4

import orjson
from typing_extensions import Unpack

from ...agent.llm.wire import Chat, Options, Reply, Usage
from ...agent.money.amounts import ZERO, Amounts, to_usd
from ...agent.money.budget import Budget
from ...agent.money.prices import Prices, missing_price
from ...agent.storage.purse import Purse
from ...tools.errors import ConfigError, ModelError
from .passing import PassingChat

FILE = "spend.db"
NAME = "evaluation"
MOST_OUT = 4_096
"""Tokens that a reply is held for where its request sets no limit."""


class TotalSpent(ConfigError):
    """There is less left than the next call can cost. Nothing was sent."""


Total = Sequence[str]
"""The dollars, and the file that holds the purse: plain data, for a task."""


@lru_cache(maxsize=8)
def purse_of(usd: str, file: str) -> Purse:
    """The purse in this file, one for all runs of the process. Raises StoreError where it cannot be written."""
    return Purse(Budget(usd=usd), name=NAME, store=file)


async def spent_of(total: Total) -> str:
    """How many dollars are gone, with what calls under way may still cost. Raises StoreError."""
    gone = (await purse_of(*total).remaining()).gone
    return f"{to_usd(gone.get('picousd', 0)):.4f}"


class PaidChat(PassingChat):
    """Passes every request on that the purse of `total` can pay; its file is made with the first one.

    Raises ConfigError where no price is known for the model.
    """

    def __init__(self, chat: Chat, total: Total, prices: Prices) -> None:
        super().__init__(chat, prices)
        self._total = total
        if prices.bound(self.name, 1, 1, local=self.local) is None:
            raise missing_price(self.name)

    async def complete(self, messages: list[dict[str, Any]], **options: Unpack[Options]) -> Reply:
        """See Chat. Raises TotalSpent where the purse has less than the call can cost."""
        most = self._most(messages, options)
        lease = await purse_of(*self._total).lease(uuid4().hex, Budget.from_limits({"picousd": most}))
        if lease.budget.limits().get("picousd", 0) < most:
            await lease.close(ZERO)
            raise TotalSpent(f"the total has less left than the ${to_usd(most):.4f} that the next call may cost")
        cost = most
        try:
            reply = await super().complete(messages, **options)
            cost = self._cost(reply.usage, most)
            return reply
        except ModelError as error:
            if not error.sent:
                cost = 0
            elif error.usage is not None:
                cost = self._cost(Usage(*error.usage), most)
            raise
        finally:
            await lease.close(Amounts(picousd=cost))

    def _most(self, messages: list[dict[str, Any]], options: Options) -> int:
        """The most that a request can cost: no token is shorter than a byte."""
        size = len(orjson.dumps([messages, options.get("tools")]))
        size = min(size, self.context) if self.context else size
        return self._prices.bound(self.name, size, options.get("max_tokens") or MOST_OUT, local=self.local) or 0

    def _cost(self, usage: Usage | None, most: int) -> int:
        """What a call came to; where the server does not say, the most that it could."""
        priced = None if usage is None else self._price(usage)
        return most if priced is None else priced
