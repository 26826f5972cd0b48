"""Hits, addresses, backends by name, and a user's own search function."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.tools.backends.choice import make_search
from spadework.tools.backends.corpus import Corpus
from spadework.tools.errors import ConfigError, ToolError
from spadework.tools.search import (
    FunctionSearch,
    Hit,
    Search,
    UserFunction,
    make_hits,
    merge_hits,
    normalise_url,
    usable_url,
)
from spadework.tools.web.http import SafeClient


@pytest.fixture
async def client() -> AsyncIterator[SafeClient]:
    client = SafeClient()
    yield client
    await client.aclose()


def hit(url: str, rank: int, snippet: str = "") -> Hit:
    return Hit(title=url, url=url, snippet=snippet, backend="test", rank=rank)


async def found(function: UserFunction, query: str = "q", *, limit: int = 10, timeout: float = 5.0) -> list[Hit]:
    return await FunctionSearch(function).search(query, limit=limit, timeout=timeout)


async def test_backends_are_made_by_name(client: SafeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pages.jsonl"
    file.write_text(json.dumps({"title": "A", "text": "B"}))
    made: list[Search] = [make_search(spec, client) for spec in (None, "wikipedia", "searxng", f"corpus:{file}")]
    assert [search.name for search in made] == ["wikipedia", "wikipedia", "searxng", "corpus"]
    monkeypatch.setenv("SPADEWORK_SEARCH", f"corpus:{file}")
    assert isinstance(make_search(None, client), Corpus)
    assert make_search("wikipedia", client).name == "wikipedia"
    assert make_search(made[2], client) is made[2]
    await made[2].aclose()


@pytest.mark.parametrize(("spec", "hint"), [("searxgn", "searxng?"), ("Wikipedia", "wikipedia?"), ("xyzzy", "FILE")])
def test_an_unknown_backend_is_refused_with_the_names_and_the_nearest(spec: str, hint: str, client: SafeClient) -> None:
    with pytest.raises(ConfigError) as caught:
        make_search(spec, client)
    text = str(caught.value)
    assert repr(spec) in text
    assert "searxng, wikipedia, corpus:FILE" in text
    assert text.endswith(hint)


async def test_the_searxng_backend_gets_a_client_for_its_own_server_only(
    client: SafeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[str]] = []

    def client_for(hosts: Sequence[str]) -> SafeClient:
        asked.append(list(hosts))
        return client

    for url in ("", "http://Search.example:8080/sub/", "https://search.example", "http://[::1]:9000"):
        monkeypatch.setenv("SEARXNG_URL", url)
        make_search("searxng", client, client_for=client_for)
    assert asked == [["127.0.0.1:8888"], ["search.example:8080"], ["search.example:443"], ["[::1]:9000"]]


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8888", "ftp://search.example", "http://", "http://host:port", "http://[::1", "http://me:pw@a.example"],
)
def test_a_searxng_url_that_is_no_address_is_refused(
    url: str, client: SafeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARXNG_URL", url)
    with pytest.raises(ConfigError, match="SEARXNG_URL") as caught:
        make_search("searxng", client)
    assert "me:pw" not in str(caught.value)


async def test_a_function_may_return_hits_mappings_addresses_and_texts() -> None:
    def search(query: str) -> list[object]:
        return [
            hit("https://a.example/", 7, "from a hit"),
            {"title": "B", "url": "https://b.example/", "snippet": f"about {query}"},
            "https://c.example/",
            "Paris is the capital of France.",
        ]

    hits = await found(search, "cats")
    assert [h.rank for h in hits] == [1, 2, 3, 4]
    assert [h.snippet for h in hits] == ["from a hit", "about cats", "", "Paris is the capital of France."]
    assert {h.backend for h in hits} == {"search"}
    assert hits[3].url.startswith("corpus://text-")
    assert [h.url for h in await found(search, limit=2)] == ["https://a.example/", "https://b.example/"]


async def test_a_function_may_be_async_and_return_one_item_or_nothing() -> None:
    async def one(query: str) -> str:
        await asyncio.sleep(0)
        return f"https://a.example/{query}"

    assert [h.url for h in await found(one)] == ["https://a.example/q"]
    assert await found(lambda _query: None) == []
    assert await found({"q": ()}.get) == []


async def test_what_goes_wrong_in_a_function_is_one_line_that_names_it() -> None:
    def broken(query: str) -> list[str]:
        raise ValueError(f"no\nkey for {query}")

    async def slow(query: str) -> None:
        await asyncio.sleep(30)

    with pytest.raises(ToolError, match=r"^search function broken raised ValueError: no key for q$") as caught:
        await found(broken)
    assert caught.value.sent
    with pytest.raises(ToolError, match=r"search function slow did not answer within 0.05 s") as caught:
        await found(slow, timeout=0.05)
    assert caught.value.kind == "timeout"
    for wrong in (42, [42], (b"bytes",)):
        with pytest.raises(ToolError, match=r"of type (int|bytes); wanted Hit, dict or str"):
            await found({"q": wrong}.get)


def test_hits_are_cleaned_capped_and_ranked_and_bad_addresses_dropped() -> None:
    rows: list[object] = [
        {"title": "  Two\n words\x1b[31m ", "url": " https://a.example/ ", "snippet": "s" * 500, "date": "2024-05-01"},
        {"title": "script", "url": "javascript:alert(1)"},
        {"title": "again", "url": "https://A.example#x"},
        {"title": None, "url": "https://b.example/", "snippet": 3},
        {"title": "no address"},
        "not a row",
        {"title": "t" * 300, "url": "corpus://page"},
    ]
    first, second, third = make_hits(rows, backend="x", limit=9)
    assert (first.title, first.url, first.date) == ("Two words[31m", "https://a.example/", "2024-05-01")
    assert len(first.snippet) == 400
    assert (second.title, second.snippet, second.date) == ("https://b.example/", "", None)
    assert len(third.title) == 200
    assert [first.rank, second.rank, third.rank] == [1, 2, 3]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://",
        "//a.example",
        "https://a b.example/",
        "http://a.example/\x00",
        "http://a.example/\u202egpj.exe",
        "http://a.example/" + "x" * 3000,
        "http://[::1",
        "",
        3,
        None,
    ],
)
def test_an_address_that_could_not_be_opened_is_not_usable(url: object) -> None:
    assert usable_url(url) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HTTP://Example.ORG", "http://example.org:80/"),
        ("https://example.org:443/a/", "https://example.org/a#part"),
        ("https://example.org/a?utm_source=x&b=1&fbclid=y", "https://example.org/a?b=1"),
        ("https://example.org/a?gclid", "https://example.org/a"),
        ("https://example.org/Alû", "https://example.org/Al%c3%bb"),
        ("corpus://Demon-Dice", "corpus://demon-dice"),
        (" https://example.org./x ", "https://example.org/x"),
    ],
)
def test_spellings_of_one_address_have_one_key(one: str, other: str) -> None:
    assert normalise_url(one) == normalise_url(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/a", "http://example.org/a"),
        ("https://example.org/a", "https://example.org/A"),
        ("https://example.org/a?b=1", "https://example.org/a?b=2"),
        ("https://example.org:8443/", "https://example.org/"),
        ("https://example.org/a%2Fb", "https://example.org/a/b"),
        ("https://example.org/?gclid_kind=1", "https://example.org/"),
    ],
)
def test_different_addresses_have_different_keys(one: str, other: str) -> None:
    assert normalise_url(one) != normalise_url(other)


SCHEMES = st.sampled_from(["http", "HTTPS", "corpus", "other"])


@given(
    st.text()
    | st.builds("{}://{}{}/{}".format, SCHEMES, st.text("aB.:[", max_size=4), st.sampled_from(["", ":80"]), st.text())
)
def test_any_text_has_a_key_and_the_key_is_its_own(text: str) -> None:
    key = normalise_url(text)
    assert normalise_url(key) == key


def test_hits_of_several_queries_become_one_ranking() -> None:
    merged = merge_hits(
        [
            [hit("https://a.example/", 1), hit("https://b.example/", 2, "of rank 2")],
            [hit("https://c.example/", 1), hit("https://B.example", 3, "of rank 3")],
        ]
    )
    assert [h.url for h in merged] == ["https://b.example/", "https://a.example/", "https://c.example/"]
    assert merged[0].snippet == "of rank 2"
    assert [h.rank for h in merged] == [1, 2, 3]
    assert merge_hits([]) == []
