"""A stock langchain agent with a scripted model, for tests of the budget tracker."""

import asyncio
import json
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import pytest

pytest.importorskip("langchain", reason="the extra `langchain` is not installed")

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from pydantic import Field
from spadework.agent.middleware import BudgetTracker

agents: Any = import_module("langchain.agents")
Play = Callable[[list[BaseMessage], dict[str, Any]], AIMessage]
"""From the messages and what was bound to the model (tools, tool_choice) to a reply."""
FINAL = "As far as I could find out, it is Paris."


class Scripted(BaseChatModel):
    """A chat model that plays a function, counts a token for four bytes."""

    plays: Any = None
    model_name: str = "play-1"
    max_tokens: int | None = None
    counts: bool = True
    obeys: bool = True
    """Whether it keeps to its `max_tokens`."""
    seen: list[tuple[list[BaseMessage], dict[str, Any]]] = Field(default_factory=list[Any], repr=False, exclude=True)
    total: list[int] = Field(default_factory=lambda: [0], repr=False, exclude=True)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, *, tool_choice: Any = None, **kwargs: Any) -> Any:
        return self.bind(tools=tools, tool_choice=tool_choice, **kwargs)

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        self.seen.append((messages, kwargs | {"max_tokens": self.max_tokens}))
        reply: AIMessage = self.plays(messages, kwargs)
        tools = sum(len(offered.description) for offered in kwargs.get("tools") or ())
        tokens_in = (sum(map(_bytes, messages)) + tools) // 4 + 5 * len(messages)
        tokens_out = max(1, _bytes(reply) // 4)
        if self.obeys and self.max_tokens is not None and tokens_out > self.max_tokens:
            reply, tokens_out = AIMessage(reply.text[: 4 * self.max_tokens]), self.max_tokens
        self.total[0] += tokens_in + tokens_out
        if self.counts:
            usage: Any = {
                "input_tokens": tokens_in,
                "output_tokens": tokens_out,
                "total_tokens": tokens_in + tokens_out,
            }
            reply = reply.model_copy(update={"usage_metadata": usage})
        return ChatResult(generations=[ChatGeneration(message=reply)])


def _bytes(message: BaseMessage) -> int:
    calls = json.dumps(message.tool_calls) if isinstance(message, AIMessage) and message.tool_calls else ""
    return len(f"{message.text}{calls}".encode())


class Tools:
    """The tools of an agent, which note what they were called with; a query `bad` raises."""

    def __init__(self, result: str = "") -> None:
        self.ran: list[str] = []
        self.result = result

    def all(self) -> list[Any]:
        @tool
        def web_search(query: str) -> str:
            """Search the web."""
            return self._run(f"found {query}", bad=query == "bad")

        @tool
        def fetch(url: str) -> str:
            """Read a page."""
            return self._run(f"read {url}")

        @tool
        def translate(text: str) -> str:
            """Translate a text."""
            return self._run(f"translated {text}")

        return [web_search, fetch, translate]

    def _run(self, told: str, *, bad: bool = False) -> str:
        self.ran.append(told)
        if bad:
            raise RuntimeError("the search is down")
        return self.result or told


def calls(*wanted: str) -> AIMessage:
    """A reply that calls tools, each as `name argument`."""
    names = {"web_search": "query", "fetch": "url", "translate": "text"}
    made: list[Any] = []
    for number, (name, _, argument) in enumerate(call.partition(" ") for call in wanted):
        made.append({"name": name, "args": {names.get(name, "x"): argument}, "id": f"call_{number}"})
    return AIMessage("", tool_calls=made)


def searches(number: int) -> AIMessage:
    return calls(*(f"web_search q{i}" for i in range(number)))


def playing(*replies: AIMessage) -> Play:
    """One reply after the other, and then the answer; also where no tool may be called."""
    left = list(replies)
    return lambda _, bound: left.pop(0) if left and bound.get("tool_choice") != "none" else AIMessage(FINAL)


def replying(reply: AIMessage) -> Play:
    """This reply to every question, and the answer to what the tools brought."""
    return lambda messages, _: reply if isinstance(messages[-1], HumanMessage) else AIMessage(FINAL)


def agent_with(
    tracker: BudgetTracker, plays: Play | Scripted, tools: Tools | None = None, *before: Any, **options: Any
) -> Any:
    """The agent, with other middleware before the tracker."""
    model = plays if isinstance(plays, Scripted) else Scripted(plays=plays)
    return agents.create_agent(model, (tools or Tools()).all(), middleware=[*before, tracker], **options)


async def ask(agent: Any, mode: str = "invoke", thread: str = "t") -> list[BaseMessage]:
    """Ask a question in one of the ways in which an agent is run; the messages that come back."""
    question = {"messages": [("user", "What is the capital of France?")]}
    config = {"configurable": {"thread_id": thread}}
    if mode == "invoke":
        return (await asyncio.to_thread(agent.invoke, question, config))["messages"]
    if mode == "ainvoke":
        return (await agent.ainvoke(question, config))["messages"]
    if mode == "stream":
        return list(agent.stream(question, config, stream_mode="values"))[-1]["messages"]
    return [state async for state in agent.astream(question, config, stream_mode="values")][-1]["messages"]


def results(messages: Sequence[BaseMessage]) -> list[str]:
    return [message.text for message in messages if isinstance(message, ToolMessage)]
