"""What a run was made of, by digests: its case, the prompts, and the recordings that it saw. For the gate.

Two runs with the same digests were asked the same, by the same words, on the same web.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...prompts import prompts_digest
from ...tools.home import with_home
from ..recording.cassettes import EVALUATED, SUFFIXES, shipped
from .runs_file import Json
from .webs import cassette_path

PARTS = ("case", "prompts", "web")
_FILES = ("frozen:", "corpus:")


def made_of(task: Json) -> dict[str, str]:
    """The digests of a task, by the names in PARTS; `web` is empty where it is live."""
    return {"case": _case(task), "prompts": prompts_digest(), "web": _web(task)}


def together(digests: set[tuple[str, ...]]) -> str:
    """One digest for many, in whatever order they come; empty for none but empty ones."""
    told = sorted(" ".join(part) for part in digests)
    return hashlib.sha256("\n".join(told).encode()).hexdigest() if any(part[-1] for part in digests) else ""


def _case(task: Json) -> str:
    """Question and answers. Those of a set that is published encrypted cannot be found out by trying: see `canary`."""
    told = [task["question"], *task["expected"], task["canary"]]
    return hashlib.sha256("\0".join(told).encode()).hexdigest()


def _web(task: Json) -> str:
    if name := task.get("cassette"):
        return _recording(name)
    if given := task.get("cassettes"):
        return _file(cassette_path(given[0], task["id"])) if given[1] == "none" else ""
    search: str = task["search"]
    kind = next((kind for kind in _FILES if search.startswith(kind)), "")
    return _file(with_home(search.removeprefix(kind))) if kind else str(task.get("world") or "")


def _recording(name: str) -> str:
    inside = next((item for suffix in SUFFIXES if (item := shipped() / EVALUATED / f"{name}{suffix}").is_file()), None)
    return hashlib.sha256(inside.read_bytes()).hexdigest() if inside else _file(Path(name))


def _file(path: Path) -> str:
    """The digest of a file; empty for one that cannot be read: then the run fails, too."""
    try:
        stat = path.stat()
        return _hashed(path, stat.st_mtime_ns, stat.st_size)
    except OSError:
        return ""


@lru_cache(maxsize=1_024)
def _hashed(path: Path, *_changed: Any) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
