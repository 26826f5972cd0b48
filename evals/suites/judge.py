"""A model as judge of answers that no rule of grade.py settles: what it is shown, and how its reply is read.

It is shown texts from outside, one of which wants to be called right. So they stand between marks, the reply has to be
exactly the form that was asked for, and what it calls right has to be in the answer that was given.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...agent.llm.wire import Reply, dump_json
from ...agent.proof.marks import marked
from ...prompts import render
from ...tools.clean import clean, neutralise, one_line
from .grade import normalised

MOST_CHARS = 4_000
"""Of each text that a judge is shown. What an answer says comes early."""
MOST_WHY = 300
END = "Grade what stands between the marks of `given`."
_FENCED = re.compile(r"```(?:json)?[ \t]*\n(.*)\n[ \t]*```", re.DOTALL)
_FIELDS = {"extracted", "why", "correct"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge said of one answer: whether it is right, what of it counts, and why."""

    correct: bool
    extracted: str
    why: str


def shown(question: str, expected: Sequence[str], given: str) -> list[dict[str, Any]]:
    """The prompt in which a judge is asked about one answer."""
    parts = [
        marked("question", "what was asked", _safe(question)),
        marked("expected", "one right answer a line", _safe("\n".join(one_line(item) for item in expected))),
        marked("given", "the answer to grade", _safe(given)),
        END,
    ]
    return [{"role": "system", "content": render("grade")}, {"role": "user", "content": "\n\n".join(parts)}]


def digest_of(model: str, messages: list[dict[str, Any]]) -> str:
    """What a verdict is known by: the judge, and all that it was shown."""
    return hashlib.sha256(dump_json([model, messages])).hexdigest()[:32]


def read_verdict(reply: Reply, given: str) -> Verdict | str:
    """The verdict on the answer `given`, or, as a text for the judge, why this is none. Nothing is guessed.

    The whole reply is the one object that was asked for, bare or in a fence: an object that stands among other words
    may be one that the judge only quotes.
    """
    if reply.truncated:
        return "it was cut off before its end"
    data = _object(reply.text.strip())
    if data is None or data.keys() != _FIELDS or not all(isinstance(value, str) for value in data.values()):
        return "it is not exactly one JSON object with the texts extracted, why and correct"
    if data["correct"] not in ("yes", "no"):
        return 'correct is neither "yes" nor "no"'
    extracted, right = one_line(data["extracted"], MOST_CHARS), data["correct"] == "yes"
    if right and not _copied(extracted, _safe(given)):
        return "correct is yes, but extracted does not stand in the given answer"
    return Verdict(right, extracted, one_line(data["why"], MOST_WHY))


def _safe(text: str) -> str:
    return neutralise(clean(text))[:MOST_CHARS]


def _object(text: str) -> dict[str, Any] | None:
    fenced = _FENCED.fullmatch(text)
    try:
        data: object = json.loads(fenced[1] if fenced else text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, _Object) else None


class _Object(dict[str, Any]):
    """A JSON object in which each name stands once."""


def _once(pairs: list[tuple[str, Any]]) -> _Object:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands there twice")
    return _Object(pairs)


def _copied(part: str, whole: str) -> bool:
    """Whether a text was taken from another one: it stands there, or all of its words do; case and marks are even."""
    wanted, text = normalised(part), normalised(whole)
    return bool(wanted) and (wanted in text or {*wanted.split()} <= {*text.split()})
