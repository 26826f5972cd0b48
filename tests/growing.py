"""Long searches under a token limit: a model that never has enough, pages with much text, and an honest count."""

import random as chance
from dataclasses import dataclass, field
from typing import Any

from scripted import Messages, answer, browse, calling, finding, prose, record, search
from spadework.agent import Budget, Result, arun_agent
from spadework.agent.llm.wire import Options, Reply, Usage
from spadework.tools.reading.extract import Page
from spadework.tools.search import Hit
from typing_extensions import Unpack

QUESTION = "Which keeper of the northern lights was born in Torve, wrote about tides, and died in a storm at sea?"
WORDS = (
    "lamp",
    "keeper",
    "tide",
    "harbour",
    "storm",
    "letter",
    "island",
    "record",
    "winter",
    "stone",
    "boat",
    "ledger",
    "north",
    "parish",
    "wreck",
    "signal",
)
DEMANDS = ("was born in Torve", "wrote about tides", "died in a storm at sea")


@dataclass
class Growing:
    """A model and its web. `tokens` and `calls` are counted here, as a server would: bytes by `per_token`."""

    seed: int
    context: int | None = None
    name: str = "growing"
    local: bool = False
    takes_tools: bool = True
    tokens: int = 0
    usd: float = 0.0
    calls: int = 0
    dearest: int = 0
    random: chance.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = chance.Random(self.seed)
        self.per_token = self.random.uniform(3.5, 4.5)
        self.patience = self.random.choice((2, 5, 9, 15, 99))
        """Turns after which it proposes somebody; 99 is never."""
        self.context = self.random.choice((None, 16_000, 64_000))
        self.words = self.random.choice((60, 400, 900))

    async def complete(self, messages: Messages, **options: Unpack[Options]) -> Reply:
        said = self._said(messages, bool(options.get("tools")))
        size = len(str(messages).encode()) + len(str(options.get("tools") or "").encode())
        tokens_in = int(size / self.per_token)
        out = min(options.get("max_tokens") or 4_000, max(20, self.words + len(str(said.message)) // 4))
        self.calls += 1
        self.tokens += tokens_in + out
        self.dearest = max(self.dearest, tokens_in + out)
        self.usd += tokens_in * 0.5e-6 + out * 2e-6
        return Reply(said.message, said.text, said.calls, Usage(tokens_in, out, 0), said.finish_reason)

    def _said(self, messages: Messages, tools: bool) -> Reply:
        if not tools:
            return prose('{"checks": [], "decision": "CONTINUE", "reason": "not yet", "answer": "Ada Larch"}')
        text = str(messages[-1]["content"])
        if "no search and no page read is left" in text or "advice: finish" in text:
            return calling(answer("Ada Larch"))
        made: list[Any] = []
        if "not stated yet" in text:
            made.append(record(constraints=DEMANDS))
        if self.calls and self.calls % 3 == 0:
            # Something is found again and again, so that the search does not count as stuck.
            who = f"keeper {self.calls}" if self.calls > self.patience else "Ada Larch"
            verdict = "contradicted" if self.random.random() < 0.2 else "unverifiable"
            quote = ("http://x.example/0", "the keeper of the lamp wrote of the tide")
            made.append(record(finding(who, self.random.choice(("c1", "c2", "c3")), quote, verdict=verdict)))
        if self.patience < 99 and self.calls > self.patience and self.random.random() < 0.25:
            return calling(*made, answer(f"keeper {self.calls}"))
        made.append(search(*(f"{self.random.choice(WORDS)} {self.random.randint(0, 10**6)}" for _ in range(2))))
        if self.random.random() < 0.7:
            made.append(browse(f"http://x.example/{self.random.randint(0, 9)}", goal="keeper of the lamp"))
        return calling(*made)

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        text = " ".join(self.random.choices(WORDS, k=40))
        return [Hit(f"{query} {n}", f"http://x.example/{n}", text, "growing", n + 1) for n in range(10)]

    async def read(self, url: str, *, timeout: float) -> Page:
        text = ". ".join(" ".join(self.random.choices(WORDS, k=14)) for _ in range(200))
        return Page(url, url[-1], "the keeper of the lamp wrote of the tide. " + text, (), None, "x.example")

    async def aclose(self) -> None:
        """Nothing is open."""


async def play(seed: int, **limits: Any) -> tuple[Growing, Result]:
    """One run under these limits; searches and page reads are plentiful."""
    made = Growing(seed)
    plenty: dict[str, Any] = {"searches": 400, "browses": 400}
    return made, await arun_agent(QUESTION, Budget(**plenty | limits), model=made, search=made, browse=made)


async def mean_call(seed: int) -> float:
    """What a call of this run costs on average while it goes on for long."""
    made, _ = await play(seed, model_calls=25)
    return made.tokens / max(1, made.calls)
