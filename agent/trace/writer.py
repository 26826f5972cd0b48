"""A run's events as lines of JSON, written as they happen, so that a run that is killed leaves all but its last line.

Each question begins with a line of kind "trace". Messages of prompts are written once and named afterwards: the
prompts of a run share most of their text.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ...tools.clean import one_line
from ...tools.errors import ConfigError
from ...tools.keys import environment_secrets
from ..events import AnswerEvent, CallEvent, Event, PromptEvent, ReplyEvent
from ..llm.wire import dump_json
from .redact import Redactor

if TYPE_CHECKING:
    from ..result import Result

SCHEMA = 1
BEGINS = b'{"t":0,"kind":"trace"'
"""How each trace begins, by which it is told from what is none."""
LOG = logging.getLogger("spadework")

Listener = Callable[[Event], None]
Json = dict[str, Any]


class TraceWriter:
    """Writes one file; a trace that is there already is gone on with.

    `start` begins a question, `on_event` is told its events and `finish` its result. A disk that fills up costs the
    rest of the trace, never the run. With `redact` no text of a page is written. Values of the environment that are
    named like keys never are.
    """

    def __init__(self, path: Path, *, redact: bool = False) -> None:
        """Raises ConfigError for a file that cannot be written, or that is something else."""
        self.path = path
        self._redactor = Redactor() if redact else None
        self._secrets = [dump_json(secret)[1:-1] for secret in environment_secrets()]
        self._lock = threading.Lock()
        self._started = 0.0
        self._header: Json | None = None
        """That of a question of which nothing was written yet."""
        self._known: dict[bytes, str] = {}
        self._is_new = not path.exists()
        self._file: int | None = _opened(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def start(
        self, question: str, budget: Mapping[str, Any], *, run: str, models: Mapping[str, str], strategy: str
    ) -> None:
        """Begin a question; it is written with the first thing that happens. `models` are names by role."""
        with self._lock:
            self._started = time.monotonic()
            self._known = {}
            self._header = {
                "schema": SCHEMA,
                "spadework": version("spadework"),
                "run": run,
                "question": question,
                "budget": dict(budget),
                "models": dict(models),
                "strategy": strategy,
                "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "redacted": self._redactor is not None,
            }

    def on_event(self, event: Event) -> None:
        """Write an event. Pieces of writing are left out: the reply has them all."""
        if event.kind == "delta" or self._file is None:
            return
        with self._safely():
            if isinstance(event, PromptEvent):
                self._prompt(event)
            elif isinstance(event, ReplyEvent):
                self._write("reply", _flat(event) | {"message": self._named("message", event.message)})
            elif isinstance(event, AnswerEvent):
                self._write("end", {"result": self._plain(event.result)})
            else:
                self._write(event.kind, self._plain(_flat(event), event))

    def before(self, listener: Listener) -> Listener:
        """A listener that writes an event and then tells it to another one."""

        def tell(event: Event) -> None:
            self.on_event(event)
            listener(event)

        return tell

    def finish(self, result: "Result") -> None:
        """Write how a question ended."""
        with self._safely():
            self._write("end", {"result": self._plain(result.to_dict())})

    def close(self) -> None:
        """Close the file; a new one in which nothing was written is taken away again."""
        with self._lock:
            if self._file is not None:
                is_empty = os.fstat(self._file).st_size == 0
                os.close(self._file)
                self._file = None
                if is_empty and self._is_new:
                    with suppress(OSError):
                        self.path.unlink()

    def _prompt(self, event: PromptEvent) -> None:
        told = _flat(event)
        told["messages"] = [self._named("message", message) for message in event.messages]
        told["tools"] = self._named("tools", list(event.tools)) if event.tools else ""
        self._write("prompt", told)

    def _named(self, kind: str, value: Any) -> str:
        """The name of a message, or of tools, which are written where they come up for the first time."""
        digest = sha256(dump_json(value)).digest()
        if digest not in self._known:
            name = f"{kind[0]}{len(self._known) + 1}"
            self._write(kind, {"id": name, kind: self._plain(value)})
            self._known[digest] = name
        return self._known[digest]

    def _plain(self, told: Any, event: Event | None = None) -> Any:
        if self._redactor is None:
            return told
        if isinstance(event, CallEvent) and event.tool == "tool" and event.state == "done":
            told["detail"] = self._redactor.hidden(event.detail)
        return self._redactor.plain(told)

    def _write(self, kind: str, data: Json) -> None:
        if self._header is not None:
            header, self._header = self._header, None
            self._line({"t": 0, "kind": "trace", **header})
        self._line({"t": round(time.monotonic() - self._started, 3), "kind": kind, **data})

    def _line(self, data: Json) -> None:
        line = dump_json(data) + b"\n"
        for secret in self._secrets:
            line = line.replace(secret, b"[key]")
        while line and self._file is not None:
            line = line[os.write(self._file, line) :]

    @contextmanager
    def _safely(self) -> Generator[None]:
        """What goes wrong in a trace ends the trace, and is told; it never ends the run."""
        with self._lock:
            try:
                yield
            except (OSError, TypeError, ValueError, RecursionError) as error:
                if self._file is not None:
                    os.close(self._file)
                self._file = None
                why = (
                    error.strerror if isinstance(error, OSError) else one_line(f"{type(error).__name__}: {error}", 200)
                )
                LOG.warning("the trace in %s ends here: %s; the run goes on", self.path, why)


def _flat(event: Event) -> Json:
    return {field.name: getattr(event, field.name) for field in fields(event) if field.name != "kind"}


def _opened(path: Path) -> int:
    """The file, open at its end. Raises ConfigError."""
    if path.exists() and not path.is_file():
        raise ConfigError(f"{path} is no file: name another one for the trace")
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}; name another file for the trace") from error
    size = os.fstat(file).st_size
    os.lseek(file, 0, os.SEEK_SET)
    if size and os.read(file, len(BEGINS)) != BEGINS:
        os.close(file)
        raise ConfigError(f"{path} holds something that is no trace, and is left as it is: name another file")
    os.lseek(file, max(size - 1, 0), os.SEEK_SET)
    if size and os.read(file, 1) != b"\n":
        # Whatever wrote it was killed within a line.
        os.write(file, b"\n")
    return file
