"""Who holds a run: which process, on which machine, and whether it is still alive."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Owner:
    """A process. `host` names where its number means something; `started` is when it began, in clock ticks.

    Without /proc the start is unknown (0), and nobody can tell whether the process is alive.
    """

    host: str
    pid: int
    started: int

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Owner":
        """The owner again; an unreadable one is nobody."""
        try:
            data: Any = json.loads(text)
            return cls(str(data["host"]), int(data["pid"]), int(data["started"]))
        except (ValueError, KeyError, TypeError):
            return cls("", 0, 0)

    def is_dead(self) -> bool:
        """Whether it is certain that the process has ended: it ran on this machine, and there is no such process."""
        if self.host != _host() or not self.started:
            return False
        return _started(self.pid) != self.started

    def __str__(self) -> str:
        name = self.host.partition("/")[0]
        return f"process {self.pid}{'' if self.host == _host() else f' on {name}'}" if self.pid else "another process"


def this_process() -> Owner:
    return Owner(_host(), os.getpid(), _started(os.getpid()))


@cache
def _host() -> str:
    """The machine's name, the id of its last start, and the container: the same number is another process elsewhere."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        numbers = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return f"{platform.node()}/"
    return f"{platform.node()}/{boot}/{numbers}"


def _started(pid: int) -> int:
    """When a process began; 0 where there is none, or where the system does not say. A zombie has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return 0 if fields[0] in "ZX" else int(fields[19])
    except (OSError, ValueError, IndexError):
        return 0
