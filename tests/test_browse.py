"""Reading pages: from the web (a loopback server), from a corpus, from a user's function."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from spadework.tools.backends.corpus import Corpus, Document
from spadework.tools.browse import Browse, FunctionBrowse, WebBrowse, make_browse
from spadework.tools.errors import ToolError
from spadework.tools.reading.extract import Page
from spadework.tools.search import FunctionSearch, UserFunction
from spadework.tools.web.http import SafeClient

SENTENCE = "Demon Dice is a collectible dice game that was created by Lester Smith and Tim Brown in the year 1995. "
ARTICLE = f"""<!doctype html><html><head><title>Demon Dice</title></head><body><nav><a href="/home">Home</a></nav>
<article><h1>Demon Dice</h1><p>{SENTENCE * 3}</p>
<p>It was sold by <a href="/maker">its maker</a>. {SENTENCE}</p></article>
</body></html>"""
HTML = "text/html; charset=utf-8"


class Web:
    """Each path answers with a content type and a body; `/moved` redirects to /article, `/slow` never ends."""

    def __init__(self) -> None:
        self.base = ""
        self.pages: dict[str, tuple[str, bytes]] = {"/article": (HTML, ARTICLE.encode())}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1]
        if path == "/slow":
            await reader.read()
        elif path == "/moved":
            writer.write(b"HTTP/1.1 301 Moved\r\nLocation: /article\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif path in self.pages:
            kind, body = self.pages[path]
            header = f"Content-Type: {kind}\r\n" if kind else ""
            top = f"HTTP/1.1 200 OK\r\n{header}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(top.encode() + body)
        else:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    web = Web()
    server = await asyncio.start_server(web.answer, "127.0.0.1", 0)
    web.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield web
    server.close()


@pytest.fixture
async def client(web: Web) -> AsyncIterator[SafeClient]:
    client = SafeClient(allow_hosts=[urlsplit(web.base).netloc])
    yield client
    await client.aclose()


async def read(web: Web, client: SafeClient, path: str, timeout: float = 5.0) -> Page:
    return await WebBrowse(client).read(web.base + path, timeout=timeout)


async def refusal(web: Web, client: SafeClient, path: str, timeout: float = 5.0) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await read(web, client, path, timeout)
    assert "\n" not in str(caught.value)
    return caught.value


async def test_an_html_page_is_read_as_its_text_with_its_links(web: Web, client: SafeClient) -> None:
    page = await read(web, client, "/article")
    assert page.url == f"{web.base}/article"
    assert page.title == "Demon Dice"
    assert "created by Lester Smith" in page.text
    assert "<p>" not in page.text
    assert f"{web.base}/maker" in [url for _, url in page.links]


async def test_a_redirected_page_has_its_final_address(web: Web, client: SafeClient) -> None:
    assert (await read(web, client, "/moved")).url == f"{web.base}/article"


async def test_a_large_page_does_not_hold_up_the_rest(web: Web, client: SafeClient) -> None:
    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    paragraphs = [f"<p>Number {number}: {SENTENCE}</p>" for number in range(4_000)]
    body = "<html><body><article>" + "".join(paragraphs) + "</article></body></html>"
    web.pages["/large"] = (HTML, body.encode())
    ticks = 0
    ticker = asyncio.create_task(tick())
    page = await read(web, client, "/large", timeout=30)
    ticker.cancel()
    assert "Number 3999: Demon Dice" in page.text
    assert ticks > 5, "parsing it takes a quarter of a second"


async def test_text_markdown_and_json_are_read_as_text(web: Web, client: SafeClient) -> None:
    web.pages |= {
        "/notes.txt": ("text/plain; charset=latin-1", "Caf\xe9 <b>\x1b[0m\r\nopen".encode("latin-1")),
        "/guide.md": ("text/markdown; charset=utf-8", "intro\n# The *guide*\n\nText with ü.".encode()),
        "/data": ("application/json", b'{"name": "Al\\u00fb", "rank": [1, 2]}'),
        "/doc": ("application/ld+json", b'{"broken": '),
    }
    text = await read(web, client, "/notes.txt")
    assert (text.title, text.text, text.site) == ("notes.txt", "Café <b>[0m\nopen", "127.0.0.1")
    assert (await read(web, client, "/guide.md")).title == "The *guide*"
    assert "name: Alû" in (await read(web, client, "/data")).text
    assert (await read(web, client, "/doc")).text == '{"broken": '


async def test_a_page_without_a_type_is_known_by_its_beginning(web: Web, client: SafeClient) -> None:
    web.pages |= {"/html": ("", b"\n<!-- x -->" + ARTICLE.encode()), "/text": ("", b"plain words")}
    assert "<p>" not in (await read(web, client, "/html")).text
    assert (await read(web, client, "/text")).text == "plain words"


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("application/pdf", b"%PDF-1.7", "PDF is broken"),
        ("text/html", b"%PDF-1.7 ...", "PDF is broken"),
        ("image/png", b"\x89PNG", "cannot read content of type image/png"),
        ("application/octet-stream", b"\x00\x01", "cannot read content of type application/octet-stream"),
    ],
)
async def test_content_of_another_type_is_unreadable_and_named(
    web: Web, client: SafeClient, kind: str, body: bytes, told: str
) -> None:
    web.pages["/file"] = (kind, body)
    error = await refusal(web, client, "/file")
    assert str(error).startswith(f"{web.base}/file: {told}")
    assert str(error).endswith("; read another page")
    assert (error.kind, error.sent, error.status) == ("unreadable", True, 200)


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        (HTML, b"<html><body><div id=app></div><script>start()</script></body></html>", "text only with JavaScript"),
        (HTML, b"", "no readable text"),
        ("text/plain", b" \n\x00", "no readable text"),
    ],
)
async def test_a_page_without_text_is_an_error(web: Web, client: SafeClient, kind: str, body: bytes, told: str) -> None:
    web.pages["/empty"] = (kind, body)
    error = await refusal(web, client, "/empty")
    assert told in str(error)
    assert error.kind == "unreadable"


async def test_failures_of_the_client_come_through(web: Web, client: SafeClient) -> None:
    missing = await refusal(web, client, "/missing")
    assert (missing.kind, missing.status) == ("status", 404)
    slow = await refusal(web, client, "/slow", timeout=0.2)
    assert (slow.kind, slow.sent) == ("timeout", True)


async def test_a_corpus_page_without_a_corpus_is_not_found_and_free(client: SafeClient) -> None:
    with pytest.raises(ToolError, match="no corpus is loaded that has the page corpus://x") as caught:
        await WebBrowse(client).read("corpus://x", timeout=1)
    assert (caught.value.kind, caught.value.sent) == ("not_found", False)


async def test_a_corpus_reads_its_own_pages_and_other_searches_leave_that_to_the_web(client: SafeClient) -> None:
    corpus = Corpus([Document("corpus://a", "A", "The text.")])
    function = FunctionSearch(lambda _query: [])
    browse = make_browse(None, client, corpus)
    assert (await browse.read("corpus://a", timeout=1)).text == "The text."
    assert isinstance(make_browse(None, client, function), WebBrowse)
    given = WebBrowse(client)
    assert make_browse(given, client, corpus) is given
    assert isinstance(make_browse(lambda url: url, client, corpus), FunctionBrowse)


async def test_a_function_may_return_text_html_a_mapping_or_a_page(client: SafeClient) -> None:
    async def later(url: str) -> str:
        await asyncio.sleep(0)
        return f"text of {url}"

    async def read(function: UserFunction) -> Page:
        browse: Browse = make_browse(function, client, FunctionSearch(lambda _query: []))
        return await browse.read("https://a.example/x", timeout=1)

    assert (await read(later)).text == "text of https://a.example/x"
    assert "<p>" not in (await read(lambda _url: ARTICLE)).text
    page = await read(
        lambda _url: {"text": "T\x00ext", "title": "Its\ntitle", "url": "https://b.example/", "date": "2024"}
    )
    assert (page.text, page.title, page.url, page.date) == ("Text", "Its title", "https://b.example/", "2024")
    assert await read(lambda _url: page) is page


async def test_a_function_that_fails_or_finds_nothing_is_named() -> None:
    def broken(url: str) -> str:
        raise KeyError(url)

    async def failure(function: UserFunction) -> ToolError:
        with pytest.raises(ToolError) as caught:
            await FunctionBrowse(function).read("https://a.example/x", timeout=1)
        return caught.value

    assert "browse function broken raised KeyError" in str(await failure(broken))
    for nothing in ("", " \n", None, {"title": "only"}):
        error = await failure({"https://a.example/x": nothing}.get)
        assert "found no text: https://a.example/x" in str(error)
        assert error.kind == "unreadable"
    assert "returned int; wanted str, Page or dict" in str(await failure(lambda _url: 3))
