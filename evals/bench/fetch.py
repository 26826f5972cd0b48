"""What reading many pages costs: `python -m spadework.evals.bench.fetch [--pages 200] [--at-once 20] [--folder DIR]`.

A server in a process of its own sends real pages (DIR in the layout of `extract.py`) or, without DIR, long pages of
nothing but paragraphs and links. Three ways of reading them, each in a fresh process: plain httpx with bs4's
`get_text`, ours in one process, and ours as in a run, with children that parse. Each is made to read a few pages first;
peak memory counts the process and its children together.
"""

import argparse
import asyncio
import gzip
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WAYS = ("httpx + get_text", "ours, one process", "ours, children parse")
PARAGRAPHS = 120
WARM = 4
_SENTENCE = "The keeper wrote each loan into the book, with the day, the shelf and the name of whoever took it. "


def bodies(folder: Path | None) -> list[bytes]:
    """The pages that the server sends in turn."""
    if folder is not None:
        return [gzip.decompress(path.read_bytes()) for path in sorted((folder / "html").glob("*.html.gz"))]
    lines = (f"<p>{_SENTENCE * 4}<a href='/{n}'>sheet {n}</a>" for n in range(PARAGRAPHS))
    return [("<html><title>Register</title><body><main>" + "".join(lines) + "</main></body></html>").encode()]


async def serve(folder: Path | None) -> None:
    """Send a page to whatever is asked for; prints the port."""
    replies = [
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        for body in bodies(folder)
    ]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                number = int(head.split(b" ", 2)[1].strip(b"/") or 0)
                writer.write(replies[number % len(replies)])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def page_server(folder: Path | None) -> Generator[int]:
    """The server in a process of its own; gives its port."""
    command = [
        sys.executable,
        "-m",
        f"{__package__}.fetch",
        "--serve",
        *(["--folder", str(folder)] if folder else []),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            if not port:
                raise RuntimeError("the page server did not start")
            yield int(port)
        finally:
            process.terminate()


async def read_all(way: str, port: int, pages: int, at_once: int) -> dict[str, float]:
    """Read so many pages in one way; seconds by the clock, CPU milliseconds a page, peak megabytes, characters."""
    read, close = _reader(way, port)
    gate = asyncio.Semaphore(at_once)

    async def one(number: int) -> int:
        async with gate:
            return await read(f"http://127.0.0.1:{port}/{number}")

    await asyncio.gather(*(one(n) for n in range(WARM)))
    started, cpu = time.perf_counter(), _cpu()
    sizes = await asyncio.gather(*(one(n) for n in range(pages)))
    seconds = time.perf_counter() - started
    # What children took is known once they have ended.
    await close()
    return {
        "seconds": seconds,
        "cpu_ms": (_cpu() - cpu) * 1000 / pages,
        "peak_mb": _peak_mb(),
        "chars": sum(sizes) / pages,
    }


def _reader(way: str, port: int) -> tuple[Callable[[str], Awaitable[int]], Callable[[], Awaitable[None]]]:
    if way == WAYS[0]:
        return _plain()
    from ...tools.browse import WebBrowse
    from ...tools.reading.pool import shared_pool
    from ...tools.web.http import SafeClient

    client = SafeClient(allow_hosts=[f"127.0.0.1:{port}"])
    browse = WebBrowse(client, live=way == WAYS[2])

    async def read(url: str) -> int:
        return len((await browse.read(url, timeout=60.0)).text)

    async def close() -> None:
        await client.aclose()
        if way == WAYS[2]:
            shared_pool().close()

    return read, close


def _plain() -> tuple[Callable[[str], Awaitable[int]], Callable[[], Awaitable[None]]]:
    import httpx
    from bs4 import BeautifulSoup

    client = httpx.AsyncClient(timeout=60.0)

    async def read(url: str) -> int:
        return len(BeautifulSoup((await client.get(url)).text, "lxml").get_text(" ", strip=True))

    return read, client.aclose


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _peak_mb() -> float:
    """Of this process, and as much as its largest child took for each child that there may be."""
    own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    from ...tools.reading.pool import MOST_CHILDREN

    children = min(MOST_CHILDREN, os.cpu_count() or 1) if child else 0
    return (own + child * children) * (1 if sys.platform == "darwin" else 1024) / 1e6


def measure(way: str, port: int, pages: int, at_once: int) -> dict[str, Any]:
    """One way in a fresh process. Raises RuntimeError with what it said when it fails."""
    task = json.dumps([way, port, pages, at_once])
    command = [sys.executable, "-m", f"{__package__}.fetch", "--task", task]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{way} failed:\n{done.stderr[-2_000:]}")
    return json.loads(done.stdout)


def table(found: dict[str, dict[str, Any]], pages: int) -> str:
    """One line a way, with the ratio of its pages a second to the first one's."""
    lines = [f"{'way':24}{'pages/s':>9}{'ratio':>7}{'CPU ms/page':>13}{'peak MB':>9}{'chars/page':>12}"]
    first = next(iter(found.values()))["seconds"]
    for way, seen in found.items():
        rate, ratio = pages / seen["seconds"], first / seen["seconds"]
        lines.append(
            f"{way:24}{rate:9.1f}{ratio:7.2f}{seen['cpu_ms']:13.1f}{seen['peak_mb']:9.0f}{seen['chars']:12.0f}"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure all ways and print the table; returns the exit code."""
    parser = argparse.ArgumentParser(prog="fetch", description="Pages read a second, and the memory it takes.")
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--task", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.serve:
        asyncio.run(serve(given.folder))
    elif given.task:
        sys.stdout.write(json.dumps(asyncio.run(read_all(*json.loads(given.task)))))
    else:
        with page_server(given.folder) as port:
            found = {way: measure(way, port, given.pages, given.at_once) for way in WAYS}
        sys.stdout.write(f"{given.pages} pages, {given.at_once} at a time\n{table(found, given.pages)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
