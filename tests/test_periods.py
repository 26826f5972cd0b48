"""Years behind words: what a question calls a decade or a part of a century, and what a page writes as a year."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.tools.reading.passages import choose_passages
from spadework.tools.reading.periods import periods_of, years_in


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("in the 1920s", 1920, 1929),
        ("the 1840's", 1840, 1849),
        ("during the 1800s", 1800, 1899),
        ("the eighteen-fifties", 1850, 1859),
        ("in the nineteen sixties", 1960, 1969),
        ("in the eighteen-sixties or seventies", 1860, 1879),
        ("the nineteen-hundreds", 1900, 1999),
        ("the 19th century", 1800, 1900),
        ("a Nineteenth-Century mill", 1800, 1900),
        ("in the twenty-first century", 2000, 2100),
        ("the second quarter of the twentieth century", 1925, 1950),
        ("the last quarter of the 18th century", 1775, 1800),
        ("the second half of the nineteenth century", 1850, 1900),
        ("early 20th century", 1900, 1940),
        ("the late seventeenth century", 1660, 1700),
        ("mid-19th century", 1830, 1870),
        ("between 1871 and 1874", 1871, 1874),
        ("from 1914 to 1918", 1914, 1918),
        ("1939–1945", 1939, 1945),
    ],
)
def test_what_a_period_is_called(text: str, first: int, last: int) -> None:
    assert periods_of(text) == [range(first, last + 1)]


@pytest.mark.parametrize(
    "text", ["in 1931", "21 years", "the fifth century BC of ice", "1900-1850", "room 1204-2210", ""]
)
def test_what_is_no_period(text: str) -> None:
    assert periods_of(text) == []


def test_numbers_that_can_be_years() -> None:
    assert years_in("1854, (1861) and 1901-02; 1,912 crowns, 3.1415, 2100.5, 19540 and 0915") == [1854, 1861, 1901]


@given(st.text(alphabet="nineteen-century of the 12345670 quarters", max_size=200))
def test_any_text_can_be_asked(text: str) -> None:
    assert all(len(period) > 0 for period in periods_of(text))
    assert all(1000 <= year <= 2099 for year in years_in(text))


def test_a_passage_with_a_year_of_the_decade_asked_for_is_shown() -> None:
    filler = "\n\n".join(
        f"Part {n} tells of the harbour, its ropes and its fees, and of nobody in particular." for n in range(200)
    )
    told = "The bell was cast in 1854 and hung a year later."
    text = f"# Harbour\n\n{filler}\n\n{told}\n\n{filler}"
    assert told in choose_passages(text, "what came in the eighteen-fifties?", max_tokens=300).text
    assert told not in choose_passages(text, "what came in the eighteen-seventies?", max_tokens=300).text
