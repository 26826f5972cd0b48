"""A chat model in front of another one: what is asked of it, the other is asked."""

from typing import Any

from typing_extensions import Unpack

from ...agent.llm.wire import Chat, Options, Reply, Usage
from ...agent.money.prices import Prices


class PassingChat:
    """Passes every request on. What it does besides is for those who derive from it."""

    def __init__(self, chat: Chat, prices: Prices) -> None:
        self.name = chat.name
        self.context = chat.context
        self.local = chat.local
        self._chat = chat
        self._prices = prices

    @property
    def takes_tools(self) -> bool:
        """See Chat; a model may find out in the middle of a run."""
        return self._chat.takes_tools

    async def complete(self, messages: list[dict[str, Any]], **options: Unpack[Options]) -> Reply:
        """See Chat."""
        return await self._chat.complete(messages, **options)

    def _price(self, usage: Usage) -> int | None:
        """What a reply came to in picodollars; None where nobody knows."""
        return self._prices.picousd(self.name, usage, local=self.local)
