"""A throw-away PostgreSQL server for the integration tests: its own files, its own socket, stopped at the end."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

USERS = ("postgres", "nobody")


def program(name: str) -> str | None:
    """One of the server's programs, wherever the system keeps them."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(places[0]) if places else shutil.which(name)


@contextmanager
def serving() -> Generator[str]:
    """The address of a fresh server. It refuses to run as root, so then another user runs it."""
    initdb, control = program("initdb"), program("pg_ctl")
    if initdb is None or control is None:
        pytest.skip("PostgreSQL is not installed")
    user = _other_user() if os.geteuid() == 0 else ""
    folder = Path(tempfile.mkdtemp(prefix="spadework-pg-", dir="/tmp"))
    try:
        data, log = folder / "data", folder / "log"
        if user:
            shutil.chown(folder, user)
        _run(user, [initdb, "-D", str(data), "-U", "spadework", "-A", "trust", "--no-sync", "-E", "UTF8"])
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=60"
        _run(user, [control, "-D", str(data), "-l", str(log), "-w", "-o", options, "start"])
        try:
            yield f"postgresql://spadework@/postgres?host={folder}"
        finally:
            _run(user, [control, "-D", str(data), "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _other_user() -> str:
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(user for user in USERS if user in known)


def _run(user: str, command: Sequence[str]) -> None:
    as_user = ["runuser", "-u", user, "--"] if user else []
    done = subprocess.run([*as_user, *command], capture_output=True, text=True, cwd="/tmp", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
