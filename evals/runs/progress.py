"""How far a sweep is, on stderr: one line that is drawn anew in place on a terminal, now and then a line elsewhere.

Nothing is changed that a killed process would leave changed: no cursor is hidden, no mode set, no colour used.
"""

import os
import sys
import threading
import time
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from decimal import Decimal

import click

from ...agent.loop import start
from ...agent.terminal.notices import told_to
from ...tools.errors import SpadeworkError
from .runs_file import Json
from .tally import Tally, fitted
from .total import spent_of

DRAW_S = 0.25
PLAIN_S = 10.0
"""Where nothing can be drawn anew: until the first line, and from one to the next."""
PLAIN_SHARE = 0.1
"""Later this share of the time that was needed so far, so that the log of a long sweep stays short."""
TOTAL_S = 2.0
"""How often it is looked up what is left of the total."""
SPARE = 4
"""Columns left free: a terminal writes ^C there, which must not begin a line of its own."""
USUAL = 80
LEAST = 12


class Progress:
    """What is told while a sweep goes on. Lines may come from any thread; only its own thread writes them."""

    def __init__(self, tally: Tally, total: Sequence[str] | None = None) -> None:
        self.tally = tally
        self._total = total
        self._left = ""
        self._asked: Future[str] | None = None
        self._asked_at = -TOTAL_S
        self._told: set[str] = set()
        self._drawn = ""
        self._next = tally.started + PLAIN_S
        self._on = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._lock = threading.Lock()
        self._over = threading.Event()

    def note(self, line: Json) -> None:
        """Take in the line of a run that was written just now."""
        with self._lock:
            self.tally.note(line)

    @contextmanager
    def shown(self) -> "Generator[Progress]":
        """Show how far it is while the block runs. What the runs warn of is told once each, above it."""
        writer = threading.Thread(target=self._write, name="spadework-progress", daemon=True)
        with told_to(self._tell):
            writer.start()
            try:
                yield self
            finally:
                self._over.set()
                writer.join()
                with self._lock:
                    self._draw("")

    def _write(self) -> None:
        while not self._over.wait(DRAW_S):
            self._look_up()
            with self._lock, suppress(OSError):  # nobody reads it any more
                if self._on:
                    self._draw(self._text(_columns() - SPARE))
                elif self.tally.worked and time.monotonic() >= self._next:
                    click.echo(self._text(), err=True)
                    now = time.monotonic()
                    self._next = now + max(PLAIN_S, PLAIN_SHARE * (now - self.tally.started))

    def _tell(self, text: str) -> None:
        """Tell what is warned of, unless it was told before."""
        with self._lock:
            if text not in self._told:
                self._told.add(text)
                self._draw("")
                click.echo(text, err=True)

    def _draw(self, text: str) -> None:
        """Put a text in place of the one before."""
        if self._on and text != self._drawn:
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)
            self._drawn = text

    def _text(self, width: int = sys.maxsize) -> str:
        parts = self.tally.parts(self._left, self._total[0] if self._total else "")
        return fitted(parts, max(width, LEAST))

    def _look_up(self) -> None:
        """See what is left of the total, without waiting for it: the loop's thread may be busy."""
        if self._total is None:
            return
        if self._asked is None:
            if time.monotonic() - self._asked_at >= TOTAL_S:
                self._asked, self._asked_at = start(spent_of(self._total)), time.monotonic()
        elif self._asked.done():
            with suppress(SpadeworkError):
                self._left = f"{max(Decimal(0), Decimal(self._total[0]) - Decimal(self._asked.result())):.4f}"
            self._asked = None


def _columns() -> int:
    """How wide the terminal of stderr is; stdout may be another one, or a file."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or USUAL
    except (OSError, ValueError):
        return USUAL
