"""Parsing in children that can be killed: real ones, with markup that holds a parser or eats memory."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from spadework.tools.errors import ToolError
from spadework.tools.reading.pool import ParserPool

HTML = b"<title>Alder</title><p>The bridge was built in 1871."
SLOW = b"<p>x" * 450_000


@pytest.fixture
def pool() -> Generator[ParserPool]:
    made = ParserPool(2, cpu_s=0.5)
    yield made
    made.close()


async def read(pool: ParserPool, body: bytes = HTML, *, timeout: float = 20.0) -> str:
    return (await pool.read(body, "text/html; charset=utf-8", "https://a.example/x", timeout=timeout)).text


async def test_a_page_comes_back_whole(pool: ParserPool) -> None:
    body = "<title>Öl</title><p>Grüße – 東京 😀 <a href='/y'>more</a>".encode()
    page = await pool.read(body, "text/html; charset=utf-8", "https://a.example/x")
    assert (page.title, page.url, page.site) == ("Öl", "https://a.example/x", "a.example")
    assert "Grüße – 東京 😀" in page.text
    assert page.links == (("more", "https://a.example/y"),)


async def test_many_at_once_each_get_their_own(pool: ParserPool) -> None:
    others = set(children())
    texts = await asyncio.gather(*(read(pool, b"<p>This is page number %d." % n) for n in range(40)))
    assert texts == [f"This is page number {n}." for n in range(40)]
    assert len(set(children()) - others) <= 2


async def test_what_cannot_be_read_is_said_as_without_a_child(pool: ParserPool) -> None:
    with pytest.raises(ToolError, match="image/png") as caught:
        await pool.read(b"\x89PNG\r\n", "image/png", "https://a.example/x")
    assert (caught.value.kind, caught.value.sent) == ("unreadable", True)
    assert await read(pool) == "The bridge was built in 1871."


async def test_markup_that_holds_the_parser_is_stopped_and_the_next_page_is_read(pool: ParserPool) -> None:
    with pytest.raises(ToolError, match="takes too long to parse; read another page") as caught:
        await read(pool, SLOW)
    assert (caught.value.kind, caught.value.sent) == ("unreadable", True)
    assert await read(pool) == "The bridge was built in 1871."


async def test_memory_is_bounded() -> None:
    small = ParserPool(1, cpu_s=60, memory=220 << 20)
    with pytest.raises(ToolError, match=r"memory|broke its parser"):
        await read(small, b"<p>x" * 450_000)
    assert await read(small) == "The bridge was built in 1871."
    small.close()


async def test_the_callers_time_is_kept(pool: ParserPool) -> None:
    await read(pool)
    started = time.monotonic()
    with pytest.raises(ToolError, match="not parsed in time") as caught:
        await read(pool, SLOW, timeout=0.2)
    assert caught.value.kind == "timeout"
    assert time.monotonic() - started < 5
    assert await read(pool) == "The bridge was built in 1871."


async def test_cancelled_it_ends_its_child(pool: ParserPool) -> None:
    await read(pool)
    task = asyncio.create_task(read(pool, SLOW))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await read(pool) == "The bridge was built in 1871."


async def test_a_child_that_was_killed_is_replaced(pool: ParserPool) -> None:
    others = set(children())
    await read(pool)
    (child,) = set(children()) - others
    os.kill(child, signal.SIGKILL)
    assert gone(child)
    assert await read(pool) == "The bridge was built in 1871."


async def test_one_that_is_killed_at_its_work_fails_its_page_alone(pool: ParserPool) -> None:
    others = set(children())
    await read(pool)
    (child,) = set(children()) - others
    task = asyncio.create_task(read(pool, SLOW))
    await asyncio.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    with pytest.raises(ToolError, match="broke its parser"):
        await task
    assert await read(pool) == "The bridge was built in 1871."


def test_a_pool_serves_one_loop_after_the_other(pool: ParserPool) -> None:
    others = set(children())
    for _ in range(3):
        assert asyncio.run(read(pool)) == "The bridge was built in 1871."
    assert len(set(children()) - others) == 1


async def test_keys_do_not_reach_a_child_nor_does_the_current_folder(
    pool: ParserPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bs4.py").write_text("raise SystemExit('the wrong one')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-test")
    assert await read(pool) == "The bridge was built in 1871."
    if sys.platform == "linux":
        for process in children():
            assert b"sk-secret-of" not in Path(f"/proc/{process}/environ").read_bytes()


def test_nothing_is_left_behind_when_the_program_ends_or_is_killed() -> None:
    program = (
        "import asyncio, sys, time\n"
        "from spadework.tools.reading.pool import shared_pool\n"
        "print(asyncio.run(shared_pool().read(b'<p>hello', 'text/html', '')).text, flush=True)\n"
        "print(shared_pool()._idle[0]._process.pid, flush=True)\n"
        "time.sleep(float(sys.argv[1]))\n"
    )
    for pause in ("0", "60"):
        with subprocess.Popen([sys.executable, "-W", "error", "-c", program, pause], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"hello\n"
            child = int(process.stdout.readline())
            if pause != "0":
                process.kill()
            process.wait(20)
        assert gone(child)


def gone(process: int) -> bool:
    """Whether it has ended by now, or soon does; one that nobody waited for yet has ended, too."""
    for _ in range(200):
        listed = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True)
        if not listed.stdout.strip() or listed.stdout.startswith("Z"):
            return True
        time.sleep(0.05)
    return False


def children() -> list[int]:
    """The parsers that are children of this process."""
    # A line as long as it is, whatever width of a terminal an earlier test or the user has set.
    listing = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(os.getpid())]
    plain = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    listed = subprocess.run(listing, capture_output=True, text=True, env=plain, check=False)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "reading.worker" in line]
