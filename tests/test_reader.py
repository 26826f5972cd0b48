"""A reader service as the second way to a page: a real one on loopback, which sends what Jina Reader's form is."""

from collections.abc import AsyncGenerator

import pytest
from loopback import Web, reply, web_server
from spadework.tools.browse import WebBrowse
from spadework.tools.errors import ConfigError, ToolError
from spadework.tools.reader import Reader, make_reader, reader_page
from spadework.tools.web.http import SafeClient

TEXT = "The Alder Bridge crosses the Thurle. It was built by Mara Finch in 1871 and widened in 1902. " * 3
HEAD = "Title: Alder Bridge\n\nURL Source: http://x/\n\nPublished Time: 2024-05-01\n\nMarkdown Content:\n"
SENT = f"{HEAD}# Bridge\n\n{TEXT}"
SCRIPT_ONLY = reply(b"<html><body><div id='root'></div><script src='/a.js'></script></body>", content_type="text/html")


@pytest.fixture
async def web() -> AsyncGenerator[Web]:
    async with web_server() as server:
        yield server


@pytest.fixture
async def browse(web: Web) -> AsyncGenerator[WebBrowse]:
    clients = [SafeClient(allow_hosts=[web.host]) for _ in range(2)]
    reader = make_reader(web.url("/read/"), lambda hosts: clients[1], {"SPADEWORK_READER_KEY": "k7"})
    yield WebBrowse(clients[0], live=False, reader=reader)
    for client in clients:
        await client.aclose()


async def test_a_page_that_needs_a_browser_comes_by_the_reader(web: Web, browse: WebBrowse) -> None:
    web.pages = {"/app": SCRIPT_ONLY, f"/read/{web.url('/app')}": reply(SENT.encode(), content_type="text/plain")}
    page = await browse.read(web.url("/app"), timeout=5)
    assert (page.title, page.date, page.url) == ("Alder Bridge", "2024-05-01", web.url("/app"))
    assert "built by Mara Finch in 1871" in page.text
    assert "URL Source" not in page.text
    assert web.asked[1][1]["authorization"] == "Bearer k7"
    assert "authorization" not in web.asked[0][1]


@pytest.mark.parametrize("status", [403, 429, 503])
async def test_so_does_one_that_is_refused(web: Web, browse: WebBrowse, status: int) -> None:
    web.pages = {"/a": reply(status=status), f"/read/{web.url('/a')}": reply(SENT.encode(), content_type="text/plain")}
    assert "Mara Finch" in (await browse.read(web.url("/a"), timeout=20)).text


@pytest.mark.parametrize("path", ["/gone", "/fine"])
async def test_the_reader_is_not_told_of_pages_that_need_no_second_way(web: Web, browse: WebBrowse, path: str) -> None:
    web.pages = {"/fine": reply(f"<p>{TEXT}".encode(), content_type="text/html")}
    if path == "/gone":
        with pytest.raises(ToolError, match="404"):
            await browse.read(web.url(path), timeout=5)
    else:
        await browse.read(web.url(path), timeout=5)
    assert web.paths == [path]


async def test_when_neither_way_works_both_are_told(web: Web, browse: WebBrowse) -> None:
    web.pages = {"/app": SCRIPT_ONLY, f"/read/{web.url('/app')}": reply(status=402)}
    with pytest.raises(ToolError, match=r"JavaScript.*nor did the reader 127\.0\.0\.1 help.*402") as caught:
        await browse.read(web.url("/app"), timeout=5)
    assert (caught.value.kind, caught.value.sent, caught.value.attempts) == ("unreadable", True, 2)
    assert "k7" not in str(caught.value)


async def test_next_to_nothing_from_the_reader_is_no_page(web: Web, browse: WebBrowse) -> None:
    web.pages = {
        "/app": SCRIPT_ONLY,
        f"/read/{web.url('/app')}": reply(b"Markdown Content:\nLoading", content_type="a/b"),
    }
    with pytest.raises(ToolError, match="JavaScript"):
        await browse.read(web.url("/app"), timeout=5)


def test_text_without_the_lines_above_it_is_taken_as_it_is() -> None:
    assert reader_page("https://a.example/x", "# Tea\n\nGreen tea.").title == "Tea"


def test_the_links_of_its_markdown_are_the_pages() -> None:
    page = reader_page(
        "https://a.example/x", "Title: Tea\n\nMarkdown Content:\nSee [brewing](/brew) and [oolong](o?k=1)."
    )
    assert page.title == "Tea"
    assert page.links == (("brewing", "https://a.example/brew"), ("oolong", "https://a.example/o?k=1"))


@pytest.mark.parametrize("base", ["r.jina.ai", "ftp://r.jina.ai/", "https://", "https://u:p@r.jina.ai/", "https://[/"])
def test_an_address_that_cannot_be_a_reader(base: str) -> None:
    with pytest.raises(ConfigError, match="SPADEWORK_READER"):
        make_reader(base, lambda hosts: SafeClient(allow_hosts=hosts))


def test_without_one_there_is_none() -> None:
    assert make_reader(None, lambda hosts: SafeClient(allow_hosts=hosts)) is None
    assert isinstance(make_reader("https://r.jina.ai", lambda hosts: SafeClient(allow_hosts=hosts)), Reader)
