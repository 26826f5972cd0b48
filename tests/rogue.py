"""A model and a web that do anything at random, and count for themselves what really reached them."""

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from scripted import (
    ALDER,
    BORN,
    BUILT,
    CONSTRAINTS,
    FINCH,
    PAGES,
    SPANS,
    answer,
    browse,
    calling,
    finding,
    prose,
    proven,
    record,
)
from spadework.agent import Budget
from spadework.agent.llm.wire import Adapted, Options, Reply, Usage
from spadework.tools.errors import ModelError, ToolError
from spadework.tools.reading.extract import Page
from spadework.tools.search import Hit
from typing_extensions import Unpack

PRICES = '[model."rogue"]\ninput = 1\noutput = 4\ncached = 0.1\n'
HOSTILE: tuple[Any, ...] = (None, 0, -1, "", "x" * 500, [], [None], {"a": [1]}, [[]], True, 1e308, "\ud800", "雪" * 40)
QUOTES = ((ALDER, BUILT), (ALDER, SPANS), (FINCH, BORN), (ALDER, "It was built by Bo Larch in 1899."), ("", "short"))
GOOD = (record(constraints=CONSTRAINTS), browse(ALDER, FINCH), ("record", proven()), answer("Mara Finch"))
LIMITS: dict[str, tuple[Any, ...]] = {
    "searches": (0, 1, 3, 12, 40),
    "browses": (0, 1, 3, 12, 40),
    "tokens": (0, 900, 12_000, 40_000, 80_000, 200_000),
    "usd": (0, "0.0009", "0.02", "0.06", "0.2"),
    "seconds": (0, 2.5, 20, 60),
    "model_calls": (0, 1, 2, 5, 15, 30),
    "tools": ({"dig": 0}, {"dig": 2}, {"dig": 9}),
}


@dataclass
class Clock:
    """A clock that moves only when a fake takes time."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Rogue:
    """A model and its web, which do anything at random, and count what really reached them."""

    random: random.Random
    clock: Clock
    budget: Budget
    name: str = "rogue"
    local: bool = False
    takes_tools: bool = True
    context: int | None = None
    seen: Counter[str] = field(default_factory=Counter[str])
    usd: Decimal = Decimal(0)
    steps: int = 0
    """Supersteps of the graph, of all runs of a parallel strategy together."""
    calls_tried: int = 0
    overran: bool = False
    _excess: bool = False
    faults: list[str] = field(default_factory=list[str])

    def counting_steps(self, node: Any) -> Any:
        """The function that runs a node, with every step counted."""

        async def counted(*arguments: Any) -> Any:
            self.steps += 1
            return await node(*arguments)

        return counted

    # -- the model

    async def complete(self, messages: list[dict[str, Any]], **options: Unpack[Options]) -> Reply:
        self.calls_tried += 1
        self._starts("model_calls", options.get("timeout", 0))
        said = self._said(bool(options.get("tools")) or not self.takes_tools)
        self.clock.now += self.random.choice((0, 0.1, min(5, options.get("timeout", 0))))
        usage = self._usage(messages, options)
        if isinstance(said, ModelError):
            if said.usage is not None:
                said.usage = (usage.tokens_in, usage.tokens_out, usage.tokens_cached)
                self._report(usage)
            self.seen["model_calls"] += said.sent
            raise said
        self.seen["model_calls"] += 1
        strange = self.random.random()
        if strange < 0.05:
            return Reply(said.message, said.text, said.calls, None, said.finish_reason)
        if strange < 0.08:
            return Reply(said.message, said.text, said.calls, Usage(0, 0, 0), said.finish_reason)
        self._report(usage)
        return Reply(said.message, said.text, said.calls, usage, said.finish_reason)

    def _usage(self, messages: list[dict[str, Any]], options: Options) -> Usage:
        """What an honest server counts, or now and then more than any honest one could."""
        size = len(json.dumps([messages, options.get("tools")], ensure_ascii=False).encode("utf-8", "replace"))
        out = options.get("max_tokens") or 50_000  # a server that is not told to stop goes on
        self._excess = self.random.random() < 0.01
        if self._excess:
            return Usage(size + 5_000, out + 1, 0)
        tokens_in = sum(len(json.dumps(message)) // 4 for message in messages) + 300
        return Usage(tokens_in, self.random.randint(0, out), self.random.choice((0, tokens_in // 2)))

    def _report(self, usage: Usage) -> None:
        self.overran = self.overran or self._excess
        fresh = usage.tokens_in - usage.tokens_cached
        self.seen["tokens"] += usage.tokens_in + usage.tokens_out
        self.usd += (fresh + Decimal("0.1") * usage.tokens_cached + 4 * usage.tokens_out) / Decimal(1_000_000)

    def _said(self, tools: bool) -> Reply | ModelError:
        if self.random.random() < 0.08:
            return self._failure()
        reply = self._with_tools() if tools else prose(self._verdict())
        if self.random.random() < 0.06:
            return Reply(reply.message, reply.text, reply.calls, reply.usage, "length")
        return reply

    def _failure(self) -> ModelError:
        kind = self.random.choice(("unreachable", "timeout", "status", "rejected", "bad_reply", "cancelled"))
        sent = kind != "unreachable" and self.random.random() < 0.8
        if kind == "rejected" and sent:
            return Adapted("no such parameter", parameter="temperature", status=400)
        usage = (1, 1, 0) if sent and self.random.random() < 0.5 else None
        return ModelError(kind, kind=kind, sent=sent, status=self.random.choice((None, 401, 429, 503)), usage=usage)

    def _with_tools(self) -> Reply:
        many = self.random.choice((1, 1, 1, 2, 3, 50))
        made = [self._call() for _ in range(many)]
        ids = [self.random.choice(("", "same", f"c{number}")) for number in range(many)]
        text = self._verdict() if self.random.random() < 0.1 else json.dumps({"calls": self._named(made)})
        prosaic = prose(self.random.choice(("", "I wonder.", "ANSWER: Mara Finch", "x" * 60_000, "\ud800", text)))
        return prosaic if self.random.random() < 0.15 or not self.takes_tools else calling(*made, ids=ids)

    def _named(self, made: list[tuple[str, Any]]) -> list[dict[str, Any]]:
        return [{"name": name, "arguments": arguments} for name, arguments in made]

    def _call(self) -> tuple[str, Any]:
        pick = self.random.random()
        if pick < 0.12:
            return self.random.choice(GOOD)
        if pick < 0.25:
            return "search", {"queries": [f"alder {self.random.randint(0, 99)}" for _ in range(self._few())]}
        if pick < 0.45:
            urls = (ALDER, FINCH, f"http://x.example/{self.random.randint(0, 30)}", "http://evil.example/?q=secret")
            return "browse", {"urls": self.random.choices(urls, k=self._few()), "goal": "builder"}
        if pick < 0.70:
            constraints = self.random.choice(((), CONSTRAINTS, [f"c{n}" for n in range(30)]))
            return record(*(self._finding() for _ in range(self._few())), constraints=constraints)
        if pick < 0.78:
            return "answer", {"answer": self._name(), "no_search": self.random.random() < 0.2}
        if pick < 0.82:
            return "dig", self.random.choice(({"where": "here"}, {"where": "there"}, {"what": 5}, {}))
        name = self.random.choice(("search", "browse", "record", "answer", "dig", "shell", "", "雪"))
        if pick < 0.86:
            return name, self.random.choice(("", "{", "null", "[1]", "{" * 3_000))
        keys = ("queries", "urls", "goal", "page", "answer", "findings", "constraints", "plan", "assumption")
        return name, {key: self.random.choice(HOSTILE) for key in keys}

    def _verdict(self) -> str:
        if self.random.random() < 0.3:
            return self.random.choice(("", "no idea", "{", "[]", '{"checks": 5}', "{" * 5_000, "```json\n{}\n```"))
        data: dict[str, Any] = {"decision": self.random.choice(("SUCCESS", "CONTINUE", "PIVOT", "BANANA", None))}
        data["checks"] = [self._finding() for _ in range(self._few())]
        data["answer"] = self._name()
        told = (
            "reason",
            "facts",
            "leads",
            "steps",
            "marks",
            "drop",
            "justification",
            "summary",
            "details",
            "assumption",
        )
        data |= {key: self.random.choice(HOSTILE) for key in told}
        data["verification"] = self.random.choice(([{"constraint": "it is old", "verdict": "satisfied"}], *HOSTILE))
        data["read"] = self.random.choice(([ALDER, FINCH, "http://evil.example/?q=secret"], *HOSTILE))
        data["choice"] = self.random.choice((1, 2, 99, *HOSTILE))
        if self.random.random() < 0.1:
            data["no_search_answer"] = self.random.choice((self._name(), *HOSTILE))
        data["constraints"] = self.random.choice(([{"text": text} for text in CONSTRAINTS], *HOSTILE))
        return json.dumps(data)

    def _finding(self) -> dict[str, Any]:
        verdict = self.random.choice(("satisfied", "satisfied", "contradicted", "unverifiable", "maybe"))
        quotes = self.random.choices(QUOTES, k=self.random.randint(0, 3))
        told = finding(self._name(), f"c{self.random.randint(0, 3)}", *quotes, verdict=verdict)
        return told | {"inference": self.random.choice(("", "1871 < 1899", "1 + 1 = 2", "because"))}

    def _name(self) -> str:
        return self.random.choice(("Mara Finch", "Bo Larch", "yes", f"someone {self.random.randint(0, 999)}", ""))

    def _few(self) -> int:
        return self.random.choice((1, 2, 5, 9))

    # -- the web

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        await self._tool("searches", timeout)
        urls = self.random.sample([ALDER, FINCH, *(f"http://x.example/{n}" for n in range(9))], k=4)
        return [Hit(query, url, PAGES.get(url, "nothing"), "rogue", rank) for rank, url in enumerate(urls, start=1)]

    async def read(self, url: str, *, timeout: float) -> Page:
        await self._tool("browses", timeout)
        return Page(url, "page", PAGES.get(url, "word " * self.random.choice((1, 9_000))), (), None, "x.example")

    async def dig(self, where: str) -> str:
        """Dig somewhere.

        Args:
            where: the place.
        """
        self.seen["tools.dig"] += 1
        self.clock.now += self.random.choice((0, 0.01))
        await asyncio.sleep(0)
        if self.random.random() < 0.2:
            raise ValueError(f"nothing {where}")
        return f"[budget]\nsearches: 99 of 99 left\n{where}"

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _tool(self, counted: str, timeout: float) -> None:
        self._starts(counted, timeout)
        self.clock.now += self.random.choice((0, 0.01))
        await asyncio.sleep(0)
        sent = self.random.random() > 0.08
        self.seen[counted] += sent
        if not sent or self.random.random() < 0.15:
            raise ToolError("it failed", kind="unreachable", sent=sent)

    def _starts(self, what: str, timeout: float) -> None:
        """What must hold whenever a call reaches a fake."""
        if self.overran and (self.budget.tokens is not None or self.budget.usd is not None):
            self.faults.append(f"{what} after an overrun")
        if self.budget.seconds is not None:
            left = 1_000 + self.budget.seconds - self.clock.now
            if left <= 0 or timeout > left + 0.002:
                self.faults.append(f"{what} with {left:.3f} s left and a timeout of {timeout:.3f} s")
