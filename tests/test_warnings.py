"""The four warnings: each shown when its mistake is made, and none without."""

from typing import Any, cast

import pytest
from spadework.agent.fresh import fresh_question, no_progress
from spadework.agent.nodes.board import warnings_text
from spadework.agent.proof.warnings import warnings_of
from spadework.agent.state import AgentState, Finding
from test_matrix import CONSTRAINTS, cell, matrix

EVIDENCE: Any = [{"kind": "page", "url": "u", "quote": "q", "fetched": "", "digest": ""}]


def shown(name: str, constraint: str, verdict: Any = "satisfied") -> Finding:
    return {**cell(name, constraint, verdict), "evidence": EVIDENCE}


PROVEN = [shown("Ada", name) for name in ("c0", "c1", "c2")]


def state(*cells: Finding, proposed: tuple[str, ...] = (), stated: bool = True, stale: int = 0) -> AgentState:
    fresh: dict[str, Any] = fresh_question("who?") | {"constraints": CONSTRAINTS, "stated": stated}
    fresh |= {"findings": matrix(*cells), "progress": {**no_progress(), "stale_actions": stale}}
    return cast("AgentState", fresh | {"candidates": [{"answer": name, "attempt": 1} for name in proposed]})


def test_without_a_mistake_there_is_no_warning() -> None:
    ruled_out = shown("Bo", "c1", "contradicted")
    for now in (state(), state(*PROVEN), state(*PROVEN, proposed=("Ada",)), state(stale=9), state(ruled_out)):
        assert warnings_of(now) == []
    assert warnings_text([]) == ""


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (state(PROVEN[0], cell("Ada", "c1")), "c1: said to be satisfied for 'Ada', but no quote shows it"),
        (state(PROVEN[0], cell("Ada", "c1", "satisfied", "inference")), "c1: said to be satisfied for 'Ada'"),
        (state(PROVEN[0], shown("Ada", "c1", "contradicted")), "'Ada' leads, but c1 is contradicted: find another"),
        (state(shown("Bo", "c1", "contradicted"), stale=2), "the last 2 actions changed no finding: record what"),
        (
            state(*PROVEN, shown("Bo", "c2", "contradicted"), proposed=("Bo",), stated=False),
            "'Bo' was proposed, but c2 is contradicted",
        ),
        (state(PROVEN[0], stale=2), "the last 2 actions changed no finding (the lead is 'Ada')"),
        (state(PROVEN[0], proposed=("Ada",)), "'Ada' was proposed with c1, c2 open"),
    ],
)
def test_each_mistake_has_its_line(now: AgentState, words: str) -> None:
    (warning,) = [line for line in warnings_of(now) if words in line]
    assert "\n" not in warning
    assert warnings_text([warning]).startswith("[warnings]\n")


def test_one_action_without_news_is_no_mistake() -> None:
    assert warnings_of(state(*PROVEN, stale=1)) == []
