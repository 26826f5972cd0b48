"""Conversations with a scripted model on the small web: a first question, and one that follows up."""

from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from scripted import (
    ALDER,
    BORN,
    BUILT,
    FINCH,
    SPANS,
    Said,
    Script,
    ScriptedChat,
    SmallWeb,
    answer,
    browse,
    finding,
    record,
    search,
)
from spadework.agent import Result, run_agent

FIRST = "Who built the Alder Bridge?"
NEXT = "And where was she born?"
TAKEN = "Where was Mara Finch born?"
ANSWERED: list[Said] = [
    f'{{"question": "{FIRST}"}}',
    [search("Alder Bridge Mara Finch")],
    [browse(ALDER, FINCH)],
    [record(finding("Mara Finch", "c0", (ALDER, BUILT))), answer("Mara Finch")],
    '{"doubts": []}',
]
FOLLOWED: list[Said] = [
    f'{{"question": "{TAKEN}"}}',
    [record(finding("Wendle", "c0", (FINCH, BORN))), answer("Wendle")],
    '{"doubts": []}',
]


class Talk:
    """A conversation with a scripted model on the small web, in memory or in a store."""

    def __init__(self, store: Path | None = None) -> None:
        self.web = SmallWeb({ALDER: f"{SPANS} {BUILT}", FINCH: BORN})
        kept: Any = {"store": store} if store else {"checkpointer": InMemorySaver()}
        self.options: Any = {"search": self.web, "browse": self.web, "thread_id": "talk", **kept}
        self.chat = ScriptedChat([])

    def say(self, message: str, script: Script, budget: Any = 4, whole: Any = None, **more: Any) -> Result:
        self.chat = ScriptedChat(script)
        whole = whole or {}
        return run_agent(message, budget, model=self.chat, conversation=whole, **self.options, **more)

    def prompt(self, number: int) -> str:
        return "\n".join(str(message.get("content")) for message in self.chat.prompts[number])
