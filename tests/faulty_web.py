"""The faults of tools/README.md, each as a web that really has it."""

import asyncio
import gzip
import re
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from loopback import Page, certificate, redirect, reply, sending, web_server
from spadework.tools.web.addresses import AllowList
from spadework.tools.web.transport import GuardedBackend, SafeTransport

TEXT = "The salt mine of Torve was opened in 1842 and is a museum today."
GOOD = reply(f"<p>{TEXT}</p>".encode(), content_type="text/html")
TABLE = Path(__file__).parent.parent / "tools" / "README.md"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table."""

    fault: str
    tried: str
    read: str
    charged: int


def rows() -> dict[str, Row]:
    """The table, by its first column."""
    lines = TABLE.read_text(encoding="utf-8").partition("## Faults")[2].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return {fault: Row(fault, tried, read, int(charged)) for fault, tried, read, charged in cells[2:]}


class Counting(httpx.AsyncBaseTransport):
    """Counts what is asked for."""

    def __init__(self, inner: SafeTransport) -> None:
        self._inner = inner
        self.pages = 0
        self.robots: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            self.robots[request.url.host] += 1
        else:
            self.pages += 1
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()

    def tries(self, hops: int) -> int:
        """How often the page was tried, where one try makes so many requests; a robots.txt may fail before it."""
        return max(1, self.pages // hops, *self.robots.values())


@dataclass
class Faulty:
    """A page or a search that has the fault, and the way to it. `before` is read first; `hops` make up one try."""

    url: str
    transport: Counting
    hops: int = 1
    before: str = ""
    timeout: float = 10.0
    search: str = ""
    """The server that searches, where the fault is one of a search."""


Scene = Callable[[Path], AbstractAsyncContextManager[Faulty]]


@dataclass(frozen=True)
class Served:
    """A fault that lies in what one server replies to /page."""

    page: Page | Sequence[Page]
    others: Mapping[str, Page] = field(default_factory=dict[str, Page])
    hops: int = 1
    before: str = ""
    timeout: float = 10.0
    searching: bool = False

    @asynccontextmanager
    async def __call__(self, folder: Path) -> AsyncGenerator[Faulty, None]:
        async with web_server() as web:
            web.pages = {("/search" if self.searching else "/page"): self.page, **self.others}
            transport = Counting(SafeTransport(allow_hosts=[web.host]))
            faulty = Faulty(web.url("/page"), transport, self.hops, timeout=self.timeout)
            faulty.before = web.url(self.before) if self.before else ""
            faulty.search = web.url("") if self.searching else ""
            yield faulty


def status(*codes: int) -> list[Scene]:
    return [Served(reply(b"sorry", status=code)) for code in codes]


def page(body: bytes, **headers: str) -> Scene:
    return Served(reply(body, status=200, **headers))


def raw(*parts: bytes | float, reset: bool = False, timeout: float = 10.0) -> Scene:
    return Served(sending(*parts, reset=reset), timeout=timeout)


def json_search(body: bytes) -> Scene:
    return Served(reply(body, content_type="application/json"), searching=True)


@asynccontextmanager
async def refused(folder: Path) -> AsyncGenerator[Faulty, None]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        yield Faulty(f"http://{host}/page", Counting(SafeTransport(allow_hosts=[host])))


@asynccontextmanager
async def nameless(folder: Path) -> AsyncGenerator[Faulty, None]:
    async def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    backend = GuardedBackend(AllowList(), resolve=unknown)
    yield Faulty("http://nowhere.test/page", Counting(SafeTransport(backend=backend)))


def tls(host: str = "localhost", *, days: int = 2, trusted: bool = True) -> Scene:
    @asynccontextmanager
    async def scene(folder: Path) -> AsyncGenerator[Faulty, None]:
        context, ca = certificate(folder, days=days)
        async with web_server(tls=context) as web:
            allowed = [f"{host}:{web.port}"]
            transport = SafeTransport(allow_hosts=allowed, ca=ca if trusted else None)
            yield Faulty(web.url("/page", host, "https"), Counting(transport))

    return scene


@asynccontextmanager
async def no_tls(folder: Path) -> AsyncGenerator[Faulty, None]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"220 mail.test ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield Faulty(f"https://{host}/page", Counting(SafeTransport(allow_hosts=[host])))
    server.close()


def robots(answer: Page | Sequence[Page]) -> Scene:
    @asynccontextmanager
    async def scene(folder: Path) -> AsyncGenerator[Faulty, None]:
        async with web_server() as web:
            web.pages = {"/robots.txt": answer, "/page": GOOD}
            yield Faulty(web.url("/page"), Counting(SafeTransport(allow_hosts=[web.host])))

    return scene


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n<p>Th\r\n"
PACKED = gzip.compress(bytes(20_000_000))
LOOP = {"/a": redirect("/page"), "/b": redirect("/page")}

FAULTS: dict[str, list[Scene]] = {
    "429": status(429),
    "429 with a Retry-After that fits": [Served([reply(status=429, retry_after="1"), GOOD])],
    "429 or 503 with one that is too long": [Served(reply(status=code, retry_after="120")) for code in (429, 503)],
    "500, 501": status(500, 501),
    "502, 503, 504": status(502, 503, 504),
    "403, 404, 410": status(403, 404, 410),
    "other statuses": status(400, 401, 418, 451, 304, 599),
    "connection refused": [refused],
    "name does not exist": [nameless],
    "connection closed or reset before the reply": [raw(), raw(reset=True), raw(b"HTTP/1.1 200 O", reset=True)],
    "reset in mid-body": [raw(OK + b"Content-Length: 900\r\n\r\n<p>The", reset=True)],
    "body shorter than its length": [raw(OK + b"Content-Length: 900\r\n\r\n<p>The")],
    "broken chunking": [raw(CHUNKED + b"zzz\r\n"), raw(CHUNKED)],
    "reply that is no HTTP": [raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), raw(b"\x00\xff\r\n\r\n")],
    "nothing comes in time": [raw(30.0, timeout=0.5)],
    "slow drip": [raw(OK + b"\r\n", *[b"x", 0.1] * 100, timeout=0.5), raw(*[b"H", 0.1] * 100, timeout=0.5)],
    "certificate of nobody known": [tls(trusted=False)],
    "certificate that ran out": [tls(days=-1)],
    "certificate of another name": [tls("127.0.0.1")],
    "no TLS on the other side": [no_tls],
    "redirect loop": [Served(redirect("/page"), hops=6), Served([redirect("/a"), redirect("/b")] * 3, LOOP, hops=6)],
    "redirect to a refused address": [Served(redirect("http://127.0.0.2:9/")), Served(redirect("http://[::1]:9/"))],
    "redirect to what is no web page": [
        Served(redirect("file:///etc/passwd")),
        Served(redirect("javascript:alert(1)")),
    ],
    "too large, and says so": [raw(OK + b"Content-Length: 99999999\r\n\r\n", 0.1)],
    "too large, and does not": [raw(OK + b"\r\n", b"x" * 300_000)],
    "gzip bomb": [page(PACKED, content_encoding="gzip")],
    "broken gzip": [page(b"\x1f\x8bno", content_encoding="gzip"), page(PACKED[:40], content_encoding="gzip")],
    "unknown encoding": [page(b"x", content_encoding="br"), page(b"x", content_encoding="zstd")],
    "stacked encodings": [page(gzip.compress(gzip.compress(b"x")), content_encoding="gzip, gzip")],
    "page without text": [page(b"", content_type="text/html"), page(b"<p> </p>", content_type="text/html")],
    "unknown content type": [page(b"\x00\x01", content_type="application/x-thing"), page(b"\x89PNG\r\n\x1a\n\x00")],
    "search reply that is no JSON": [json_search(b'{"results": ['), json_search(b"<p>hello</p>"), json_search(b"[1]")],
    "search without results": [json_search(b'{"results": []}'), json_search(b'{"results": [{"title": "no URL"}]}')],
    "page forbidden by robots.txt": [robots(reply(b"User-agent: *\nDisallow: /"))],
    "robots.txt in lasting trouble": [robots(reply(status=500)), robots(sending(OK + b"Content-Length: 9\r\n\r\nUs"))],
    "robots.txt in passing trouble": [robots([reply(status=503), reply(status=404)]), robots([sending(), GOOD])],
    "host asked for a pause before": [
        Served(GOOD, {"/busy": reply(status=code, retry_after="120")}, before="/busy") for code in (429, 503)
    ],
}


def pattern(read: str) -> re.Pattern[str]:
    """What stands in the column for what the model reads; `…` is anything."""
    wanted = TEXT if read == "(the page)" else read.strip("`")
    return re.compile(re.escape(wanted).replace("…", ".*"), re.DOTALL)
