"""Somebody who chats with the model by rules, without a terminal."""

import io
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fake_openai import FakeOpenAI
from rich.console import Console
from spadework.agent import Budget
from spadework.agent.chat.chat import Chat
from spadework.agent.chat.conversation import Conversation
from spadework.agent.llm.connections import close_connections
from spadework.agent.loop import start
from spadework.agent.terminal.ask import Asked
from talking import reply, write_corpus

BRIDGE, BORN, MAYOR = "Who built the Alder Bridge?", "And where was she born?", "Who was the mayor there then?"


class Lines:
    """Somebody at the terminal who says these lines, and these replies when asked; `None` is Ctrl-C."""

    interactive = True

    def __init__(self, *lines: str | None, replies: tuple[str | None, ...] = ()) -> None:
        self.lines, self.replies, self.asked = [*lines], [*replies], 0

    def line(self) -> str:
        return _next(self.lines)

    def reply(self, prompt: str) -> str:
        self.asked += 1
        return _next(self.replies)


def _next(lines: list[str | None]) -> str:
    if not lines:
        raise EOFError
    line = lines.pop(0)
    if line is None:
        raise KeyboardInterrupt
    return line


@contextmanager
def serving() -> Generator[FakeOpenAI]:
    """The model by rules on a server, to which no connection is left open."""
    with FakeOpenAI(otherwise=reply) as running:
        yield running
        start(close_connections()).result()


class Talk:
    """A chat with the model by rules on its three pages; `said` is what was printed since it was asked last."""

    def __init__(self, server: FakeOpenAI, folder: Path, **more: Any) -> None:
        self.server = server
        self.screen = io.StringIO()
        asked = Asked(model="rules", base_url=server.base_url, search=f"corpus:{write_corpus(folder)}")
        budget = more.pop("budget", Budget(searches=3, browses=3))
        whole, store = more.pop("whole", Budget()), more.pop("store", str(folder / "runs.db"))
        talk = Conversation(asked=asked, budget=budget, whole=whole, store=store, **more)
        self.chat = Chat(talk, Console(file=self.screen, width=81, highlight=False, force_terminal=False))

    def say(self, *lines: str | None, replies: tuple[str | None, ...] = ()) -> str:
        self.screen.seek(0)
        self.screen.truncate()
        self.chat.reader = Lines(*lines, replies=replies)
        self.chat.run()
        return self.screen.getvalue()
