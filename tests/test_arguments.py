"""Tool calls as models really make them: read into what was meant, or one line about what is wrong."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spadework.agent.nodes.arguments import (
    Unusable,
    read_answer,
    read_browse,
    read_queries,
    read_record,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
)
KEYS = ("queries", "query", "urls", "url", "goal", "page", "answer", "findings", "constraints", "plan", "candidate",
        "constraint", "verdict", "quotes", "quote", "inference", "step", "state", "note", "text", "kind", "form",
        "under", "share", "assumption")  # fmt: skip
ARGUMENTS = st.dictionaries(st.sampled_from(KEYS), JSON | st.lists(st.dictionaries(st.sampled_from(KEYS), JSON)))


@settings(max_examples=40)
@given(ARGUMENTS)
def test_nothing_a_model_writes_raises_anything_but_unusable(arguments: dict[str, Any]) -> None:
    problems: list[str] = []
    for read in (read_queries, read_browse, read_answer, read_record):
        try:
            read(arguments)
        except Unusable as problem:
            problems.append(str(problem))
    assert all(text and "\n" not in text for text in problems)


@pytest.mark.parametrize(
    ("arguments", "queries"),
    [
        ({"queries": ["a", "b"]}, ("a", "b")),
        ({"queries": "a"}, ("a",)),
        ({"query": "a"}, ("a",)),
        ({"queries": [" a \n b ", "a b", 5, None, ""]}, ("a b",)),
        ({"queries": list("abcdefgh")}, tuple("abcde")),
    ],
)
def test_queries_are_cleaned_and_bounded(arguments: dict[str, Any], queries: tuple[str, ...]) -> None:
    assert read_queries(arguments) == queries


@pytest.mark.parametrize("arguments", [{}, {"queries": []}, {"queries": [5]}, {"queries": {"a": 1}}, {"queries": " "}])
def test_a_search_without_a_query_is_unusable(arguments: dict[str, Any]) -> None:
    with pytest.raises(Unusable, match="search needs queries"):
        read_queries(arguments)


def test_a_long_query_is_shortened() -> None:
    assert len(read_queries({"queries": ["x" * 5_000]})[0]) == 400


@pytest.mark.parametrize("page", [0, -1, "2", True, None, 10**9, 1.5])
def test_a_page_number_that_is_none_means_the_first(page: Any) -> None:
    assert read_browse({"urls": "http://x.example", "page": page}).page == 1
    assert read_browse({"urls": "http://x.example", "page": 3}).page == 3


def test_a_browse_without_an_address_is_unusable() -> None:
    with pytest.raises(Unusable, match="browse needs urls"):
        read_browse({"goal": "x"})


@pytest.mark.parametrize(("given", "answer"), [("a\n b", "a b"), (1871, "1871"), (1.5, "1.5")])
def test_an_answer_may_be_a_number(given: Any, answer: str) -> None:
    assert read_answer({"answer": given}) == answer


@pytest.mark.parametrize("given", [None, "", "  ", True, [], {"a": 1}])
def test_an_answer_that_says_nothing_is_unusable(given: Any) -> None:
    with pytest.raises(Unusable, match="answer needs answer"):
        read_answer({"answer": given})


def test_a_record_keeps_what_can_be_used_and_names_the_rest() -> None:
    good = {"candidate": "Ada", "constraint": " C1 ", "verdict": "Satisfied", "quotes": [{"url": "u", "quote": "q"}, 5]}
    recording = read_record({"findings": [good, 5, {"candidate": "Bo"}, {**good, "verdict": "disputed"}]})
    assert [(claim.candidate, claim.constraint, claim.verdict) for claim in recording.claims] == [
        ("Ada", "c1", "satisfied")
    ]
    assert recording.claims[0].quotes == (("u", "q"),)
    assert len(recording.problems) == 3
    assert recording.constraints is None
