import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spadework.tools.reading.passages import choose_passages, estimate_tokens
from spadework.tools.reading.ranking import words_of

FILLER = "The committee met again and discussed the minutes of its former meeting at some length without a result."


def long_page(*facts: str, filler: int = 60) -> str:
    """Numbered filler paragraphs with the facts spread among them."""
    paragraphs = [f"{FILLER} Item {n}. {FILLER}" for n in range(filler)]
    for n, fact in enumerate(facts, 1):
        paragraphs.insert(n * filler // (len(facts) + 1), fact)
    return "\n\n".join(paragraphs)


def all_pages(text: str, goal: str, max_tokens: int) -> list[str]:
    first = choose_passages(text, goal, max_tokens=max_tokens)
    rest = [choose_passages(text, goal, max_tokens=max_tokens, page=n).text for n in range(2, first.pages + 1)]
    return [first.text, *rest]


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        ("The quick brown fox jumps over the lazy dog.", 9, 14),
        ("a b c d e f g h", 8, 8),
        ("東京は日本の首都です。", 11, 16),
        ("Москва — столица России", 10, 22),
        ("\ud800", 1, 3),
    ],
)
def test_estimate_lies_between_words_and_a_cautious_bound(text: str, least: int, most: int) -> None:
    assert least <= estimate_tokens(text) <= most


def test_text_that_fits_comes_back_whole_on_one_page() -> None:
    shown = choose_passages("# A\n\nshort text\n", "anything", max_tokens=100)
    assert (shown.text, shown.page, shown.pages) == ("# A\n\nshort text\n", 1, 1)
    assert choose_passages("short", "x", max_tokens=100, page=2).text == ""


def test_the_answering_passage_is_shown_with_its_heading_and_a_gap_before_it() -> None:
    text = long_page(
        "## Discovery\n\nThe comet was first seen by Ada Quill in 1871 from Turku.", "## Later\n\nNothing."
    )
    shown = choose_passages(text, "Who discovered the comet?", max_tokens=300)
    assert "Ada Quill in 1871" in shown.text
    assert "## Discovery\n\nThe comet" in shown.text
    assert "\n\n[...]\n\n" in shown.text
    assert shown.text.startswith(FILLER)
    assert estimate_tokens(shown.text) <= 300
    assert shown.pages > 5


def test_a_passage_far_below_its_heading_is_shown_under_it() -> None:
    section = "\n\n".join([FILLER * 2] * 5) + "\n\nOnly the brewery used copper kettles."
    shown = choose_passages(long_page(f"## Equipment\n\n{section}"), "copper kettles", max_tokens=320)
    before, found, _ = shown.text.partition("Only the brewery used copper kettles.")
    assert found
    assert "## Equipment" in before.rpartition("[...]")[2]


def test_a_row_far_down_a_table_is_shown_with_the_first_row() -> None:
    rows = "\n".join(f"Village {n} | {n * 7} | {n * 3}" for n in range(200))
    text = f"# Census\n\nName | People | Houses\n{rows}"
    shown = choose_passages(text, "how many people live in Village 173", max_tokens=250)
    assert "Village 173 | 1211 | 519" in shown.text
    assert shown.text.rpartition("[...]")[2].lstrip().startswith("# Census\nName | People | Houses\n")


def test_without_a_goal_pages_follow_the_text() -> None:
    text = long_page()
    numbers = [int(n) for page in all_pages(text, "", 400) for n in re.findall(r"Item (\d+)\.", page)]
    assert numbers == list(range(60))


@pytest.mark.parametrize(
    ("goal", "fact"),
    [
        ("brewery locations", "A brewery stands in Lund."),
        ("cafe in Sao Paulo", "The Café Aurora of São Paulo opened in 1911."),
        ("東京の人口", "東京都の人口は約1400万人である。"),
        ("population de l'île", "Cette ILE a une population de 412 personnes."),
    ],
)
def test_ranking_looks_past_plurals_accents_case_and_missing_spaces(goal: str, fact: str) -> None:
    assert fact in choose_passages(long_page(fact), goal, max_tokens=250).text


def test_words_are_folded() -> None:
    assert words_of("The Cities of Île-de-France, boxes & glass 東京都") == (
        ["city", "ile", "de", "france", "box", "glass", "東京", "京都"]
    )


@pytest.mark.parametrize("unit", ["word ", "字", "x", "Sentence here. ", "長い文。", "🙂"])
def test_one_line_that_is_too_long_is_split(unit: str) -> None:
    text = unit * 3000
    shown = all_pages(text, "", 500)
    assert all(estimate_tokens(page) <= 500 for page in shown)
    assert "".join("".join(shown).split()) == "".join(text.split())


def test_the_same_call_gives_the_same_passages() -> None:
    text = long_page("Copper is mined at Falun.", "Copper was mined at Røros.")
    shown = [choose_passages(text, "copper mines", max_tokens=200, page=2) for _ in range(3)]
    assert shown[0] == shown[1] == shown[2]


def test_page_numbers_below_one_mean_the_first_and_beyond_the_last_show_nothing() -> None:
    text = long_page()
    assert choose_passages(text, "item", max_tokens=300, page=0) == choose_passages(text, "item", max_tokens=300)
    beyond = choose_passages(text, "item", max_tokens=300, page=999)
    assert (beyond.text, beyond.page) == ("", 999)


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(["# Head", "plain words here", "a | b | c", "- item", "", "文字の列", "end. Next one."]),
        max_size=80,
    ),
    st.integers(60, 300),
    st.sampled_from(["", "words item", "文字"]),
)
def test_all_pages_together_show_every_line_and_none_passes_the_limit(lines: list[str], limit: int, goal: str) -> None:
    text = "\n".join(f"{line} u{n}" if line else "" for n, line in enumerate(lines))
    pages = all_pages(text, goal, limit)
    assert all(estimate_tokens(page) <= limit for page in pages)
    once = [n for n, line in enumerate(lines) if line and not line.startswith("#") and " | " not in line]
    seen = [int(n) for page in pages for n in re.findall(r"\bu(\d+)\b", page)]
    assert set(seen) == {n for n, line in enumerate(lines) if line}
    assert all(seen.count(n) == 1 for n in once)


@settings(max_examples=100)
@given(st.text(), st.text(), st.integers(-5, 80), st.integers(-2, 5))
def test_no_input_makes_it_fail(text: str, goal: str, limit: int, page: int) -> None:
    assert choose_passages(text, goal, max_tokens=limit, page=page).pages >= 1


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(["# Head", "Ann met Bo. She left.", "a | b | c", "文字の列。次の文。", "", "word"]), max_size=60
    ),
    st.integers(250, 1500),
    st.sampled_from(["", "Ann left", "文字", "the of"]),
    st.integers(1, 4),
)
def test_a_page_keeps_the_order_of_the_text_and_each_call_gives_the_same(
    lines: list[str], limit: int, goal: str, page: int
) -> None:
    text = "\n\n".join(f"{line} u{n}" * 9 if line else "" for n, line in enumerate(lines))
    shown = choose_passages(text, goal, max_tokens=limit, page=page)
    assert shown == choose_passages(text, goal, max_tokens=limit, page=page)
    assert estimate_tokens(shown.text) <= limit
    numbers = [int(n) for n in re.findall(r"\bu(\d+)", shown.text)]
    context = {n for n, line in enumerate(lines) if line.startswith("#") or " | " in line}
    own = [n for n in numbers if n not in context]
    assert own == sorted(own)
    if estimate_tokens(text) <= limit:
        assert shown.text == (text if page == 1 else "")


def test_what_the_page_is_about_leads_to_the_answer_where_the_goal_does_not_name_it() -> None:
    about = "Gannet was built at Turku in 1871.\n\nShe ended as a training ship for orphans."
    text = f"# Gannet\n\n{long_page(about)}"
    assert "training ship" in choose_passages(text, "how did the vessel end up", max_tokens=300).text


def test_the_title_over_every_passage_does_not_hide_what_the_goal_asks() -> None:
    text = f"# Copper mines\n\n{long_page('A copper mine was dug at Falun.', filler=200)}"
    assert "at Falun" in choose_passages(text, "Where is the copper mine?", max_tokens=250).text


def test_a_sentence_that_says_she_is_shown_with_the_one_that_says_who() -> None:
    biography = f"Ada Quill came from Turku. {FILLER} {FILLER}\n\nShe found a comet in 1871. {FILLER} {FILLER}"
    shown = choose_passages(long_page(biography), "Ada Quill discoveries", max_tokens=300).text
    assert "She found a comet in 1871." in shown


def test_the_same_words_again_do_not_take_the_room() -> None:
    again = "Copper, said the mine office once more, is what the mine office at Falun deals in. Copper! Copper! Copper!"
    text = long_page(*[again] * 12, "A copper mine stood near the river at Kopparberg, far from any office.")
    shown = choose_passages(text, "copper mine office", max_tokens=400).text
    assert shown.count("said the mine office") <= 2
    assert "Kopparberg" in shown


def test_words_that_stand_together_in_the_goal_count_more_than_apart() -> None:
    apart = ["The moon was new. A green cheese was on the table.", "A new green flag flew over the cheese."]
    text = long_page(*apart * 6, "Moon cheese is sold in Lund.")
    assert "sold in Lund" in choose_passages(text, "moon cheese", max_tokens=250).text


@pytest.mark.parametrize(
    "sentence",
    [
        "The bridge was drawn by Dr. J. R. Quill and Mrs. Ada St. John of Turku, who never met",
        "He asked why, and where, and was told: vs. the others, i.e. the men of No. 5, nothing was known",
        "The long sentence " + "goes on and on, past mills and farms, " * 10 + "until it ends",
    ],
)
def test_a_sentence_is_not_cut_in_two(sentence: str) -> None:
    text = " ".join([FILLER, FILLER, f"{sentence}.", FILLER] * 20)
    shown = choose_passages(text, sentence[-40:], max_tokens=500).text
    assert f"{sentence}." in shown


def test_a_goal_of_small_words_only_leaves_the_order_of_the_text() -> None:
    text = long_page()
    assert choose_passages(text, "what is it", max_tokens=300) == choose_passages(text, "", max_tokens=300)
