"""The operators in a query, and the corpus, which applies all of them itself."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.tools.backends.corpus import Corpus, Document
from spadework.tools.clean import one_line
from spadework.tools.query import Query, cut, read_query


@pytest.mark.parametrize(
    ("query", "words", "site"),
    [
        ("ocean depth", "ocean depth", None),
        ("ocean site:noaa.gov depth", "ocean depth", "noaa.gov"),
        ("ocean SITE:WWW.Noaa.gov", "ocean", "www.noaa.gov"),
        ("ocean site:https://noaa.gov/", "ocean", "noaa.gov"),
        ("ocean site:.gov", "ocean", "gov"),
        ("ocean site:bücher.example", "ocean", "bücher.example"),
        ("ocean site:a.example site:a.example", "ocean", "a.example"),
        ("site:noaa.gov", "noaa.gov", "noaa.gov"),
        ("ocean site:noaa.gov/depth", "ocean site:noaa.gov/depth", None),
        ("ocean site: noaa.gov", "ocean site: noaa.gov", None),
        ("ocean site:127.0.0.1:80", "ocean site:127.0.0.1:80", None),
        ("ocean -site:noaa.gov", "ocean -site:noaa.gov", None),
        ('a 5"disk "x y"z', 'a 5"disk "x y"z', None),
        ('ocean 5" deep site:noaa.gov', 'ocean 5" deep', "noaa.gov"),
        ('"ocean site:noaa.gov depth"', '"ocean site:noaa.gov depth"', None),
        ("ocean site:a.example OR site:b.example", "ocean site:a.example OR site:b.example", None),
        ("  a \n b\x00  ", "a b", None),
        ("", "", None),
    ],
)
def test_one_site_is_a_filter_and_all_else_are_words(query: str, words: str, site: str | None) -> None:
    assert read_query(query) == Query(words, site)


@pytest.mark.parametrize(
    ("operators", "since", "until"),
    [
        ("after:2024", date(2024, 1, 1), None),
        ("AFTER:2024-03", date(2024, 3, 1), None),
        ("after:2024-3-9", date(2024, 3, 9), None),
        ("after:2024/03/09", date(2024, 3, 9), None),
        ("before:2024", None, date(2023, 12, 31)),
        ("before:2024-03", None, date(2024, 2, 29)),
        ("before:2024-03-01", None, date(2024, 2, 29)),
        ("after:2020 before:2021", date(2020, 1, 1), date(2020, 12, 31)),
        ("after:2020 after:2021 before:2024 before:2023", date(2021, 1, 1), date(2022, 12, 31)),
    ],
)
def test_dates_are_filters(operators: str, since: date | None, until: date | None) -> None:
    assert read_query(f"ice {operators} cover") == Query("ice cover", None, since, until)


@pytest.mark.parametrize(
    "odd",
    [
        "after:2024-02-30",
        "after:yesterday",
        "after:24",
        "after:2024-03/09",
        "before:0001",
        "after:",
        "after:20240309",
        "afterwards:2024",
        "after:2024 before:2020",
        "after:2024 before:2024",
    ],
)
def test_odd_dates_stay_words(odd: str) -> None:
    assert read_query(f"ice {odd}") == Query(f"ice {odd}")
    assert read_query(odd) == Query(odd)


@given(
    st.text() | st.lists(st.sampled_from(["site:", "a.example", "after:", "before:", "2024", '"', " "])).map("".join)
)
def test_any_text_can_be_read(query: str) -> None:
    read = read_query(query)
    assert bool(read.words) == bool(one_line(query))
    assert read.words == read.site or set(read.words.split()) <= set(one_line(query).split())


@pytest.mark.parametrize(
    ("site", "url", "on"),
    [
        ("noaa.gov", "https://noaa.gov/x", True),
        ("noaa.gov", "https://www.NOAA.gov:443/", True),
        ("noaa.gov", "https://noaa.gov./", True),
        ("gov", "https://noaa.gov/", True),
        ("bücher.example", "https://xn--bcher-kva.example/", True),
        ("www.noaa.gov", "https://noaa.gov/", False),
        ("noaa.gov", "https://not-noaa.gov/", False),
        ("noaa.gov", "https://noaa.gov.evil.example/", False),
        ("noaa.gov", "https://evil.example/noaa.gov", False),
        ("noaa.gov", "https://[::1", False),
        ("noaa.gov", "noaa.gov", False),
        ("noaa.gov", None, False),
        (None, None, True),
    ],
)
def test_a_page_is_on_a_site_or_not(site: str | None, url: object, on: bool) -> None:
    assert Query("x", site).on_site(url) is on


@pytest.mark.parametrize(
    ("chars", "words", "left"),
    [(11, None, "one two"), (13, None, "one two three"), (99, 2, "one two"), (2, None, "on"), (3, 3, "one")],
)
def test_a_query_is_cut_between_words(chars: int, words: int | None, left: str) -> None:
    assert cut("one two three", chars, words) == left


@pytest.mark.parametrize(
    ("operators", "found"),
    [
        ("", ["new", "old", "other", "undated"]),
        ("site:a.example", ["new", "old", "undated"]),
        ("after:2020", ["new", "other", "undated"]),
        ("before:2020", ["old", "undated"]),
        ("site:a.example after:2020", ["new", "undated"]),
        ("site:nowhere.example", []),
    ],
)
async def test_the_corpus_leaves_out_what_the_operators_exclude(operators: str, found: list[str]) -> None:
    dates = {"old": "1999-05-01", "new": "May 3, 2021", "undated": None, "other": "2021-01-01"}
    hosts = {"other": "b.example"}
    corpus = Corpus(
        Document(f"https://{hosts.get(title, 'docs.a.example')}/{title}", title, "ice cover", day)
        for title, day in dates.items()
    )
    hits = await corpus.search(f"ice {operators}", limit=10, timeout=1)
    assert sorted(hit.title for hit in hits) == found
    assert len(await corpus.search(f"ice {operators}", limit=1, timeout=1)) == min(1, len(found))
