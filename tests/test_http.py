"""The safe client against a real server on loopback: limits, redirects, retries and what is sent."""

import asyncio
import gzip
import socket
from collections.abc import AsyncGenerator

import httpx
import pytest
from loopback import Web, redirect, reply, sending, web_server
from spadework.tools.errors import CassetteError, ConfigError, ToolError
from spadework.tools.web.http import SafeClient


@pytest.fixture
async def web() -> AsyncGenerator[Web, None]:
    async with web_server() as server:
        yield server


@pytest.fixture
async def client() -> AsyncGenerator[SafeClient, None]:
    safe = SafeClient(allow_hosts=["127.0.0.1", "localhost"], max_bytes=100_000)
    yield safe
    await safe.aclose()


async def failure(client: SafeClient, url: str, *, timeout: float = 5.0, follow: bool = True) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await client.get(url, timeout=timeout, follow_redirects=follow)
    assert "\n" not in str(caught.value)
    return caught.value


async def test_a_page_arrives_with_what_is_known_about_it(web: Web, client: SafeClient) -> None:
    web.pages = {"/a": reply(b"<p>hi</p>", content_type="Text/HTML; charset=utf-8")}
    page = await client.get(web.url("/a?x=1"), params={"q": "two words"}, headers={"X-Key": "k"})
    assert (page.status, page.body, page.attempts) == (200, b"<p>hi</p>", 1)
    assert (page.content_type, page.text) == ("text/html", "<p>hi</p>")
    assert page.url == web.url("/a?x=1&q=two+words")
    path, headers = web.asked[0]
    assert path == "/a?x=1&q=two+words"
    assert headers["x-key"] == "k"
    assert headers["accept-encoding"] == "gzip, deflate"
    assert headers["user-agent"].startswith("Spadework/")
    assert "pypi.org/project/spadework" in headers["user-agent"]


async def test_connections_are_reused_and_cookies_are_not_kept(web: Web, client: SafeClient) -> None:
    web.pages = {"/": reply(b"x", set_cookie="id=7")}
    for _ in range(3):
        await client.get(web.url("/"))
    assert web.connections == 1
    assert all("cookie" not in headers for _, headers in web.asked)


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_cap_is_not_read(web: Web, client: SafeClient, declared: bool) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        length = b"Content-Length: 99999999\r\n" if declared else b""
        writer.write(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
        for _ in range(2_000):
            writer.write(b"x" * 10_000)
            await writer.drain()
            sent += 10_000

    web.pages = {"/": endless}
    error = await failure(client, web.url("/"))
    assert (error.kind, error.sent, error.attempts) == ("too_large", True, 1)
    assert "100,000 bytes" in str(error)
    assert sent < 15_000_000


async def test_a_body_of_exactly_the_cap_is_read(web: Web, client: SafeClient) -> None:
    body = bytes(100_000)
    web.pages = {"/plain": reply(body), "/gzip": reply(gzip.compress(body), content_encoding="gzip")}
    for path in web.pages:
        assert (await client.get(web.url(path))).body == body


async def test_a_gzip_bomb_is_stopped(web: Web, client: SafeClient) -> None:
    web.pages = {"/": reply(gzip.compress(bytes(60_000_000)), content_encoding="gzip")}
    error = await failure(client, web.url("/"))
    assert (error.kind, error.sent) == ("too_large", True)
    assert "inflates to more than" in str(error)


async def test_stacked_encodings_are_refused(web: Web, client: SafeClient) -> None:
    web.pages = {"/": reply(gzip.compress(gzip.compress(b"x")), content_encoding="gzip, gzip")}
    error = await failure(client, web.url("/"))
    assert (error.kind, error.sent) == ("unreadable", True)


async def test_a_connection_that_breaks_before_the_reply_is_tried_again(web: Web, client: SafeClient) -> None:
    """Servers close idle connections at any moment, also just as a request comes."""
    web.pages = {"/": [sending(), reply(b"fine")], "/reset": [sending(reset=True), reply(b"fine")]}
    for path in web.pages:
        assert (await client.get(web.url(path))).attempts == 2


@pytest.mark.parametrize(
    "reply_sent", [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"]
)
async def test_half_a_reply_and_no_http_at_all_are_final(web: Web, client: SafeClient, reply_sent: bytes) -> None:
    web.pages = {"/": sending(reply_sent)}
    error = await failure(client, web.url("/"))
    assert (error.kind, error.sent, error.attempts, web.paths) == ("unreachable", True, 1, ["/"])


async def test_redirects_lead_to_the_page_and_count_as_requests(web: Web, client: SafeClient) -> None:
    hops = {f"/{n}": redirect(f"/{n + 1}?n={n}") for n in range(5)}
    web.pages = {**hops, "/5": reply(b"there")}
    page = await client.get(web.url("/0"))
    assert (page.body, page.url, page.attempts) == (b"there", web.url("/5?n=4"), 6)


async def test_a_redirect_loop_ends(web: Web, client: SafeClient) -> None:
    web.pages = {"/a": redirect("/b", 301), "/b": redirect("/a", 307)}
    error = await failure(client, web.url("/a"))
    assert (error.kind, error.sent, error.attempts) == ("redirects", True, 6)
    assert error.url == web.url("/a")
    assert len(web.paths) == 6


async def test_a_redirect_is_an_error_where_none_is_wanted(web: Web, client: SafeClient) -> None:
    web.pages = {"/": redirect("/b")}
    error = await failure(client, web.url("/"), follow=False)
    assert (error.kind, error.status, web.paths) == ("status", 302, ["/"])


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://x.test/", "http://u:p@x.test/", "http://a:70000/", "//[::1"]
)
async def test_a_redirect_is_checked_like_the_first_url(web: Web, client: SafeClient, location: str) -> None:
    web.pages = {"/": redirect(location)}
    error = await failure(client, web.url("/"))
    assert (error.kind, error.sent, error.attempts) == ("blocked", True, 1)


async def test_keys_stay_with_the_host_they_were_given_for(web: Web, client: SafeClient) -> None:
    web.pages = {"/": redirect("/same"), "/same": redirect(web.url("/other", "localhost")), "/other": reply(b"x")}
    keys = {"X-API-Key": "k", "Authorization": "Bearer b", "Cookie": "c", "Accept-Language": "pt"}
    await client.get(web.url("/"), headers=keys)
    first, same, other = (headers for _, headers in web.asked)
    assert first["x-api-key"] == same["x-api-key"] == "k"
    assert not {"x-api-key", "authorization", "cookie"} & set(other)
    assert other["accept-language"] == "pt"
    assert other["user-agent"] == first["user-agent"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_passing_failure_is_tried_again(web: Web, client: SafeClient, status: int) -> None:
    web.pages = {"/": [reply(status=status, retry_after="0"), reply(b"fine")]}
    page = await client.get(web.url("/"))
    assert (page.body, page.attempts, len(web.paths)) == (b"fine", 2, 2)


async def test_two_retries_are_the_most_whatever_the_hops(web: Web, client: SafeClient) -> None:
    web.pages = {
        "/": [reply(status=503, retry_after="0"), redirect("/b")],
        "/b": reply(status=503, retry_after="0"),
    }
    error = await failure(client, web.url("/"))
    assert (error.kind, error.status, error.attempts) == ("status", 503, 4)
    assert web.paths == ["/", "/", "/b", "/b"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 500, 501, 304, 599])
async def test_a_lasting_failure_is_not_tried_again(web: Web, client: SafeClient, status: int) -> None:
    web.pages = {"/": reply(status=status)}
    error = await failure(client, web.url("/?key=secret"))
    assert (error.kind, error.status, error.sent, error.attempts) == ("status", status, True, 1)
    assert str(status) in str(error)
    assert "secret" not in str(error)


async def test_a_refused_connection_is_free(client: SafeClient) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = await failure(client, f"http://127.0.0.1:{port}/")
    assert (error.kind, error.sent, error.attempts) == ("unreachable", False, 0)


OTHER_SCHEMES = ["file:///etc/passwd", "ftp://x.test/", "gopher://x.test/", "javascript:alert(1)", "x.test/a", ""]
BROKEN = ["http://", "http://:80/", "http://x.test:0/", "http://x.test:99999/", "http://[::1", "http://x.test/\ud800"]


@pytest.mark.parametrize("url", [*OTHER_SCHEMES, *BROKEN, "http://\x00/"])
async def test_what_is_no_web_address_is_blocked_for_free(client: SafeClient, url: str) -> None:
    error = await failure(client, url)
    assert (error.kind, error.sent, error.attempts) == ("blocked", False, 0)


@pytest.mark.parametrize("url", ["http://ann:hunter2@x.test/", "http://x.test\\@127.0.0.1/", "ftp://ann:hunter2@x/"])
async def test_a_password_in_a_url_is_refused_and_not_repeated(client: SafeClient, url: str) -> None:
    error = await failure(client, url)
    assert (error.kind, error.sent) == ("blocked", False)
    assert "hunter2" not in str(error) + error.url


async def test_a_given_transport_is_used_as_it_is() -> None:
    def replay(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=f"recorded {request.url.path}")

    client = SafeClient(transport=httpx.MockTransport(replay))
    page = await client.get("http://10.0.0.1/x")
    assert (page.text, page.attempts) == ("recorded /x", 1)


async def test_recorded_failures_are_charged_as_they_were() -> None:
    failures: list[Exception] = [httpx.ReadTimeout("late"), *[httpx.ConnectTimeout("no")] * 3]

    def replay(request: httpx.Request) -> httpx.Response:
        raise failures.pop(0)

    client = SafeClient(transport=httpx.MockTransport(replay))
    sent = await failure(client, "http://site.test/")
    assert (sent.kind, sent.sent, sent.attempts, len(failures)) == ("timeout", True, 1, 3)
    unsent = await failure(client, "http://site.test/")
    assert (unsent.kind, unsent.sent, unsent.attempts, len(failures)) == ("timeout", False, 0, 0)


async def test_a_cassette_error_passes_through_untouched() -> None:
    missing, asked = CassetteError("not recorded"), 0

    def replay(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        raise missing

    with pytest.raises(CassetteError) as caught:
        await SafeClient(transport=httpx.MockTransport(replay)).get("http://site.test/")
    assert caught.value is missing
    assert asked == 1


async def test_a_cancelled_fetch_is_cancelled_and_the_client_lives_on(web: Web, client: SafeClient) -> None:
    async def hang(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    web.pages = {"/hang": hang, "/": reply(b"x")}
    task = asyncio.create_task(client.get(web.url("/hang")))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await client.get(web.url("/"))).body == b"x"


def test_settings_that_cannot_be_used_are_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="http://localhost"):
        SafeClient(allow_hosts=["http://localhost"])
