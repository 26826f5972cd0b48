"""The report for a pull request: verdicts and tables in Markdown, without HTML."""

import re
from collections.abc import Generator, Sequence

from ...tools.clean import one_line
from .said import said
from .study import Study
from .table import Table
from .tables import tables
from .versus import verdicts

_PLAIN = re.compile(r"(?!.*www\.)[\w ,:;%$()+=∞●·.-]*")
"""What means nothing in Markdown; anything else goes into a code span, where nothing does."""
MOST_ROWS = 20
"""Failed runs and violations that are listed."""


def markdown(studies: Sequence[Study]) -> str:
    """The whole report. A figure that is not known is a dash."""
    return "\n".join(line for study in studies for line in _suite(study))


def _suite(study: Study) -> Generator[str]:
    models = ", ".join(_cell(model) for model in dict.fromkeys(way.model for way in study.grid.ways))
    yield f"## {_cell(study.grid.suite)} with {models}"
    yield ""
    for line in said(study):
        yield f"- {_sentence(line)}"
    yield ""
    for table in tables(study, MOST_ROWS):
        yield from _table(table)
        if table.key == "versus" and table.rows:
            yield from (f"- {_sentence(line)}" for line in verdicts(study))
            yield ""


def _table(table: Table) -> Generator[str]:
    yield f"### {table.title}"
    yield ""
    for line in table.lead:
        yield line
        yield ""
    if not table.rows:
        return
    yield _row([name for name, _ in table.columns])
    yield _row(["---" if at < table.left else "---:" for at in range(len(table.columns))])
    for row in table.rows:
        yield _row([_cell(str(cell)) for cell in row])
    yield ""
    for name, meaning in table.columns:
        if meaning:
            yield f"- {name}: {meaning}"
    yield ""


def _sentence(text: str) -> str:
    """A line of our own words; the names in it came with the command."""
    return re.sub(r"([\\`*\[\]<>|~@])", r"\\\1", one_line(text))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    line = one_line(text)
    if _PLAIN.fullmatch(line):
        return line
    return f"`{line.replace('`', chr(39)).replace('|', '¦')}`"
