"""The work of `config`: what is set and where that comes from, and changing the file. Keys are never shown."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from ...tools.clean import clean, one_line
from ...tools.errors import ConfigError
from .checking import problem
from .configuration import VARIABLE, config_file, read_values, values_of, with_place
from .setting import KEYS, NAMED_LIKE_A_KEY, SETTINGS, Setting, setting_named, unknown
from .wrapping import wrapped

WIDTH = 80


@dataclass(frozen=True, slots=True)
class Found:
    """One setting as it is in force. `origin` is usual, file or environment."""

    setting: Setting
    value: str
    origin: str
    problem: str

    def to_dict(self) -> dict[str, Any]:
        about = {"name": self.setting.name, "variable": self.setting.variable, "value": self.value or None}
        return about | {"from": self.origin, "usual": self.setting.usual, "problem": self.problem or None}


def show_config(*, as_json: bool) -> int:
    """Print every setting, and what is wrong. Returns 1 where something is. Raises ConfigError for a broken file."""
    path = config_file()
    found = all_settings({} if path is None or not path.exists() else read_values(path))
    keys = {name: bool(os.environ.get(name, "").strip()) for name in KEYS}
    if as_json:
        from .ask import json_text

        file = None if path is None else str(path)
        click.echo(json_text({"file": file, "settings": [one.to_dict() for one in found], "keys": keys}))
    else:
        columns = get_terminal_size().columns if sys.stdout.isatty() else WIDTH
        click.echo("\n".join([told_file(path), "", *_table(found, columns), "", *_keys(keys, columns)]))
        for one in found:
            if one.problem:
                click.echo("\n" + "\n".join(wrapped(f"wrong: {one.setting.name}: {one.problem}", columns, "  ")))
    return int(any(one.problem for one in found))


def show_path() -> int:
    """Print where the file is, or would be. Raises ConfigError where none is used."""
    click.echo(str(_file()))
    return 0


def set_value(name: str, value: str) -> int:
    """Write a value into the file, once what reads it has found nothing wrong. Raises ConfigError."""
    setting, text = _setting(name), value.strip()
    if not text or not text.isprintable() or clean(text) != text:
        raise ConfigError(f"{setting.name} {value!r}: give a text on one line; `spadework config unset` takes it out")
    text = with_place(setting, text, Path.cwd())
    if setting.kind == "switch":
        text = {"true": "on", "false": "off"}.get(text.lower(), text.lower())
    meant = setting.read(text)
    if meant and (wrong := problem(setting, meant)):
        raise ConfigError(wrong)
    _write(setting, text)
    click.echo(f"{setting.name} is {shown(setting, text)} in {_file()}")
    _say_what_goes_before(setting)
    return 0


def unset_value(name: str) -> int:
    """Take a setting out of the file. Raises ConfigError."""
    setting = _setting(name)
    if _write(setting, None):
        click.echo(f"{setting.name} is out of {_file()}; what holds usually: {setting.usual}")
    else:
        click.echo(f"{setting.name} is not in {_file()}")
    _say_what_goes_before(setting)
    return 0


def all_settings(values: dict[str, str]) -> list[Found]:
    """Every setting with its value in force: of the environment, else of the file. A variable may say nothing."""
    found: list[Found] = []
    for name, setting in SETTINGS.items():
        said = os.environ.get(setting.variable)
        origin = "environment" if said is not None else "file" if name in values else "usual"
        text = (values.get(name, "") if said is None else said).strip()
        found.append(Found(setting, shown(setting, text), origin, _wrong(setting, text)))
    return found


def _wrong(setting: Setting, text: str) -> str:
    """What is wrong with a value, without an address that may hold a password."""
    told = problem(setting, text) if text else ""
    return told.replace(text, "...") if setting.kind == "address" and told else told


def shown(setting: Setting, text: str) -> str:
    """A value as it may be printed: without a name and a password."""
    from ..storage.database import Database, is_postgres

    if setting.kind not in ("address", "file") or not text:
        return one_line(text)
    if is_postgres(text):
        return Database(text).shown
    scheme, mark, rest = text.partition("://")
    if not mark:
        return one_line(text) if setting.kind == "file" else "..."
    return one_line(f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}")


def told_file(path: Path | None) -> str:
    """Which file is in force, in one line."""
    if path is None:
        return f"file: none, as {VARIABLE}=none says"
    return f"file: {one_line(str(path))}" + ("" if path.exists() else " (not there yet)")


def _file() -> Path:
    path = config_file()
    if path is None:
        raise ConfigError(f"{VARIABLE}=none: no configuration file is used; unset it, or name a file")
    return path


def _setting(name: str) -> Setting:
    setting = setting_named(name)
    if setting is None:
        # What looks like a key may be one.
        what = "" if NAMED_LIKE_A_KEY.search(name) else f"there is no setting {one_line(name, 60)!r}: "
        raise ConfigError(f"{what}{unknown(name)}")
    return setting


def _write(setting: Setting, value: str | None) -> bool:
    """Change the file in one step, private as it may hold the address of a database. False where nothing changes."""
    from ...tools.private import make_private
    from ...tools.replacing import replacing
    from .editing import with_value

    path = _file().resolve()  # a link stays a link
    try:
        old = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
        values = values_of(old, path)
        if value is None and setting.name not in values:
            return False
        new = with_value(old, setting, value, path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacing(path) as fresh:
            make_private(fresh)
            fresh.write_bytes(new.encode())
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"the configuration {path} cannot be changed: {why}") from error
    return True


def _say_what_goes_before(setting: Setting) -> None:
    if setting.variable in os.environ:
        click.echo(f"note: {setting.variable} is set in the environment, and goes before the file", err=True)


def _table(found: list[Found], columns: int) -> list[str]:
    name = max(len(one.setting.name) for one in found)
    origin = len("environment")
    room = max(columns, 40) - name - origin - 4
    rows = [("setting", "value", "from")]
    rows += [(one.setting.name, one.value or one.setting.usual, one.origin) for one in found]
    return [f"{first.ljust(name)}  {_cut(value, room)}  {last}" for first, value, last in rows]


def _keys(keys: dict[str, bool], columns: int) -> list[str]:
    """Whether keys are set, and what needs them."""
    names = max(map(len, keys))
    lines = wrapped("keys, from the environment alone: never stored, never shown", columns)
    for name, is_set in keys.items():
        lines.append(f"{name.ljust(names)}  {'set' if is_set else 'not set':<7}  {KEYS[name]}"[: max(columns, 40)])
    return lines


def _cut(text: str, room: int) -> str:
    """Text in exactly so many columns of a terminal."""
    from rich.cells import cell_len, set_cell_size

    text = one_line(text)
    return set_cell_size(text, room) if cell_len(text) <= room else set_cell_size(text, room - 1).rstrip() + "…"
