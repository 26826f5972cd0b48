"""Every test runs offline: sockets other than loopback are refused by pytest-socket (see pyproject.toml)."""

import os
import signal
import sys
from collections.abc import Generator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from postgres_server import serving

# State may hold plain types only; anything else must fail a test, not load code from a checkpoint.
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"

# A shell that starts the tests in the background has Ctrl-C ignored, for all the programs that they start, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes is the machine's business; a slow one must not fail a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SETTINGS = (
    *("SPADEWORK_", "OPENAI_", "SEARXNG_", "LANGSMITH_", "LANGCHAIN_"),
    *("BRAVE_", "TAVILY_", "SERPER_", "GOOGLE_"),
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` means: one process more than there are cores, as tests wait for others a fourth of their time."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's own keys, settings, configuration and stored runs must not reach a test, nor a test reach those."""
    for name in list(os.environ):
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.setitem(sys.modules, "ddgs", None)  # else the backend without configuration, on sockets of its own
    monkeypatch.setenv("SPADEWORK_CONFIG", "none")
    monkeypatch.setenv("SPADEWORK_STORE", str(tmp_path / "store" / "runs.db"))


@pytest.fixture(scope="session")
def postgres() -> Generator[str]:
    """The address of a PostgreSQL server of our own."""
    with serving() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.integration)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh store of either kind."""
    if request.param == "sqlite":
        return str(tmp_path / "runs.db")
    psycopg = pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    server: str = request.getfixturevalue("postgres")
    name = f"store_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?")
