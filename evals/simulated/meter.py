"""Where the tokens of prompts go: a Chat around a Chat that counts each part of each prompt."""

import re
from collections import Counter
from itertools import takewhile
from typing import Any

from typing_extensions import Unpack

from ...agent.llm.wire import Chat, Options, Reply
from ...prompts import render
from .chat import tokens_of

PARTS = (
    "rules",
    "tools",
    "question",
    "records",
    "own words",
    "results",
    "constraints",
    "findings",
    "plan",
    "budget",
    "planner",
    "verifier",
    "finish",
)
"""Parts of the searcher's prompts, and the whole prompts of the other nodes."""
STANDING = PARTS[6:10]
_WHOLE = {"planner": "planner", "verifier": "verifier", "verdict": "verifier", "confirm": "verifier"}
_BLOCK = re.compile(r"^\[(constraints|findings|plan|budget)\]$", re.MULTILINE)


class Metered:
    """Passes every call on. `tokens` are those of all prompts by part, `calls` the calls by node."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self.name = chat.name
        self.context = chat.context
        self.local = chat.local
        self.takes_tools = chat.takes_tools
        self.tokens: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.again = 0
        """Tokens with which a prompt began just as the last one of its node did: what a provider's cache can serve."""
        self._last: dict[str, list[dict[str, Any]]] = {}

    async def complete(self, messages: list[dict[str, Any]], **options: Unpack[Options]) -> Reply:
        """See Chat."""
        tools = options.get("tools") or []
        node = "searcher" if tools else _node(str(messages[0]["content"]))
        if tools:
            self.tokens["tools"] += tokens_of([], tools)
            for message in messages:
                self.tokens.update(_parts(message))
        else:
            self.tokens[node] += tokens_of(messages)
        # Tools come before all messages: where they change, nothing is the same.
        prompt = [{"tools": tools}, *messages]
        last = self._last.get(node, [])
        pairs = takewhile(lambda pair: pair[0] == pair[1], zip(last, prompt, strict=False))
        same = sum(1 for _ in pairs)
        self.again += tokens_of(prompt[1:same], tools) if same else 0
        self._last[node] = prompt
        self.calls[node] += 1
        return await self._chat.complete(messages, **options)


def _node(system: str) -> str:
    return next((node for prompt, node in _WHOLE.items() if system == render(prompt)), "finish")


def _parts(message: dict[str, Any]) -> Counter[str]:
    """The tokens of one message of a searcher's prompt, by part."""
    size = tokens_of([message])
    named = {"system": "rules", "assistant": "own words", "tool": "results"}.get(message["role"])
    if named:
        return Counter({named: size})
    text = str(message["content"])
    if text.startswith("[question]"):
        return Counter({"question": size})
    heads = [*_BLOCK.finditer(text)]
    if not heads:
        return Counter({"records" if text.startswith("[record]") else "own words": size})
    ends = [*(head.start() for head in heads[1:]), len(text)]
    sizes = {head[1]: tokens_of([{"content": text[head.start() : end]}]) for head, end in zip(heads, ends, strict=True)}
    scale = size / max(1, sum(sizes.values()))
    return Counter({name: round(part * scale) for name, part in sizes.items()})
