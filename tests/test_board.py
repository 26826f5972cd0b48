"""What the prompts say is known: short, bounded, and with the reason where a proof falls short."""

from scripted import CONSTRAINTS
from spadework.agent.fresh import fresh_question
from spadework.agent.nodes.board import constraints_text, findings_text, plan_text, records_text
from spadework.agent.proof.matrix import cell_key
from spadework.agent.state import AgentState, Constraint, Finding, Proof, Record, Step, Verdict, updated

GIVEN = [
    Constraint(id="c0", text="who built it", kind="asked"),
    *(Constraint(id=f"c{n}", text=text, kind="verification") for n, text in enumerate(CONSTRAINTS, start=1)),
]


def state_of(*cells: Finding) -> AgentState:
    empty: dict[str, object] = {**fresh_question("who?"), "transcript": [], "charges": {}, "constraints": GIVEN}
    state = AgentState(**empty)  # pyright: ignore[reportArgumentType]
    return updated(state, {"findings": {cell_key(item["candidate"], item["constraint"]): item for item in cells}})


def cell(candidate: str, constraint: str, verdict: Verdict, proof: Proof, note: str = "") -> Finding:
    found = Finding(
        candidate=candidate, constraint=constraint, verdict=verdict, proof=proof, evidence=[], inference="", by="code"
    )
    if note:
        found["note"] = note
    return found


def test_constraints_are_listed_by_id_and_dropped_ones_are_not() -> None:
    dropped = Constraint(id="c3", text="a misreading", kind="verification", dropped="misread")
    text = constraints_text([*GIVEN, dropped], stated=True)
    assert text.splitlines()[2:] == [f"c{n} (verification) {line}" for n, line in enumerate(CONSTRAINTS, start=1)]
    assert "not stated yet" in constraints_text(GIVEN[:1], stated=False)


def test_findings_say_what_is_proven_what_is_open_and_why() -> None:
    text = findings_text(
        state_of(
            cell("Mara Finch", "c0", "satisfied", "page"),
            cell("Mara Finch", "c1", "satisfied", "inference", "the inference counts as unchecked"),
            cell("Bo Larch", "c0", "contradicted", "page"),
        )
    )
    assert [line for line in text.splitlines() if line != "  c0: "][:3] == [
        "[findings]",
        "candidate 'Mara Finch': proven by page c0; weakly c1; open c2",
        "  c1: the inference counts as unchecked",
    ]
    assert "candidate 'Bo Larch': contradicted c0; open c1 c2" in text
    assert findings_text(state_of()) == ""


def test_many_candidates_are_bounded() -> None:
    text = findings_text(state_of(*(cell(f"someone {n}", "c0", "satisfied", "page", "x" * 900) for n in range(60))))
    assert text.count("candidate '") == 4
    assert "56 weaker candidates" in text
    assert len(text) < 2_000


def test_a_long_plan_loses_what_is_done_first() -> None:
    plan = [Step(id=str(n), text=f"step {n}", state="done" if n < 10 else "todo") for n in range(1, 21)]
    text = plan_text(plan)
    assert len(text.splitlines()) == 13
    assert "[x] 9. step 9" in text
    assert "[x] 1. step 1" not in text
    assert all(f"[ ] {n}. step {n}" in text for n in range(10, 21))
    assert plan_text([]) == ""


def test_records_are_short_and_the_last_ones() -> None:
    long = ["f" * 999] * 99
    records = [
        Record(
            attempt=number,
            answer="",
            outcome="given up: x",
            checked="",
            facts=long,
            sources=[f"u{number}"],
            queries=[],
            gaps=[],
            leads=[],
            why="w" * 999,
        )
        for number in range(1, 9)
    ]
    text = records_text(records)
    assert "attempt 8: no answer, given up" in text
    assert "attempt 5" not in text
    assert len(text) < 32_000, "lines are as long as the summary of a search may be"
