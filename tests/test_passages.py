import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spadework.tools.reading.passages import choose_passages, estimate_tokens, words_of

HOTPOT = Path(__file__).parents[1].parent / "shared" / "data" / "hotpot100"
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


@pytest.mark.skipif(not HOTPOT.is_dir(), reason="the shared question set is not here")
def test_the_answering_sentence_of_real_questions_is_found_in_long_pages() -> None:
    rows = [json.loads(line) for line in (HOTPOT / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    corpus: dict[str, str] = {row["title"]: row["text"] for row in rows}
    asked = found = 0
    for line in (HOTPOT / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        support = [title for title in case["supporting_titles"] if title in corpus]
        sentences = [s for title in support for s in re.split(r"(?<=[.!?])\s+", corpus[title])]
        gold = [s for s in sentences if case["answer"].lower() in s.lower()]
        if not gold or case["answer"].lower() in ("yes", "no"):
            continue
        chance = random.Random(asked)
        titles = support + chance.sample(sorted(corpus.keys() - set(support)), 40)
        chance.shuffle(titles)
        text = "\n\n".join(corpus[title] for title in titles)
        shown = " ".join(choose_passages(text, case["question"], max_tokens=1500).text.split())
        asked += 1
        found += any(" ".join(s.split()) in shown for s in gold)
    assert asked >= 80
    assert found / asked >= 0.95
