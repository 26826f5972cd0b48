"""How difficult the questions of a bundled web are to be, and how untidy its pages."""

import re
from dataclasses import dataclass
from typing import Literal

from ...tools.clean import one_line
from ...tools.errors import ConfigError

Span = tuple[int, int | None]
"""The least and the most, both included; None for no most."""
Tier = Literal["hard", "plain"]
TIERS: tuple[Tier, ...] = ("hard", "plain")
MOST_CONSTRAINTS, MOST_HOPS = 12, 4
_SPAN = re.compile(r"([0-9]{1,5})(-)?([0-9]{1,5})?")
SPAN_FORM = "give a number such as 4, a span such as 3-5, or the least alone, 3-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difficulty:
    """What a world's questions demand and how much on its pages is wrong; the defaults are the usual world.

    Raises ConfigError for what no world can have.
    """

    constraints: Span = (4, 6)
    """Constraints of a question."""
    hops: Span = (1, None)
    """Steps of a question's longest path: "her cargo" is one, "the trade of her captain" two."""
    candidates: Span = (5, None)
    """Entities that each constraint leaves when it stands alone. It always rules out half of all unless a most is
    given."""
    contradictions: int | None = None
    """Pages that say something untrue; None for one in five of the things that gossip is about."""
    outdated: int | None = None
    """Pages that were true once; None for one town in three."""
    tier: Tier | None = None
    """The only tier that is asked for."""

    def __post_init__(self) -> None:
        for name, most in (("constraints", MOST_CONSTRAINTS), ("hops", MOST_HOPS), ("candidates", None)):
            _check(name, getattr(self, name), 2 if name != "hops" else 1, most)
        for name in ("contradictions", "outdated"):
            pages = getattr(self, name)
            if pages is not None and pages < 0:
                raise ConfigError(f"{name} is a number of pages, 0 or more, not {pages}")
        if self.tier not in (*TIERS, None):
            raise ConfigError(f"a tier is hard or plain, not {one_line(str(self.tier), 40)!r}")


def _check(name: str, span: Span, floor: int, ceiling: int | None) -> None:
    least, most = span
    top = least if most is None else most
    if not floor <= least <= top or (ceiling is not None and top > ceiling):
        lies = f"{floor} or more" if ceiling is None else f"within {floor} to {ceiling}"
        raise ConfigError(f"{name} {span_text(span)}: give the least first, and numbers that are {lies}")


def within(span: Span, number: int) -> bool:
    """Whether a number lies in a span."""
    return span[0] <= number and (span[1] is None or number <= span[1])


def span_of(text: str, name: str) -> Span:
    """A span as it is written: 4, 3-5 or 3-. Raises ConfigError."""
    found = _SPAN.fullmatch(text.strip())
    if found is None or (found[3] and not found[2]):
        raise ConfigError(f"{name} {one_line(text, 40)!r}: {SPAN_FORM}")
    least = int(found[1])
    return least, (int(found[3]) if found[3] else None if found[2] else least)


def span_text(span: Span) -> str:
    """A span as one writes it."""
    least, most = span
    return f"{least}-" if most is None else str(least) if least == most else f"{least}-{most}"


USUAL = Difficulty()
