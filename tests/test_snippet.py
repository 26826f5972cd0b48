"""The passage of a page that a search result shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.tools.reading.snippet import best_passage

DIARY = "It rained on the hills. " * 40 + "A zeppelin passed over Wick. It was silver. " + "Nobody saw it. " * 40


def test_it_is_the_passage_with_the_words_and_what_stands_around_them() -> None:
    found = best_passage(DIARY, "zeppelin at Wick")
    assert "A zeppelin passed over Wick. It was silver." in found
    assert 300 < len(found) <= 400


def test_names_and_pairs_of_words_decide_between_passages_with_equally_many() -> None:
    gap = "Something else went on there. " * 20
    text = f"The red bird met a ship.\n{gap}\nThe ship was red like a bird.\n{gap}\nA red ship and the Bird."
    assert best_passage(text, "red ship", 40).startswith("A red ship")
    text = f"Wick has a harbour.\n{gap}\nA town has no harbour."
    assert best_passage(text, "town Wick", 40) == "Wick has a harbour."


def test_without_any_of_the_words_it_is_the_beginning() -> None:
    assert best_passage("First line.\nSecond line.", "zebra") == "First line. Second line."
    assert best_passage("First line.\nSecond line.", "") == "First line. Second line."
    assert best_passage("", "zebra") == ""


def test_a_line_without_sentences_is_cut_at_words() -> None:
    found = best_passage("alpha beta gamma " * 200 + "zeppelin " + "delta " * 300, "zeppelin", 120)
    assert "zeppelin" in found
    assert found.split()[0] in ("alpha", "beta", "gamma", "zeppelin", "delta")


@pytest.mark.parametrize("text", ["Dr. A. Quill met Mr. Finch. They left.", "東京は首都である。大阪は違う。"])
def test_a_short_text_is_shown_whole(text: str) -> None:
    assert best_passage(text, "Quill") == text


@given(st.text(max_size=600), st.text(max_size=40), st.integers(1, 400))
def test_it_is_one_line_within_the_limit_whatever_the_text(text: str, query: str, limit: int) -> None:
    found = best_passage(text, query, limit)
    assert len(found) <= limit
    assert "\n" not in found
