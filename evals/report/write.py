"""The work of `eval report`: read folders, and write the page, the Markdown file and the CSV file of what is there."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click

from ...tools.errors import ConfigError
from ...tools.replacing import write_whole
from ..runs.details import Details, read_details
from ..runs.runs_file import Json, Key, key_of, read_lines
from .cells import Grid, grids_of
from .chosen import Wanted, in_order
from .csv_file import csv_text
from .markdown import markdown
from .page import Suite, page
from .questions import Shown
from .study import Study, study

NAME = "report"
STDOUT = Path("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where the parts of a report go; None for one that is not wanted."""

    html: Path | None = None
    markdown: Path | None = None
    csv: Path | None = None

    def of(self, folders: Sequence[Path]) -> "Files":
        """The files; without any, all three in the one folder. Raises ConfigError where there are several folders."""
        if self.html or self.markdown or self.csv:
            return self
        if len(set(folders)) > 1:
            raise ConfigError("a report of several folders needs a place: give -o FILE.html, --markdown or --csv")
        html, markdown, csv = (folders[0] / f"{NAME}.{ending}" for ending in ("html", "md", "csv"))
        return Files(html=html, markdown=markdown, csv=csv)


def write_report(folders: Sequence[Path], files: Files, wanted: Wanted) -> int:
    """Write the files, and say where they are. Raises ConfigError."""
    files = files.of(folders)
    lines: list[Json] = []
    origin: dict[Key, Path] = {}
    for folder in folders:
        for line in read_lines(folder):
            origin.setdefault(key_of(line), folder)
            lines.append(line)
    grids = grids_of(lines)
    if not grids:
        raise ConfigError(f"there are no runs in {', '.join(map(str, folders))}: make some with `spadework eval run`")
    studies = [study(grid) for grid in grids]
    with ExitStack() as stack:
        if files.html:
            details = {folder: stack.enter_context(read_details(folder)) for folder in dict.fromkeys(folders)}
            suites = list(_suites(studies, wanted, Found(origin, details)))
            title = ", ".join(dict.fromkeys(folder.resolve().name for folder in folders))
            _put(files.html, page(title, suites))
    if files.markdown:
        _put(files.markdown, markdown(studies))
    if files.csv:
        _put(files.csv, csv_text(studies))
    return 0


@dataclass(frozen=True, slots=True)
class Found:
    """Where the details of each run are."""

    origin: dict[Key, Path]
    details: dict[Path, Details]

    def of(self, line: Json) -> Json | None:
        return self.details[self.origin[key_of(line)]].of(line)


def _suites(studies: Sequence[Study], wanted: Wanted, found: Found) -> Generator[Suite]:
    """The suites with the runs that are opened, as many as a page holds."""
    lines = {one.grid.suite: _all(one.grid) for one in studies}
    chosen = in_order([line for own in lines.values() for line in own], wanted)
    shown = {one.grid.suite: Shown() for one in studies}
    left = wanted.most_bytes
    for line in chosen:
        at = next(number for number, one in enumerate(studies) if one.grid.suite == line["suite"])
        prefix = f"s{at + 1}" if len(studies) > 1 else ""
        left -= shown[line["suite"]].add(studies[at], line, found.of(line), prefix)
        if left <= 0:
            break
    how = "all of them with --runs all, those of one question with --question ID"
    if not wanted.questions:
        how = f"those that failed, went differently or were wrong came first; {how}"
    for one in studies:
        yield Suite(one, shown[one.grid.suite], len(lines[one.grid.suite]), how)


def _all(grid: Grid) -> list[Json]:
    return [line for cell in grid.cells.values() for line in (*cell.runs, *cell.failed)]


def _put(path: Path, content: str) -> None:
    """Write a whole file, or nothing. Raises ConfigError."""
    if path == STDOUT:
        click.echo(content, nl=False)
        return
    data = content.encode()
    try:
        write_whole(path, data)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}; name another file") from error
    click.echo(f"{path} ({len(data):,} bytes)", err=True)
