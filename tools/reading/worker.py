"""The child process that parses pages, one after the other, until its input ends: `python -m ...reading.worker BYTES`.

It reads frames from standard input and answers each on standard output; `pool.py` is the other end. It limits itself:
memory for all, processor time for each page, no files written. Markup that breaks out of the parser would still run
with the rights of the user, so this is a guard against being held up, not a prison.
"""

import contextlib
import os
import signal
import sys

from ..errors import ToolError
from .formats import read_body
from .frames import read_frame, write_frame
from .stored import page_data

CPU_S_PER_MB = 0.8
PDF_CPU_S = 15.0
"""Seconds of processor time: for a large page, and for a PDF, which may have hundreds of pages."""
WORN = 200 << 20
"""Bytes in use after which a child makes room for a fresh one: what was freed is not given back to the system."""


def main() -> None:
    """Parse until the input ends. Whatever is printed by a library must not get between the frames."""
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if hasattr(signal, "SIGPROF"):
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
    _limit_memory(int(sys.argv[1]))
    _parse(b"<p>ready</p>", "text/html", "")  # what this imports would else count against the first page
    while (frame := read_frame(source)) is not None:
        head, body = frame
        reply = _within_time(body, head["type"], head["url"], head["cpu_s"])
        write_frame(target, {**reply, "worn": _bytes_in_use() > WORN}, b"")


def _within_time(body: bytes, content_type: str, url: str, cpu_s: float) -> dict[str, object]:
    """The timer's signal ends this process, also inside of a parser that would never look at a flag."""
    if not hasattr(signal, "setitimer"):  # Windows: the parent's clock alone
        return _parse(body, content_type, url)
    usual = max(cpu_s, CPU_S_PER_MB * len(body) / 1_000_000)
    signal.setitimer(signal.ITIMER_PROF, PDF_CPU_S if b"%PDF-" in body[:1024] else usual)
    try:
        return _parse(body, content_type, url)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _parse(body: bytes, content_type: str, url: str) -> dict[str, object]:
    try:
        return {"page": page_data(read_body(body, content_type, url))}
    except ToolError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "the page takes too much memory to read; read another page"}


def _limit_memory(most: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    for what, limit in ((resource.RLIMIT_AS, most), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        # macOS refuses some of them, and a lower one may be set already.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (limit, limit))


def _bytes_in_use() -> int:
    """What this process holds now. Its peak would not do: on Linux that begins with the peak of the parent."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, AttributeError, ValueError):
        return 0


if __name__ == "__main__":
    main()
