"""Replies of any form: a backend gives hits or a ToolError, never another exception."""

import asyncio
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from provider_server import ProviderServer, provider_server
from spadework.tools.backends.api import Key
from spadework.tools.backends.brave import BraveSearch
from spadework.tools.backends.google import GoogleSearch
from spadework.tools.backends.searxng import SearxngSearch
from spadework.tools.backends.serper import SerperSearch
from spadework.tools.backends.tavily import TavilySearch
from spadework.tools.backends.wikipedia import WikipediaSearch
from spadework.tools.errors import ToolError
from spadework.tools.search import Hit, Search
from spadework.tools.web.http import SafeClient

KEY = Key("SOME_API_KEY", "key-5ecret")
BACKENDS: dict[str, Callable[[SafeClient, str], Search]] = {
    "brave": lambda client, base: BraveSearch(client, KEY, base=base),
    "tavily": lambda client, base: TavilySearch(client, KEY, base=base),
    "serper": lambda client, base: SerperSearch(client, KEY, base=base),
    "google": lambda client, base: GoogleSearch(client, KEY, "engine", base=base),
    "searxng": lambda client, base: SearxngSearch(base, client),
    "wikipedia": lambda client, base: WikipediaSearch(client, base=base),
}
# Where the list of results stands, and the names that an adapter reads in one of them.
PATHS = {
    "brave": ("web", "results"),
    "tavily": ("results",),
    "serper": ("organic",),
    "google": ("items",),
    "searxng": ("results",),
    "wikipedia": ("query", "search"),
}
TEXTS = ["title", "url", "link", "description", "content", "snippet"]
DATES = ["date", "age", "page_age", "published_date", "publishedDate", "pagemap", "metatags"]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(LEAVES, lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(), part, max_size=4))
RESULTS = st.lists(st.dictionaries(st.sampled_from(TEXTS + DATES), JSON, max_size=6) | JSON, max_size=6)
TOP = st.sampled_from(["error", "detail", "message", "unresponsive_engines", "web", "query", "results", "items"])


@dataclass(frozen=True)
class Desk:
    """One loop, one client and one server for many searches."""

    runner: asyncio.Runner
    client: SafeClient
    server: ProviderServer

    def search(self, name: str, *, limit: int = 5) -> list[Hit]:
        backend = BACKENDS[name](self.client, self.server.url)
        return self.runner.run(backend.search("dice", limit=limit, timeout=10))

    def try_search(self, name: str) -> list[Hit] | ToolError:
        try:
            return self.search(name)
        except ToolError as error:
            return error


@pytest.fixture(scope="module")
def desk() -> Generator[Desk]:
    with provider_server() as server, asyncio.Runner() as runner:
        client = SafeClient(allow_hosts=[server.host])
        yield Desk(runner, client, server)
        runner.run(client.aclose())


def nested(path: tuple[str, ...], results: object) -> object:
    for name in reversed(path):
        results = {name: results}
    return results


def wellformed(hits: list[Hit], limit: int = 5) -> None:
    assert len(hits) <= limit
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    for hit in hits:
        assert hit.url.startswith(("http://", "https://", "corpus://"))
        assert len(hit.title) <= 2_000
        assert "\n" not in hit.title + hit.snippet


@pytest.mark.parametrize("name", BACKENDS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(reply=JSON | st.dictionaries(TOP, JSON, max_size=5), results=RESULTS)
def test_any_json_is_hits_or_a_tool_error(desk: Desk, name: str, reply: object, results: list[object]) -> None:
    for body in (reply, nested(PATHS[name], results)):
        desk.server.answer(body)
        found = desk.try_search(name)
        if isinstance(found, ToolError):
            assert (found.kind, found.sent, "\n" in str(found)) == ("bad_reply", True, False)
        else:
            wellformed(found)


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("body", [b"", b"[", b"\xff\xfe\x00", b"[" * 100_000, b"NaN", b"9" * 10_000, b"null"])
def test_what_is_no_json_object_is_a_bad_reply(desk: Desk, name: str, body: bytes) -> None:
    desk.server.answer(body)
    with pytest.raises(ToolError, match="instead of a JSON object") as caught:
        desk.search(name)
    assert caught.value.kind == "bad_reply"


@pytest.mark.parametrize("name", BACKENDS)
def test_nothing_found_is_an_empty_list(desk: Desk, name: str) -> None:
    bodies: list[object] = [{}, nested(PATHS[name], [])]
    for body in bodies:
        desk.server.answer(body)
        assert desk.search(name) == []


@pytest.mark.parametrize("name", ["brave", "tavily", "serper", "google", "searxng"])
def test_addresses_that_are_none_are_passed_over(desk: Desk, name: str) -> None:
    odd = ["", "/here", "javascript:alert(1)", "http://", "http://[::1", "ftp://a.example/", "a b", 7, None, ["x"]]
    urls = [*odd, "https://a.example/", "https://A.example:443/#again"]
    rows = [{"title": "x", "url": url, "link": url} for url in urls]
    desk.server.answer(nested(PATHS[name], rows))
    assert [hit.url for hit in desk.search(name)] == ["https://a.example/"]


@pytest.mark.parametrize("name", BACKENDS)
def test_a_huge_list_is_cut_at_the_limit(desk: Desk, name: str) -> None:
    rows = [
        {"title": f"<{n}", "url": f"https://a.example/{n}", "link": f"https://a.example/{n}"} for n in range(20_000)
    ]
    desk.server.answer(json.dumps(nested(PATHS[name], rows)).encode())
    hits = desk.search(name, limit=5)
    wellformed(hits)
    assert len(hits) == 5


@pytest.mark.parametrize("name", ["brave", "wikipedia"])
def test_markup_without_an_end_does_not_hold_the_search_up(desk: Desk, name: str) -> None:
    row = {"title": "Dice", "url": "https://a.example/", "description": "<" * 2_000_000, "snippet": "<a" * 1_000_000}
    desk.server.answer(nested(PATHS[name], [row]))
    assert len(desk.search(name)) == 1
