"""Connections go to checked addresses only, whatever a name resolves to and however it is spelt."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncGenerator, Iterable, Sequence
from pathlib import Path

import httpcore
import httpx
import pytest
from loopback import Web, redirect, reply, web_server
from spadework.tools.errors import ConfigError, ToolError
from spadework.tools.web.addresses import AllowList
from spadework.tools.web.http import SafeClient
from spadework.tools.web.transport import GuardedBackend, Resolve, SafeTransport

PUBLIC = "93.184.216.34"


@pytest.fixture
async def web() -> AsyncGenerator[Web, None]:
    async with web_server() as server:
        server.pages = {"/": reply(b"hello")}
        yield server


class Detour(httpcore.AsyncNetworkBackend):
    """Opens every connection to loopback, so that public addresses can be played; keeps which one was asked for."""

    def __init__(self) -> None:
        self.dialled: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append(host)
        if host == "93.184.216.1":
            raise httpcore.ConnectError("no route")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        return Plain(reader, writer)


class Plain(httpcore.AsyncNetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._writer.write(buffer)
        await self._writer.drain()

    async def aclose(self) -> None:
        self._writer.close()


class Names:
    """A resolver that gives each look-up of a name its next answer."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self._answers[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]


def guarded(resolve: Resolve, detour: Detour, *allow: str) -> SafeClient:
    backend = GuardedBackend(AllowList.of(allow), resolve=resolve, inner=detour)
    return SafeClient(transport=SafeTransport(backend=backend))


async def refused(client: SafeClient, url: str) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await client.get(url, timeout=5)
    await client.aclose()
    return caught.value


SPELLINGS = ["127.0.0.1", "127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "0", "localhost"]


@pytest.mark.parametrize("host", [*SPELLINGS, "[::1]", "[::ffff:127.0.0.1]"])
async def test_no_spelling_of_loopback_is_reached(web: Web, host: str) -> None:
    error = await refused(SafeClient(), web.url("/", host))
    assert (error.kind, error.sent, error.attempts) == ("blocked", False, 0)
    assert web.connections == 0


async def test_an_excepted_host_is_reached(web: Web) -> None:
    client = SafeClient(allow_hosts=[web.host])
    assert (await client.get(web.url("/"))).body == b"hello"
    error = await refused(client, web.url("/", "127.1"))
    assert error.kind == "blocked"


async def test_the_refusal_says_why_and_how_to_allow_it() -> None:
    error = await refused(SafeClient(), "http://10.0.0.7:8080/admin?key=1")
    assert "10.0.0.7 is not a public address (private)" in str(error)
    assert "SPADEWORK_ALLOW_HOSTS=10.0.0.7:8080" in str(error)
    assert error.url == "http://10.0.0.7:8080/admin?key=1"


async def test_a_name_is_looked_up_once_and_its_checked_address_is_dialled(web: Web) -> None:
    names, detour = Names(rebind_test=[[PUBLIC], ["127.0.0.1"]]), Detour()
    client = guarded(names, detour)
    await client.get(web.url("/", "rebind.test"))
    assert (names.asked, detour.dialled) == (["rebind.test"], [PUBLIC])
    await client.aclose()
    # A new connection asks again; now the name points inside.
    error = await refused(client, web.url("/", "rebind.test"))
    assert error.kind == "blocked"
    assert "loopback" in str(error)
    assert detour.dialled == [PUBLIC]


async def test_one_inner_address_among_public_ones_is_enough_to_refuse(web: Web) -> None:
    detour = Detour()
    error = await refused(guarded(Names(mixed_test=[[PUBLIC, "169.254.169.254"]]), detour), web.url("/", "mixed.test"))
    assert "cloud metadata" in str(error)
    assert "169.254" not in str(error)
    assert detour.dialled == []


async def test_a_name_that_resolves_to_an_excepted_address_is_still_refused(web: Web) -> None:
    client = guarded(Names(evil_test=[["127.0.0.1"]]), Detour(), web.host)
    assert (await refused(client, web.url("/", "evil.test"))).kind == "blocked"


async def test_the_next_address_is_tried_when_one_is_dead(web: Web) -> None:
    detour = Detour()
    client = guarded(Names(two_test=[["93.184.216.1", PUBLIC]]), detour)
    assert (await client.get(web.url("/", "two.test"))).body == b"hello"
    assert detour.dialled == ["93.184.216.1", PUBLIC]
    await client.aclose()


async def test_a_redirect_inside_is_refused_but_counts_as_sent(web: Web) -> None:
    web.pages = {"/": redirect(web.url("/secret")), "/secret": reply(b"secret")}
    names = Names(site_test=[[PUBLIC]], **{"127_0_0_1": [["127.0.0.1"]]})
    error = await refused(guarded(names, Detour()), web.url("/", "site.test"))
    assert (error.kind, error.sent, error.attempts) == ("blocked", True, 1)
    assert web.paths == ["/"]


async def test_a_name_that_does_not_exist_is_free_and_not_tried_again() -> None:
    asked: list[str] = []

    async def nowhere(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    error = await refused(guarded(nowhere, Detour()), "http://nowhere.test/")
    assert (error.kind, error.sent) == ("unreachable", False)
    assert "nowhere.test" in str(error)
    assert asked == ["nowhere.test"]


async def test_a_label_that_is_too_long_for_a_name_is_a_plain_failure() -> None:
    error = await refused(SafeClient(), "http://" + "a" * 70 + ".test/")
    assert (error.kind, error.sent) == ("unreachable", False)


async def test_a_slow_resolver_does_not_pass_the_deadline() -> None:
    async def slow(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(30)
        return [PUBLIC]

    client = guarded(slow, Detour())
    with pytest.raises(ToolError) as caught:
        await client.get("http://slow.test/", timeout=0.2)
    assert (caught.value.kind, caught.value.sent) == ("timeout", False)


async def test_a_proxy_is_asked_for_the_site_by_name(web: Web) -> None:
    web.pages = {"http://site.test/x": reply(b"by proxy")}
    client = SafeClient(proxy=web.url(""))
    assert (await client.get("http://site.test/x")).body == b"by proxy"
    await client.aclose()


async def test_a_tunnel_that_the_proxy_refuses_is_not_a_request_sent(web: Web) -> None:
    error = await refused(SafeClient(proxy=web.url("")), "https://site.test/x")
    assert (error.kind, error.sent, error.attempts) == ("unreachable", False, 0)
    assert web.paths == ["site.test:443"]


@pytest.mark.parametrize("proxy", ["ftp://user:hunter2@host", "http://", "nonsense"])
async def test_a_bad_proxy_is_named_without_its_password(proxy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        await SafeClient(proxy=proxy).get("http://site.test/")
    assert "proxy" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "2"]
    command += ["-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


async def test_tls_checks_the_name_against_the_given_ca(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    async with web_server(tls=context) as web:
        web.pages = {"/": reply(b"over tls")}
        hosts = ["localhost", "127.0.0.1"]
        trusting, plain = SafeClient(allow_hosts=hosts, ca=str(cert)), SafeClient(allow_hosts=hosts)
        assert (await trusting.get(web.url("/", "localhost", "https"))).body == b"over tls"
        for client, host in ((trusting, "127.0.0.1"), (plain, "localhost")):
            error = await refused(client, web.url("/", host, "https"))
            assert (error.kind, error.sent) == ("unreachable", False)
            assert "certificate" in str(error)
        # A certificate does not get better by trying again: one connection each.
        assert web.connections <= 3


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_a_ca_bundle_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"ca\.pem"):
        await SafeClient(ca=str(path)).get("https://site.test/")


def test_the_transport_is_a_transport_of_httpx() -> None:
    assert isinstance(SafeTransport(), httpx.AsyncHTTPTransport)
