"""What the library logs, told to a user: one line each on stderr, or wherever a display shows it meanwhile."""

import logging
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click

from ...tools.clean import one_line

LOG = logging.getLogger("spadework")


@contextmanager
def one_line_notices() -> Generator[None]:
    """Have warnings told in one line, without the traceback that logging would print; SPADEWORK_DEBUG brings it back.

    Only for the command line, while a command runs: a program that uses the library decides itself about its logs.
    """
    handler = Notices(logging.WARNING)
    LOG.addHandler(handler)
    try:
        yield
    finally:
        LOG.removeHandler(handler)


@contextmanager
def told_to(show: Callable[[str], None]) -> Generator[None]:
    """Have notices told to `show` while the block runs, as a live display must not be written over."""
    handlers = [handler for handler in LOG.handlers if isinstance(handler, Notices)]
    for handler in handlers:
        handler.show = show
    try:
        yield
    finally:
        for handler in handlers:
            handler.show = _on_stderr


def debugging() -> bool:
    """Whether SPADEWORK_DEBUG asks for the tracebacks of what goes wrong."""
    return os.environ.get("SPADEWORK_DEBUG", "").strip().lower() not in ("", "0", "off")


def as_a_bug(error: Exception) -> str:
    """One line about an exception that nobody foresaw."""
    return f"{type(error).__name__}: {one_line(str(error))} (this is a bug; SPADEWORK_DEBUG=1 shows where it came from)"


class Notices(logging.Handler):
    """Tells each record in one line to `show`."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.show: Callable[[str], None] = _on_stderr

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one record."""
        text = f"{record.levelname.lower()}: {one_line(record.getMessage())}"
        cause = record.exc_info[1] if record.exc_info else None
        if cause is not None and one_line(str(cause)) not in text:
            text += f": {one_line(str(cause))}"
        if record.exc_info and debugging():
            click.echo(self.format(record), err=True)
        self.show(text)


def _on_stderr(text: str) -> None:
    click.echo(text, err=True)
