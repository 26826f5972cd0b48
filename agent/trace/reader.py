"""A trace read back: the questions in it, and what was wrong with the file."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from ...tools.errors import ConfigError
from ..llm.wire import is_object, load_json
from .lines import KINDS, LINE, AnyLine, Ended, Header, Json, Message, Outcome, Told, Tools
from .writer import SCHEMA

WRITES_ONE = '`spadework ask "..." --trace FILE` writes one'


@dataclass(slots=True)
class Traced:
    """One question: what was asked, what happened, and how it ended; None where the trace broke off before that."""

    header: Header
    told: list[Told] = field(default_factory=list[Told])
    messages: dict[str, Json] = field(default_factory=dict[str, Json])
    tools: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])
    outcome: Outcome | None = None

    @property
    def seconds(self) -> float:
        """How long it took, as far as it is known."""
        return max([0.0, *(line.t for line in self.told), self.outcome.spend.seconds if self.outcome else 0.0])


@dataclass(frozen=True, slots=True)
class Trace:
    """All that could be read of a file; `notes` say what could not."""

    questions: list[Traced]
    notes: list[str]


def read_trace(path: Path) -> Trace:
    """Read a file. Raises ConfigError for one that is no trace, or of a later version; broken lines are left out."""
    if path.is_char_device() or path.is_block_device():
        raise ConfigError(f"{path} is no file: {WRITES_ONE}")
    try:
        lines = [line for line in path.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    questions: list[Traced] = []
    broken = 0
    for raw in lines:
        data = _object(raw)
        if data.get("kind") == "trace":
            _check_version(path, data)
        try:
            line = LINE.validate_python(data) if str(data.get("kind")) in KINDS or not data else None
        except ValidationError:
            line = None
            broken += 1
        if isinstance(line, Header):
            questions.append(Traced(line))
        elif not questions:
            raise ConfigError(f"{path} is no trace: {WRITES_ONE}")
        elif line is not None:
            _take(questions[-1], line)
    if not questions:
        raise ConfigError(f"{path} is empty: {WRITES_ONE}")
    return Trace(questions, [*_notes(questions, broken)])


def _object(raw: bytes) -> Json:
    """The object that a line holds; an empty one where it is none."""
    try:
        data = load_json(raw)
    except ValueError:
        return {}
    return data if is_object(data) else {}


def _check_version(path: Path, data: Json) -> None:
    version = data.get("schema")
    if isinstance(version, int) and version > SCHEMA:
        raise ConfigError(
            f"{path} was written by a later Spadework (schema {version}, this one reads {SCHEMA}): update this one"
        )


def _take(traced: Traced, line: AnyLine) -> None:
    if isinstance(line, Message):
        traced.messages[line.id] = line.message
    elif isinstance(line, Tools):
        traced.tools[line.id] = line.tools
    elif isinstance(line, Ended):
        traced.outcome = line.result
    elif not isinstance(line, Header):
        traced.told.append(line)


def _notes(questions: Sequence[Traced], broken: int) -> Generator[str]:
    if broken:
        yield f"{broken} {'line' if broken == 1 else 'lines'} of the file could not be read."
    for number, traced in enumerate(questions, start=1):
        if traced.outcome is None:
            which = "The trace" if len(questions) == 1 else f"The trace of question {number}"
            yield f"{which} has no end: the run was killed, goes on still, or the disk was full."
