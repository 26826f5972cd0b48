"""`spadework web` as a user meets it, and runs that search and read a frozen web with no socket at all."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result
from freezing import page, tape
from pytest_socket import disable_socket, enable_socket
from spadework.agent.run import run_agent
from spadework.agent.terminal.cli import cli
from spadework.evals.recording.cassettes import open_bundled
from spadework.evals.simulated.chat import SimulatedChat
from spadework.evals.simulated.web import SimulatedWeb
from spadework.evals.world.making import World, make_world

CASSETTES = Path(__file__).parents[1] / "cassettes"
TALE = "The Gannet sailed from Wick with salt and came home with herring, as it did each year until 1901. "


def spadework(*given: object) -> Result:
    return CliRunner().invoke(cli, [str(part) for part in given])


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """A small frozen web, made by the command."""
    recordings = tmp_path / "recordings"
    tape(recordings / "one.json", page("https://a.example/ship", TALE))
    tape(recordings / "two.json", page("https://a.example/ship", TALE + "Or 1902."), created="2026-11-02")
    told = spadework("web", "freeze", recordings, "-o", tmp_path / "web.db")
    assert (told.exit_code, told.stdout) == (
        0,
        f"1 pages, 0 only shown by searches, 0 failures: {tmp_path / 'web.db'}\n",
    )
    assert told.stderr == "1 pages were read in differing forms: the newest are kept\n"
    return tmp_path / "web.db"


def test_show_prints_what_the_file_holds_and_what_it_was_made_from(frozen: Path) -> None:
    told = spadework("web", "show", frozen)
    assert told.exit_code == 0
    lines = told.stdout.splitlines()
    assert lines[0] == f"frozen web: {frozen}, {frozen.stat().st_size:,} bytes"
    assert {"newest recording: 2026-11-02", "pages: 1", "failures: 0", "2 sources:"} <= set(lines)
    assert lines[-1].startswith("cassette two.json, 1 pages, 0 results, 0 failures, sha256 ")


def test_check_tells_a_sound_file_from_a_changed_one(frozen: Path) -> None:
    told = spadework("web", "show", frozen, "--check")
    assert (told.exit_code, told.stdout.splitlines()[-1]) == (0, "the content has this digest")
    with closing(sqlite3.connect(frozen)) as database:
        database.execute("UPDATE pages SET title = 'Another'")
        database.commit()
    told = spadework("web", "show", frozen, "--check")
    assert told.exit_code == 1
    assert "is damaged (its content has the digest" in told.stderr
    assert told.stderr.count("\n") == 1


def test_check_sees_an_index_that_does_not_fit_its_pages(frozen: Path) -> None:
    with closing(sqlite3.connect(frozen)) as database:
        database.execute("INSERT INTO words (rowid, title, text) VALUES (7, 'more', 'words')")
        database.commit()
    assert spadework("web", "show", frozen, "--check").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["web", "show", "none.db"], "none.db: No such file or directory"),
        (["web", "show", __file__], "is no frozen web"),
        (["web", "freeze", "none.json", "-o", "web.db"], "none.json: No such file or directory"),
        (["web", "freeze", __file__, "-o", "web.db"], "give recordings (.json)"),
        (["web", "freeze", "-o", "web.db"], "missing argument 'SOURCES...'"),
        (["web", "freeze", "a.json"], "missing option '-o'"),
        (
            ["ask", "Why?", "--model", "m", "--base-url", "http://127.0.0.1:9", "--search", "frozen:none.db"],
            "cannot read the frozen web none.db: No such file",
        ),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = spadework(*arguments)
    assert told.exit_code in (1, 2)
    assert fault in told.stderr
    assert told.stderr.count("\n") == 1
    assert not (tmp_path / "web.db").exists()


def test_doctor_tells_how_many_pages_there_are(frozen: Path) -> None:
    assert "frozen web with 1 pages" in spadework("doctor", "--search", f"frozen:{frozen}").stdout


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


@pytest.mark.parametrize("name", ["at-once", "pivots"])
def test_the_shipped_recordings_frozen_answer_queries_that_were_never_recorded(
    name: str, world: World, tmp_path: Path
) -> None:
    made = spadework("web", "freeze", CASSETTES, "-o", tmp_path / "web.db")
    assert made.exit_code == 0, made.output
    recorded = open_bundled(name)
    disable_socket(allow_unix_socket=True)
    try:
        with SimulatedWeb(world) as web:
            asked = next(question for question in web.world.questions if question.text == recorded.question)
            model = SimulatedChat(web, asked)
            result = run_agent(asked.text, 10, model=model, search=f"frozen:{tmp_path / 'web.db'}")
    finally:
        enable_socket()
    assert (result.answer, result.status) == (recorded.meta["outcome"]["answer"], "verified")
    recorded_queries = {query for event in recorded.interactions for query in _queries(event["request"]["uri"])}
    asked_now = {charge.what for charge in result.charges if charge.kind == "search"}
    assert asked_now
    assert asked_now.isdisjoint(recorded_queries)
    assert recorded_queries


def _queries(url: str) -> list[str]:
    return parse_qs(urlsplit(url).query).get("q", [])


def test_several_processes_read_one_file_at_once(frozen: Path) -> None:
    code = (
        "import asyncio, sys\nfrom spadework.tools.backends.frozen import load_frozen\nweb = load_frozen(sys.argv[1])\n"
        "print([asyncio.run(web.search('gannet', limit=3, timeout=1))[0].url for _ in range(50)][-1])"
    )
    command = [sys.executable, "-c", code, str(frozen)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=60)[0] for process in running] == ["https://a.example/ship\n"] * 3
    assert sorted(path.name for path in frozen.parent.iterdir()) == ["recordings", "web.db"]


def test_a_frozen_file_travels(frozen: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(frozen, tmp_path / "elsewhere.db"))
    told = spadework("web", "show", copy, "--check")
    assert told.exit_code == 0
    assert json.dumps(str(tmp_path)) not in copy.read_bytes().decode("latin-1")
