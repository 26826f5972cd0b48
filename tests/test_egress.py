"""No spelling, no name, no redirect and no second answer of a resolver leads a request inside."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import pytest
from loopback import Web, redirect, reply, web_server
from small_internet import SITE, Resolver, Wire, guarded
from spadework.tools.errors import ToolError
from spadework.tools.web.http import SafeClient
from test_addresses import REFUSED

ADDRESSES = [(reason, address) for reason, many in REFUSED.items() for address in many]
DECIMAL = ["2130706433", "017700000001", "0x7f000001", "0X7F000001", "0", "0x0", "00", "4294967295"]
SHORT = ["127.1", "127.0.1", "0x7f.1", "0177.1", "127.0.0.01", "0x7f.0.0.0x1", "10.8", "192.168.257", "169.254.43518"]
DOTTED = ["127.0.0.1.", "localhost.", "LOCALHOST", "LocalHost.", "127.0.0.1%2e", "169.254.169.254."]
SIX = [
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:7F00:1]",
    "[0:0:0:0:0:FFFF:A9FE:A9FE]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fd00:EC2::254]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fe80::1%lo]",
    "[::1%25lo]",
    "[127.0.0.1]",
    "[::ffff:10.0.0.8]",
]
OTHER_DIGITS = [
    "１２７.0.0.1",
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "127．0．0．1",
    "%31%32%37.0.0.1",
    "127.0.0.1%00.orr.example",
]
TRICKS = [
    "http://orr.example@127.0.0.1/",
    "http://orr.example:80@127.0.0.1/",
    "http://127.0.0.1:80\\@orr.example/",
    "http://orr.example\\@127.0.0.1/",
    "http://orr.example%40127.0.0.1/",
    "http://127.0.0.1#@orr.example/",
    "http://127.0.0.1?@orr.example/",
    "http:///127.0.0.1/",
    "http:127.0.0.1/",
    "http:/127.0.0.1/",
    "//127.0.0.1/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:65616/",
    "http://127.0.0.1:-1/",
    "http://12\t7.0.0.1/",
    "http://127.0.\n0.1/",
    " http://127.0.0.1/",
    "\x00http://127.0.0.1/",
    "http://\u200b127.0.0.1/",
    "http://[::1/",
    "http://::1/",
]
SCHEMES = """
file:///etc/passwd
ftp://orr.example/
gopher://127.0.0.1:6379/_INFO
dict://127.0.0.1:11211/stat
data:text/html,x
javascript:alert(1)
ws://orr.example/
unix:///run/docker.sock
corpus://x
""".splitlines()
LOCATIONS = [
    "http://127.0.0.1/secret",
    "//127.0.0.1/secret",
    "///127.0.0.1/secret",
    "\\\\127.0.0.1\\secret",
    "/\\127.0.0.1/secret",
    "http:127.0.0.1/secret",
    "http://2130706433/secret",
    "http://[::ffff:169.254.169.254]/latest",
    "http://intranet.example/wiki",
    "//intranet.example/wiki",
    "http://metadata.example/",
    "http://orr.example@127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "http://１２７.0.0.1/",
    "http://localhost/",
]


@dataclass
class Outside:
    """A public site, played on loopback, and the wire that tells where connections went."""

    web: Web
    wire: Wire
    resolver: Resolver
    client: SafeClient

    async def refused(self, url: str) -> ToolError:
        with pytest.raises(ToolError) as caught:
            await self.client.get(url, timeout=5)
        return caught.value


@pytest.fixture
async def outside() -> AsyncGenerator[Outside]:
    async with web_server() as web:
        web.pages = {"/": reply(b"public")}
        wire, resolver = Wire({SITE: web.port}), Resolver()
        client = SafeClient(transport=guarded(wire, resolver))
        yield Outside(web, wire, resolver, client)
        await client.aclose()


@pytest.mark.parametrize(("reason", "address"), ADDRESSES)
async def test_a_name_that_leads_to_any_of_these_is_refused(outside: Outside, reason: str, address: str) -> None:
    outside.resolver.answers["named.example"] = [[address]]
    error = await outside.refused("http://named.example/")
    assert (error.kind, error.sent, error.attempts) == ("blocked", False, 0)
    assert reason in str(error)
    assert not address or address not in str(error), "a page must not learn the inside of the network"
    assert outside.wire.dialled == []


@pytest.mark.parametrize("others", [0, 1, 5])
@pytest.mark.parametrize("inside", ["127.0.0.1", "::1", "10.0.0.8", "169.254.169.254", "::ffff:10.0.0.8", "nonsense"])
async def test_one_such_address_among_public_ones_is_enough(outside: Outside, inside: str, others: int) -> None:
    """Also beyond those that would be tried."""
    outside.resolver.answers["mixed.example"] = [[SITE] * others + [inside]]
    assert (await outside.refused("http://mixed.example/")).kind == "blocked"
    assert outside.wire.dialled == []


@pytest.mark.parametrize("host", [*DECIMAL, *SHORT, *DOTTED, *SIX, *OTHER_DIGITS])
async def test_no_spelling_of_an_inner_address_is_opened(outside: Outside, host: str) -> None:
    for url in (f"http://{host}/", f"https://{host}/", f"http://{host}:8080/", f"HTTP://{host}"):
        error = await outside.refused(url)
        assert error.kind in ("blocked", "unreachable")
        assert not error.sent
    assert outside.wire.dialled == []


@pytest.mark.parametrize("url", [*TRICKS, *SCHEMES])
async def test_no_trick_of_the_address_is_opened(outside: Outside, url: str) -> None:
    error = await outside.refused(url)
    assert error.kind in ("blocked", "unreachable")
    assert not error.sent
    assert outside.wire.dialled == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", LOCATIONS)
async def test_no_redirect_leads_inside(outside: Outside, status: int, location: str) -> None:
    outside.web.pages = {"/": redirect(location.encode().decode("latin-1"), status)}
    error = await outside.refused("http://orr.example/")
    # A location without a host of its own stays on the site, where there is no such page.
    assert error.kind in ("blocked", "unreachable") or (error.status == 404 and set(outside.wire.dialled) == {SITE})
    assert (error.sent, error.attempts >= 1) == (True, True)
    assert set(outside.wire.dialled) == {SITE}


async def test_a_redirect_that_stays_outside_is_followed(outside: Outside) -> None:
    outside.web.pages |= {"/a": redirect("//notes.example/b"), "/b": redirect("../", 308)}
    page = await outside.client.get("http://orr.example/a")
    assert (page.url, page.body) == ("http://notes.example/", b"public")


async def test_the_fifth_hop_is_looked_at_like_the_first(outside: Outside) -> None:
    outside.web.pages |= {f"/{hop}": redirect(f"/{hop + 1}") for hop in range(4)}
    outside.web.pages |= {"/4": redirect("http://rebind.example/"), "/": redirect("http://127.0.0.1/")}
    outside.resolver.answers["rebind.example"] = [["127.0.0.1"]]
    assert (await outside.refused("http://orr.example/0")).kind == "blocked"
    assert outside.web.paths == ["/0", "/1", "/2", "/3", "/4"]
    assert set(outside.wire.dialled) == {SITE}


@pytest.mark.parametrize("then", [["127.0.0.1"], ["169.254.169.254"], [SITE, "10.0.0.8"]])
async def test_a_name_that_changes_its_mind_is_refused_at_the_next_connection(
    outside: Outside, then: Sequence[str]
) -> None:
    outside.resolver.answers["rebind.example"] = [[SITE], then]
    outside.web.pages = {"/": reply(b"public", connection="close")}
    assert (await outside.client.get("http://rebind.example/")).body == b"public"
    assert outside.wire.dialled == [SITE], "the very address that was checked"
    assert (await outside.refused("http://rebind.example/")).kind == "blocked"
    assert outside.wire.dialled == [SITE]


async def test_a_name_may_not_change_its_mind_between_retries_either(outside: Outside) -> None:
    outside.resolver.answers["rebind.example"] = [[SITE], ["127.0.0.1"]]
    outside.web.pages = {"/": reply(status=503, retry_after="0", connection="close")}
    error = await outside.refused("http://rebind.example/")
    assert (error.kind, error.attempts) == ("blocked", 1)
    assert outside.wire.dialled == [SITE]
