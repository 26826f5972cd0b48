"""A change of one setting in the text of a configuration file. Everything else stays as it was written."""

import json
import re
import tomllib
from contextlib import suppress
from pathlib import Path

from ...tools.errors import ConfigError
from .setting import Setting

HEAD = "# Spadework: `spadework config` shows all settings. Keys are not kept here, but in the environment.\n\n"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}(\.[0-9]+)?")
_TABLE = re.compile(r"^\s*\[", re.MULTILINE)


def with_value(text: str, setting: Setting, value: str | None, path: Path) -> str:
    """The text of the file at `path` with this value of a setting, None for none.

    Raises ConfigError where the file says it in a form that a line cannot be put in the place of.
    """
    before = tomllib.loads(text)
    meant = {name: item for name, item in before.items() if name != setting.name}
    if value is not None:
        meant[setting.name] = tomllib.loads(_line(setting, value))[setting.name]
    changed = _changed(text or HEAD, setting, value)
    with suppress(tomllib.TOMLDecodeError):
        if tomllib.loads(changed) == meant:
            return changed
    raise ConfigError(f"{path} says {setting.name} in more than one line: change it there")


def _changed(text: str, setting: Setting, value: str | None) -> str:
    """With the setting's line replaced or taken out, or with a new one before the first table.

    Only lines before that are settings; what cannot be told by lines, the caller finds out.
    """
    table = _TABLE.search(text)
    top, rest = (text[: table.start()], text[table.start() :]) if table else (text, "")
    line = "" if value is None else _line(setting, value)
    old = re.search(rf"^[ \t]*{re.escape(setting.name)}[ \t]*=.*\n?", top, re.MULTILINE)
    if old is None:
        gap = "" if not top or top.endswith("\n") else "\n"
        return f"{top}{gap}{line}{rest}"
    comment = _comment(old[0])
    return top[: old.start()] + (line.rstrip("\n") + comment + "\n" if line else "") + top[old.end() :] + rest


def _comment(line: str) -> str:
    """The comment at the end of a line, with the space before it."""
    for mark in re.finditer(r"[ \t]*#", line):
        with suppress(tomllib.TOMLDecodeError):
            tomllib.loads(line[: mark.start()])
            return line[mark.start() :].rstrip("\n")
    return ""


def _line(setting: Setting, value: str) -> str:
    return f"{setting.name} = {_toml(setting, value)}\n"


def _toml(setting: Setting, value: str) -> str:
    if setting.kind in ("number", "limits") and _NUMBER.fullmatch(value):
        return value
    if setting.kind == "switch" and value in ("on", "off"):
        return "true" if value == "on" else "false"
    return json.dumps(value, ensure_ascii=False)
