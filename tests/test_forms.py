"""Expected forms: guessed from a question only where its first words leave no doubt, checked in quotes and answers."""

import pytest
from spadework.agent.proof.evidence import Claim, Demand, check_claim
from spadework.agent.proof.forms import asked_form, holds_form
from test_evidence import BUILT, READ, Library


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("In which year was the bridge built?", "year"),
        ("What year did she die?", "year"),
        ("How many arches has it?", "number"),
        ("When was the bridge built?", "date"),
        ("On what date did the bridge open?", "date"),
        ("Are both of them bridges?", "yes/no"),
        ("Was Mara Finch born in Wendle?", "yes/no"),
        ("Is the Alder or the Birch Bridge older?", ""),
        ("Are you sure who built it?", ""),
        ("When the bridge fell, who was mayor?", ""),
        ("Which film of the year 1998 won?", ""),
        ("Who built the Alder Bridge?", ""),
        ("", ""),
    ],
)
def test_the_form_of_an_answer_is_guessed_only_where_there_is_no_doubt(question: str, form: str) -> None:
    assert asked_form(question) == form


@pytest.mark.parametrize(
    ("form", "text", "holds"),
    [
        ("year", "built in 1871", True),
        ("year", "about 600 BC", True),
        ("year", "in the reign of Ada", False),
        ("year", "number 18710", False),
        ("date", "on 3 May", True),
        ("date", "1871", True),
        ("date", "last spring", False),
        ("number", "seven arches", True),
        ("number", "7", True),
        ("number", "some arches", False),
        ("yes/no", "Yes.", True),
        ("yes/no", "yes, both", False),
        ("name", "", True),
        ("", "", True),
    ],
)
def test_a_text_holds_a_form_or_does_not(form: str, text: str, holds: bool) -> None:
    assert holds_form(form, text) is holds


@pytest.mark.parametrize(
    ("candidate", "constraint", "form", "proof"),
    [
        ("Mara Finch", "c1", "year", "page"),
        ("Mara Finch", "c0", "year", "inference"),
        ("1871", "c0", "year", "page"),
        ("Mara Finch", "c1", "", "page"),
    ],
)
def test_a_claim_whose_words_lack_the_form_is_not_proven(
    candidate: str, constraint: str, form: str, proof: str
) -> None:
    claim = Claim(candidate, constraint, "satisfied", ((READ, BUILT),))
    found, problems = check_claim(claim, Library(), by="searcher", demand=Demand(form=form))
    assert found["proof"] == proof
    assert bool(problems) is (proof != "page")


def test_what_lacks_a_form_is_named() -> None:
    claim = Claim("Mara Finch", "c1", "satisfied", ((READ, "The Alder Bridge was built by Mara Finch"),))
    found, problems = check_claim(claim, Library(), by="searcher", demand=Demand(form="year"))
    assert found["proof"] == "inference"
    assert problems == ["c1: the quotes hold no year"]
