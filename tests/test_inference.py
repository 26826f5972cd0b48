"""Inferences that code does again, from what the quotes say and from nothing else."""

import pytest
from spadework.agent.proof.inference import parse_date, recompute

QUOTES = (
    "Finch was born on 28 March 1862 in Wendle, a French subject",
    "The bridge was opened on May 3rd, 1871 by a French firm",
    "Its span is 1,204 metres, that of the other 980 metres; built by Ada, Bo and Cy",
    "The Dutch firm came later",
)


@pytest.mark.parametrize(
    ("inference", "result"),
    [
        ("28 March 1862 < May 3rd, 1871", ""),
        ("1862 < 1871", ""),
        ("1871 > 1862", ""),
        ("1862 != 1871", ""),
        ("1871 >= 1862", ""),
        ("French = French", ""),
        ("French == French", ""),
        ("French != Dutch", ""),
        ("1,204 metres > 980 metres", ""),
        ("1871 - 1862 = 9", "9"),
        ("1,204 + 980 = 2,184", "2,184"),
        ("1204 metres > 980 metres", ""),
        ("1204 + 980 = 2184", "2184"),
        ("count(Ada; Bo; Cy) = 3", "3"),
        ("COUNT ( Ada ; Bo ) = 2", "2"),
    ],
)
def test_what_is_right_and_quoted_holds(inference: str, result: str) -> None:
    computed = recompute(inference, QUOTES)
    assert computed.holds, computed.why
    assert computed.result == result


@pytest.mark.parametrize(
    ("inference", "why"),
    [
        ("1871 < 1862", "it is not so that 1871 < 1862"),
        ("1862 = 1871", "it is not so"),
        ("1862 < 1899", "'1899' is not in the quotes"),
        ("186 < 1871", "'186' is not in the quotes"),
        ("Dutch = Dutch", "only one quote says 'Dutch'"),
        ("French != French", "it is not so"),
        ("French < Dutch", "cannot be compared"),
        ("French = Dutch", "cannot be compared"),
        ("1,204 metres > 1862", "cannot be compared"),
        ("1862 < 28 March 1862", "cannot be compared"),
        ("1871 - 1862 = 10", "it comes to 9, not 10"),
        ("1871 - 5 = 1866", "'5' is not in the quotes"),
        ("Ada + Bo = 2", "not all operands are numbers"),
        ("count(Ada; Bo) = 3", "the count is 2, not 3"),
        ("count(Ada; ada) = 2", "the count is"),
        ("count(Ada; Di) = 2", "'Di' is not in the quotes"),
        ("count() = 0", "not in the quotes"),
        ("because it is so", "not a comparison"),
        ("", "not a comparison"),
        ("=", "not a comparison"),
        ("< 5", "not a comparison"),
    ],
)
def test_what_is_wrong_or_not_quoted_does_not_hold(inference: str, why: str) -> None:
    computed = recompute(inference, QUOTES)
    assert not computed.holds
    assert why in computed.why


def test_long_nonsense_is_refused_at_once() -> None:
    for text in ("a + " * 100, "=" * 400, "< " * 200, "count(" * 60, "1 - " * 100 + "= 5", " " * 400):
        assert not recompute(text, QUOTES).holds


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1871", (1871,)),
        ("May 1871", (1871, 5)),
        ("3 May 1871", (1871, 5, 3)),
        ("May 3rd, 1871", (1871, 5, 3)),
        ("the 3rd of Sept. 1871", None),
        ("3rd of Sept 1871", (1871, 9, 3)),
        ("1871-05-03", (1871, 5, 3)),
        ("1871-13-03", None),
        ("31 February 1871", None),
        ("May June 1871", None),
        ("1862 1871", None),
        ("3 May", None),
        ("03/05/1871", None),
        ("3-4 May 1871", None),
        ("about 1871", None),
        ("", None),
    ],
)
def test_dates_are_read_only_when_they_are_certain(text: str, date: tuple[int, ...] | None) -> None:
    assert parse_date(text) == date


@pytest.mark.parametrize(
    ("inference", "given", "holds"),
    [
        ("1862 != 1870", "built in 1870", True),
        ("1862 < 1900", "before 1900", True),
        ("1862 < 1900", "", False),
        ("1700 < 1900", "from 1700 to 1900", False),
    ],
)
def test_what_the_question_names_needs_no_quote_but_one_side_does(inference: str, given: str, holds: bool) -> None:
    assert recompute(inference, ["It was finished in 1862 by Bo."], given).holds is holds


def test_a_part_of_the_other_side_is_not_something_else() -> None:
    quotes = ["He was an American director.", "She was a Hungarian-American director."]
    assert not recompute("American != Hungarian-American", quotes).holds
    assert recompute("American != Hungarian", quotes).holds
