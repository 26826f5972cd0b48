"""Which candidate leads, and what is still open for it."""

from typing import Any

import pytest
from spadework.agent.proof.matrix import active, cell_key, lead_of, row_of, rows
from spadework.agent.state import Constraint, Finding, Proof, Verdict

CONSTRAINTS = [
    Constraint(id="c0", text="who", kind="asked"),
    Constraint(id="c1", text="old", kind="verification"),
    Constraint(id="c2", text="long", kind="verification"),
]


def cell(candidate: str, constraint: str, verdict: Verdict = "satisfied", proof: Proof = "page") -> Finding:
    return Finding(
        candidate=candidate,
        constraint=constraint,
        verdict=verdict,
        proof=proof,
        evidence=[],
        inference="",
        by="searcher",
    )


def matrix(*cells: Finding) -> dict[str, Finding]:
    return {cell_key(item["candidate"], item["constraint"]): item for item in cells}


@pytest.mark.parametrize(
    ("found", "place"),
    [
        (("satisfied", "page"), "by_page"),
        (("satisfied", "snippet"), "weakly"),
        (("satisfied", "inference"), "weakly"),
        (("satisfied", "none"), "unknown"),
        (("unverifiable", "page"), "unknown"),
        (("contradicted", "page"), "contradicted"),
        (("contradicted", "snippet"), "contradicted"),
        (("disputed", "page"), "disputed"),
    ],
)
def test_where_a_finding_stands(found: Any, place: str) -> None:
    row = row_of("Ada", CONSTRAINTS, matrix(cell("Ada", "c1", *found)))
    assert getattr(row, place) == (("c0", "c1", "c2") if place == "unknown" else ("c1",))


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ([("c0", "satisfied", "page"), ("c1", "satisfied", "page"), ("c2", "satisfied", "page")], "verified"),
        ([("c0", "satisfied", "page"), ("c1", "satisfied", "snippet"), ("c2", "satisfied", "page")], "supported"),
        ([("c0", "satisfied", "inference"), ("c1", "satisfied", "page"), ("c2", "satisfied", "page")], "supported"),
        ([("c0", "satisfied", "page"), ("c1", "satisfied", "none"), ("c2", "satisfied", "page")], "unverified"),
        ([("c0", "satisfied", "page"), ("c1", "disputed", "page"), ("c2", "satisfied", "page")], "unverified"),
        ([("c0", "satisfied", "page"), ("c1", "contradicted", "page"), ("c2", "satisfied", "page")], "unverified"),
        ([("c0", "satisfied", "page"), ("c1", "satisfied", "page")], "unverified"),
        ([], "unverified"),
    ],
)
def test_the_status_of_a_candidate_is_that_of_its_weakest_cell(cells: Any, status: str) -> None:
    assert row_of("Ada", CONSTRAINTS, matrix(*(cell("Ada", *item) for item in cells))).status == status


def test_spellings_share_a_row() -> None:
    assert cell_key("The “Ada” . ", "c1") == cell_key('the "ada"', "c1")
    found = matrix(cell("Ada Byron", "c0"), cell("ADA BYRON.", "c1"))
    assert [row.by_page for row in rows(CONSTRAINTS, found, ["ada byron"])] == [("c0", "c1")]


def test_a_dropped_constraint_asks_nothing() -> None:
    dropped = Constraint(id="c1", text="old", kind="verification", dropped="misread")
    assert [item["id"] for item in active([CONSTRAINTS[0], dropped])] == ["c0"]


def test_the_best_row_leads_and_a_contradiction_weighs_most() -> None:
    found = matrix(
        cell("Ada", "c0"),
        cell("Ada", "c1"),
        cell("Ada", "c2", "contradicted"),
        cell("Bo", "c0"),
        cell("Bo", "c1", proof="snippet"),
        cell("Cy", "c0", proof="snippet"),
    )
    assert [row.candidate for row in rows(CONSTRAINTS, found, [])] == ["Bo", "Cy", "Ada"]
    lead = lead_of(CONSTRAINTS, found, [])
    assert lead is not None
    assert lead.candidate == "Bo"


@pytest.mark.parametrize(("proposed", "leads"), [("Bo", "Bo"), ("Cy", "Ada"), ("Di", "Ada"), ("", "Ada")])
def test_a_proposal_leads_unless_another_stands_better(proposed: str, leads: str) -> None:
    found = matrix(cell("Bo", "c0"), cell("Cy", "c0", "contradicted"), cell("Ada", "c0"))
    lead = lead_of(CONSTRAINTS, found, [], proposed)
    assert lead is not None
    assert lead.candidate == leads


def test_of_equals_the_one_named_last_leads_and_without_any_there_is_no_lead() -> None:
    lead = lead_of(CONSTRAINTS, {}, ["Ada", "Bo"])
    assert lead is not None
    assert lead.candidate == "Bo"
    assert lead_of(CONSTRAINTS, {}, []) is None
