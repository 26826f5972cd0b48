"""The cases of a suite: questions with the answers that count as right; and the bundled web, which has some."""

import re
from dataclasses import dataclass
from functools import lru_cache

from ...tools.clean import one_line
from ...tools.errors import ConfigError
from ..simulated.web import SimulatedWeb
from ..world.making import QUESTIONS, SEED, make_world

_BUNDLED = re.compile(r"bundled(?::([0-9]{1,9}))?(?::([0-9]{1,3}))?")
BUNDLED_FORM = "write bundled, bundled:SEED, or bundled:SEED:QUESTIONS with 1 to 999 questions of each tier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question, its answer, and other names of that answer. `canary` is that of a set that is published encrypted:
    nothing that tells the answer may be written down plain.
    """

    id: str
    question: str
    answer: str
    aliases: tuple[str, ...] = ()
    canary: str = ""

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
