"""The one deadline of the safe client, and the waits that servers ask for, against a real server on loopback."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable

import httpcore
import pytest
from loopback import Web, reply, sending, web_server
from spadework.tools.errors import ToolError
from spadework.tools.web.http import SafeClient
from spadework.tools.web.transport import SafeTransport


class Unanswered(httpcore.AsyncNetworkBackend):
    """A network where nobody answers."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        await asyncio.sleep(timeout or 60)
        raise httpcore.ConnectTimeout("no answer")


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


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n\r\n"])
async def test_a_slow_drip_ends_at_the_deadline(web: Web, client: SafeClient, start: bytes) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 500:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)

    web.pages = {"/": drip}
    begin = time.monotonic()
    error = await failure(client, web.url("/"), timeout=0.4)
    assert 0.3 < time.monotonic() - begin < 15, "the server drips for 26 s"
    assert (error.kind, error.sent, error.attempts) == ("timeout", True, 1)


async def test_retry_after_is_waited_for(web: Web, client: SafeClient) -> None:
    web.pages = {"/": [reply(status=429, retry_after="1"), reply(b"fine")]}
    begin = time.monotonic()
    assert (await client.get(web.url("/"))).attempts == 2
    assert time.monotonic() - begin >= 1.0


async def test_a_wait_that_does_not_fit_ends_the_call_at_once(web: Web, client: SafeClient) -> None:
    web.pages = {"/": reply(status=429, retry_after="120")}
    begin = time.monotonic()
    error = await failure(client, web.url("/"))
    assert time.monotonic() - begin < 60
    assert (error.status, error.attempts) == (429, 1)
    assert "429 Too Many Requests and asks to wait 120 s" in str(error)


@pytest.mark.parametrize("seconds", [0.3, 1.0])
async def test_a_connection_that_takes_too_long_is_free(seconds: float) -> None:
    client = SafeClient(transport=SafeTransport(backend=Unanswered()))
    error = await failure(client, "http://site.test/", timeout=seconds)
    assert (error.kind, error.sent, error.attempts) == ("timeout", False, 0)


async def test_the_deadline_comes_before_that_of_the_caller(web: Web, client: SafeClient) -> None:
    """Only the client knows what was sent; a caller that stops it must take it for sent."""
    web.pages = {"/": sending(30.0)}
    with pytest.raises(ToolError, match="no complete reply from") as caught:
        async with asyncio.timeout(4.0):
            await client.get(web.url("/"), timeout=4.0)
    assert (caught.value.kind, caught.value.sent) == ("timeout", True)
