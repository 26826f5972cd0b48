"""Completion in a real bash, and that it is quick, reads no servers, and never fails."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from spadework.agent.storage.store import open_store, store_target
from spadework.agent.terminal.cli import cli

SHELLS = ("bash", "zsh", "fish")
HEAVY = ("langgraph", "langchain_core", "httpx", "pydantic", "rich", "bs4")
TYPE = """
eval "$(spadework completion bash)"
complete -p spadework
COMP_WORDS=(spadework "$@"); COMP_CWORD=$#; COMPREPLY=()
compopt() { echo "compopt $*"; }
_spadework_words spadework "${COMP_WORDS[$COMP_CWORD]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]}


def typed(*words: str) -> list[str]:
    """What a real bash offers for the last word, when these stand after `spadework`."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    command = [bash, "--norc", "-c", TYPE, "bash", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment(), check=True)
    assert done.stderr == ""
    registered, *offered = done.stdout.splitlines()
    assert registered == "complete -o nosort -F _spadework_words spadework"
    return offered


def words(line: str, count: int) -> str:
    """What the command itself tells bash, and how long it takes is the caller's to see."""
    told = {"_SPADEWORK_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(count)}
    command = [str(Path(sys.executable).parent / "spadework")]
    done = subprocess.run(command, capture_output=True, text=True, env={**environment(), **told}, check=False)
    assert done.stderr == ""
    return done.stdout.removesuffix("\n")


async def _stored(place: str) -> None:
    async with open_store(place) as store:
        for run, about in (("3f1a", {"question": "Who?"}), ("3f1a-1", {"part_of": "3f1a"}), ("77cc", {})):
            await (await store.book.claim(run, about)).release()


@pytest.fixture
def stored() -> str:
    """A store with two runs, and a third that is a part of one of them."""
    place = store_target(None)
    asyncio.run(_stored(place))
    return place


def test_bash_completes_commands_options_and_their_values(stored: str) -> None:
    assert typed("re") == ["resume", "record"]
    assert typed("ask", "--strat") == ["--strategy"]
    assert typed("ask", "--strategy", "bats-p") == ["bats-paper", "bats-paper-early"]
    assert typed("config", "set", "model") == ["model", "model_timeout"]
    assert sorted(typed("resume", "")) == ["3f1a", "77cc"]
    assert typed("cassette", "show", "piv") == ["pivots"]


def test_no_space_comes_after_what_goes_on() -> None:
    assert typed("ask", "--role", "ver") == ["compopt -o nospace", "verifier="]
    assert typed("ask", "--search", "corp") == ["compopt -o nospace", "corpus:"]
    assert typed("ask", "--model", "openai", ":", "gpt-5", "--brow") == ["--browses"]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_its_script(shell: str) -> None:
    told = CliRunner().invoke(cli, ["completion", shell])
    assert told.exit_code == 0
    assert f"_SPADEWORK_COMPLETE={shell}_complete" in told.stdout
    assert "spadework" in told.stdout


def test_another_shell_is_one_line() -> None:
    told = CliRunner().invoke(cli, ["completion", "tcsh"])
    assert (told.exit_code, told.stdout, told.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("line", "count"),
    [("spadework ask --search ", 3), ("spadework resume ", 2), ("spadework ask --role ", 3), ("spadework eval ", 2)],
)
def test_completion_is_quick(line: str, count: int, stored: str) -> None:
    took: list[float] = []
    for _ in range(3):
        started = time.monotonic()
        assert words(line, count)
        took.append(time.monotonic() - started)
    assert min(took) < 0.6


def test_completion_imports_nothing_heavy(stored: str) -> None:
    code = (
        "import sys\nfrom click.shell_completion import ShellComplete\n"
        "from spadework.agent.terminal.cli import cli\nshell = ShellComplete(cli, {}, 'spadework', '_X')\n"
        "for line in (['resume'], ['ask', '--search'], ['ask', '--strategy'], ['ask', '--role'], ['config', 'set']):\n"
        "    assert shell.get_completions(line, ''), line\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["[]"]


def test_a_store_that_is_locked_broken_or_missing_suggests_nothing(
    stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(stored)) as other:
        other.execute("BEGIN EXCLUSIVE")
        words("spadework resume ", 2)
    (tmp_path / "broken.db").write_text("no database")
    for place in ("none", str(tmp_path / "missing.db"), str(tmp_path / "broken.db"), "postgresql://h/d", "mysql://h"):
        monkeypatch.setenv("SPADEWORK_STORE", place)
        assert words("spadework resume ", 2) == ""
    assert not (tmp_path / "missing.db").exists()


def test_a_broken_configuration_leaves_completion_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text("broken")
    monkeypatch.setenv("SPADEWORK_CONFIG", str(tmp_path / "config.toml"))
    assert words("spadework ask --strategy react-f", 3) == "plain,react-full"
    assert words("spadework resume ", 2) == ""


def test_the_store_that_the_configuration_names_is_looked_into(
    stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text(f'store = "{stored}"\n')
    monkeypatch.delenv("SPADEWORK_STORE")
    monkeypatch.setenv("SPADEWORK_CONFIG", str(tmp_path / "config.toml"))
    assert words("spadework resume 3", 2) == "plain,3f1a"
