"""Wikipedia as a search backend, against a loopback server that plays replies of the documented form."""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from spadework.tools.backends.choice import make_search
from spadework.tools.backends.wikipedia import WikipediaSearch
from spadework.tools.errors import ConfigError, ToolError
from spadework.tools.web.http import SafeClient

FOUND = {
    "batchcomplete": True,
    "continue": {"sroffset": 2, "continue": "-||"},
    "query": {
        "search": [
            {
                "ns": 0,
                "title": "Alû",
                "pageid": 1,
                "snippet": 'In <span class="searchmatch">Akkadian</span> &amp; Sumerian mythology, 3 &lt; 4',
            },
            {"ns": 0, "title": "What Is This? (AC/DC 50% off)", "pageid": 2, "snippet": ""},
            {"ns": 0, "pageid": 3},
        ]
    },
}


class Wiki:
    """One reply for every request, over plain sockets; `asked` holds the request targets."""

    def __init__(self) -> None:
        self.reply: object = FOUND
        self.status = "200 OK"
        self.asked: list[str] = []
        self.base = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.decode().split(" ")[1])
        kind = "text/html" if isinstance(self.reply, str) else "application/json"
        body = (self.reply if isinstance(self.reply, str) else json.dumps(self.reply)).encode()
        lines = (
            f"HTTP/1.1 {self.status}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        writer.write("\r\n".join((*lines, "", "")).encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def wiki() -> AsyncIterator[Wiki]:
    wiki = Wiki()
    server = await asyncio.start_server(wiki.answer, "127.0.0.1", 0)
    wiki.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield wiki
    server.close()


@pytest.fixture
async def search(wiki: Wiki) -> AsyncIterator[WikipediaSearch]:
    client = SafeClient(allow_hosts=[urlsplit(wiki.base).netloc])
    yield WikipediaSearch(client, base=wiki.base)
    await client.aclose()


async def test_articles_become_hits_with_plain_snippets_and_their_address(wiki: Wiki, search: WikipediaSearch) -> None:
    first, second = await search.search("akkadian spirit", limit=7, timeout=5)
    assert (first.title, first.rank, first.backend, first.date) == ("Alû", 1, "wikipedia", None)
    assert first.snippet == "In Akkadian & Sumerian mythology, 3 < 4"
    assert first.url == f"{wiki.base}/wiki/Al%C3%BB"
    assert second.url == f"{wiki.base}/wiki/What_Is_This%3F_(AC/DC_50%25_off)"
    asked = urlsplit(wiki.asked[0])
    assert asked.path == "/w/api.php"
    assert {name: values[0] for name, values in parse_qs(asked.query).items()} == {
        "action": "query",
        "list": "search",
        "srsearch": "akkadian spirit",
        "srlimit": "7",
        "srprop": "snippet",
        "format": "json",
        "formatversion": "2",
    }


async def test_the_limit_is_asked_for_within_what_the_server_gives(wiki: Wiki, search: WikipediaSearch) -> None:
    assert len(await search.search("x", limit=1, timeout=5)) == 1
    await search.search("x", limit=5000, timeout=5)
    assert [parse_qs(target)["srlimit"] for target in wiki.asked] == [["1"], ["50"]]


async def test_a_long_query_is_cut_at_a_word(wiki: Wiki, search: WikipediaSearch) -> None:
    await search.search("word\n" * 100, limit=5, timeout=5)
    sent = parse_qs(wiki.asked[0])["srsearch"][0]
    assert 290 <= len(sent) <= 300
    assert set(sent.split(" ")) == {"word"}


async def test_an_empty_query_asks_nobody(wiki: Wiki, search: WikipediaSearch) -> None:
    assert await search.search(" \n", limit=5, timeout=5) == []
    assert await search.search("x", limit=0, timeout=5) == []
    assert wiki.asked == []


async def test_filters_are_not_sent_and_another_site_is_not_asked_for(wiki: Wiki, search: WikipediaSearch) -> None:
    assert await search.search("alu site:a.example", limit=5, timeout=5) == []
    assert wiki.asked == []
    english = WikipediaSearch(SafeClient(), base="https://en.wikipedia.org")
    assert await english.search("alu site:de.wikipedia.org", limit=5, timeout=5) == []
    await search.search("alu after:2020", limit=5, timeout=5)
    assert parse_qs(wiki.asked[0])["srsearch"] == ["alu"]


@pytest.mark.parametrize(
    "reply", [{"batchcomplete": True}, {"query": {"search": []}}, {"query": []}, {"query": {"search": 3}}]
)
async def test_nothing_found_is_an_empty_list(wiki: Wiki, search: WikipediaSearch, reply: object) -> None:
    wiki.reply = reply
    assert await search.search("x", limit=5, timeout=5) == []


async def test_the_servers_own_error_is_shown(wiki: Wiki, search: WikipediaSearch) -> None:
    wiki.reply = {"error": {"code": "maxlag", "info": "Waiting for a host:\n5 seconds lagged."}}
    with pytest.raises(ToolError, match=r"refused the search: Waiting for a host: 5 seconds lagged\.$") as caught:
        await search.search("x", limit=5, timeout=5)
    assert (caught.value.kind, caught.value.sent) == ("bad_reply", True)


async def test_a_page_in_place_of_json_is_a_bad_reply(wiki: Wiki, search: WikipediaSearch) -> None:
    wiki.reply = "<html>Log in to this network</html>"
    with pytest.raises(ToolError, match="answered text/html instead of a JSON object") as caught:
        await search.search("x", limit=5, timeout=5)
    assert caught.value.kind == "bad_reply"


async def test_a_refusal_keeps_its_status(wiki: Wiki, search: WikipediaSearch) -> None:
    wiki.status = "404 Not Found"
    with pytest.raises(ToolError) as caught:
        await search.search("x", limit=5, timeout=5)
    assert (caught.value.kind, caught.value.status) == ("status", 404)


async def test_the_language_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    client = SafeClient()
    for good in ("de", "zh-yue", "EN"):
        monkeypatch.setenv("SPADEWORK_WIKIPEDIA_LANG", good)
        assert make_search("wikipedia", client).name == "wikipedia"
    for bad in ("evil.example/", "e", "en wiki", "-"):
        monkeypatch.setenv("SPADEWORK_WIKIPEDIA_LANG", bad)
        with pytest.raises(ConfigError, match="language code such as en"):
            make_search("wikipedia", client)
    await client.aclose()
