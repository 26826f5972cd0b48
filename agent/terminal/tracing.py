"""Traces from the command line: --trace opens its file before anything is spent; `trace` makes a page of one."""

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...tools.errors import ConfigError
from ...tools.replacing import write_whole
from ...tools.shapes import is_mapping
from .usual import usual_strategy

if TYPE_CHECKING:
    from ..events import Event
    from ..result import Result
    from ..trace.writer import TraceWriter

STDOUT = Path("-")
LOOKED_AT = 200
"""Bytes at the beginning of a page, within which it says what made it."""


class Tracing:
    """A trace, or none. Without one, events go where they went before."""

    def __init__(self, writer: "TraceWriter | None" = None) -> None:
        self._writer = writer

    def begin(self, question: str, budget: Mapping[str, Any], run: str, about: Mapping[str, Any]) -> None:
        """Begin a question. `about` has the model, or the models by role, and the strategy, where these were given."""
        if self._writer is not None:
            model = about.get("model") or os.environ.get("SPADEWORK_MODEL") or ""
            models = model if is_mapping(model) else {"default": str(model)}
            strategy = about.get("strategy") or usual_strategy()
            self._writer.start(question, budget, run=run, models=models, strategy=strategy)

    def before(self, listener: "Callable[[Event], None]") -> "Callable[[Event], None]":
        """A listener that writes each event, and then tells it."""
        return listener if self._writer is None else self._writer.before(listener)

    def finish(self, result: "Result") -> None:
        """Write how the question ended."""
        if self._writer is not None:
            self._writer.finish(result)


@contextmanager
def tracing(file: str | None, *, redact: bool) -> Generator[Tracing]:
    """The trace that was asked for. Raises ConfigError for a file that cannot be one."""
    if file is None:
        if redact:
            raise ConfigError("--trace-redact: there is no trace; give --trace FILE, too")
        yield Tracing()
        return
    from ..trace.writer import TraceWriter

    with TraceWriter(Path(file), redact=redact) as writer:
        yield Tracing(writer)


def write_page(file: Path, out: Path | None) -> None:
    """Write the page of a trace, and say where it is; `-` prints it. Raises ConfigError."""
    from ..trace.page import MADE_BY, trace_page
    from ..trace.reader import read_trace

    trace = read_trace(file)
    content = trace_page(trace, file.name)
    for note in trace.notes:
        click.echo(f"note: {note}", err=True)
    if out == STDOUT:
        click.echo(content, nl=False)
        return
    path = out or file.with_suffix(".html")
    data = content.encode()
    try:
        if path.exists() and not _is_page(path, MADE_BY):
            raise ConfigError(f"{path} is there and is no page of a trace: name another file with -o, or delete it")
        write_whole(path, data, private=True)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}; name another file with -o") from error
    click.echo(f"{path} ({len(data):,} bytes)", err=True)


def _is_page(path: Path, made_by: str) -> bool:
    """Whether a file is a page that may be replaced. Of a device nothing is read: some never end."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return made_by.encode() in file.read(LOOKED_AT)
