"""When a quote counts as standing in a text: evened out, never fuzzy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.proof.quotes import contains, long_enough, normalise, stands_in

PAGE = (
    "The Alder Bridge – “a marvel”, said Finch’s pupil – was\n  opened on 3\u00a0May 1871.\n"
    "| Bridge | Built | Builder |\n| Alder | 1871 | Mara Finch |\n| Birch | 1880-81 | Bo |\n"
    "アルダー橋はマーラ・フィンチによって1871年に建てられた。"
)


@pytest.mark.parametrize(
    "quote",
    [
        "The Alder Bridge – “a marvel”, said",
        'the alder bridge - "a marvel", SAID',
        "said Finch's pupil - was opened on",
        "was opened on 3 May 1871.",
        "  was\topened\n on 3 May 1871.  ",
        "マーラ・フィンチによって1871年",
        "Mara Finch",
        "1871",
        "1880–81",
        "Birch | 1880-81 | Bo",
        "| Birch | 1880-81 | Bo |",
    ],
)
def test_spelling_of_spaces_marks_dashes_and_case_does_not_matter(quote: str) -> None:
    assert stands_in(quote, PAGE)


@pytest.mark.parametrize(
    "quote",
    [
        "was opened on 4 May 1871.",
        "was opened in 3 May 1871.",
        "The Alder Bridge was opened on 3 May",
        "opened on 3 May",
        "Mara",
        "Mara Finch |",
        "Alder | 1871",
        "",
        "   ",
        "|",
    ],
)
def test_what_does_not_stand_there_word_for_word_does_not_count(quote: str) -> None:
    assert not stands_in(quote, PAGE)


@pytest.mark.parametrize(
    ("quote", "enough"),
    [
        ("a" * 19, False),
        ("a" * 20, True),
        ("a" * 10 + " " * 30 + "b" * 8, False),
        ("橋" * 9, False),
        ("橋" * 10, True),
        ("橋" * 9 + "ab", True),
        ("アルダー", False),
        ("", False),
    ],
)
def test_twenty_characters_are_enough_and_an_ideograph_counts_twice(quote: str, enough: bool) -> None:
    assert long_enough(quote) is enough
    assert stands_in(quote, f"before {quote} after") is enough


@given(st.text())
def test_evening_out_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(min_size=20, max_size=60), st.text(max_size=40), st.text(max_size=40))
def test_a_long_quote_is_found_in_its_own_text(quote: str, before: str, after: str) -> None:
    assert not long_enough(quote) or stands_in(quote, f"{before} {quote} {after}")


@pytest.mark.parametrize(
    ("text", "part", "found"),
    [
        ("built by Mara Finch in 1871", "Mara Finch", True),
        ("built by Mara Finch in 1871", "the Mara Finch.", True),
        ("the bridge of 1871.", "1871", True),
        ("the bridge of 18712.", "1871", False),
        ("Finchley", "Finch", False),
        ("a finch", "Finch", True),
        ("Åsele lies north", "Åse", False),
        ("in Åse, north", "Åse", True),
        ("Zoë’s house", "Zoë", True),
        ("1911年IBM在纽约成立", "IBM", True),
        ("1911年IBM在纽约成立", "1911", True),
        ("在纽约成立", "纽约", True),
        ("กรุงเทพมหานคร", "กรุงเทพ", True),
        ("Санкт-Петербургский", "Петербург", False),
        ("anything", "the", False),
        ("anything", "", False),
        ("anything", " .,", False),
        ("price: $5", "$5", True),
        ("xx xxx", "xx x", False),
        ("annan nan", "nan", True),
    ],
)
def test_an_answer_stands_in_a_quote_as_whole_words(text: str, part: str, found: bool) -> None:
    assert contains(text, part) is found
