"""The file of an evaluation, DIR/runs.jsonl: one line a run, written as it ends, so that a sweep can go on anywhere."""

import logging
import sys
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

from ...agent.llm.wire import dump_json, is_object, load_json
from ...tools.errors import ConfigError

log = logging.getLogger("spadework")
Json = dict[str, Any]
Key = tuple[object, ...]
KEY = ("suite", "id", "strategy", "budget", "repeat", "model", "search", "seed")
"""What makes a run the same one."""
NAME = "runs.jsonl"


def key_of(line: Json) -> Key:
    """What a run is known by."""
    return tuple(line[name] for name in KEY)


def has_failed(line: Json) -> bool:
    """Whether a run ended in an error: that says nothing about its answer, and it is run again."""
    return line["stop_reason"] == "error"


def is_unscored(line: Json) -> bool:
    """Whether a run ended well and is neither right nor wrong, as its judge said nothing that could be read."""
    return line["correct"] is None and not has_failed(line)


class RunsFile:
    """The lines of one folder, open for more. `done` are the runs that need not be made again."""

    def __init__(self, folder: Path, *, anew: str = "") -> None:
        """Open the file, and mend it where a process was killed while writing. With `anew`, the runs of that suite are
        to be made again: what is there is dropped, where it is nothing else. Raises ConfigError.
        """
        self.path = folder / NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Unbuffered: a line is with the system as soon as it is written.
            self._stream: IO[bytes] = self.path.open("ab", buffering=0)
        except OSError as error:
            where = f"{folder} cannot be written to: {error.strerror or error}"
            raise ConfigError(f"the folder {where}; name another one with --out") from error
        self.done: set[Key] = set()
        try:
            self._own(folder)
            if anew:
                self._drop(folder, anew)
            self._read_and_mend()
        except BaseException:
            self._stream.close()
            raise

    def append(self, line: Json) -> None:
        """Write the line of a run that has ended. Raises OSError."""
        data = dump_json(line) + b"\n"
        while data:
            data = data[self._stream.write(data) :]

    def close(self) -> None:
        self._stream.close()

    def _own(self, folder: Path) -> None:
        """Two sweeps into one folder would make every run twice. The lock goes with the process, however it ends."""
        if sys.platform == "win32":
            return  # a lock there would keep `eval show` from reading
        import fcntl

        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            told = f"another process is making the runs in {folder}: wait for it, or name another folder with --out"
            raise ConfigError(told) from None
        except OSError:
            log.warning("%s cannot be locked: do not start a second sweep into it", folder)

    def _drop(self, folder: Path, suite: str) -> None:
        others = {line["suite"] for line, _ in _read(self.path)} - {suite}
        if others:
            raise ConfigError(f"{folder} holds runs of {', '.join(sorted(others))}: name another folder with --out")
        self._stream.truncate(0)

    def _read_and_mend(self) -> None:
        """Drop a last line that is torn; end one of which only the line break is missing."""
        whole, last = 0, b"\n"
        for line, data in _read(self.path):
            whole, last = whole + len(data), data[-1:]
            if not has_failed(line):
                self.done.add(key_of(line))
        self._stream.truncate(whole)
        if last != b"\n":
            self._stream.write(b"\n")


def read_lines(folder: Path) -> Generator[Json]:
    """The runs of a folder, each once: as it was graded last, and as failed only until it was made. Raises ConfigError.

    A line that is just being written is left out.
    """
    last: dict[Key, int] = {}
    ended: set[Key] = set()
    for number, line in enumerate(all_lines(folder)):
        key = key_of(line)
        if not has_failed(line):
            ended.add(key)
        if not has_failed(line) or key not in ended:
            last[key] = number
    wanted = {*last.values()}
    yield from (line for number, line in enumerate(all_lines(folder)) if number in wanted)


def all_lines(folder: Path) -> Generator[Json]:
    """The lines of a folder as they were written: a run that was graded by a judge has one for each grade."""
    for line, _ in _read(folder / NAME):
        yield line


def _read(path: Path) -> Generator[tuple[Json, bytes]]:
    """Each line, read and as it stands there, without a torn last one."""
    try:
        with path.open("rb") as stream:
            for number, data in enumerate(stream, start=1):
                line = _line(data)
                if line is not None:
                    yield line, data
                elif data.endswith(b"\n"):
                    raise ConfigError(f"{path}, line {number}: this is no run of an evaluation")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error


def _line(data: bytes) -> Json | None:
    try:
        line: object = load_json(data)
    except ValueError:
        return None
    return line if is_object(line) and all(name in line for name in (*KEY, "stop_reason")) else None
