"""The graph: begin -> planner -> searcher <-> act, then verifier -> decide -> deepen | pivot | finish."""

from collections.abc import Callable
from functools import partial
from inspect import isawaitable
from typing import Any, cast
from uuid import uuid4

from langgraph.graph import END, START, StateGraph
from langgraph.types import Command

from ..tools.pages import urls_in
from .deps import Deps
from .events import PlanEvent
from .fresh import fresh_question, what_is_asked
from .money.budget import Budget
from .nodes.act import act
from .nodes.best import tell_best
from .nodes.converse import converse
from .nodes.decision import decide_next, deepen, pivot
from .nodes.finish import finish
from .nodes.past import begun
from .nodes.planner import planner
from .nodes.searcher import searcher
from .nodes.topping import top_up
from .nodes.verifier import verifier
from .parallel import runs
from .state import AgentState, Question, updated

Graph = StateGraph[AgentState, None, Question, AgentState]

Work = Callable[[AgentState, Any], Any]
"""A node's work: a function of the state and the session, async or not."""

AFTER_SEARCHER = {"act": "calls", "searcher": "no call: nudge", "verifier": "candidate, or nothing left"}
AFTER_DECIDE = {
    "deepen": "CONTINUE",
    "pivot": "PIVOT",
    "top_up": "EXHAUSTED, and somebody can be asked",
    "finish": "SUCCESS or EXHAUSTED",
}
AFTER_TOP_UP = {"planner": "more", "finish": "take the best", END: "stop"}
CHANGES_BEST = frozenset({"findings", "candidates", "constraints", "stated"})
AFTER_BEGIN = {"converse": "in a conversation", "planner": "a question by itself"}
AFTER_CONVERSE = {"planner": "a question", "verifier": "an answer that stands already", END: "small talk"}
DESTINATIONS = {
    "begin": AFTER_BEGIN,
    "converse": AFTER_CONVERSE,
    "searcher": AFTER_SEARCHER,
    "decide": AFTER_DECIDE,
    "top_up": AFTER_TOP_UP,
}


def build_graph(deps: Deps) -> Graph:
    """The uncompiled graph over these dependencies; compile it with any checkpointer, or with none."""
    if deps.strategy.runs > 1:
        return _parallel_graph(deps)
    nodes: dict[str, Work] = {
        "begin": begin,
        "converse": converse,
        "planner": planner,
        "searcher": searcher,
        "act": act,
        "verifier": verifier,
        "decide": decide_next,
        "deepen": deepen,
        "pivot": pivot,
        "top_up": top_up,
        "finish": finish,
    }
    graph: Any = StateGraph(AgentState, input_schema=Question)  # its methods are only partly typed
    for name, work in nodes.items():
        # As a partial: LangGraph takes a function apart to look for subgraphs, half of the time of building the graph.
        graph.add_node(name, partial(_run, work, deps), destinations=DESTINATIONS.get(name))
    graph.add_edge(START, "begin")
    graph.add_edge("planner", "searcher")
    graph.add_edge("act", "searcher")
    graph.add_edge("verifier", "decide")
    graph.add_edge("deepen", "planner")
    graph.add_edge("pivot", "planner")
    graph.add_edge("finish", END)
    return graph


def _parallel_graph(deps: Deps) -> Graph:
    """Several runs side by side, and the choice of one answer: begin -> runs -> finish."""
    graph: Any = StateGraph(AgentState, input_schema=Question)
    nodes: dict[str, Work] = {"begin": begin, "runs": runs, "finish": finish}
    for name, work in nodes.items():
        graph.add_node(name, partial(_run, work, deps))
    graph.add_edge(START, "begin")
    graph.add_edge("begin", "runs")
    graph.add_edge("runs", "finish")
    graph.add_edge("finish", END)
    return graph


async def _run(work: Work, deps: Deps, state: AgentState) -> Any:
    """One node: its work on the state and on the session of the run, which `begin` opens."""
    if work is begin:
        return await begin(state, deps)
    session = await deps.session(state)
    done = work(state, session)
    update: Any = await done if isawaitable(done) else done
    plain = _plain(update)
    if not CHANGES_BEST.isdisjoint(plain):
        tell_best(session, updated(state, plain))
    return update


def _plain(update: Any) -> dict[str, Any]:
    """The channels that a node writes, wherever it sends the graph to."""
    return (cast("Command[Any]", update).update or {}) if isinstance(update, Command) else update


async def begin(state: AgentState, deps: Deps) -> dict[str, Any] | Command[Any]:
    """Start a question: a fresh ledger, and a state in which nothing of an earlier question is left but its charges."""
    run, turn = state.get("run") or uuid4().hex, state.get("turn", 0) + 1
    budget = Budget.of(state.get("budget") or None)
    session = await deps.begin(run, turn, state["question"], budget)
    session.pages.allow(urls_in(state["question"]))
    number = session.ledger.question
    session.emit(PlanEvent([what_is_asked(state["question"])], []))
    fresh = {**fresh_question(state["question"]), "run": run, "turn": number, "budget": budget.to_dict()}
    fresh |= {"past": begun(state, number)}
    # Several runs side by side have one way to go.
    return fresh if deps.strategy.runs > 1 else Command(update=fresh, goto="converse" if deps.converses else "planner")
