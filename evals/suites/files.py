"""The cases in a file, whatever public test set it is of.

JSON lines or a JSON list of objects with `id`, `question`, `answer` and optionally `aliases`: that reads HotpotQA,
2WikiMultiHopQA (`_id`), MuSiQue (`answer_aliases`, `answerable`) and Humanity's Last Exam (`image`) as they are.
CSV and workbooks are BrowseComp's and BrowseComp-ZH's encrypted ones (see sealed.py).
"""

import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...agent.llm.wire import is_array, is_object, load_json
from ...tools.clean import one_line
from ...tools.errors import ConfigError
from .cases import Case
from .sealed import Row, csv_rows, opened, workbook_rows

log = logging.getLogger("spadework")
Found = Generator[tuple[str, Case | str]]
"""Where a case stands, and the case, or why it is left out."""


def load_cases(file: Path) -> list[Case]:
    """The cases in a file; how many were left out, and why, is warned of.

    Raises ConfigError, one line that names file, line and mistake.
    """
    found: list[Case] = []
    places: dict[str, str] = {}
    skipped: Counter[str] = Counter()
    try:
        # All of it first: a mistake must not leave the file open.
        for place, case in [*_readers().get(file.suffix.lower(), _lines)(file)]:
            if isinstance(case, str):
                skipped[case] += 1
                continue
            if case.id in places:
                raise ConfigError(f"{file}, {place}: the id {case.id!r} is that of {places[case.id]}, too")
            places[case.id] = place
            found.append(case)
    except OSError as error:
        raise ConfigError(f"cannot read the suite {file}: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"{file}: {one_line(str(error), 200)}") from error
    if skipped:
        reasons = ", ".join(f"{count:,} {why}" for why, count in skipped.items())
        log.warning("%s: of %s cases %s; they are left out", file.name, f"{len(found) + skipped.total():,}", reasons)
    if not found:
        raise ConfigError(f"the suite {file} holds no cases")
    return found


def _readers() -> Mapping[str, Callable[[Path], Found]]:
    return {
        ".json": _list,
        ".csv": lambda file: _sealed(file, csv_rows(file), "problem"),
        ".xlsx": lambda file: _sealed(file, workbook_rows(file), "question"),
    }


def _lines(file: Path) -> Found:
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                place = f"line {number}"
                yield place, _at(file, place, lambda line=line: _plain(_loaded(line.removeprefix(b"\xef\xbb\xbf"))))


def _list(file: Path) -> Found:
    data = _loaded(file.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    if not is_array(data):
        raise ValueError("give a list of objects, or a file of JSON lines that is named .jsonl")
    for number, item in enumerate(data, start=1):
        place = f"item {number}"
        yield place, _at(file, place, lambda item=item: _plain(item))


def _sealed(file: Path, rows: Iterator[tuple[int, Row]], question: str) -> Found:
    for number, row in [*rows]:
        place = f"row {number}"
        yield place, _at(file, place, lambda row=row, number=number: _opened(row, number, question))


def _at(file: Path, place: str, read: Callable[[], Case | str]) -> Case | str:
    try:
        return read()
    except ValueError as error:
        raise ConfigError(f"{file}, {place}: {one_line(str(error), 200)}") from error


def _loaded(data: bytes) -> object:
    try:
        return load_json(data)
    except ValueError as error:
        raise ValueError(f"this is no JSON: {error}") from error


def _plain(data: object) -> Case | str:
    """One case. Raises ValueError that says what is wrong."""
    if not is_object(data):
        raise ValueError('give one object a line, such as {"id": "1", "question": "...", "answer": "..."}')
    if data.get("answerable") is False:
        return "cannot be answered"
    if data.get("image"):
        return "need their image"
    aliases: object = data.get("aliases") or data.get("answer_aliases") or []
    if not is_array(aliases):
        raise ValueError("aliases has to be a list of texts")
    return Case(
        id=_text("id", data["id"] if "id" in data else data.get("_id")),
        question=_text("question", data.get("question")),
        answer=_text("answer", data.get("answer")),
        aliases=tuple(_text("an alias", alias) for alias in aliases),
    )


def _opened(row: Row, number: int, question: str) -> Case:
    """One case of an encrypted set, which has no ids: its row is one."""
    for name in (question, "answer", "canary"):
        _text(name, row.get(name))
    canary = row["canary"]
    asked, answer = (_text(name, opened(row[name], canary)) for name in (question, "answer"))
    return Case(id=f"{number:04}", question=asked, answer=answer, canary=canary)


def _text(name: str, value: Any) -> str:
    """A text that says something; a number is one, too."""
    if value is None:
        raise ValueError(f"{name} is missing")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{name} has to be a text, not {type(value).__name__}")
    text = str(value).strip()
    if not text:
        raise ValueError(f"{name} is empty")
    return text
