"""A second run with the cache of the first: nothing is fetched, nothing is charged, and the receipt says so."""

from pathlib import Path

import pytest
from alder import ANSWER, QUESTION, alder_model, alder_web, options
from click.testing import CliRunner, Result
from spadework.agent.terminal.cli import cli


def ask(base: str, *more: str) -> Result:
    with alder_model(base) as model:
        return CliRunner().invoke(cli, ["ask", QUESTION, *options(model, base), "--no-store", *more])


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The address of a web that a first run has read, and that is gone by now."""
    with alder_web() as base:
        monkeypatch.setenv("SEARXNG_URL", base)
        first = ask(base, "--cache", str(tmp_path / "web.db"))
        assert first.exit_code == 0, first.output
        assert "cached" not in first.stdout.rpartition("time:")[2]
    return base


def total(result: Result) -> list[str]:
    return next(line for line in result.stdout.splitlines() if line.startswith("total")).split()


def test_what_the_first_run_fetched_is_free_and_marked(base: str, tmp_path: Path) -> None:
    again = ask(base, "--cache", str(tmp_path / "web.db"))
    assert again.exit_code == 0, again.output
    assert ANSWER in again.stdout
    assert "verified: quotes from pages prove every part" in again.stdout
    assert total(again)[1:3] == ["0", "0"]
    assert "cached: 3 calls" in again.stdout


def test_without_the_cache_there_is_nothing_left_to_read(base: str) -> None:
    again = ask(base)
    assert "unverified: the best answer there is" in again.stdout
    assert "free (nothing was sent)" in again.stdout


def test_a_file_that_is_no_cache_is_one_clear_line(base: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(
        "notes, and enough of them to fill a header of a database file", encoding="utf-8"
    )
    refused = ask(base, "--cache", str(tmp_path / "notes.txt"))
    assert refused.exit_code == 2
    assert "notes.txt is no cache of ours" in refused.output
    assert "Traceback" not in refused.output
