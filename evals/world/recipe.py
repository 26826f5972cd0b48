"""What a bundled web is made from, and the one name that it has: `20`, `20:100` or `20,pages=2000,hops=3,tier=hard`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ...tools.clean import one_line
from ...tools.errors import ConfigError
from .difficulty import USUAL, Difficulty, span_of, span_text
from .making import BASE, PAGES, QUESTIONS, SEED, World, check_pages, make_world

_SPANS = ("constraints", "hops", "candidates")
_NUMBERS = ("pages", "questions", "contradictions", "outdated")
PARTS = ("pages", "questions", *_SPANS, "contradictions", "outdated", "tier", "balance")
"""The named parts, in the order in which a name has them."""
_NAME = re.compile(r"([0-9]{1,9})?(?::([0-9]{1,3}))?((?:,[^,]*)*)")
_NUMBER = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A world, by what it is made from: seed, questions looked for in each tier, pages, and how difficult it is to be.

    `balance` spreads the questions evenly over kinds, numbers of constraints and hops; left out, it does so for any
    world that is not of the usual size and difficulty. Raises ConfigError for a size or number that cannot be.
    """

    seed: int = SEED
    questions: int = QUESTIONS
    pages: int = PAGES
    difficulty: Difficulty = USUAL
    balance: bool | None = None

    def __post_init__(self) -> None:
        check_pages(self.pages)
        if not 0 <= self.questions <= 999:
            raise ConfigError(f"a world is asked for 0 to 999 questions of each tier, not {self.questions}")
        object.__setattr__(self, "balance", self._balances if self.balance is None else self.balance)

    def make(self, base: str = BASE) -> World:
        """The world itself. Raises ConfigError where its difficulty cannot be had."""
        return make_world(
            self.seed,
            self.pages,
            base,
            questions=self.questions,
            difficulty=self.difficulty,
            balance=bool(self.balance),
        )

    def make_pages(self, base: str = BASE) -> World:
        """The world without its questions, which takes a fraction of the time; its pages are the same."""
        return make_world(self.seed, self.pages, base, questions=0, difficulty=self.difficulty)

    @property
    def _balances(self) -> bool:
        return self.pages != PAGES or self.difficulty != USUAL

    @property
    def name(self) -> str:
        """The one name: what is as usual is left out."""
        many = f":{self.questions}" if self.questions != QUESTIONS else ""
        told = {} if self.pages == PAGES else {"pages": str(self.pages)}
        for field in fields(self.difficulty):
            value = getattr(self.difficulty, field.name)
            if value != getattr(USUAL, field.name):
                told[field.name] = span_text(value) if field.name in _SPANS else str(value)
        if self.balance != self._balances:
            told["balance"] = "on" if self.balance else "off"
        return f"{self.seed}{many}" + "".join(f",{part}={told[part]}" for part in PARTS if part in told)


def recipe_of(name: str) -> dict[str, Any] | None:
    """What a name says of a recipe, as arguments of Recipe; None if it is not formed like a name.

    Raises ConfigError for a part that is unknown, given twice, or has a value that cannot be.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    given: dict[str, str] = {"questions": found[2]} if found[2] else {}
    for part in found[3].split(",")[1:]:
        key, equals, value = part.partition("=")
        if not equals or key not in PARTS:
            raise ConfigError(
                f"{one_line(part, 40)!r} is no part of a world's name: give {', '.join(PARTS)} as part=value"
            )
        if key in given:
            raise ConfigError(f"{key} is given twice in the world {one_line(name, 80)!r}")
        given[key] = value
    return {"seed": int(found[1] or SEED), **recipe_parts(given)}


def recipe_parts(given: Mapping[str, str]) -> dict[str, Any]:
    """Named parts in their written form, as arguments of Recipe. Raises ConfigError."""
    read: dict[str, Any] = {key: _value(key, text.strip()) for key, text in given.items()}
    top = {key: read.pop(key) for key in ("pages", "questions", "balance") if key in read}
    return {**top, "difficulty": Difficulty(**read)}


def _value(key: str, text: str) -> Any:
    if key in _SPANS:
        return span_of(text, key)
    if key in _NUMBERS:
        if not _NUMBER.fullmatch(text):
            raise ConfigError(f"{key} {one_line(text, 40)!r}: give a number")
        return int(text)
    if key == "balance":
        if text not in ("on", "off"):
            raise ConfigError(f"balance {one_line(text, 40)!r}: give on or off")
        return text == "on"
    return text
