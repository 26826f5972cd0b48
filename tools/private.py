"""Files that only their owner can read."""

import os
from pathlib import Path


def make_private(file: str | Path) -> None:
    """Make a file that only its owner can read and write, where there is none yet. Raises OSError where it cannot be.

    One that is there is not opened: closing a file drops every lock that the process has on it, and SQLite may have
    some on this one. Other processes would then take its log for one that nobody uses.
    """
    if not os.access(file, os.R_OK | os.W_OK):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
