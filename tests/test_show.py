"""A result as text."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from spadework.agent.result import Result, Source, Spend, spend_of
from spadework.agent.state import Evidence, Finding, Proof, Verdict
from spadework.agent.terminal.show import head_text, proof_text, receipt, result_text, sources_text

PAGE = "https://alder.example/bridge"
CONSTRAINTS = [
    {"id": "c0", "text": "what is asked: who built it", "kind": "asked"},
    {"id": "c1", "text": "born in Wick", "kind": "verification"},
    {"id": "c2", "text": "a misreading", "kind": "verification", "dropped": "not asked"},
]


def finding(
    candidate: str,
    constraint: str,
    verdict: Verdict,
    proof: Proof,
    *quotes: str,
    inference: str = "",
    note: str = "",
) -> Finding:
    evidence = [Evidence(kind="page", url=PAGE, quote=quote, fetched="", digest="") for quote in quotes]
    return {
        "candidate": candidate,
        "constraint": constraint,
        "verdict": verdict,
        "proof": proof,
        "evidence": evidence,
        "inference": inference,
        "by": "searcher",
        "note": note,
    }


def result(**changes: Any) -> Result:
    fields: dict[str, Any] = {
        "question": "Who built it?",
        "answer": "Mara Finch",
        "data": None,
        "status": "unverified",
        "stop_reason": "budget",
        "resource": "model_calls",
        "fault": "",
        "constraints": CONSTRAINTS,
        "findings": [finding("Mara Finch", "c0", "satisfied", "page", "It was built by Mara Finch in 1871")],
        "sources": [Source(url=PAGE, title="Alder Bridge", kind="page")],
        "spend": spend_of([]),
        "decisions": [],
        "attempts": [],
        "charges": [],
        "budget": {"searches": 4, "browses": 4, "tokens": 90_000, "usd": None, "seconds": None, "model_calls": 3},
    }
    return Result(**{**fields, **changes})


def test_the_answer_comes_first_then_its_status_and_why_the_run_ended() -> None:
    lines = head_text(result()).splitlines()
    assert lines[:2] == ["Mara Finch", ""]
    assert lines[2].startswith("unverified: ")
    assert lines[3] == "stopped: the budget ran out (model calls) after 0.0 s"


@pytest.mark.parametrize("resource", ["tokens", "usd", "seconds"])
def test_a_budget_that_has_no_room_for_a_first_call_is_said_to_be_too_small(resource: str) -> None:
    text = head_text(result(answer="", status="none", resource=resource))
    told = f"stopped: the budget is too small for a first call to the model ({resource}) after 0.0 s"
    assert text == f"no answer was found\n{told}"
    called = result(answer="", status="none", spend=replace(spend_of([]), model_calls=1))
    assert "the budget ran out" in head_text(called)


def test_without_an_answer_the_text_says_so_and_names_the_last_failure() -> None:
    text = result_text(result(answer="", status="none", stop_reason="error", resource="", fault="m: no\nreply"))
    assert text.startswith("no answer was found\nstopped: something failed")
    assert "last failure: m: no reply" in text


def test_each_constraint_has_its_verdict_and_quotes_and_a_dropped_one_the_reason() -> None:
    lines = proof_text(result()).splitlines()
    assert lines[0] == "c0 what is asked: who built it: satisfied (page)"
    assert lines[1] == '   "It was built by Mara Finch in 1871" [1]'
    assert lines[2] == "c1 born in Wick: open"
    assert "dropped as a misreading (" in lines[3]


def test_a_claim_without_proof_counts_as_open() -> None:
    shown = proof_text(result(findings=[finding("Mara Finch", "c1", "satisfied", "none")]))
    assert "c1 born in Wick: open (said to be satisfied, without proof)" in shown


def test_inferences_notes_and_other_candidates_are_shown() -> None:
    findings = [
        finding("mara finch", "c1", "satisfied", "inference", inference="1862 < 1871", note="counts as unchecked"),
        finding("Bo Reed", "c1", "contradicted", "page", "Bo Reed was born in Leith"),
    ]
    shown = proof_text(result(findings=findings))
    assert "c1 born in Wick: satisfied (unchecked inference)\n   because 1862 < 1871" in shown
    assert "note: counts as unchecked" in shown
    assert "also seen: Bo Reed, contradicted on c1" in shown


def test_text_from_outside_cannot_reach_the_terminal_with_controls() -> None:
    evil = "\x1b[31mred\x07 \u202etxt"
    shown = result_text(
        result(answer=evil, sources=[Source(url=PAGE + "\x1b]0;x\x07", title=evil, kind="snippet")], fault=evil)
    )
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    assert "(quoted from the search result)" in shown


@pytest.mark.parametrize("width", [40, 80])
def test_lines_fit_the_width_but_for_addresses(width: int) -> None:
    quote = "It was built by Mara Finch in 1871 " * 4
    long = "https://alder.example/" + "x" * 90
    made = result(
        findings=[finding("Mara Finch", "c0", "satisfied", "page", quote)],
        sources=[Source(url=long, title="Alder Bridge " * 12, kind="page")],
    )
    lines = result_text(made, width).splitlines()
    assert [line for line in lines if len(line) > width] == ["    " + long]


def test_a_narrow_receipt_has_a_line_an_amount() -> None:
    spend = Spend(
        searches=3,
        browses=2,
        tokens_in=1_000,
        tokens_out=234,
        tokens_cached=0,
        usd=None,
        seconds=6.2,
        model_calls=3,
    )
    assert receipt(result(spend=spend), 40).splitlines() == [
        "receipt",
        "searches     3 of 4",
        "page reads   2 of 4",
        "model calls  3 of 3",
        "tokens       1,234 of 90,000",
        "dollars      unknown",
        "seconds      6.2",
    ]
    assert "0.250000" in receipt(result(spend=replace(spend, usd=Decimal("0.25"))), 40)
    assert receipt(result(), 200).splitlines()[-1].startswith("time: ")


def test_a_result_without_sources_has_no_sources_part() -> None:
    assert sources_text(result(sources=[])) == ""
    assert "sources" not in result_text(result(sources=[], findings=[]))


def test_a_contradicted_part_is_said_in_the_first_lines() -> None:
    against = finding("mara finch", "c1", "contradicted", "page", "Mara Finch was born in Torve")
    assert "contradicts a part of it" in head_text(result(findings=[against]))
    other = finding("Bo Larch", "c1", "contradicted", "page", "Bo Larch was born in Torve")
    assert "contradicts" not in head_text(result(findings=[other]))


@pytest.mark.parametrize(
    ("stop_reason", "resource", "told"),
    [
        ("cancelled", "", "stopped: cancelled after"),
        ("budget", "seconds", "stopped: the budget ran out (seconds) after"),
        ("budget", "tools.translate", "stopped: the budget ran out (translate calls) after"),
        ("error", "", "stopped: something failed after"),
    ],
)
def test_a_run_that_was_cut_short_shows_its_best_so_far_and_why_it_ended(
    stop_reason: str, resource: str, told: str
) -> None:
    lines = head_text(result(stop_reason=stop_reason, resource=resource)).splitlines()
    assert lines[0] == "Mara Finch"
    assert lines[2] == "unverified: the best answer so far; not every part is proven yet"
    assert lines[3].startswith(told)
    over = head_text(result(stop_reason="no_leads", resource="")).splitlines()
    assert over[2] == "unverified: the best answer there is; not every part could be proven"


def test_further_tools_are_in_the_receipt_at_any_width() -> None:
    spend = replace(spend_of([]), tools={"translate": 2})
    made = result(spend=spend, budget={"searches": 4, "tools": {"translate": 3, "dig": 1}})
    assert receipt(made, 40).splitlines()[-2:] == ["dig calls    0 of 1", "translate calls 2 of 3"]
    assert "dig calls: 0 of 1" in receipt(made, 100)


def test_the_receipt_in_full_takes_the_place_of_the_short_one_and_is_never_left_out() -> None:
    text = result_text(result(), 40, full=True)
    assert text.count("total") == 1
    assert "searches  reads" in text
