"""An answer is right when it is an expected one, spelled as it may be; anything more is wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spadework.evals.suites.grade import is_right, matches, normalised


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("MARA finch", "Mara Finch"),
        ("  Mara \n Finch. ", "Mara Finch"),
        ("The Grey Heron", "Grey Heron"),
        ("“Grey Heron”", "the grey heron"),
        ("A Tale of Two Cities", "Tale of two Cities"),
        ("The Who", "Who"),
        ("The The", "the the"),
        ("The", "the"),
        ("U.S.", "US"),
        ("O’Neill", "O'Neill"),
        ("Jean\u2010Luc", "Jean-Luc"),
        ("Cafe\u0301 Łódź", "CAFÉ ŁÓDŹ"),
        ("ﬁnch", "finch"),
        ("Straße", "STRASSE"),
        ("Mara\u200b Finch", "Mara Finch"),
        ("**Mara Finch**", "Mara Finch"),
        ("1,234,567", "1234567"),
        ("1\u202f234", "1,234"),
        ("1'234", "1234"),
        ("about 12,000 boats", "about 12000 boats"),
        ("1,234.5 m", "1234.5 m"),
        ("No. 5", "No.5"),
        ("Yes.", "yes"),
        ("Yes, both were Scottish.", "yes"),
        ("**No** – only one was.", "no"),
    ],
)
def test_spelling_that_carries_no_meaning_is_evened_out(answer: str, expected: str) -> None:
    assert matches(answer, [expected])
    assert matches(answer, ["something else", expected])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", "Mara Finch"),
        ("...", "Mara Finch"),
        ("Mara", "Mara Finch"),
        ("Mara Finch of Wick", "Mara Finch"),
        ("Finch Mara", "Mara Finch"),
        ("Jose", "José"),
        ("Vitamin", "Vitamin A"),
        ("3.5", "35"),
        ("1.234", "1,234"),
        ("-5", "5"),
        ("5%", "5"),
        ("C", "C++"),
        ("C", "C#"),
        ("1,2", "12"),
        ("1,2345", "12345"),
        ("12 miles", "12"),
        ("Yes and no", "yes"),
        ("No one knows", "no"),
        ("Norway", "no"),
        ("Yes, both.", "no"),
        ("Yes, both.", "both"),
    ],
)
def test_nothing_fuzzier_is_right(answer: str, expected: str) -> None:
    assert not matches(answer, [expected])


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_every_answer_that_says_something_matches_itself(text: str) -> None:
    assert matches(text, [text]) == matches(f" {text}\n", [f"{text} "]) == bool(normalised(text))


def test_only_parallel_pass_is_right_by_any_of_its_runs() -> None:
    answers = ["Ada", "Mara Finch"]
    assert is_right("parallel-pass", "Ada", answers, ["Mara Finch"])
    assert is_right("parallel-pass:5", "Ada", answers, ["Mara Finch"])
    assert not is_right("parallel-majority", "Ada", answers, ["Mara Finch"])
    assert not is_right("parallel-pass", "Ada", [], ["Mara Finch"])
    assert is_right("react", "Mara Finch", [], ["Mara Finch"])
