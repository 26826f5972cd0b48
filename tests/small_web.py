"""A small web on loopback, for tests that record: a search, pages, a chat model, and ways to fail."""

import asyncio
import gzip
import itertools
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

BINARY = bytes(range(256)) * 3
PAGE = "<html><title>Öl &amp; Salz</title><p>The mine opened in 1842 – in Wieliczka.</p></html>" * 20


class SmallWeb:
    """Where it listens, and the paths it was asked for."""

    def __init__(self) -> None:
        self.base = ""
        self.asked: list[str] = []
        self._counter = itertools.count(1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = head.split(" ", 2)[1]
        lines = [line.partition(": ") for line in head.split("\r\n")[1:]]
        headers = httpx.Headers([(name, value) for name, _, value in lines if name])
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append(target)
        path = target.partition("?")[0]
        if path == "/slow":
            await reader.read()
        elif path != "/hangup":
            writer.write(self._reply(path, target, headers, body))

    def _reply(self, path: str, target: str, headers: httpx.Headers, body: bytes) -> bytes:
        if path.endswith("/chat/completions"):
            return _http(200, _chat(json.loads(body)), "application/json", "openai-organization: hidden-org")
        if path == "/search":
            hits = {"results": [{"url": f"{self.base}/page", "title": f"about {target}"}]}
            return _http(200, gzip.compress(json.dumps(hits).encode()), "application/json", "content-encoding: gzip")
        if path == "/echo":
            return _http(200, headers.get("authorization", "").encode(), "text/plain")
        if path == "/counter":
            return _http(200, str(next(self._counter)).encode(), "text/plain", "x-trace: t1")
        return PAGES.get(path) or _http(404, b"nothing here", "text/plain")


@asynccontextmanager
async def small_web() -> AsyncGenerator[SmallWeb, None]:
    """A web of its own, gone at the end."""
    web = SmallWeb()
    running: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.add(asyncio.ensure_future(web.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    web.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield web
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0)  # Python 3.11 closes the connections in the loop's next round


def chat_body(*contents: str) -> dict[str, object]:
    """A chat request with these user messages."""
    return {"model": "small", "messages": [{"role": "user", "content": content} for content in contents]}


def _chat(asked: dict[str, list[object]]) -> bytes:
    call = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"queries": ["salt mine"]}'}}
    count = len(asked["messages"])
    message = {"role": "assistant", "content": f"reply to {count} messages", "tool_calls": [call]}
    return json.dumps({"choices": [{"message": message}], "usage": {"prompt_tokens": 9}}).encode()


def _http(status: int, body: bytes, content_type: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Made", f"content-type: {content_type}", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + body


def _zipped(body: bytes) -> bytes:
    return _http(200, body, "text/html", "content-encoding: gzip", "set-cookie: a=b")


PAGES = {
    "/page": _zipped(gzip.compress(PAGE.encode())),
    "/broken": _zipped(b"\x1f\x8bnot really gzip"),
    "/torn": _zipped(gzip.compress(PAGE.encode())[:-5]),
    "/bomb": _zipped(gzip.compress(bytes(20_000_000))),
    "/binary": _http(200, BINARY, "image/png"),
    "/away": _http(302, b"", "text/html", "location: /page"),
    "/moved": _http(302, b"", "text/html", "location: /page?token=abcdefgh12345"),
}
