"""What `doctor` finds out, one thing at a time."""

from dataclasses import dataclass
from typing import Literal

TIMEOUT = 10.0
"""Seconds that a server has to answer."""

Mark = Literal["ok", "note", "fix"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `fix` means that a run would fail or be worse for it."""

    mark: Mark
    name: str
    text: str
