"""The simulated model behind a real server, so that the real command runs against it on the pages of its world."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fake_openai import Answer, FakeOpenAI, error, message
from spadework.evals.simulated.chat import SimulatedChat
from spadework.evals.simulated.web import SimulatedWeb
from spadework.evals.world.making import write_corpus
from spadework.evals.world.recipe import Recipe


@dataclass(frozen=True)
class Simulated:
    """A question, and the options with which the command asks it."""

    question: str
    options: list[str]


@contextmanager
def simulated(folder: Path, number: int, *, skill: float, failing: int = 0) -> Generator[Simulated]:
    """A question of a larger bundled world; the request of that number, from 1, fails once."""
    world = Recipe(seed=20, pages=500, questions=4).make()
    question = world.questions[number]
    corpus = folder / "pages.jsonl"
    write_corpus(world, corpus)
    with SimulatedWeb(world) as web:
        chat = SimulatedChat(web, question, skill=skill, slips=0.2)
        asked: list[None] = []

        def answer(body: dict[str, Any]) -> Answer:
            asked.append(None)
            if len(asked) == failing:
                return error(503, "busy")
            options: Any = {name: body.get(name) for name in ("tools", "max_tokens")}
            reply = asyncio.run(chat.complete(body["messages"], temperature=0.0, **options))
            said = {name: value for name, value in reply.message.items() if name != "role"}
            assert reply.usage is not None
            usage = {"prompt_tokens": reply.usage.tokens_in, "completion_tokens": reply.usage.tokens_out}
            return message(said.pop("content"), finish=reply.finish_reason, usage=usage, **said)

        with FakeOpenAI(otherwise=answer) as server:
            options = ["--model", "simulated", "--base-url", server.base_url, "--search", f"corpus:{corpus}"]
            yield Simulated(question.text, [*options, "--context", "32000"])
