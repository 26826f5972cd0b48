"""The best so far: there is one from the first candidate on, and whoever listens is told when it changes."""

from typing import Any, cast

from scripted import (
    ALDER,
    BORN,
    BUILT,
    CONSTRAINTS,
    FINCH,
    QUESTION,
    SPANS,
    Script,
    ScriptedChat,
    answer,
    browse,
    finding,
    record,
    search,
    small_web,
)
from spadework.agent import Budget, stream_agent
from spadework.agent.deps import Deps
from spadework.agent.events import BestEvent, Event
from spadework.agent.fresh import fresh_question
from spadework.agent.money.ledger import Ledger
from spadework.agent.nodes.best import Best, best_of, tell_best
from spadework.agent.nodes.judge import choose
from spadework.agent.proof.matrix import cell_key
from spadework.agent.session import Session
from spadework.agent.state import AgentState, Candidate, Constraint, Evidence, Finding, Proof, Verdict
from spadework.agent.strategies import STRATEGIES

STATED = [
    Constraint(id="c0", text="who built it", kind="asked"),
    Constraint(id="c1", text="it spans the Orr", kind="exploration"),
    Constraint(id="c2", text="born in Wendle", kind="verification"),
]


def cell(candidate: str, constraint: str, verdict: Verdict = "satisfied", proof: Proof = "page") -> dict[str, Finding]:
    item = Evidence(kind="page", url=ALDER, quote=BUILT, fetched="", digest="")
    found = Finding(candidate=candidate, constraint=constraint, verdict=verdict, proof=proof, evidence=[item],
                    inference="", by="searcher")  # fmt: skip
    return {cell_key(candidate, constraint): found}


def state(*findings: dict[str, Finding], candidates: tuple[str, ...] = ()) -> AgentState:
    merged = {key: found for given in findings for key, found in given.items()}
    named = [Candidate(answer=name, attempt=1) for name in candidates]
    fresh: dict[str, Any] = {**fresh_question(QUESTION), "constraints": STATED, "stated": True}
    return cast("AgentState", fresh | {"findings": merged, "candidates": named})


def test_there_is_none_before_the_first_candidate_and_one_from_then_on() -> None:
    assert best_of(state()) is None
    best = best_of(state(candidates=("Bo Larch",)))
    assert best is not None
    assert (best.answer, best.status, best.open) == ("Bo Larch", "unverified", ("c0", "c1", "c2"))


def test_it_says_how_the_candidate_stands_on_each_constraint() -> None:
    found = [cell("Mara Finch", "c0"), cell("Mara Finch", "c1", proof="snippet"), cell("Mara Finch", "c2", "disputed")]
    assert best_of(state(*found)) == Best(
        answer="Mara Finch", status="unverified", proven=("c0",), weakly=("c1",), open=("c2",), contradicted=()
    )
    told = best_of(state(*found))
    assert told is not None
    assert told.to_dict() == {
        "answer": "Mara Finch",
        "status": "unverified",
        "proven": ["c0"],
        "weakly": ["c1"],
        "open": ["c2"],
        "contradicted": [],
    }
    refuted = best_of(state(cell("Mara Finch", "c2", "contradicted")))
    assert refuted is not None
    assert refuted.contradicted == ("c2",)


def test_it_is_what_the_end_of_the_run_would_choose() -> None:
    now = state(
        cell("Bo Larch", "c0"),
        cell("Bo Larch", "c2", "contradicted"),
        cell("Mara Finch", "c0", proof="snippet"),
        candidates=("Bo Larch", "Mara Finch"),
    )
    best = best_of(now)
    assert best is not None
    assert (best.answer, best.status) == choose(now)


def test_a_change_is_told_once_and_a_repetition_is_not() -> None:
    told: list[Event] = []
    web = small_web()
    deps = Deps(chats={}, search=web, browse=web, strategy=STRATEGIES["bats-early"])
    session = Session(deps, Ledger(Budget(), "run"), listener=told.append)
    for now in (
        state(),
        state(candidates=("Bo Larch",)),
        state(candidates=("Bo Larch",)),
        state(cell("Mara Finch", "c0"), candidates=("Bo Larch",)),
        state(cell("Mara Finch", "c0"), cell("Bo Larch", "c1", "contradicted"), candidates=("Bo Larch",)),
    ):
        tell_best(session, now)
    assert told == [
        BestEvent("Bo Larch", "unverified", (), ("c0", "c1", "c2")),
        BestEvent("Mara Finch", "unverified", ("c0",), ("c1", "c2")),
    ]


async def test_a_stream_of_a_run_shows_the_best_getting_better() -> None:
    script: Script = [
        [record(constraints=CONSTRAINTS), search("Alder Bridge", "Mara Finch")],
        [browse(ALDER, FINCH)],
        [record(finding("Mara Finch", "c0", (ALDER, BUILT)), finding("Mara Finch", "c1", (ALDER, SPANS))), search("x")],
        [record(finding("Mara Finch", "c2", (FINCH, BORN))), answer("Mara Finch")],
    ]
    web = small_web()
    run = stream_agent(QUESTION, Budget(searches=4, browses=4), model=ScriptedChat(script), search=web, browse=web)
    told = [event async for event in run]
    best = [event for event in told if isinstance(event, BestEvent)]
    assert [(event.status, event.proven, event.open) for event in best] == [
        ("unverified", ("c0", "c1"), ("c2",)),
        ("verified", ("c0", "c1", "c2"), ()),
    ]
    assert told.index(best[-1]) < len(told) - 1, "before the answer"
