"""The configuration file: what it may say, what goes before it, and what is told where it is wrong."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from alder import ANSWER, QUESTION, alder_model, write_corpus
from click.testing import CliRunner
from spadework.agent.llm.wire import QUIET_S
from spadework.agent.money.budget import Budget
from spadework.agent.settings import Settings
from spadework.agent.terminal.cli import cli
from spadework.agent.terminal.configuration import config_file, from_file, read_values
from spadework.agent.terminal.setting import KEYS, SETTINGS
from spadework.tools.errors import ConfigError

MODULE = [sys.executable, "-m", "spadework.agent"]
ROOT = Path(__file__).parents[1]
FOLDERS = ("agent", "tools", "prompts", "evals")
SOURCES = {path: path.read_text(encoding="utf-8") for name in FOLDERS for path in (ROOT / name).rglob("*.py")}
NOT_SETTINGS = {"SPADEWORK_CONFIG", *KEYS}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration file of the commands that follow; empty."""
    path = tmp_path / "config.toml"
    path.touch()
    monkeypatch.setenv("SPADEWORK_CONFIG", str(path))
    return path


def told(*command: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, command)
    return done.exit_code, done.stdout, done.stderr


def test_a_flag_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    """By really asking: the budget that a run had says which of the three was heard."""
    corpus = write_corpus(tmp_path)
    config = tmp_path / "config.toml"

    def budget_of(*flags: str, **environment: str) -> dict[str, object]:
        with alder_model("https://alder.example") as model:
            config.write_text(
                f'model = "from-the-file"\nbase_url = "{model.base_url}"\nsearch = "corpus:{corpus}"\n'
                f'store = "none"\n[budget]\nsearches = 7\nbrowses = 6\nseconds = "none"\n'
            )
            given = {**os.environ, "SPADEWORK_CONFIG": str(config), **environment}
            given.pop("SPADEWORK_STORE")
            command = [*MODULE, "ask", QUESTION, "--json", *flags]
            done = subprocess.run(command, capture_output=True, text=True, env=given, timeout=60, check=False)
            assert done.returncode == 0, done.stderr
            found = json.loads(done.stdout)
            assert found["answer"] == ANSWER
            assert {request.body["model"] for request in model.requests} == {
                environment.get("SPADEWORK_MODEL", "from-the-file")
            }
            return found["budget"]

    none = {"tokens": None, "usd": None, "model_calls": None}
    assert budget_of() == {"searches": 7, "browses": 6, "seconds": None, **none}
    heard = budget_of(SPADEWORK_BUDGET="searches=5,seconds=90", SPADEWORK_MODEL="from-the-environment")
    assert heard == {"searches": 5, "browses": 10, "seconds": 90, **none}
    assert budget_of("--searches", "4", SPADEWORK_BUDGET="9") == {"searches": 4, "browses": 9, "seconds": None, **none}


def test_every_setting_of_the_source_is_in_the_table_and_every_one_of_the_table_has_a_reader() -> None:
    mentioned = {name for text in SOURCES.values() for name in re.findall(r'"(SPADEWORK_[A-Z_]+)"', text)}
    assert mentioned - NOT_SETTINGS <= {setting.variable for setting in SETTINGS.values()}
    for setting in SETTINGS.values():
        readers = [path.name for path, text in SOURCES.items() if f'"{setting.variable}"' in text]
        assert [name for name in readers if name not in ("checking.py", "setting.py")] or setting.variable in (
            "SEARXNG_URL",
            "GOOGLE_CSE_ID",
        ), setting.name


def test_the_usual_values_that_are_shown_are_those_that_hold() -> None:
    from spadework.agent.llm.connections import read_base_url
    from spadework.agent.llm.model import OPENAI
    from spadework.agent.nodes.context import DEFAULT_CONTEXT
    from spadework.agent.storage.retention import KEEP_DAYS
    from spadework.agent.terminal.usual import STRATEGY, conversation_limits, usual_budget
    from spadework.tools.backends.searxng import DEFAULT_URL
    from spadework.tools.backends.wikipedia import DEFAULT_LANG

    usual = {name: setting.usual for name, setting in SETTINGS.items()}
    settings = Settings.from_environment()
    assert usual["base_url"] == OPENAI == str(read_base_url(OPENAI))
    assert usual["context"].startswith(f"{DEFAULT_CONTEXT} ")
    assert usual["model_timeout"].startswith(f"{QUIET_S:g}")
    assert (usual["searxng_url"], usual["wikipedia_lang"]) == (DEFAULT_URL, DEFAULT_LANG)
    assert (usual["keep_days"], usual["cache_hours"]) == (f"{KEEP_DAYS:g}", f"{settings.cache_hours:g}")
    assert (usual["robots"], usual["strategy"]) == ("on" if settings.robots else "off", STRATEGY)
    given = {name: value for name, value in usual_budget().to_dict().items() if value is not None}
    assert usual["budget"] == ",".join(f"{name}={value}" for name, value in given.items())
    assert conversation_limits() is None
    assert usual_budget() == Budget.of(None)


def test_the_file_says_things_in_the_forms_of_toml(file: Path) -> None:
    file.write_text(
        'model = "openai:m"\ncontext = 8192\nkeep_days = 0.5\nrobots = false\ndebug = true\n'
        'allow_hosts = ["localhost:80", "10.0.0.5"]\ncache = "web.db"\nca = "~/ca.pem"\nproxy = "none"\n'
        'store = "postgresql://h/d"\n[conversation]\nusd = 0.5\ntools.convert = 3\n[budget]\nsearches = 5\n'
    )
    assert read_values(file) == {
        "model": "openai:m",
        "context": "8192",
        "keep_days": "0.5",
        "robots": "off",
        "debug": "on",
        "allow_hosts": "localhost:80,10.0.0.5",
        "cache": str(file.parent / "web.db"),
        "ca": str(Path.home() / "ca.pem"),
        "proxy": "",
        "store": "postgresql://h/d",
        "conversation": "usd=0.5,tools.convert=3",
        "budget": "searches=5",
    }


def test_the_environment_is_as_it_was_when_the_command_is_over(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('model = "openai:m"\nstrategy = "react"\nsearch = "brave"\n')
    monkeypatch.setenv("SPADEWORK_STRATEGY", "")
    before = dict(os.environ)
    with from_file():
        assert os.environ["SPADEWORK_MODEL"] == "openai:m"
        assert os.environ["SPADEWORK_STRATEGY"] == ""  # said to be the usual one
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\nmodel = = 3", "{file} is not TOML: Invalid value (at line 2, column 9); mend that line"),
        ('modle = "m"', "{file}: modle: there is no such setting: did you mean model?"),
        ('SPADEWORK_MODEL = "m"', "{file}: SPADEWORK_MODEL: there is no such setting: did you mean model?"),
        ("context = true", "{file}: context = true: give a number"),
        ('model = ["a"]', "{file}: model = a list: give a text in quotes"),
        ("model = 2024-01-01", "{file}: model = a date: give a text in quotes"),
        ('model = "a\\u001b[31m"', "{file}: model holds characters that cannot be seen: write it again"),
        ('model = "a\\u0000"', "{file}: model holds characters that cannot be seen: write it again"),
        (
            'OPENAI_API_KEY = "sk-secret"',
            "{file}: OPENAI_API_KEY: keys and passwords are not kept in a file: set OPENAI_API_KEY in the environment"
            " instead",
        ),
        (
            '[openai]\napi_key = "sk-secret"',
            "{file}: openai.api_key: keys and passwords are not kept in a file: set OPENAI_API_KEY in the environment"
            " instead",
        ),
        (
            'password = "sk-secret"',
            "{file}: password: keys and passwords are not kept in a file: set a variable such as OPENAI_API_KEY in the"
            " environment instead",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(file: Path, text: str, line: str) -> None:
    file.write_text(text)
    for command in (("runs",), ("config",), ("doctor",)):
        assert told(*command) == (2, "", f"error: {line.format(file=file)}\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('context = "many"', "SPADEWORK_CONTEXT must be a number of tokens, such as 32768, not 'many' (context in "),
        (
            "[budget]\nserches = 5",
            "SPADEWORK_BUDGET serches: there is no such limit: did you mean searches? (budget in ",
        ),
        ('budget = "-1"', "SPADEWORK_BUDGET '-1': give a whole number of 0 or more (budget in "),
        ('strategy = "batz"', "no strategy is named 'batz': did you mean 'bats'? (strategy in "),
        ('allow_hosts = "http://x"', "[IPV6]:PORT, without http:// or wildcards (allow_hosts in "),
        ("cache_hours = -1", "SPADEWORK_CACHE_HOURS='-1': give hours, more than 0, at most 720 (cache_hours in "),
        ('base_url = "nowhere"', "the base URL must be like https://api.openai.com/v1, not 'nowhere' (base_url in "),
        ("daily = 5", "SPADEWORK_DAILY '5': give NAME=AMOUNT, such as searches=5,usd=0.05 (daily in "),
        ('model = "openai:"', "the model 'openai:' has no name: write it like openai:NAME (model in "),
    ],
)
def test_a_wrong_value_is_told_with_the_file_by_what_reads_it(file: Path, text: str, said: str) -> None:
    name = text.split(" ")[0].strip("[]").partition("]")[0]
    file.write_text(("" if name == "model" else 'model = "openai:m"\n') + text)
    code, stdout, stderr = told("ask", QUESTION)
    assert (code, stdout) == (2, "")
    assert f"{said}{file})\n" in stderr
    assert stderr.count("\n") == 1


def test_an_error_about_something_else_does_not_blame_the_file(file: Path) -> None:
    file.write_text('base_url = "https://api.openai.com/v1"\nstrategy = "react"\n')
    for command in (("ask", QUESTION), ("ask", QUESTION, "--model", "m"), ("ask", QUESTION, "--searches", "x")):
        code, _, stderr = told(*command)
        assert code == 2
        assert str(file) not in stderr


def test_a_named_file_that_is_not_there_is_told_and_none_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPADEWORK_CONFIG", str(tmp_path / "missing.toml"))
    code, _, stderr = told("runs")
    assert (code, stderr.count("\n")) == (2, 1)
    assert "missing.toml, which is not there: `spadework config set` makes it" in stderr
    monkeypatch.setenv("SPADEWORK_CONFIG", str(tmp_path))
    assert told("runs")[2] == f"error: the configuration {tmp_path} cannot be read: Is a directory\n"
    monkeypatch.setenv("SPADEWORK_CONFIG", "~no-such-user/config.toml")
    assert told("runs")[0] == 2
    monkeypatch.setenv("SPADEWORK_CONFIG", "none")
    assert config_file() is None
    assert told("runs")[0] == 0


def test_without_the_variable_the_file_is_in_the_users_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPADEWORK_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert config_file() == tmp_path / "spadework" / "config.toml"
    path = config_file()
    assert path is not None
    assert path.name == "config.toml"


@pytest.mark.parametrize("command", [["--help"], ["--version"], ["ask", "--help"], ["completion", "bash"], ["graph"]])
def test_help_version_and_what_needs_no_setting_read_no_file(file: Path, command: list[str]) -> None:
    file.write_text("broken")
    assert told(*command)[0] == 0


def test_the_library_reads_no_file(file: Path) -> None:
    from spadework.agent import run_agent

    file.write_text('model = "openai:m"\n')
    with pytest.raises(ConfigError, match="no model is set"):
        run_agent("Who?", 1)
