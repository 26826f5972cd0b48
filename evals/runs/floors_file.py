"""The file of floors, and the work of `eval gate`."""

import hashlib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import click

from ...agent.llm.wire import is_array, is_object
from ...agent.terminal.notices import one_line_notices
from ...tools.clean import one_line
from ...tools.errors import ConfigError
from ...tools.replacing import write_whole
from .gate import Floor, below, floor_from, floors_of, pinned_anew
from .runs_file import read_lines

HEAD = "# Floors of evaluations, written by `spadework eval gate --pin`: an edit by hand is refused.\n"


@one_line_notices()
def gate_and_show(folders: Sequence[Path], file: Path) -> int:
    """Compare what is in the folders with the floors in `file`, and print a line each. Returns 1 if one is not reached.

    Raises ConfigError.
    """
    pinned = read_floors(file)
    found = {floor.who: floor for floor in floors_of(chain.from_iterable(read_lines(folder) for folder in folders))}
    missed = 0
    for floor in pinned:
        faults = below(floor, found.get(floor.who))
        missed += bool(faults)
        run = found.get(floor.who)
        told = "; ".join(faults) or (f"{run.share:.1%} right, the floor is {floor.share:.1%}" if run else "")
        click.echo(f"{'below' if faults else 'ok':<6}{one_line(floor.name)}: {told}")
    for who in found.keys() - {floor.who for floor in pinned}:
        click.echo(f"{'new':<6}{one_line(found[who].name)}: {found[who].share:.1%} right, no floor is pinned")
    return int(missed > 0)


@one_line_notices()
def pin_and_show(folders: Sequence[Path], file: Path, slack: float, reason: str) -> int:
    """Write the floors that the folders come to into `file`. Raises ConfigError; then nothing is written."""
    new = floors_of(chain.from_iterable(read_lines(folder) for folder in folders), slack)
    old = read_floors(file) if file.exists() else []
    floors = pinned_anew(old, new, reason)
    _write(file, floors)
    for floor in new:
        click.echo(f"pinned {one_line(floor.name)}: {floor.share:.1%} right of {floor.runs} runs")
    return 0


def read_floors(file: Path) -> list[Floor]:
    """The floors in a file. Raises ConfigError: it cannot be read, is no file of floors, or was edited."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the floors {file}: {error.strerror or error}; --pin makes them") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} is no file of floors: {one_line(str(error), 120)}") from error
    rows: Any = data.get("floor")
    if not is_array(rows) or not rows:
        raise ConfigError(f"{file} holds no floors; --pin makes them")
    try:
        floors = [floor_from(row) if is_object(row) else _no_table() for row in rows]
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from error
    if data.get("digest") != _digest(floors):
        raise ConfigError(f"{file} was edited by hand: set floors with --pin, and lower ones with --lower REASON")
    return floors


def _no_table() -> Floor:
    raise ValueError("a floor is no table")


def _digest(floors: Sequence[Floor]) -> str:
    told = json.dumps([asdict(floor) for floor in floors], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _write(file: Path, floors: Sequence[Floor]) -> None:
    tables = ["[[floor]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in _set(floor)) for floor in floors]
    text = f'{HEAD}digest = "{_digest(floors)}"\n\n' + "\n".join(tables)
    try:
        write_whole(file, text.encode())
    except OSError as error:
        raise ConfigError(f"the floors {file} were not written: {error.strerror or error}") from error


def _set(floor: Floor) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in asdict(floor).items() if name != "lowered" or value]


def _toml(value: str | int | float) -> str:
    """A value as TOML has it: its texts are those of JSON, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
