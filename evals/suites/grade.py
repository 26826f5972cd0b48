"""Whether an answer is right: it is an expected one, once spelling that carries no meaning is evened out.

Even: case, a leading article, punctuation, white space, ways to write the same characters, and thousands separators.
Numbers and days are compared by what they mean (quantities.py). Nothing fuzzier: other words, accents, word order and
units are differences.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal

from ...tools.clean import clean
from .quantities import same_day, same_quantity

Rule = Literal["match", "no match", "empty"]
ANY_OF_ITS_RUNS = "parallel-pass"
"""Strategies that begin so are right where any of their runs is (pass@k)."""
ARTICLES = ("a", "an", "the")
_GROUPED = re.compile(r"(?<!\d)(?<!\d[.,])\d{1,3}([,'’\u00a0\u2009\u202f])\d{3}(?:\1\d{3})*(?!\d)(?!,\d)")
_MINUS = re.compile(r"(?<!\w)[-‐‑‒–—−](?=\d)")
_SILENT = re.compile(r"['’ʼ`´]|\.(?!\d)")
_BEFORE_NUMBER = re.compile(r"(?<=[^\W\d])\.(?=\d)")
_KEPT = "%#."
"""Punctuation that carries meaning: 5% is not 5, C# is not C, and what is left of full stops are decimal points."""
_YES_NO = re.compile(r"\W*(yes|no)\W*(?:[.,;:!]|\s[-–—]\s|—|$)", re.IGNORECASE)


def normalised(text: str) -> str:
    """The form in which answers are compared.

    >>> normalised("The  U.S. had 1,234 “boats”.")
    'us had 1234 boats'
    """
    text = _GROUPED.sub(lambda found: re.sub(r"\D", "", found[0]), clean(text))
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    text = _BEFORE_NUMBER.sub(" ", _SILENT.sub("", text))
    # A minus sign is put where no punctuation is dropped any more.
    minus = "\N{SUPERSCRIPT MINUS}"
    text = "".join(" " if _is_gap(char) else char for char in _MINUS.sub(minus, text)).replace(minus, "-")
    words = text.split()
    rest = words[1:] if words and words[0] in ARTICLES else words
    return " ".join(rest or words)


def matches(answer: str, expected: Iterable[str]) -> bool:
    """Whether the answer is one of the expected ones. Where yes or no is expected, its first word may say so alone.

    >>> matches("Yes, both were.", ["yes"]), matches("No one knows.", ["no"])
    (True, False)
    """
    given, lead = normalised(answer), _YES_NO.match(answer)
    said = {given, lead[1].casefold()} if lead else {given}

    def is_one(item: str) -> bool:
        wanted = normalised(item)
        if wanted == given or (wanted in ("yes", "no") and wanted in said):
            return True
        return same_quantity(given, wanted) or same_day(clean(answer), clean(item))

    return bool(given) and any(is_one(item) for item in expected)


def is_right(strategy: str, answer: str, answers: Sequence[str], expected: Iterable[str]) -> bool:
    """Whether a run is right: by its answer, or by any of its parallel `answers` where the strategy is judged so."""
    return graded(answers_of(strategy, answer, answers), expected) == "match"


def answers_of(strategy: str, answer: str, answers: Sequence[str]) -> tuple[str, ...]:
    """What is graded of a run, each answer once. One that says nothing is none."""
    given = (answer, *answers) if strategy.startswith(ANY_OF_ITS_RUNS) else (answer,)
    return tuple(dict.fromkeys(item for item in given if normalised(item)))


def graded(given: Sequence[str], expected: Iterable[str]) -> Rule:
    """What this module can say of the answers of a run: that one is right, that there is none, or nothing more."""
    wanted = tuple(expected)
    if any(matches(item, wanted) for item in given):
        return "match"
    return "no match" if given else "empty"


def _is_gap(char: str) -> bool:
    return unicodedata.category(char).startswith("P") and char not in _KEPT
