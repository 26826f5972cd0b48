"""Text in the columns of a terminal."""

import re

import pytest
from chat_events import EVIL
from hypothesis import example, given
from hypothesis import strategies as st
from spadework.agent.chat.screen.cells import MOST_MARKS, columns, cut, cut_at_words, folded, shown, shown_lines
from wcwidth import wcswidth

TEXTS = st.text() | st.sampled_from(EVIL)


@given(TEXTS, st.integers(1, 60))
def test_a_cut_text_takes_no_more_columns_than_there_are(text: str, width: int) -> None:
    for short in (cut(shown(text), width), cut_at_words(shown(text), width)):
        assert columns(short) <= width
        assert wcswidth(short) <= width


@given(TEXTS, st.integers(2, 60))
@example("0\U00018e00", 2)  # wider in the newest tables
def test_folded_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    lines = folded(shown(text), width)
    assert all(wcswidth(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(shown(text).split())


@given(TEXTS)
def test_shown_text_is_one_line_without_anything_that_cannot_be_seen(text: str) -> None:
    line = shown(text)
    assert "\n" not in line
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in line)


def test_a_text_that_fits_is_left_alone_and_a_cut_one_says_so() -> None:
    assert (cut("Alder Bridge", 12), cut("Alder Bridge", 8), cut("Alder Bridge", 8, "...")) == (
        "Alder Bridge",
        "Alder B…",
        "Alder...",
    )


def test_words_are_left_whole_unless_they_are_very_long() -> None:
    assert cut_at_words("who built the bridge", 12) == "who built…"
    assert cut_at_words("who built the bridge", 14) == "who built the…"
    assert cut_at_words("who built it", 12) == "who built it"
    assert cut_at_words("a https://alder.example/bridge", 14) == "a https://ald…"


def test_wide_characters_take_two_columns_and_are_not_halved() -> None:
    assert columns("日本") == 4
    assert cut("日本語", 4) == "日…"
    assert folded("日本語です", 4) == ["日本", "語で", "す"]


@pytest.mark.parametrize(
    "text", ["👨\u200d👩\u200d👧", "👍\U0001f3fd", "\U0001f1e9\U0001f1ea", "नि", "e\u0301", "한", "🏴"]
)
def test_what_terminals_measure_differently_counts_as_the_widest_of_them(text: str) -> None:
    assert columns(shown(text)) >= max(wcswidth(shown(text)), sum(max(0, wcswidth(char)) for char in shown(text)))


@pytest.mark.parametrize(
    "emoji", ["👨\u200d👩\u200d👧", "👩\U0001f3fd\u200d🚀", "🏳\u200d🌈", "🙂\u200d↔", "🐦\u200d⬛"]
)
def test_joined_emoji_stay_joined_and_count_as_wide_as_their_parts(emoji: str) -> None:
    assert shown(emoji) == emoji
    assert columns(emoji) == sum(map(columns, emoji)) >= wcswidth(emoji)


@pytest.mark.parametrize("text", ["日\u200d本", "👨\u200c👩", "👨\u200d", "👨\u200d \u200d👩", "👨\u200dx"])
def test_a_joiner_that_joins_no_emoji_goes(text: str) -> None:
    assert shown(text) == re.sub("[\u200c\u200d]", "", text)


def test_persian_keeps_its_joiners() -> None:
    assert shown("می\u200cخواهم") == "می\u200cخواهم"


def test_a_flood_of_accents_is_held_back_and_usual_ones_are_kept() -> None:
    assert shown("Z" + "\u0301" * 300) == "Z" + "\u0301" * MOST_MARKS
    assert shown("e\u0302\u0301") == "e\u0302\u0301"


def test_folding_breaks_at_spaces_where_it_can_and_keeps_leading_ones() -> None:
    assert folded("who built the Alder Bridge", 12) == ["who built", "the Alder", "Bridge"]
    assert folded("  x " + "y" * 12, 8) == ["  x yyyy", "yyyyyyyy"]
    assert folded("", 10) == [""]


def test_line_breaks_are_kept_where_they_are_wanted_and_tabs_become_spaces() -> None:
    assert shown_lines("a\tb\r\n\x1b[31m  c  \n") == ["a   b", "[31m  c", ""]
