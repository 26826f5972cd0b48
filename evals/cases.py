"""The cases of a suite: questions with the answers that count as right, from a file or of the bundled web."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..agent.llm.wire import is_array, is_object, load_json
from ..tools.clean import one_line
from ..tools.errors import ConfigError
from .simulated_web import SimulatedWeb
from .world import QUESTIONS, SEED, make_world

_BUNDLED = re.compile(r"bundled(?::([0-9]{1,9}))?(?::([0-9]{1,3}))?")
BUNDLED_FORM = "write bundled, bundled:SEED, or bundled:SEED:QUESTIONS with 1 to 999 questions of each tier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question, its answer, and other names of that answer."""

    id: str
    question: str
    answer: str
    aliases: tuple[str, ...] = ()

    @property
    def expected(self) -> tuple[str, ...]:
        return (self.answer, *self.aliases)


@dataclass(frozen=True, slots=True)
class Bundled:
    """A bundled web, by what it is made from: a seed, and how many questions of each tier are looked for."""

    seed: int = SEED
    questions: int = QUESTIONS

    @property
    def suite(self) -> str:
        """The one name that the suite has in every line of results."""
        many = f":{self.questions}" if self.questions != QUESTIONS else ""
        return f"bundled:{self.seed}{many}"

    def cases(self) -> list[Case]:
        """Its questions, the hard ones first."""
        return [
            Case(id=item.id, question=item.text, answer=item.answer, aliases=item.aliases)
            for item in web_of(self).world.questions
        ]


def bundled_of(suite: str) -> Bundled | None:
    """The bundled web that a suite names; None for a file. Raises ConfigError for a name that is nearly one."""
    if suite != "bundled" and not suite.startswith("bundled:"):
        return None
    found = _BUNDLED.fullmatch(suite)
    if found is None or (found[2] is not None and not int(found[2])):
        raise ConfigError(f"the suite {one_line(suite, 60)!r} is none: {BUNDLED_FORM}")
    return Bundled(int(found[1] or SEED), int(found[2] or QUESTIONS))


@lru_cache(maxsize=4)
def web_of(bundled: Bundled) -> SimulatedWeb:
    """The web itself, made once in a process: it takes a second, with 100 questions of each tier most of a minute."""
    return SimulatedWeb(make_world(bundled.seed, questions=bundled.questions))


def load_cases(file: Path) -> list[Case]:
    """The cases in a file of JSON lines with id, question, answer and optionally aliases; other keys are left aside.

    The `_id` of HotpotQA's files is an id, too. Raises ConfigError, one line that names file, line and mistake.
    """
    found: list[Case] = []
    lines: dict[str, int] = {}
    try:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                try:
                    case = _case(line.removeprefix(b"\xef\xbb\xbf"))
                    if case.id in lines:
                        raise ValueError(f"the id {case.id!r} is that of line {lines[case.id]}, too")
                except ValueError as error:
                    raise ConfigError(f"{file}, line {number}: {one_line(str(error), 200)}") from error
                lines[case.id] = number
                found.append(case)
    except OSError as error:
        raise ConfigError(f"cannot read the suite {file}: {error.strerror or error}") from error
    if not found:
        raise ConfigError(f"the suite {file} holds no cases")
    return found


def _case(line: bytes) -> Case:
    """One case. Raises ValueError that says what is wrong."""
    try:
        data: object = load_json(line)
    except ValueError as error:
        raise ValueError(f"this is no JSON: {error}") from error
    if not is_object(data):
        raise ValueError('give one object a line, such as {"id": "1", "question": "...", "answer": "..."}')
    aliases: object = data.get("aliases") or []
    if not is_array(aliases):
        raise ValueError("aliases has to be a list of texts")
    return Case(
        id=_text("id", data["id"] if "id" in data else data.get("_id")),
        question=_text("question", data.get("question")),
        answer=_text("answer", data.get("answer")),
        aliases=tuple(_text("an alias", alias) for alias in aliases),
    )


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
