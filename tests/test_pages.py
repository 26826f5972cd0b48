"""What a run remembers of the web, and what it may open."""

import pytest
from spadework.tools.pages import PageStore, urls_in
from spadework.tools.reading.extract import Page
from spadework.tools.search import Hit


def page(url: str, text: str = "Some text.", links: tuple[tuple[str, str], ...] = ()) -> Page:
    return Page(url=url, title="", text=text, links=links, date=None, site="")


def hit(url: str, title: str = "A title", snippet: str = "A snippet") -> Hit:
    return Hit(title=title, url=url, snippet=snippet, backend="test", rank=1)


def test_a_page_is_found_under_the_address_asked_for_and_under_the_final_one() -> None:
    store = PageStore()
    kept = page("https://example.org/new")
    store.put(kept, asked="http://example.org/old")
    assert store.get("http://example.org/old") is kept
    assert store.get("https://EXAMPLE.org:443/new/?utm_source=mail#top") is kept
    assert store.get("https://example.org/other") is None


def test_the_second_reading_of_an_address_replaces_the_first_which_stays_for_its_evidence() -> None:
    store = PageStore()
    before, after = page("https://a.example/", "The price is 10."), page("https://a.example/", "The price is 12.")
    store.put(before)
    store.put(after)
    assert store.get("https://a.example/") is after
    assert store.by_digest(before.digest) is before


def test_two_addresses_with_the_same_text_keep_their_own_page() -> None:
    store = PageStore()
    store.put(page("https://a.example/x"))
    store.put(page("https://b.example/y"))
    first = store.get("https://a.example/x")
    assert first is not None
    assert first.url == "https://a.example/x"


def test_the_oldest_pages_are_dropped_when_the_store_is_full_and_may_be_opened_again() -> None:
    store = PageStore(max_chars=25)
    for name in "abc":
        store.put(page(f"https://{name}.example/", f"{name * 10}"), asked=f"https://{name}.example/asked")
    assert store.get("https://a.example/") is None
    assert store.get("https://a.example/asked") is None
    assert store.by_digest(page("", "aaaaaaaaaa").digest) is None
    assert store.get("https://b.example/") is not None
    assert store.get("https://c.example/asked") is not None
    assert store.may_open("https://a.example/")


def test_a_page_put_again_is_the_newest_and_counts_once() -> None:
    store = PageStore(max_chars=25)
    store.put(page("https://a.example/", "a" * 10))
    store.put(page("https://b.example/", "b" * 10))
    store.put(page("https://a.example/", "a" * 10))
    assert store.get("https://b.example/") is not None
    store.put(page("https://c.example/", "c" * 10))
    assert store.get("https://b.example/") is None
    assert store.get("https://a.example/") is not None


def test_one_page_larger_than_the_store_is_still_kept() -> None:
    store = PageStore(max_chars=5)
    store.put(page("https://a.example/", "a" * 10))
    assert store.get("https://a.example/") is not None


def test_only_addresses_from_the_question_hits_and_links_may_be_opened() -> None:
    store = PageStore()
    assert not store.may_open("https://evil.example/?secret=1")
    store.allow(urls_in("What does https://named.example/page, say?"))
    store.add_hits([hit("https://found.example/a?b=1&utm_campaign=x")])
    store.put(
        page("https://read.example/", links=(("more", "https://linked.example/"), ("odd", "javascript:alert(1)")))
    )
    for url in ("https://named.example/page", "https://found.example/a?b=1", "https://linked.example#part"):
        assert store.may_open(url), url
    for url in ("https://named.example/other", "https://found.example/a?b=2", "javascript:alert(1)", "nonsense", ""):
        assert not store.may_open(url), url


def test_parameters_that_were_not_seen_may_not_be_put_in() -> None:
    store = PageStore()
    store.allow(["https://a.example/x", "https://b.example/?utm_source=seen"])
    for url in ("https://a.example/x", "https://b.example/?utm_source=seen", "https://b.example"):
        assert store.may_open(url), url
    for url in (
        "https://a.example/x?utm_source=secret",
        "https://b.example/?utm_source=secret",
        "https://a.example/x?s",
    ):
        assert not store.may_open(url), url


def test_a_link_written_with_escapes_may_be_opened_as_it_reads() -> None:
    store = PageStore()
    store.add_hits([hit("https://en.wikipedia.org/wiki/Al%c3%bb")])
    assert store.may_open("https://en.wikipedia.org/wiki/Alû")


def test_links_are_bounded_and_the_question_stays_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spadework.tools.pages.MAX_LINKS", 10)
    store = PageStore()
    store.allow(["https://named.example/"])
    store.put(page("https://hub.example/", links=tuple(("", f"https://n{i}.example/") for i in range(30))))
    assert store.may_open("https://n29.example/")
    assert not store.may_open("https://n1.example/")
    assert store.may_open("https://named.example/")


def test_snippets_of_several_searches_are_kept_apart_and_without_repeats() -> None:
    store = PageStore()
    store.add_hits([hit("https://a.example/", "Title", "First snippet."), hit("https://b.example/", "Other", "")])
    store.add_hits([hit("https://a.example", "Title", "Second snippet.")])
    assert store.snippets("https://a.example/#x") == ["Title", "First snippet.", "Second snippet."]
    assert store.snippets("https://b.example/") == ["Other"]
    assert store.snippets("https://c.example/") == []


def test_snippets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spadework.tools.pages.MAX_SNIPPETS", 2)
    store = PageStore()
    store.add_hits([hit(f"https://n{i}.example/") for i in range(5)])
    assert store.snippets("https://n0.example/") == []
    assert store.snippets("https://n4.example/") == ["A title", "A snippet"]


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("See https://a.example/x.", ["https://a.example/x"]),
        ("(https://a.example/x) and HTTP://b.example!", ["https://a.example/x", "HTTP://b.example"]),
        ("https://en.wikipedia.org/wiki/Mercury_(planet)?", ["https://en.wikipedia.org/wiki/Mercury_(planet)"]),
        ("[a](https://a.example/x_(y)), **https://b.example/**", ["https://a.example/x_(y)", "https://b.example/"]),
        ("'https://a.example' \"https://a.example\"", ["https://a.example"]),
        ("请看 https://a.example/页。谢谢", ["https://a.example/页"]),
        ("on www.example.org/about, or corpus://demon-dice", ["https://www.example.org/about", "corpus://demon-dice"]),
        ("ftp://a.example file:///etc/passwd http:// https://", []),
        ("no address here", []),
    ],
)
def test_addresses_are_found_in_a_question(text: str, urls: list[str]) -> None:
    assert urls_in(text) == urls
