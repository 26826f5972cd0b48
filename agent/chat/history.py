"""What was typed in earlier chats, for the arrow keys: in a file that only its owner can read, as long as runs are kept."""

import json
import time
from collections.abc import Generator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from prompt_toolkit.history import History

from ...tools.private import make_private
from ...tools.replacing import write_whole
from ...tools.shapes import is_mapping

MOST = 1_000
"""Lines that are kept at most."""


class FileHistory(History):
    """Lines of a file, the newest last. A file that cannot be read or written costs the history, not the chat."""

    def __init__(self, path: Path, days: float | None) -> None:
        super().__init__()
        self._path = path
        self._oldest = 0.0 if days is None else time.time() - days * 86_400

    def load_history_strings(self) -> Iterable[str]:
        """The lines, newest first; what is too old, or too much, leaves the file."""
        known = list(self._read())
        kept = [item for item in known if item["at"] >= self._oldest][-MOST:]
        if len(kept) < len(known):
            with suppress(OSError):
                write_whole(self._path, "".join(json.dumps(item) + "\n" for item in kept).encode())
                self._path.chmod(0o600)
        return [item["text"] for item in reversed(kept)]

    def store_string(self, string: str) -> None:
        """Add a line."""
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_private(self._path)
            with self._path.open("a", encoding="ascii") as file:
                file.write(json.dumps({"at": time.time(), "text": string}) + "\n")

    def _read(self) -> Generator[dict[str, Any]]:
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        for line in text.splitlines():
            with suppress(ValueError):
                item: Any = json.loads(line)
                if is_mapping(item) and isinstance(item.get("text"), str) and isinstance(item.get("at"), int | float):
                    yield dict(item)
