"""A program in a real pseudo-terminal: the bytes that it writes, and the screen that they make."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pyte

WHERE = b"\x1b[6n"
"""A program asks where the cursor is."""
OWN = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    " os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""Makes the terminal that of the program's own session, so that Ctrl-C and Ctrl-Z are signals in it."""


class Terminal:
    """The other end of a pseudo-terminal, and what it shows. It does not wrap lines again when it is resized."""

    def __init__(self, descriptor: int, process: "subprocess.Popen[bytes]", width: int, height: int) -> None:
        self.written = b""
        self.process = process
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        self._descriptor = descriptor
        self._resize(width, height)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def read_until(self, seen: Callable[[str], bool], seconds: float = 20.0) -> None:
        """Read until the screen shows what is waited for; fails with the screen where it does not."""
        end = time.monotonic() + seconds
        while not seen(self.text):
            assert time.monotonic() < end, f"not seen in {seconds} s:\n{self.text}"
            assert self._read() or seen(self.text), f"ended without it:\n{self.text}"

    def read_all(self, seconds: float = 30.0) -> None:
        """Read until the program ends."""
        end = time.monotonic() + seconds
        while self._read():
            assert time.monotonic() < end, f"not ended in {seconds} s:\n{self.text}"
        self.process.wait(10)

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def resize(self, width: int, height: int) -> None:
        self.screen.resize(height, width)
        self._resize(width, height)
        self.process.send_signal(signal.SIGWINCH)

    def _resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def _read(self) -> bool:
        """Take in what was written within a moment; False once the other end is closed."""
        ready, _, _ = select.select([self._descriptor], [], [], 0.05)
        if not ready:
            return True
        with contextlib.suppress(OSError):
            if part := os.read(self._descriptor, 65_536):
                self.written += part
                self._show(part)
                return True
        return False

    def _show(self, part: bytes) -> None:
        """Show what was written, and answer where it asks for the cursor's place."""
        before, *rest = part.split(WHERE)
        self._stream.feed(before)
        for after in rest:
            self.type(f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R")
            self._stream.feed(after)


@contextmanager
def running(*arguments: str, width: int = 80, height: int = 24, **environment: str) -> Generator[Terminal]:
    """Python with these arguments, in a terminal of its own and with that of nobody else in its environment."""
    ours, theirs = pty.openpty()
    left_out = ("NO_COLOR", "COLUMNS", "LINES", "TMUX", "FORCE_COLOR")
    known = {name: value for name, value in os.environ.items() if name not in left_out}
    known |= {"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(390)", "PYTHONPATH": str(Path(__file__).parent)}
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", OWN, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=known | environment,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(ours, process, width, height)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)
        os.close(ours)
