"""The cases of a suite: questions with the answers that count as right; and the bundled web, which has some."""

from dataclasses import dataclass
from functools import lru_cache

from ...tools.clean import one_line
from ...tools.errors import ConfigError
from ..simulated.web import SimulatedWeb
from ..world.recipe import PARTS, Recipe, recipe_of

BUNDLED_FORM = (
    "write bundled, bundled:SEED, or bundled:SEED:QUESTIONS with 1 to 999 questions of each tier; "
    f"any of {', '.join(PARTS)} may follow, as in bundled:20,pages=2000,hops=3"
)


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
class Bundled(Recipe):
    """A bundled web as a suite of questions, by what it is made from."""

    @property
    def suite(self) -> str:
        """The one name that the suite has in every line of results."""
        return f"bundled:{self.name}"

    def cases(self) -> list[Case]:
        """Its questions, the hard ones first."""
        return [
            Case(id=item.id, question=item.text, answer=item.answer, aliases=item.aliases)
            for item in web_of(self).world.questions
        ]


def bundled_of(suite: str) -> Bundled | None:
    """The bundled web that a suite names; None for a file. Raises ConfigError for a name that is nearly one."""
    if suite != "bundled" and not suite.startswith(("bundled:", "bundled,")):
        return None
    rest = suite.removeprefix("bundled")
    parts = None if rest == ":" else recipe_of(rest.removeprefix(":"))
    if parts is None or parts.get("questions") == 0 or rest.startswith("::"):
        raise ConfigError(f"the suite {one_line(suite, 60)!r} is none: {BUNDLED_FORM}")
    return Bundled(**parts)


@lru_cache(maxsize=4)
def web_of(bundled: Bundled) -> SimulatedWeb:
    """The web itself, made once in a process: it takes a second, with 100 questions of each tier most of a minute."""
    return SimulatedWeb(bundled.make())


def web_named(suite: str) -> SimulatedWeb:
    """The same by the suite's name. Raises ConfigError."""
    bundled = bundled_of(suite)
    if bundled is None:
        raise ConfigError(f"the suite {one_line(suite, 60)!r} is no bundled web: {BUNDLED_FORM}")
    return web_of(bundled)
