"""The bundled web as a real server on loopback, read and searched with Spadework's own tools."""

import json
import socket
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from spadework.evals.world.making import BASE, make_world
from spadework.evals.world.server import WorldServer
from spadework.tools.backends.searxng import make_searxng
from spadework.tools.browse import WebBrowse
from spadework.tools.errors import ConfigError, ToolError
from spadework.tools.web.http import SafeClient


@pytest.fixture(scope="module")
def server() -> Iterator[WorldServer]:
    with WorldServer(make_world(5, 200, questions=0)) as running:
        yield running


def _get(url: str) -> str:
    with urlopen(url, timeout=5) as reply:
        return reply.read().decode()


def test_the_world_moves_to_the_port_it_is_served_on(server: WorldServer) -> None:
    assert server.world.base == server.url != BASE
    for page in server.world.pages[::20]:
        assert _get(page.url) == page.html


def test_a_page_that_is_not_there_is_not_found(server: WorldServer) -> None:
    with pytest.raises(HTTPError, match="404") as caught:
        _get(f"{server.url}/ship/flying-teapot")
    caught.value.close()


def test_the_plain_search_answers_with_results(server: WorldServer) -> None:
    ship = server.world.facts.of_kind("ship")[0]
    rows = json.loads(_get(f"{server.url}/api?q={quote(ship.name)}"))["results"]
    assert 1 <= len(rows) <= 10
    assert rows[0].keys() == {"url", "title", "content"}
    assert f"{server.url}/{ship.id}" in [row["url"] for row in rows]


def test_the_second_page_of_results_goes_on_where_the_first_ended(server: WorldServer) -> None:
    def page(number: str) -> list[str]:
        reply = json.loads(_get(f"{server.url}/search?q=ship+captain&format=json&pageno={number}"))
        return [row["url"] for row in reply["results"]]

    assert page("1") == page("x")
    assert len(page("2")) == 10
    assert not set(page("1")) & set(page("2"))


def test_a_search_from_the_form_of_a_page_is_a_page(server: WorldServer) -> None:
    assert "<ol><li><a href=" in _get(f"{server.url}/search?q=lighthouse")
    assert "Nothing found." in _get(f"{server.url}/search?q=%3Cb%3E")
    assert "<b>" not in _get(f"{server.url}/search?q=%3Cb%3E")


def test_a_search_for_nothing_is_refused(server: WorldServer) -> None:
    with pytest.raises(HTTPError, match="400") as caught:
        _get(f"{server.url}/search?q=&format=json")
    caught.value.close()


def test_a_head_request_has_no_body(server: WorldServer) -> None:
    with urlopen(Request(f"{server.url}/", method="HEAD"), timeout=5) as reply:
        assert reply.read() == b""
        assert int(reply.headers["Content-Length"]) > 1000


async def test_spadework_searches_and_reads_it(server: WorldServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARXNG_URL", server.url)
    town = server.world.facts.of_kind("town")[0]
    search = make_searxng()
    try:
        hits = await search.search(town.name, limit=5, timeout=5)
    finally:
        await search.aclose()
    assert len(hits) == 5
    browse = WebBrowse(SafeClient(allow_hosts=[server.url.removeprefix("http://")]))
    try:
        page = await browse.read(f"{server.url}/{town.id}", timeout=5)
        assert town.name in page.text
        with pytest.raises(ToolError, match="404"):
            await browse.read(f"{server.url}/town/nowhere", timeout=5)
    finally:
        await browse.aclose()


def test_a_client_that_hangs_up_disturbs_nobody(server: WorldServer, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            # Closing with a reset, so that the server finds the line dead while it writes.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
    assert _get(f"{server.url}/")
    assert "Traceback" not in capfd.readouterr().err


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=str(port)):
            WorldServer(make_world(5, 200, questions=0), port)
