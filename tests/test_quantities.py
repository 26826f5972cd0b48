"""Numbers and days are right however they are written, and as exact as they need be; neighbours are wrong."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.evals.suites.grade import matches


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("1,200,000", "1.2 million"),
        ("about 1.2 million", "1200000"),
        ("1.23 million people", "1,234,567 people"),
        ("3.14", "3.1416"),
        ("3.1416", "3.14"),
        ("$2.5 billion", "$2,500,000,000"),
        ("12 %", "12 percent"),
        ("12.0%", "12%"),
        ("297 kilometres", "297 km"),
        ("6 feet", "6 ft"),
        ("-5", "-5.0"),
        ("007", "7"),
        ("3 May 1840", "May 3, 1840"),
        ("1840-05-03", "3rd of May, 1840"),
        ("on Sunday, 3 May 1840", "3 May 1840"),
        ("Sept. 9, 1999", "9 September 1999"),
        ("in May 1840", "May, 1840"),
        ("3 May 1840", "May 1840"),
        ("3 May 1840", "1840"),
        ("May 1840", "1840"),
    ],
)
def test_the_same_however_it_is_written(answer: str, expected: str) -> None:
    assert matches(answer, [expected])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("1871", "1872"),
        ("12,001", "12,000"),
        ("1.3 million", "1.2 million"),
        ("1 million", "1,234,567"),
        ("3.1", "3.1416"),
        ("3", "3.4"),
        ("12", "12 miles"),
        ("12 miles", "12 km"),
        ("12%", "12"),
        ("$5", "€5"),
        ("5", "-5"),
        ("1.2 million", "1.2 billion"),
        ("1984 (novel)", "1984"),
        ("Catch 22", "22"),
        ("4 May 1840", "3 May 1840"),
        ("3 May 1841", "3 May 1840"),
        ("1840", "3 May 1840"),
        ("May 1840", "3 May 1840"),
        ("the revolt of 3 May 1840", "3 May 1840"),
        ("3 June 1840", "May 1840"),
        ("31 February 1840", "1840"),
        ("May", "May 1840"),
    ],
)
def test_a_neighbour_is_wrong(answer: str, expected: str) -> None:
    assert not matches(answer, [expected])


@given(st.dates(min_value=date(1000, 1, 1), max_value=date(2999, 12, 31)), st.integers(-40, 40))
def test_every_day_in_any_spelling_is_that_day_alone(day: date, apart: int) -> None:
    forms = ("%Y-%m-%d", "%-d %B %Y", "%B %-d, %Y", "%b. %-d, %Y")
    other = date.fromordinal(max(1, day.toordinal() + apart))
    for form in forms:
        for another in forms:
            assert matches(day.strftime(form), [other.strftime(another)]) == (apart == 0)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_counted_numbers_are_the_same_or_not(one: int, other: int) -> None:
    assert matches(f"{one:,}", [str(other)]) == (one == other)


@given(st.text(alphabet="0123456789.,-%$ million may of km", max_size=30))
def test_any_text_can_be_graded(text: str) -> None:
    matches(text, ["12", "3 May 1840", "1.2 million km"])
