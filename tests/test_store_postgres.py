"""The store in a real Postgres: beside any saver, through lost connections, and opened by several at once."""

import asyncio
import gc
import json
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from alder import ANSWER, QUESTION, alder_model, write_corpus
from click.testing import CliRunner
from langgraph.checkpoint.base import empty_checkpoint
from postgres_server import serving
from spadework.agent.storage.retention import prune
from spadework.agent.storage.store import book_of, open_store
from spadework.agent.terminal.cli import cli
from spadework.tools.errors import StoreError

psycopg = pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
pytestmark = pytest.mark.integration
CONFIG: Any = {"configurable": {"thread_id": "a", "checkpoint_ns": ""}}
SAVERS = ("connection", "async connection", "pool", "async pool")


@pytest.fixture(scope="module")
def server() -> Generator[str]:
    with serving() as address:
        yield address


@pytest.fixture
def address(server: str, request: pytest.FixtureRequest) -> str:
    """A database of its own for each test."""
    name = f"test_{abs(hash(request.node.nodeid))}"
    with psycopg.Connection.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.replace("/postgres?", f"/{name}?")


async def keep(address: str, run: str = "a") -> None:
    async with open_store(address) as store:
        await (await store.book.claim(run, {"question": QUESTION})).release()
        await store.saver.aput(CONFIG, {**empty_checkpoint(), "id": "1"}, {}, {})


@asynccontextmanager
async def saver_of(kind: str, address: str) -> AsyncGenerator[Any]:
    """A saver as a program may have it; the database and the password are told apart from the address."""
    from langgraph.checkpoint.postgres import PostgresSaver
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
    from psycopg_pool import AsyncConnectionPool, ConnectionPool

    parts = {name: str(value) for name, value in psycopg.conninfo.conninfo_to_dict(address).items()}
    apart: dict[str, Any] = {"dbname": parts.pop("dbname"), "password": "secret"}
    rest = " ".join(f"{name}={value}" for name, value in parts.items())
    if kind == "connection":
        with psycopg.Connection.connect(rest, **apart, autocommit=True) as connection:
            yield PostgresSaver(connection)
    elif kind == "async connection":
        async with AsyncPostgresSaver.from_conn_string(f"{rest} dbname={apart['dbname']} password=secret") as saver:
            yield saver
    elif kind == "pool":
        options: Any = {"kwargs": apart, "min_size": 1, "max_size": 1}
        with ConnectionPool(rest, **options) as pool:
            yield PostgresSaver(pool)
    else:
        waiting: Any = AsyncConnectionPool(rest, kwargs=apart, min_size=1, max_size=1, open=False)
        async with waiting as pool:
            yield AsyncPostgresSaver(pool)


async def test_checkpoints_and_charges_outlive_the_connection_and_can_be_deleted(address: str) -> None:
    before = set(threading.enumerate())
    await keep(address)
    async with open_store(address) as store:
        assert [run.run for run in await store.book.runs()] == ["a"]
        assert await store.saver.aget_tuple(CONFIG) is not None
        assert await prune(store, 0) == 1
        assert await store.saver.aget_tuple(CONFIG) is None
    del store
    gc.collect()
    await asyncio.sleep(0.2)
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    others = [name for name in left if name != "spadework" and not name.startswith("asyncio")]
    assert others == [], "only the loops' own threads go on"


@pytest.mark.parametrize("kind", SAVERS)
async def test_the_book_beside_a_saver_is_in_its_database(kind: str, address: str) -> None:
    await keep(address)
    async with saver_of(kind, address) as saver:
        book = await book_of(saver)
        assert book is not None
        assert [run.run for run in await book.runs()] == ["a"]
        assert psycopg.conninfo.conninfo_to_dict(book.database.target)["password"] == "secret"
        book.database.close()


async def test_a_store_connects_again_when_its_connections_were_lost(address: str) -> None:
    await keep(address)
    async with open_store(address) as store:
        with psycopg.Connection.connect(address, autocommit=True) as other:
            mine = "pid <> pg_backend_pid() AND datname = current_database()"
            lost = other.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}".encode())
            assert len(lost.fetchall()) == 2, "one of the book, one of the checkpoints"
        assert await store.saver.aget_tuple(CONFIG) is not None
        assert [run.run for run in await store.book.runs()] == ["a"]


async def test_several_may_open_a_new_store_at_once(address: str) -> None:
    await asyncio.gather(*(keep(address, f"run{number}") for number in range(8)))
    async with open_store(address) as store:
        assert len(await store.book.runs()) == 8


async def test_a_database_that_is_not_there_is_one_line(server: str) -> None:
    with pytest.raises(StoreError, match='database "nowhere" does not exist') as told:
        await keep(server.replace("/postgres?", "/nowhere?"))
    assert "\n" not in str(told.value)


def test_ask_runs_and_resume_work_on_postgres(address: str, tmp_path: Path) -> None:
    with alder_model("https://alder.example") as model:
        given = ["--model", "fake", "--base-url", model.base_url, "--search", f"corpus:{write_corpus(tmp_path)}"]
        told = CliRunner().invoke(cli, ["ask", QUESTION, "--budget", "4", *given, "--store", address, "--json"])
    first = json.loads(told.stdout)
    assert (told.exit_code, first["answer"]) == (0, ANSWER)
    (listed,) = json.loads(CliRunner().invoke(cli, ["runs", "--store", address, "--json"]).stdout)
    assert (listed["run"], listed["state"], listed["status"]) == (first["run"], "ended", "verified")
    told = CliRunner().invoke(cli, ["resume", first["run"][:8], "--store", address, "--json"])
    again = json.loads(told.stdout)
    assert (again["answer"], again["spend"]["searches"], again["spend"]["browses"]) == (ANSWER, 1, 2)
    assert told.stderr.endswith(" --store postgresql://...\n")
