"""Names for the bundled web, made up from parts, with look-alikes on purpose."""

import random
import re
from collections.abc import Sequence

from .text import lines, words

_TEXT = "names"
MONTHS = words(_TEXT, "months")
_COLOURS = words(_TEXT, "colours")
_NUMERALS = words(_TEXT, "numerals")


def slug(name: str) -> str:
    """A name as a part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", "")).strip("-")


def _smooth(name: str) -> str:
    """A name put together from parts, without the seams: "A Acrobat", "Elllow", "Watchmans"."""
    name = re.sub(r"\bA (?=[AEIOU])", "An ", name)
    return re.sub(r"mans\b", "men", re.sub(r"(\w)\1\1", r"\1\1", name))


class Names:
    """Hands out names from a seeded generator; no two alike within a kind unless a namesake is made on purpose.

    `many` is for a world so large that it needs more parts to make names from.
    """

    def __init__(self, rng: random.Random, many: bool = False) -> None:
        self._rng = rng
        self._many = many
        self._used: set[tuple[str, str]] = set()
        self._towns: list[str] = []
        self._surnames: list[str] = []

    def _fresh(self, kind: str, shapes: Sequence[str], **parts: Sequence[str]) -> str:
        for tries in range(600):
            name = self._rng.choice(shapes).format(**{key: self._rng.choice(values) for key, values in parts.items()})
            name = _smooth(name)
            # A crowded kind goes on with numbered names, as ships and bands do.
            if tries > 60:
                name = f"{name} {_NUMERALS[tries % len(_NUMERALS)]}"
            if (kind, name) not in self._used:
                self._used.add((kind, name))
                return name
        raise ValueError(f"no free name left for a {kind}")

    def _parts(self, heading: str) -> list[str]:
        return [*words(_TEXT, heading), *(words(_TEXT, f"more {heading}") if self._many else ())]

    def river(self) -> str:
        return self._fresh("river", ("{r}", "{r} Water", "Little {r}"), r=words(_TEXT, "rivers"))

    def region(self) -> str:
        return self._fresh("region", lines(_TEXT, "region"))

    def town(self) -> str:
        """One town in four looks like another: Tarnby, Upper Tarnby, Tarnby Regis."""
        if self._towns and self._rng.random() < 0.25:
            return self._fresh("town", ("Upper {t}", "Little {t}", "{t} Regis"), t=self._towns[-9:])
        name = self._fresh("town", ("{h}{l}",), h=self._parts("place heads"), l=self._parts("place tails"))
        self._towns.append(name)
        return name

    def person(self, woman: bool) -> str:
        """One person in three bears a surname that somebody else has too."""
        if len(self._surnames) > 5 and self._rng.random() < 0.35:
            surname = self._rng.choice(self._surnames[-20:])
        else:
            head = self._rng.choice(self._parts("surname heads"))
            surname = _smooth(head + self._rng.choice(["", *self._parts("surname tails")]))
            self._surnames.append(surname)
        return self._fresh("person", ("{f} {s}",), f=words(_TEXT, "women" if woman else "men"), s=[surname])

    def ship(self) -> str:
        return self._fresh("ship", ("{a} {b}",), a=self._parts("ship epithets"), b=self._parts("ship nouns"))

    def work(self, kind: str) -> str:
        """A book, painting, band, dish, prize or festival, in one of the shapes that such names have."""
        return self.made_of(kind, *lines(_TEXT, kind))

    def made_of(self, kind: str, *shapes: str) -> str:
        """A name of given shapes, as for a yard ("Osk & Daughters") or a building ("{n} Lighthouse")."""
        nouns = self._parts("nouns")
        return self._fresh(
            kind,
            shapes,
            a=nouns,
            b=nouns,
            c=_COLOURS,
            d=_COLOURS,
            m=MONTHS,
            n=self._surnames,
            t=self._towns,
        )
