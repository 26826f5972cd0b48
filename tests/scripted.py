"""A chat model that plays a script, and a small web in memory, both of which count for themselves."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spadework.agent.llm.wire import Options, Reply, ToolCall, Usage
from spadework.tools.reading.extract import Page
from spadework.tools.search import Hit
from typing_extensions import Unpack

Call = tuple[str, Any]
"""The name of a tool and its arguments; text stands for arguments that are no JSON."""
Said = str | Sequence[Call] | Reply | Exception
Messages = list[dict[str, Any]]
Script = Sequence[Said | Callable[[Messages], Said]] | Callable[[Messages], Said]
USAGE = Usage(500, 30, 0)


def call(name: str, **arguments: Any) -> Call:
    return name, arguments


def search(*queries: str) -> Call:
    return call("search", queries=list(queries))


def browse(*urls: str, goal: str = "the fact", page: int = 1) -> Call:
    return call("browse", urls=list(urls), goal=goal, page=page)


def answer(text: str) -> Call:
    return call("answer", answer=text)


def finding(
    candidate: str, constraint: str, *quotes: tuple[str, str], verdict: str = "satisfied", inference: str = ""
) -> dict[str, Any]:
    """One finding as a model writes it; quotes are (url, text) pairs."""
    told = [{"url": url, "quote": quote} for url, quote in quotes]
    found = {"candidate": candidate, "constraint": constraint, "verdict": verdict, "quotes": told}
    return found | ({"inference": inference} if inference else {})


def record(*findings: dict[str, Any], constraints: Sequence[str] = ()) -> Call:
    given: dict[str, Any] = {"findings": list(findings)} if findings else {}
    if constraints:
        given["constraints"] = [{"text": text, "kind": "verification"} for text in constraints]
    return "record", given


def prose(text: str, *, usage: Usage | None = USAGE, finish: str = "stop") -> Reply:
    return Reply({"role": "assistant", "content": text}, text, (), usage, finish)


def calling(*calls: Call, usage: Usage | None = USAGE, finish: str = "tool_calls", ids: Sequence[str] = ()) -> Reply:
    """A reply with tool calls, in order; ids are call_0, call_1 and so on unless given."""
    made: list[ToolCall] = []
    for number, (name, arguments) in enumerate(calls):
        raw = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        read: dict[str, Any] | None = None if isinstance(arguments, str) else arguments
        made.append(ToolCall(ids[number] if ids else f"call_{number}", name, read, raw))
    wire = [{"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.raw}} for c in made]
    return Reply({"role": "assistant", "content": "", "tool_calls": wire}, "", tuple(made), usage, finish)


@dataclass
class ScriptedChat:
    """Plays replies in turn, or asks a function of the prompt. When the script has ended it says nothing."""

    script: Script
    name: str = "scripted"
    context: int | None = None
    local: bool = True
    takes_tools: bool = True
    slow: float = 0.0
    """Seconds that a reply takes."""
    prompts: list[Messages] = field(default_factory=list[Messages])
    options: list[Options] = field(default_factory=list[Options])
    cancelled: int = 0

    async def complete(self, messages: Messages, **options: Unpack[Options]) -> Reply:
        self.prompts.append(messages)
        self.options.append(options)
        if self.slow:
            try:
                await asyncio.sleep(self.slow)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        said = self._said(messages)
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Reply):
            return said
        return prose(said) if isinstance(said, str) else calling(*said)

    def _said(self, messages: Messages) -> Said:
        if callable(self.script):
            return self.script(messages)
        number = len(self.prompts) - 1
        said = self.script[number] if number < len(self.script) else ""
        return said(messages) if callable(said) else said


@dataclass
class SmallWeb:
    """Pages by address. A search finds those that share a word with the query; every request is counted."""

    pages: Mapping[str, str]
    snippets: Mapping[str, str] = field(default_factory=dict[str, str])
    name: str = "small"
    searches: int = 0
    reads: int = 0

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        self.searches += 1
        words = set(query.casefold().split())
        found = [url for url, text in self.pages.items() if words & set(text.casefold().replace(".", " ").split())]
        return [self._hit(url, rank) for rank, url in enumerate(found[:limit], start=1)]

    def _hit(self, url: str, rank: int) -> Hit:
        snippet = self.snippets.get(url, self.pages[url][:80])
        return Hit(url.rpartition("/")[2], url, snippet, self.name, rank)

    async def read(self, url: str, *, timeout: float) -> Page:
        self.reads += 1
        return Page(url, url.rpartition("/")[2], self.pages[url], (), None, "x.example")

    async def aclose(self) -> None:
        """Nothing is open."""


QUESTION = "Who built the Alder Bridge, which spans the river Orr, and in which town was that person born?"
ALDER = "http://x.example/alder"
FINCH = "http://x.example/finch"
BUILT = "It was built by Mara Finch in 1871 from local stone."
SPANS = "The Alder Bridge spans the river Orr."
BORN = "Mara Finch was born in Wendle on 3 May 1840."
PAGES = {ALDER: f"{SPANS} {BUILT}", FINCH: f"{BORN} She studied in Torve."}
CONSTRAINTS = ("the bridge spans the river Orr", "the builder was born in Wendle")


def small_web() -> SmallWeb:
    return SmallWeb(PAGES)


def proven() -> dict[str, Any]:
    """The `record` arguments that prove everything about the bridge."""
    return record(
        finding("Mara Finch", "c0", (ALDER, BUILT)),
        finding("Mara Finch", "c1", (ALDER, SPANS)),
        finding("Mara Finch", "c2", (FINCH, BORN)),
    )[1]


NO_DOUBT = '{"doubts": []}'
"""What a verifier says to a proof that shows what it is for."""


def good_script() -> list[Said]:
    """Three turns that find, read and prove, and the verifier's second look."""
    return [
        [record(constraints=CONSTRAINTS), search("Alder Bridge", "Mara Finch")],
        [browse(ALDER, FINCH)],
        [("record", proven()), answer("Mara Finch")],
        NO_DOUBT,
    ]
