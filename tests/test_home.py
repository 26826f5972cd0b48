"""A home that nobody has: one line, whatever names a file in it."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from spadework.agent.terminal.cli import cli

MODEL = ("ask", "Q?", "--model", "ollama:m", "--no-store")


@pytest.mark.parametrize(
    "command",
    [
        (*MODEL, "--cache", "~no.such.user/c.db"),
        (*MODEL, "--search", "corpus:~no.such.user/c.jsonl"),
        (*MODEL, "--search", "frozen:~no.such.user/c.db"),
        ("sessions", "--store", "~no.such.user/runs.db"),
        ("config", "set", "cache", "~no.such.user/c.db"),
        ("config", "set", "search", "corpus:~no.such.user/c.jsonl"),
    ],
)
def test_a_home_that_nobody_has_is_told_in_one_line(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").touch()
    monkeypatch.setenv("SPADEWORK_CONFIG", str(tmp_path / "config.toml"))
    done = CliRunner().invoke(cli, command)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert "~no.such.user/" in done.stderr
    assert "home directory" in done.stderr
    assert "bug" not in done.stderr
