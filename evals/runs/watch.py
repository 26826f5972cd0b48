"""Counters of the runner's own around search, browse and model, and what they say against a result.

The ledger is not asked: a limit that it let pass, or a proof that nobody was shown, is to be seen here.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from typing_extensions import Unpack

from ...agent.llm.wire import Chat, Options, Reply, Usage
from ...agent.money.block import amount_text
from ...agent.money.budget import Budget, label
from ...agent.money.prices import Prices
from ...agent.result import Result
from ...tools.backends.several import Several
from ...tools.browse import Browse
from ...tools.errors import ModelError, ToolError
from ...tools.reading.extract import Page
from ...tools.search import Hit, Search, normalise_url
from ..suites.grade import normalised
from .passing import PassingChat
from .total import TotalSpent

GRACE_MS = 1_000
"""What a run may take beyond its seconds: they bound its calls, and other runs share the process."""
_NO_WORD = re.compile(r"[\W_]+")


class Watch:
    """What one run really did: its calls by the names of the limits, and the pages that it was given."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.compare: Callable[[Result], list[str]] | None = None
        """What tells how a run differs from its recording, where it is one that is played again."""
        self.unpaid = False
        """A call was not made, as the evaluation's total cannot pay it: the run says nothing of its way."""
        self._served: dict[str, list[str]] = {}

    @contextmanager
    def call(self, name: str) -> Generator[None]:
        """Count a call; one that never left this machine is none."""
        self.counts[name] += 1
        try:
            yield
        except (ToolError, ModelError) as error:
            if not error.sent:
                self.counts[name] -= 1
            raise

    def bill(self, usage: Usage, picousd: int | None) -> None:
        """Count the tokens of a reply, and its price where one is known."""
        self.counts["tokens_in"] += usage.tokens_in
        self.counts["tokens_out"] += usage.tokens_out
        self.counts["tokens_cached"] += usage.tokens_cached
        self.counts["tokens"] += usage.tokens_in + usage.tokens_out
        self.counts["picousd"] += picousd or 0

    def serve(self, asked: str, page: Page) -> None:
        """Keep what a page said, under the address that was asked for and its own."""
        for url in {normalise_url(asked), normalise_url(page.url)}:
            self._served.setdefault(url, []).append(page.text)

    def passed(self, budget: Budget, seconds: float) -> list[str]:
        """A line for each limit that was passed."""
        self.counts["ms"] = round(seconds * 1000)
        grace = {"ms": GRACE_MS}
        return [
            f"{label(name)}: {amount_text(name, self.counts[name])} of {amount_text(name, limit)}"
            for name, limit in budget.limits().items()
            if self.counts[name] > limit + grace.get(name, 0)
        ]

    def unproven(self, result: Result) -> list[str]:
        """A line for each constraint of a verified answer for which no quote stands on a page that was served."""
        if result.status != "verified":
            return []
        holding = [constraint for constraint in result.constraints if not constraint.get("dropped")]
        bare = [str(item["id"]) for item in holding if not self._shows(result, item["id"])]
        return [f"verified, but no page that was read shows {name}" for name in bare]

    def _shows(self, result: Result, constraint: str) -> bool:
        answer = normalised(result.answer)
        quotes = [
            (item["url"], item["quote"])
            for finding in result.findings
            if finding["constraint"] == constraint and finding["verdict"] == "satisfied"
            if normalised(finding["candidate"]) == answer
            for item in finding["evidence"]
            if item["kind"] == "page"
        ]
        return any(
            (words := _bare(quote)) and any(words in _bare(text) for text in self._served.get(normalise_url(url), ()))
            for url, quote in quotes
        )


@lru_cache(maxsize=1_024)
def _bare(text: str) -> str:
    """Letters and digits alone: simpler than what the agent compares, and not its code."""
    return _NO_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


class WatchedSearch:
    """Passes every search on, and counts it."""

    def __init__(self, search: Search, watch: Watch) -> None:
        self.name = search.name
        self._search = search
        self._watch = watch

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        """See Search."""
        with self._watch.call("searches"):
            return await self._search.search(query, limit=limit, timeout=timeout)

    async def aclose(self) -> None:
        """Nothing of its own is open."""


def watched(search: Search, watch: Watch) -> Search:
    """A backend that counts; of several each one, as each request is a search of its own."""
    if isinstance(search, Several):
        return Several([[WatchedSearch(part, watch) for part in stage] for stage in search.stages])
    return WatchedSearch(search, watch)


class WatchedBrowse:
    """Passes every page read on, counts it, and keeps what came."""

    def __init__(self, browse: Browse, watch: Watch) -> None:
        self._browse = browse
        self._watch = watch

    async def read(self, url: str, *, timeout: float) -> Page:
        """See Browse."""
        with self._watch.call("browses"):
            page = await self._browse.read(url, timeout=timeout)
        self._watch.serve(url, page)
        return page

    async def aclose(self) -> None:
        """Nothing of its own is open."""


class WatchedChat(PassingChat):
    """Counts every request that it passes on, and what its reply came to."""

    def __init__(self, chat: Chat, watch: Watch, prices: Prices) -> None:
        super().__init__(chat, prices)
        self._watch = watch

    async def complete(self, messages: list[dict[str, Any]], **options: Unpack[Options]) -> Reply:
        """See Chat."""
        try:
            with self._watch.call("model_calls"):
                reply = await super().complete(messages, **options)
        except TotalSpent:
            self._watch.unpaid = True
            raise
        except ModelError as error:
            self._bill(None if error.usage is None else Usage(*error.usage))
            raise
        self._bill(reply.usage)
        return reply

    def _bill(self, usage: Usage | None) -> None:
        if usage is not None:
            self._watch.bill(usage, self._price(usage))
