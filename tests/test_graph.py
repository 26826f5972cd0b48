"""The graph as it is drawn, and as it ends whatever a model does."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from scripted import QUESTION, Messages, Said, ScriptedChat, browse, call, finding, record, search, small_web
from spadework.agent import Budget, Result, run_agent
from spadework.agent.prepare import prepare

NODES = (
    *("begin", "converse", "planner", "searcher", "act", "verifier"),
    *("decide", "deepen", "pivot", "top_up", "finish"),
)


def drawn() -> str:
    options: Any = {"model": ScriptedChat([]), "search": small_web(), "browse": small_web()}
    built: Any = prepare(QUESTION, Budget(), options).built
    return built.compile().get_graph().draw_mermaid()


def test_the_picture_has_every_node_and_says_when_an_edge_is_taken() -> None:
    picture = drawn()
    for node in NODES:
        assert f"\t{node}({node})" in picture
    for edge in (
        "planner --> searcher",
        "act --> searcher",
        "verifier --> decide",
        "deepen --> planner",
        "pivot --> planner",
        "finish --> __end__",
    ):
        assert f"\t{edge};" in picture
    for source, target, label in (
        ("begin", "converse", "in a conversation"),
        ("begin", "planner", "a question by itself"),
        ("converse", "planner", "a question"),
        ("converse", "verifier", "an answer that stands already"),
        ("converse", "__end__", "small talk"),
        ("decide", "deepen", "CONTINUE"),
        ("decide", "pivot", "PIVOT"),
        ("decide", "top_up", "EXHAUSTED, and somebody can be asked"),
        ("decide", "finish", "SUCCESS or EXHAUSTED"),
        ("top_up", "planner", "more"),
        ("top_up", "finish", "take the best"),
        ("top_up", "__end__", "stop"),
    ):
        assert f"{source} -. &nbsp;{label}&nbsp; .-> {target};" in picture
    for target, label in (
        ("act", "calls"),
        ("verifier", "candidate, or nothing left"),
        ("searcher", "no call: nudge"),
    ):
        assert f"searcher -. &nbsp;{label}&nbsp; .-> {target};" in picture
    assert picture.count("-->") + picture.count(".->") == 22, "an edge that is not listed here"


def play(reply: Callable[[int], Said], budget: Budget) -> tuple[Result, ScriptedChat]:
    count = itertools.count()

    def script(messages: Messages) -> Said:
        return reply(next(count))

    chat, web = ScriptedChat(script), small_web()
    return run_agent(QUESTION, budget, model=chat, search=web, browse=web), chat


def names(number: int) -> Said:
    """Records a new candidate in every turn, for ever."""
    return [record(finding(f"someone {number}", "c1", inference="it is so"), constraints=["one", "two"])]


USELESS: dict[str, Callable[[int], Said]] = {
    "silence": lambda _: "",
    "prose": lambda number: f"I wonder about {number}.",
    "an answer in prose": lambda number: f"ANSWER: someone {number}",
    "unknown tools": lambda number: [call("shell", command=str(number))],
    "broken arguments": lambda _: [("search", "{")],
    "endless records": names,
    "endless answers": lambda number: [call("answer", answer=f"someone {number}")],
    "the same search": lambda _: [search("Alder")],
    "another search each time": lambda number: [search(f"query {number}")],
    "pages nobody knows": lambda number: [browse(f"http://evil.example/{number}")],
    "plans": lambda number: [call("record", plan=[{"step": f"step {number}", "state": "todo"}])],
    "verdicts": lambda _: '{"checks": [{"constraint": "c0", "verdict": "satisfied"}], "decision": "CONTINUE"}',
}


@pytest.mark.parametrize("name", USELESS)
@pytest.mark.parametrize("budget", [Budget(), Budget(usd=5), Budget(searches=2, browses=2, seconds=600)], ids=str)
def test_a_model_that_gets_nowhere_comes_to_an_end(name: str, budget: Budget) -> None:
    result, chat = play(USELESS[name], budget)
    tools = (10 if budget.searches is None else budget.searches) + (10 if budget.browses is None else budget.browses)
    assert len(chat.prompts) <= 4 * tools + 12 + 1, "the turn cap, and the call that writes the answer"
    assert result.status in ("none", "unverified")
    assert result.stop_reason in ("no_leads", "budget")
    assert result.fault == ""


def test_the_question_is_split_by_the_planner_only_where_it_pays() -> None:
    def first_prompt(question: str, budget: Budget) -> str:
        chat, web = ScriptedChat([]), small_web()
        run_agent(question, budget, model=chat, search=web, browse=web)
        return str(chat.prompts[0][0]["content"])

    assert first_prompt(QUESTION, Budget(searches=6, browses=2)).startswith("You plan the search")
    assert first_prompt(QUESTION, Budget()).startswith("You plan the search")
    assert first_prompt(QUESTION, Budget(searches=5, browses=5)).startswith("You find the answer")
    assert first_prompt("Who built the Alder Bridge?", Budget()).startswith("You find the answer")


def edges(strategy: str) -> dict[str, set[str]]:
    options: Any = {"model": ScriptedChat([]), "search": small_web(), "browse": small_web(), "strategy": strategy}
    built: Any = prepare(QUESTION, Budget(), options).built
    found: dict[str, set[str]] = {}
    for edge in built.compile().get_graph().edges:
        found.setdefault(edge.source, set()).add(edge.target)
    return found


def cycles(graph: dict[str, set[str]], path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Every way that leads back to where it began."""
    found: list[tuple[str, ...]] = []
    for target in graph.get(path[-1], ()):
        if target == path[0]:
            found.append(path)
        elif target not in path:
            found += cycles(graph, (*path, target))
    return found


def test_every_cycle_passes_the_searcher_which_calls_a_model_or_ends_the_attempt() -> None:
    """Whether those ends are bounded, too, the property runs count: supersteps for each call of the model."""
    graph = edges("bats-early")
    found = {frozenset(cycle) for node in graph for cycle in cycles(graph, (node,))}
    assert len(found) >= 4
    assert all("searcher" in cycle for cycle in found)


def test_parallel_runs_are_a_graph_without_a_cycle_of_its_own() -> None:
    graph = edges("parallel-best")
    assert {"begin", "runs", "finish"} <= graph.keys()
    assert not [cycle for node in graph for cycle in cycles(graph, (node,))]
