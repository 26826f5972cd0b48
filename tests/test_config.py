"""The command `config`: what it shows, what it never shows, and how it changes the file."""

import json
import os
import stat
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.terminal.checking import problem
from spadework.agent.terminal.cli import cli
from spadework.agent.terminal.editing import with_value
from spadework.agent.terminal.setting import KEYS, SETTINGS
from spadework.tools.errors import ConfigError

PASSWORD = "hunter2"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the configuration file will be."""
    path = tmp_path / "its folder" / "config.toml"
    monkeypatch.setenv("SPADEWORK_CONFIG", str(path))
    monkeypatch.delenv("SPADEWORK_STORE")
    return path


def config(*command: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, ["config", *command])
    assert done.exit_code == code, done.output
    return done.output


def rows() -> dict[str, list[str]]:
    """What the table says of each setting."""
    lines = [line.split() for line in config().splitlines()]
    return {line[0]: line[1:] for line in lines if line and line[0] in SETTINGS}


def test_every_setting_is_shown_with_its_value_and_where_that_comes_from(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config("set", "context", "8192")
    config("set", "strategy", "react")
    monkeypatch.setenv("SPADEWORK_STRATEGY", "bats")
    shown = rows()
    assert list(shown) == list(SETTINGS)
    assert shown["context"] == ["8192", "file"]
    assert shown["strategy"] == ["bats", "environment"]
    assert shown["robots"] == ["on", "usual"]
    assert all(len(line) <= 80 for line in config().splitlines()[1:])
    found = json.loads(config("--json"))
    assert found["file"] == str(file)
    assert [one["from"] for one in found["settings"] if one["name"] == "context"] == ["file"]


def test_keys_and_passwords_are_never_shown(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, f"sk-{PASSWORD}")
    monkeypatch.setenv("SPADEWORK_PROXY", f"http://me:{PASSWORD}/@proxy.example:3128")
    monkeypatch.setenv("SEARXNG_URL", f"https://me:{PASSWORD}@searx.example")
    monkeypatch.setenv("SPADEWORK_READER", f"https://me:{PASSWORD}@reader.example/?key={PASSWORD}")
    monkeypatch.setenv("SPADEWORK_BASE_URL", f"me:{PASSWORD}")
    told = config("set", "store", f"postgresql://me:{PASSWORD}@db.example/runs?password={PASSWORD}")
    table, data = config(code=1), config("--json", code=1)
    assert PASSWORD not in told + table + data
    assert "postgresql://db.example/runs" in table
    assert "http://proxy.example:3128" in table
    assert json.loads(data)["keys"] == dict.fromkeys(KEYS, True)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "api_key", "openai.api-key", "token", "BRAVE_API_KEY", "password"])
def test_a_key_is_not_taken_and_not_repeated(file: Path, name: str) -> None:
    told = config("set", name, f"sk-{PASSWORD}", code=2)
    assert told.startswith("error: keys and passwords are not kept in a file: set ")
    assert PASSWORD not in told
    assert not file.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("modle", "m"),
        ("model", ""),
        ("model", "a\x1b[31m"),
        ("model", "openai:"),
        ("context", "lots"),
        ("robots", "maybe"),
        ("search", "gogle"),
        ("search", "brave,,"),
        ("search", "corpus:no-such.jsonl"),
        ("strategy", "batz"),
        ("budget", "serches=3"),
        ("budget", "many"),
        ("conversation", "usd=0"),
        ("daily", ":usd=1"),
        ("keep_days", "soon"),
        ("cache_hours", "0"),
        ("model_timeout", "-1"),
        ("allow_hosts", "http://localhost"),
        ("base_url", "localhost"),
        ("proxy", "socks5://localhost:1"),
        ("reader", "jina"),
        ("searxng_url", "localhost"),
        ("wikipedia_lang", "E N"),
        ("google_cse_id", "a b"),
        ("store", "mysql://localhost"),
        ("prices", "no-such.toml"),
        ("ca", "no-such.pem"),
        ("cache", "."),
    ],
)
def test_a_value_that_no_reader_takes_is_one_line_and_writes_nothing(file: Path, name: str, value: str) -> None:
    told = config("set", name, value, code=2)
    assert told.startswith("error: ")
    assert told.count("\n") == 1
    assert "\x1b" not in told
    assert not file.exists()


def test_every_setting_but_the_one_that_takes_anything_has_a_value_that_is_refused() -> None:
    refused = {name: problem(setting, "\tno such \udcff://value") for name, setting in SETTINGS.items()}
    assert [name for name, why in refused.items() if not why] == ["model", "cache", "debug"]


def test_wrong_values_of_the_environment_are_told_below_the_table(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPADEWORK_ROBOTS", "maybe")
    monkeypatch.setenv("SPADEWORK_CONTEXT", "lots")
    told = config(code=1)
    assert "\nwrong: robots: SPADEWORK_ROBOTS='maybe': give on or off\n" in told
    assert "\nwrong: context: " in told


def test_the_file_and_its_folder_are_private_and_comments_stay(file: Path) -> None:
    config("set", "model", "openai:m")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    file.write_text(
        '# mine\nmodel = "openai:m"  # the small one\n\n# how much\n[budget]\nsearches = 5 # few\n', encoding="utf-8"
    )
    config("set", "model", "ollama:größer#1")
    config("set", "context", "4096")
    assert file.read_text(encoding="utf-8") == (
        '# mine\nmodel = "ollama:größer#1"  # the small one\n\n# how much\ncontext = 4096\n'
        "[budget]\nsearches = 5 # few\n"
    )
    config("unset", "model")
    assert file.read_text(encoding="utf-8").startswith("# mine\n\n# how much\ncontext")
    assert "is not in" in config("unset", "model")
    assert list(file.parent.iterdir()) == [file]


def test_what_stands_in_more_than_one_line_is_left_to_the_user(file: Path) -> None:
    file.parent.mkdir()
    text = "[budget]\nsearches = 5\n"
    file.write_text(text)
    assert "says budget in more than one line: change it there" in config("set", "budget", "3", code=2)
    assert file.read_text() == text


def test_a_broken_file_is_not_written_over(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("model = ")
    assert "is not TOML" in config("set", "model", "m", code=2)
    assert file.read_text() == "model = "


def test_what_is_no_file_is_left_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPADEWORK_CONFIG", str(file.parent))
    file.parent.mkdir()
    assert "cannot be changed: Is a directory" in config("set", "model", "m", code=2)
    assert list(file.parent.iterdir()) == []


def test_a_file_that_windows_wrote_is_read_and_changed(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b'\xef\xbb\xbfmodel = "m"\r\nstrategy = "react"\r\n')
    config("set", "model", "n")
    assert tomllib.loads(file.read_text()) == {"model": "n", "strategy": "react"}


def test_a_link_to_a_file_elsewhere_stays_a_link(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    (tmp_path / "dotfiles.toml").write_text("# kept elsewhere\n")
    file.symlink_to(tmp_path / "dotfiles.toml")
    config("set", "model", "m")
    assert file.is_symlink()
    assert (tmp_path / "dotfiles.toml").read_text() == '# kept elsewhere\nmodel = "m"\n'


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_one_line(file: Path) -> None:
    file.parent.mkdir(mode=0o500)
    assert "cannot be changed: Permission denied" in config("set", "model", "m", code=2)


def test_files_are_kept_by_their_whole_place_and_none_lifts_what_is_none_anyway(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config("set", "cache", "web.db")
    assert tomllib.loads(file.read_text())["cache"] == str(tmp_path / "web.db")
    config("set", "cache", "none")
    config("set", "store", "none")
    assert (rows()["cache"], rows()["store"]) == (["none", "file"], ["none", "file"])


def test_what_the_environment_says_is_named_where_it_goes_before(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPADEWORK_MODEL", "other")
    told = config("set", "SPADEWORK_MODEL", "m")
    assert f"model is m in {file}\n" in told
    assert "note: SPADEWORK_MODEL is set in the environment, and goes before the file\n" in told


def test_without_a_file_there_is_nothing_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPADEWORK_CONFIG", "none")
    for command in (["path"], ["set", "model", "m"], ["unset", "model"]):
        assert "SPADEWORK_CONFIG=none: no configuration file is used" in config(*command, code=2)
    assert config().startswith("file: none, as SPADEWORK_CONFIG=none says\n")


LINES = st.sampled_from(
    [
        'model = "a" # one',
        "model='b'",
        "# model = 1",
        "",
        "context = 5",
        '"model" = "c"',
        "[budget]",
        "searches = 5",
        "note = 'model = 3'",
        '  model = "#" #',
        "budget.searches = 3",
        'cache = """',
        '"""',
    ]
)


@given(st.lists(LINES, max_size=8), st.sampled_from(["model", "context", "budget"]), st.text(max_size=8) | st.none())
def test_a_change_is_that_of_one_setting_or_refused(lines: list[str], name: str, value: str | None) -> None:
    text = "\n".join(lines)
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    if value is not None and (not value.isprintable() or not value.isascii()):
        return
    try:
        after = tomllib.loads(with_value(text, SETTINGS[name], value, Path("f")))
    except ConfigError:
        return
    assert {key: item for key, item in after.items() if key != name} == {
        key: item for key, item in before.items() if key != name
    }
    assert str(after.get(name)) == str(value)


@pytest.mark.parametrize("spec", ["corpus:pages.jsonl", "brave,corpus:pages.jsonl", "wikipedia+frozen:pages.jsonl"])
def test_the_file_of_a_search_is_kept_by_its_whole_place_and_has_to_be_there(
    spec: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = spec.replace("pages.jsonl", str(tmp_path / "pages.jsonl"))
    told = config("set", "search", spec, code=2)
    assert told.startswith("error: search ")
    assert f"there is no file {tmp_path / 'pages.jsonl'}; " in told
    assert (told.count("\n"), file.exists()) == (1, False)
    Path("pages.jsonl").touch()
    assert config("set", "search", spec).startswith(f"search is {whole} in ")
    monkeypatch.chdir("/")
    assert tomllib.loads(file.read_text())["search"] == whole
    config()
    Path(tmp_path / "pages.jsonl").unlink()
    assert "wrong: search: search " in config(code=1)


def test_the_frozen_web_that_comes_along_is_no_file_of_the_user(file: Path) -> None:
    assert config("set", "search", "frozen:bundled").startswith("search is frozen:bundled in ")
    config()
