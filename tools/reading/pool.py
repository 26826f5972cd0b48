"""Parsing in child processes, which can be killed: markup can hold a parser for minutes, and no thread ends that.

The children start with the first page and are kept for the next ones, of this run and of others. They get the page's
bytes and nothing else: no keys of the environment, no files, no open connections.
"""

import asyncio
import atexit
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from ..errors import ToolError
from ..shapes import is_mapping
from .extract import Page
from .frames import read_frame, write_frame
from .stored import page_from

PATIENCE_S = 20.0
"""Seconds by the clock that a child may take for one page, however busy the machine is."""
CPU_S = 2.0
"""Seconds of processor time for a page; more for a very large one and for a PDF."""
MEMORY = 1 << 30
"""Bytes of address space of a child; 2 MB of nothing but tags take a quarter of that."""
MOST_CHILDREN = 4
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class ParserPool:
    """As many children as this machine has processors, MOST_CHILDREN at most. May be used from any thread and loop."""

    def __init__(self, size: int | None = None, *, cpu_s: float = CPU_S, memory: int = MEMORY) -> None:
        self._cpu_s, self._memory = cpu_s, memory
        self._size = size or min(MOST_CHILDREN, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="spadework-parser")
        self._idle: list[_Child] = []
        self._lock = threading.Lock()

    async def read(self, body: bytes, content_type: str, url: str, *, timeout: float = PATIENCE_S) -> Page:
        """See `formats.read_body`; within `timeout` seconds, the wait for a free child included.

        Raises ToolError: what `read_body` raises, kind "timeout", and kind "unreadable" for a page that took too much
        memory or processor time.
        """
        job = _Job(body, content_type, url, time.monotonic() + min(timeout, PATIENCE_S))
        future = asyncio.get_running_loop().run_in_executor(self._threads, self._run, job)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            job.cancel()
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise

    def _run(self, job: "_Job") -> Page:
        child = self._take() or _Child(self._memory)
        if not job.begin(child):
            self._keep(child)
            raise _unreadable("was not parsed in time", job.url, kind="timeout")
        try:
            reply = child.ask(job, self._cpu_s)
        finally:
            late = job.end()
        if reply is None:
            code = child.close()
            if late:
                raise _unreadable("was not parsed in time", job.url, kind="timeout")
            raise _unreadable(_cause(code), job.url)
        if reply.get("worn"):
            child.close()
        else:
            self._keep(child)
        return _page(reply, job.url)

    def _take(self) -> "_Child | None":
        """An idle child; one that was killed while it had nothing to do is not missed."""
        with self._lock:
            while self._idle:
                if (child := self._idle.pop()).lives():
                    return child
                child.close()
        return None

    def _keep(self, child: "_Child") -> None:
        with self._lock:
            self._idle.append(child)

    def close(self) -> None:
        """End the children that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.close()


@cache
def shared_pool() -> ParserPool:
    """The pool of this process."""
    pool = ParserPool()
    atexit.register(pool.close)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=shared_pool.cache_clear)  # a fork must not talk to its parent's children
    return pool


class _Job:
    """One page. A timer kills its child when the time is up, and so does `cancel`: then the pipe ends."""

    def __init__(self, body: bytes, content_type: str, url: str, deadline: float) -> None:
        self.body, self.content_type, self.url = body, content_type, url
        self._deadline = deadline
        self._child: _Child | None = None
        self._over = False
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def begin(self, child: "_Child") -> bool:
        """Whether there is still a need and time for it."""
        left = self._deadline - time.monotonic()
        with self._lock:
            if self._over or left <= 0:
                return False
            self._child = child
            self._timer = threading.Timer(left, self.cancel)
            self._timer.daemon = True
            self._timer.start()
            return True

    def cancel(self) -> None:
        with self._lock:
            self._over = True
            if self._child is not None:
                self._child.kill()

    def end(self) -> bool:
        """Stop the timer; True where it, or a cancel, had come before."""
        with self._lock:
            self._child = None
            if self._timer is not None:
                self._timer.cancel()
            return self._over


class _Child:
    def __init__(self, memory: int) -> None:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        # What can be imported here can be imported there; -P keeps the current folder from coming before that.
        environment |= {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONUTF8": "1"}
        command = [sys.executable, "-P", "-m", f"{__package__}.worker", str(memory)]
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        try:
            # A session of its own: Ctrl-C is for us, and we end the child.
            self._process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=nothing, env=environment, start_new_session=True
            )
        except OSError as error:
            raise _unreadable(f"could not be parsed, as no process can be started ({error.strerror})", "") from error

    def ask(self, job: _Job, cpu_s: float) -> Mapping[str, object] | None:
        """The child's reply; None where it ended before it gave one."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            write_frame(process.stdin, {"type": job.content_type, "url": job.url, "cpu_s": cpu_s}, job.body)
            frame = read_frame(process.stdout)
        except (OSError, ValueError):
            return None
        return frame[0] if frame else None

    def lives(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> int:
        """End it, if it has not ended by itself; its exit code."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            return self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _page(reply: Mapping[str, object], url: str) -> Page:
    if error := reply.get("error"):
        raise ToolError(str(error), kind="unreadable", sent=True, url=url)
    data = reply.get("page")
    try:
        return page_from(data if is_mapping(data) else {})
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable("broke its parser (its answer cannot be read)", url) from error


def _cause(code: int) -> str:
    import signal

    if sys.platform != "win32" and code == -signal.SIGPROF:
        return "takes too long to parse"
    return f"broke its parser (exit code {code})"


def _unreadable(what: str, url: str, *, kind: str = "unreadable") -> ToolError:
    failure = "timeout" if kind == "timeout" else "unreadable"
    return ToolError(f"the page {what}; read another page", kind=failure, sent=True, url=url)
