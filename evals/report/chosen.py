"""Which runs a page opens: all of a small sweep; of a large one those that are most worth a look."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...tools.clean import one_line
from ...tools.errors import ConfigError
from ..runs.runs_file import Json, has_failed

MOST_RUNS = 1_000
ALL = "all"
MOST_BYTES = 6_000_000
"""Of the details of runs in one page: more than that is slow to open on a telephone."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: so many runs at most (None: all), and those of some questions alone."""

    runs: int | None = MOST_RUNS
    questions: tuple[str, ...] = ()

    @classmethod
    def of(cls, runs: str, questions: tuple[str, ...]) -> "Wanted":
        """As it stands on the command line. Raises ConfigError for what is no number."""
        if runs != ALL and not runs.isdecimal():
            raise ConfigError(f"--runs {one_line(runs, 40)!r}: give a number, or {ALL}")
        return cls(None if runs == ALL else int(runs), questions)

    @property
    def most_bytes(self) -> float:
        """A number of one's own, or some questions, are meant."""
        return MOST_BYTES if self.runs == MOST_RUNS and not self.questions else float("inf")


def in_order(lines: Sequence[Json], wanted: Wanted) -> list[Json]:
    """The runs that may be opened, those first that are most worth a look.

    These failed or broke a limit; or are of a question that some runs got right and others wrong, the wrong ones first;
    or are wrong. Raises ConfigError for a question that is not there.
    """
    own = _of(lines, wanted.questions)
    right: dict[str, set[object]] = {}
    for line in own:
        right.setdefault(line["id"], set()).add(line["correct"])

    def place(line: Json) -> int:
        if has_failed(line) or line["violations"]:
            return 0
        differs = {True, False} <= right[line["id"]]
        return (1 if differs else 2) + (2 if line["correct"] else 0)

    return sorted(own, key=place)[: None if wanted.questions else wanted.runs]


def _of(lines: Sequence[Json], questions: Iterable[str]) -> list[Json]:
    """The lines of some questions; of all where none is named."""
    named = set(questions)
    if missing := named - {line["id"] for line in lines}:
        name = one_line(min(missing), 60)
        raise ConfigError(f"--question {name!r}: there is no run of it; a report of all questions has their ids")
    return [line for line in lines if not named or line["id"] in named]
