"""A real web server on loopback, whose pages are bytes as they go over the wire."""

import asyncio
import socket
import ssl
import struct
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]
Page = bytes | Script


def reply(body: bytes = b"", *, status: int = 200, **headers: str) -> bytes:
    """A whole HTTP reply; `content_type="text/html"` becomes a header."""
    fields = {"content_length": str(len(body))} | headers
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} -\r\n{head}\r\n".encode() + body


def redirect(location: str, status: int = 302) -> bytes:
    return reply(status=status, location=location)


def sending(*parts: bytes | float, reset: bool = False) -> Script:
    """A script that sends bytes and sleeps for seconds, then hangs up, or resets the connection."""

    async def play(writer: asyncio.StreamWriter) -> None:
        for part in parts:
            if isinstance(part, bytes):
                writer.write(part)
                await writer.drain()
            else:
                await asyncio.sleep(part)
        if reset:
            # Lets what was sent arrive: a reset throws away what is still under way.
            await asyncio.sleep(0.05 if parts else 0)
            lingering: socket.socket = writer.get_extra_info("socket")
            lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    return play


def certificate(folder: Path, name: str = "localhost", days: int = 2) -> tuple[ssl.SSLContext, str]:
    """A self-signed certificate for `name`: for a server, and as a file to trust. Negative days: it ran out."""
    key, request, cert = folder / "key.pem", folder / "request.pem", folder / "cert.pem"
    new = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"]
    new += ["-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(request)]
    sign = ["x509", "-req", "-in", str(request), "-signkey", str(key), "-copy_extensions", "copy"]
    sign += ["-days", str(days), "-out", str(cert)]
    for command in (new, sign):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, str(cert)


@dataclass
class Web:
    """`pages` by path, a sequence being played one reply a request; `asked` lists (path, headers) as they came.

    `bodies` are those of the requests that had one.
    """

    pages: dict[str, Page | Sequence[Page]] = field(default_factory=dict[str, "Page | Sequence[Page]"])
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])
    bodies: list[bytes] = field(default_factory=list[bytes])
    port: int = 0
    connections: int = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                path = first.split()[1]
                pairs = (line.partition(": ") for line in lines)
                headers = {name.lower(): value for name, _, value in pairs}
                self.asked.append((path, headers))
                if length := int(headers.get("content-length", "0")):
                    self.bodies.append(await reader.readexactly(length))
                page = self._page(path.partition("?")[0])
                if isinstance(page, bytes):
                    writer.write(page)
                    await writer.drain()
                else:
                    await page(writer)
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _page(self, path: str) -> Page:
        page = self.pages.get(path, reply(status=404))
        if isinstance(page, bytes) or callable(page):
            return page
        asked = sum(1 for seen in self.paths if seen.partition("?")[0] == path)
        return page[min(asked, len(page)) - 1]


@asynccontextmanager
async def web_server(tls: ssl.SSLContext | None = None) -> AsyncGenerator[Web, None]:
    web = Web()
    running: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.add(asyncio.ensure_future(web.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    web.port = int(server.sockets[0].getsockname()[1])
    try:
        yield web
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
