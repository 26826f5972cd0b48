"""What the step benchmark compares: ours and two peers, each as it is meant to be used, over the same script and tools.

The peers build their model and graph once and use them for all runs. Ours is `stream_agent` as a user calls it, with
every limit of the budget set, a price table, findings and a listener of all events.
"""

import operator
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypedDict

from ...agent.events import AnswerEvent
from ...agent.llm.model import OpenAICompatible
from ...agent.money.budget import Budget
from ...agent.run import stream_agent
from ...agent.settings import Settings
from .server import hits, page, question

CONTEXT = 128_000
MARGIN = 10
"""Calls and then some: no limit may end a run early."""
PRICES = '[model."bench"]\ninput = 0.15\noutput = 0.60\n'

Run = Callable[[int], Awaitable[int]]
"""Makes one run of so many tool calls and gives back how many were made."""


async def search_register(query: str) -> list[dict[str, str]]:
    """Our search tool."""
    return hits(query)


async def read_register(url: str) -> dict[str, str]:
    """Our browse tool."""
    return page(url)


async def search(queries: list[str]) -> str:
    """Search the web. Each query string costs 1 search and returns titles, addresses and snippets."""
    return "\n".join(f"{hit['title']}\n{hit['url']}\n{hit['snippet']}" for query in queries for hit in hits(query))


async def browse(urls: list[str], goal: str) -> str:
    """Read pages. Each new address costs 1 page read."""
    return "\n\n".join(page(url)["text"] for url in urls)


async def make_ours(base_url: str, folder: Path, stack: AsyncExitStack, saver: str) -> Run:
    """Ours: each run is prepared, compiled and closed anew, as `run_agent` does it."""
    prices = folder / "prices.toml"
    prices.write_text(PRICES, encoding="utf-8")
    settings = Settings(prices=str(prices))
    model = OpenAICompatible(model="bench", base_url=base_url, context=CONTEXT)
    checkpointer = await _saver(saver, stack)

    async def run(calls: int) -> int:
        events = stream_agent(
            question(uuid.uuid4().hex[:8], calls),
            roomy_budget(calls),
            model=model,
            search=search_register,
            browse=read_register,
            settings=settings,
            checkpointer=checkpointer,
        )
        found = 0
        last: dict[str, Any] = {}
        async for event in events:
            found += event.kind == "finding"
            if isinstance(event, AnswerEvent):
                last = event.result
        if last["status"] != "verified" or not found:
            raise RuntimeError(f"the run ended with status {last['status']} ({last['stop_reason']}, {last['fault']})")
        return last["spend"]["searches"] + last["spend"]["browses"]

    return run


async def make_langgraph(base_url: str, folder: Path, stack: AsyncExitStack, saver: str) -> Run:
    """A loop of two nodes by hand, with messages and langchain-openai, and no limits at all."""
    graphs, messages = import_module("langgraph.graph"), import_module("langchain_core.messages")
    convert: Any = import_module("langchain_core.utils.function_calling").convert_to_openai_tool
    model: Any = _chat_openai(base_url).bind_tools([convert(search), convert(browse)])
    tools: dict[str, Callable[..., Awaitable[str]]] = {"search": search, "browse": browse}

    class State(TypedDict):
        messages: Annotated[list[Any], graphs.add_messages]
        calls: Annotated[int, operator.add]

    async def ask(state: State) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    async def act(state: State) -> dict[str, Any]:
        wanted = state["messages"][-1].tool_calls
        done = [
            messages.ToolMessage(await tools[call["name"]](**call["args"]), tool_call_id=call["id"]) for call in wanted
        ]
        return {"messages": done, "calls": len(done)}

    def after(state: State) -> str:
        return "act" if state["messages"][-1].tool_calls else graphs.END

    builder: Any = graphs.StateGraph(State)
    builder.add_node("ask", ask)
    builder.add_node("act", act)
    builder.add_edge(graphs.START, "ask")
    builder.add_conditional_edges("ask", after)
    builder.add_edge("act", "ask")
    return _graph_run(builder.compile(checkpointer=await _saver(saver, stack)), bool(saver))


async def make_create_agent(base_url: str, folder: Path, stack: AsyncExitStack, saver: str) -> Run:
    """LangChain's `create_agent` with a limit for model calls and one for each tool."""
    agents, middleware = import_module("langchain.agents"), import_module("langchain.agents.middleware")
    limits = [
        middleware.ModelCallLimitMiddleware(run_limit=1_000),
        middleware.ToolCallLimitMiddleware(tool_name="search", run_limit=1_000),
        middleware.ToolCallLimitMiddleware(tool_name="browse", run_limit=1_000),
    ]
    checkpointer = await _saver(saver, stack)
    agent: Any = agents.create_agent(
        _chat_openai(base_url), [search, browse], middleware=limits, checkpointer=checkpointer
    )
    return _graph_run(agent, bool(saver))


CONTENDERS = {"spadework": make_ours, "LangGraph loop": make_langgraph, "create_agent": make_create_agent}


def missing(contender: str) -> str:
    """The package that a contender lacks here, empty when it can run. Raises KeyError for one that is unknown."""
    needed = {
        "spadework": (),
        "LangGraph loop": ("langchain_openai",),
        "create_agent": ("langchain_openai", "langchain"),
    }
    for name in needed[contender]:
        try:
            import_module(name)
        except ImportError:
            return name
    return ""


def roomy_budget(calls: int) -> Budget:
    room = calls + MARGIN
    return Budget(searches=room, browses=room, tokens=room * 100_000, usd=room, seconds=3_600, model_calls=2 * room)


def _chat_openai(base_url: str) -> Any:
    return import_module("langchain_openai").ChatOpenAI(model="bench", base_url=base_url, api_key="none", max_retries=0)


async def _saver(path: str, stack: AsyncExitStack) -> Any:
    if not path:
        return None
    saver: Any = import_module("langgraph.checkpoint.sqlite.aio").AsyncSqliteSaver
    return await stack.enter_async_context(saver.from_conn_string(path))


def _graph_run(graph: Any, saved: bool) -> Run:
    durability = {"durability": "sync"} if saved else {}

    async def run(calls: int) -> int:
        name = uuid.uuid4().hex[:8]
        config = {"configurable": {"thread_id": name}, "recursion_limit": 10_000}
        given = {"messages": [{"role": "user", "content": question(name, calls)}]}
        state = await graph.ainvoke(given, config, **durability)
        return sum(message.type == "tool" for message in state["messages"])

    return run
