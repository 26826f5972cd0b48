"""The configuration file: where it is, what it says, and how the commands come to use it.

While a command runs, what the file says stands in the environment, where that says nothing itself: so whatever reads a
variable reads the file as well, and flags go before both. Only the command line does this; a program that uses the
library has its own configuration.
"""

import os
import tomllib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import date, time
from pathlib import Path
from typing import Any

from ...tools.backends.names import with_whole_place
from ...tools.clean import clean, one_line
from ...tools.errors import ConfigError, StoreError
from ...tools.home import with_home
from ...tools.shapes import is_list, is_mapping
from .setting import NAMED_LIKE_A_KEY, SETTINGS, Setting, unknown

VARIABLE = "SPADEWORK_CONFIG"
_TOLD = {
    "text": "a text in quotes",
    "search": "a text in quotes",
    "address": "an address in quotes",
    "file": "a file name in quotes",
    "number": "a number",
    "switch": "true or false",
    "list": "a text in quotes, or a list of texts",
    "limits": 'a number, or limits as "searches=5,usd=0.05"',
}


def config_file() -> Path | None:
    """Where the configuration is, or would be: SPADEWORK_CONFIG, else a file in the user's configuration folder.

    None where the variable is `none`: then no file is read.
    """
    said = os.environ.get(VARIABLE, "").strip()
    if said.lower() == "none":
        return None
    if said:
        return with_home(said).absolute()
    from platformdirs import user_config_path

    return user_config_path("spadework", appauthor=False) / "config.toml"


def read_values(path: Path) -> dict[str, str]:
    """What the file says, by setting, as the environment would say it; nothing where there is no file.

    Raises ConfigError: a file that is named and not there, or is not TOML; a setting that there is not; a key.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        if os.environ.get(VARIABLE, "").strip():
            raise ConfigError(
                f"{VARIABLE} names {path}, which is not there: `spadework config set` makes it; none stands for no file"
            ) from None
        return {}
    except OSError as error:
        raise ConfigError(f"the configuration {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"the configuration {path} is not UTF-8: {error.reason} at byte {error.start}") from None
    return values_of(text, path)


def values_of(text: str, path: Path) -> dict[str, str]:
    """`read_values` of a text that is, or is going to be, in the file. Raises ConfigError."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not TOML: {one_line(str(error), 200)}; mend that line") from None
    found: dict[str, str] = {}
    for name, value in data.items():
        setting = SETTINGS.get(name)
        if setting is None:
            key = _key_within(name, value)
            what = "there is no such setting: " if not NAMED_LIKE_A_KEY.search(key) else ""
            raise ConfigError(f"{path}: {one_line(key, 60)}: {what}{unknown(key)}")
        found[name] = _as_text(setting, value, path)
    return found


@contextmanager
def from_file() -> Generator[None]:
    """Have the environment say what the file says, where it says nothing itself, while the block runs.

    Raises ConfigError for a file that cannot be used. An error in the block over a value of the file names the file.
    """
    path = config_file()
    values = {} if path is None else read_values(path)
    taken = {name: text for name, text in values.items() if SETTINGS[name].variable not in os.environ}
    variables = {SETTINGS[name].variable: text for name, text in taken.items()}
    os.environ.update(variables)
    try:
        yield
    except (ConfigError, StoreError) as error:
        error.args = (f"{error}{_where_from(str(error), taken, path)}",)
        raise
    finally:
        for variable in variables:
            os.environ.pop(variable, None)


def _where_from(error: str, taken: Mapping[str, str], path: Path | None) -> str:
    """For the end of an error: the setting of the file that it is about, if it is about one."""
    from .checking import problem

    for name, text in taken.items():
        variable = SETTINGS[name].variable
        # Other lines name a variable only as what may help.
        about = error.startswith(variable) or (variable in error and text in error)
        if about or problem(SETTINGS[name], text) == error:
            return f" ({name} in {path})"
    return ""


def _key_within(name: str, value: Any) -> str:
    """The name that a table under an unknown name gives to a key, if it does: that is what has to be told."""
    if is_mapping(value):
        for inner, deeper in value.items():
            found = _key_within(f"{name}.{inner}", deeper)
            if NAMED_LIKE_A_KEY.search(found):
                return found
    return name


def _as_text(setting: Setting, value: Any, path: Path) -> str:
    """A value of the file as the variable would have it. Raises ConfigError."""
    text = str(value) if isinstance(value, str | int | float) else None
    if isinstance(value, bool):
        text = None if setting.kind != "switch" else "on" if value else "off"
    elif is_list(value) and setting.kind == "list" and all(isinstance(item, str) for item in value):
        text = ",".join(str(item) for item in value)
    elif is_mapping(value) and setting.kind == "limits":
        text = _limits(value)
    if text is None:
        raise ConfigError(f"{path}: {setting.name} = {_shown(value)}: give {_TOLD[setting.kind]}")
    if not text.isprintable() or clean(text) != text:
        raise ConfigError(f"{path}: {setting.name} holds characters that cannot be seen: write it again")
    text = setting.read(text)
    return with_place(setting, text, path.parent)


def with_place(setting: Setting, text: str, folder: Path) -> str:
    """A value with its file, if it has one, by its whole place, so that it means the same wherever it is read."""
    if setting.kind == "search":
        return with_whole_place(text, folder)
    return _file_place(text, folder) if setting.kind == "file" else text


def _file_place(text: str, folder: Path) -> str:
    """A file's place, of which one without a folder is in `folder`; what is an address, or no file, stays as it is."""
    if not text.strip() or "://" in text or text.strip().lower() == "none" or text.startswith(":"):
        return text
    return text if "host=" in text else str(folder / with_home(text))


def _limits(table: Mapping[str, Any], before: str = "") -> str:
    """A table of limits as `searches=5,tools.NAME=3`; what reads limits looks at them."""
    parts = (
        _limits(value, f"{before}{name}.") if is_mapping(value) else f"{before}{name}={value}"
        for name, value in table.items()
    )
    return ",".join(parts)


def _shown(value: object) -> str:
    """A value of a kind that the setting cannot have, as it stands in the file or by what it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return one_line(repr(value), 60)
    return "a date" if isinstance(value, date | time) else "a table" if is_mapping(value) else "a list"
