"""The help of every command: it has an example that can be typed, fits 80 columns, and a slip gets a hint."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from spadework.agent.terminal.cli import HEADINGS, cli
from spadework.agent.terminal.command import Command, Group


def all_commands(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group by its words, the first included."""
    yield before
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from all_commands(command, (*before, name))
        else:
            yield (*before, name)


COMMANDS = [*all_commands(cli)]
SHOWN = [" ".join(words) or "spadework" for words in COMMANDS]


def found(words: tuple[str, ...]) -> click.Command:
    command: click.Command | None = cli
    for word in words:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    return command


def examples_of(words: tuple[str, ...]) -> list[str]:
    lines = (found(words).epilog or "").splitlines()
    return [line for line in lines if "spadework " in line and not line.startswith("Example")]


def parsed(line: str) -> None:
    """Read a command line as it would be read, without running anything. Raises UsageError."""
    given = shlex.split(line)
    given = given[1 : given.index(">") if ">" in given else None]
    command: click.Command = cli
    context = cli.make_context("spadework", given)
    while isinstance(command, click.Group) and (rest := [*vars(context)["_protected_args"], *context.args]):
        name, inner, rest = command.resolve_command(context, rest)
        assert inner is not None
        context, command = inner.make_context(name, rest, parent=context), inner


@pytest.mark.parametrize("words", COMMANDS, ids=SHOWN)
def test_every_help_has_an_example_that_is_understood(words: tuple[str, ...]) -> None:
    lines = examples_of(words)
    assert any(" ".join(["spadework", *words]) in line for line in lines)
    for line in lines:
        if line.startswith("spadework"):
            parsed(line)


@pytest.mark.parametrize("words", COMMANDS, ids=SHOWN)
def test_every_help_fits_80_columns_and_says_what_each_option_does(words: tuple[str, ...]) -> None:
    told = CliRunner().invoke(cli, [*words, "--help"], env={"COLUMNS": "80"})
    assert told.exit_code == 0
    assert [line for line in told.stdout.splitlines() if len(line) > 80] == []
    assert "Examples" in told.stdout or "Example" in told.stdout
    for param in found(words).params:
        assert not isinstance(param, click.Option) or param.help, f"{' '.join(words)} {param.opts[0]} has no help"


@pytest.mark.parametrize("words", COMMANDS, ids=SHOWN)
def test_every_command_takes_the_settings_and_hints_at_the_nearest(words: tuple[str, ...]) -> None:
    """So that one which is added later does, too."""
    assert isinstance(found(words), Group | Command)


QUICK = ("config", "completion", "runs", "purse", "graph", "cassette show", "world show", "world corpus")


def quick_examples() -> Iterator[str]:
    for words in COMMANDS:
        for line in examples_of(words):
            plain = line.partition(" >")[0]
            if plain.startswith(tuple(f"spadework {name}" for name in QUICK)) and not any(
                slow in line for slow in ("delete", "2000")
            ):
                yield plain


@pytest.mark.parametrize("line", sorted(set(quick_examples())))
def test_an_example_that_needs_no_model_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cassettes").mkdir()
    (tmp_path / "config.toml").touch()
    monkeypatch.setenv("SPADEWORK_CONFIG", str(tmp_path / "config.toml"))
    if "my-run" in line:
        shipped = Path(__file__).parents[1] / "cassettes" / "pivots.json"
        (tmp_path / "cassettes" / "my-run.json.gz").write_bytes(shipped.read_bytes())
    told = CliRunner().invoke(cli, shlex.split(line)[1:])
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout


def test_the_examples_of_completion_work_in_an_empty_home(tmp_path: Path) -> None:
    lines = (found(("completion",)).epilog or "").partition("\b\n")[2]
    ours = f'spadework() {{ "{sys.executable}" -m spadework.agent "$@"; }}'
    script = "\n".join(["set -e", ours, lines, ". ~/.bashrc", "complete -p spadework"])
    home = {**os.environ, "HOME": str(tmp_path), "SPADEWORK_CONFIG": "none"}
    told = subprocess.run(["bash", "-c", script], env=home, capture_output=True, text=True, timeout=60, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.endswith(" spadework\n"), "bash completes the command"
    assert "complete" in (tmp_path / ".config/fish/completions/spadework.fish").read_text()
    zsh = (tmp_path / ".zshrc").read_text()
    assert zsh.index("compinit") < zsh.index("spadework"), "what the script calls is there before it"


def test_the_options_of_ask_stand_under_headings_in_a_useful_order() -> None:
    lines = CliRunner().invoke(cli, ["ask", "--help"]).stdout.splitlines()
    headings = [line for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Limits:", "Search and pages:", "Model:", "What is kept:", "Output:", "Other options:"]


def test_every_command_is_listed_once_under_a_heading() -> None:
    told = CliRunner().invoke(cli, ["--help"]).stdout
    assert [line[:-1] for line in told.splitlines() if line[:-1] in HEADINGS] == list(HEADINGS)
    for name in cli.list_commands(click.Context(cli)):
        assert told.count(f"\n  {name} ") == 1


QUESTION = 'a question is asked with `spadework ask "..."`; see `spadework --help`'


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["aks"], "no such command 'aks': did you mean ask?; see `spadework --help`"),
        (["cassete"], "no such command 'cassete': did you mean cassette?; see `spadework --help`"),
        (["cassette", "shwo", "x"], "no such command 'shwo': did you mean show?; see `spadework cassette --help`"),
        (["ask", "q", "--serches", "3"], "no such option '--serches': did you mean --searches?; see `spadework ask"),
        (["eval", "run", "--strateg"], "no such option '--strateg': did you mean --strategy?; see `spadework eval run"),
        (["ask", "q", "--zzzz"], "no such option '--zzzz'; see `spadework ask --help`"),
        (["cht"], "no such command 'cht': did you mean chat?; see `spadework --help`"),
        (["version"], "no such command 'version': did you mean --version?; see `spadework --help`"),
        (["aks", "Who built it?"], f"no such command 'aks': {QUESTION}"),
        (["Who built the bridge?"], f"no such command 'Who built the bridge?': {QUESTION}"),
        (["Tell me who built it", "--budget", "5"], f"no such command 'Tell me who built it': {QUESTION}"),
        (["Who", "built", "it?"], f"no such command 'Who': {QUESTION}"),
        (["Name", "a", "river"], f"no such command 'Name': {QUESTION}"),
        (["cassete", "show", "x"], "no such command 'cassete': did you mean cassette?"),
        (["\x1b[31maks"], "no such command '\\x1b[31maks'"),
    ],
)
def test_a_slip_gets_the_nearest_name_in_one_line(given: list[str], said: str) -> None:
    told = CliRunner().invoke(cli, given)
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith(f"error: {said}")
    assert told.stderr.count("\n") == 1
    assert "\x1b" not in told.stderr
