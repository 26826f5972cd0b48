"""Files that are there whole or not at all."""

import errno
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """A new file beside `path` to write to, which takes its place when the block ends well, once it is on the disk.

    Whatever goes wrong, an older file stays as it was and nothing is left behind. Raises OSError; also where there is
    something else than a file, as a superuser would otherwise put a file in the place of /dev/null.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield fresh
        with fresh.open("rb+") as file:
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        with suppress(OSError):
            fresh.unlink()


def write_whole(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write all of a file, or nothing; a private one can be read by its owner only. Raises OSError."""
    with replacing(path) as fresh:
        if private:
            fresh.touch(mode=0o600)
        fresh.write_bytes(data)
