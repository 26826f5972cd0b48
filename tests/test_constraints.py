"""Constraints as models state them: numbered on, never doubled, with a kind and a form that code can check."""

from typing import Any

import pytest
from spadework.agent.fresh import fresh_question
from spadework.agent.nodes.constraints import Stated, add_constraints, drop_constraint, read_constraints
from spadework.agent.state import Constraint

C0 = Constraint(id="c0", text="what is asked", kind="asked")


def test_constraints_are_numbered_on_and_never_doubled_or_endless() -> None:
    given = read_constraints([{"text": "One", "kind": "exploration"}, "two", {"text": ""}, 5, {"text": "ONE"}])
    assert given == (Stated("One", "exploration"), Stated("two"), Stated("ONE"))
    found = add_constraints([C0], given)
    assert [(item["id"], item["text"], item["kind"]) for item in found[1:]] == [
        ("c1", "One", "exploration"),
        ("c2", "two", "verification"),
    ]
    many = add_constraints([C0], [Stated(f"number {number}") for number in range(50)])
    assert len(many) == 13


@pytest.mark.parametrize("form", ["year", "date", "number"])
def test_a_form_that_code_can_check_is_kept(form: str) -> None:
    (stated,) = read_constraints([{"text": "built in 1871", "form": form}])
    assert add_constraints([C0], [stated])[1].get("form") == form


@pytest.mark.parametrize("form", ["name", "yes/no", "colour", "", None, 5, ["year"]])
def test_a_form_that_nobody_can_check_is_left_out(form: Any) -> None:
    (stated,) = read_constraints([{"text": "built by Finch", "form": form}])
    assert "form" not in add_constraints([C0], [stated])[1]


def test_the_form_of_the_answer_follows_from_the_question() -> None:
    def asked(question: str) -> Any:
        return fresh_question(question)["constraints"]

    assert asked("In which year was the bridge built?")[0]["form"] == "year"
    assert "form" not in asked("Who built the bridge?")[0]


def test_a_constraint_is_dropped_with_a_reason_only_and_c0_never() -> None:
    known = add_constraints([C0], [Stated("one"), Stated("two")])
    assert "dropped" not in str(drop_constraint(known, "c1", " "))
    assert "dropped" not in str(drop_constraint(known, "c0", "because"))
    dropped = drop_constraint(known, "c1", "it is a\nmisreading")
    assert [item.get("dropped") for item in dropped] == [None, "it is a misreading", None]
    assert "dropped" not in str(known), "the old state is not touched"
