"""The parts of the screen that say what is known: question, best answer, constraints with their proof, decision."""

import re
from typing import TYPE_CHECKING

from .cells import columns, cut, cut_at_words, folded, shown
from .sheet import Lines, Sheet
from .view import Standing, View

if TYPE_CHECKING:
    from rich.text import Text

FOUND: dict[Standing, tuple[str, str]] = {
    "proven": ("[x]", "green"),
    "snippet": ("[~]", "yellow"),
    "inference": ("[~]", "yellow"),
    "contradicted": ("[!]", "red"),
    "disputed": ("[!]", "red"),
    "open": ("[ ]", "dim"),
}
"""How a constraint is marked, and in which colour."""
STATUS = {"verified": "green", "supported": "yellow"}
OUTCOMES = {"CONTINUE": "dig deeper", "PIVOT": "pivot", "SUCCESS": "answer", "EXHAUSTED": "stop"}
WIDEST = max(map(len, FOUND))
LEAST = 12
"""Columns that a quote takes at least."""
ANSWER = "the answer"
"""What is asked, for short."""
NAMED = 40
"""Columns that the words of a constraint take at most in a reason."""
_ID = re.compile(r"\bc\d+\b")


def question_rows(sheet: Sheet) -> int:
    """The lines that the whole question takes."""
    return len(folded(shown(sheet.view.question), sheet.width))


def question(sheet: Sheet, count: int) -> Lines:
    """What was asked."""
    from rich.text import Text

    return "question", [Text(line, "bold") for line in sheet.block(sheet.view.question, count)]


def best(sheet: Sheet, count: int) -> Lines:
    """The best answer so far, and how it stands."""
    from rich.text import Text

    found = sheet.view.best
    if found is None:
        return "best", [Text("no answer yet", "dim")]
    demands = sheet.view.demands  # none are known yet where a run goes on that was stopped
    known = cut(f"{found.status}{f', {_proven(sheet)}' if demands else ''}  ", sheet.width, "")
    line = Text().append(known, STATUS.get(found.status, ""))
    return "best", [line.append(sheet.cut(found.answer, sheet.room(line)), "bold")]


def proof(sheet: Sheet, count: int) -> Lines:
    """The constraints, a line each; where there are fewer lines the open ones, on a single line their marks alone."""
    from rich.text import Text

    demands = sheet.view.demands
    if count == 1 < len(demands):
        line = Text(cut(_proven(sheet), sheet.width, ""))
        for item in demands:
            mark, style = FOUND[sheet.view.standing(item["id"])]
            line.append(f"  {mark}" if len(mark) + 2 <= sheet.room(line) else "", style)
        return "proof", [line]
    shown_ones = demands
    if count < len(demands):
        by_need = sorted(demands, key=lambda item: sheet.view.standing(item["id"]) == "proven")
        shown_ones = [item for item in demands if item in by_need[: count - 1]]
    lines = [_demand(sheet, item["id"], item["text"]) for item in shown_ones]
    hidden = len(demands) - len(shown_ones)
    return "proof", [*lines, *([Text(cut(f"and {hidden} more", sheet.width, ""), "dim")] if hidden else [])]


def _proven(sheet: Sheet) -> str:
    standings = [sheet.view.standing(item["id"]) for item in sheet.view.demands]
    return f"{standings.count('proven')} of {len(standings)} proven"


def _demand(sheet: Sheet, name: str, text: str) -> "Text":
    """A constraint: how the lead stands on it, what it says, and the words that show it."""
    from rich.text import Text

    from ...fresh import ASKED

    standing, found = sheet.view.standing(name), sheet.view.cell(name)
    mark, style = FOUND[standing]
    line = Text().append(cut(f"{mark} {standing:<{WIDEST}}  ", sheet.width, ""), style)
    room = sheet.room(line)
    quote = f'  "{shown(found.quote)}"' if found is not None and found.quote else ""
    text = ANSWER if text == ASKED else text
    line.append(sheet.cut(text, max(room * 2 // 5, room - columns(quote)) if quote else room))
    room = sheet.room(line)
    return line.append(cut(quote, room, sheet.more) if room >= LEAST else "", "dim")


def decided(sheet: Sheet, count: int) -> Lines:
    """The last decision, with its reason."""
    from rich.text import Text

    decision = sheet.view.decision
    if decision is None:
        return "decided", [Text("no decision yet", "dim")]
    word = OUTCOMES[decision["outcome"]]
    lines = [Text(line) for line in sheet.block(f"{word}: {in_words(sheet.view, decision['reason'])}", count)]
    lines[0].stylize("bold magenta", 0, len(word))
    return "decided", lines


def in_words(view: View, reason: str) -> str:
    """A reason of ours, in which constraints are named by what they say instead of by their ids."""
    names = {item["id"]: f"'{cut_at_words(shown(item['text']), NAMED)}'" for item in view.constraints} | {"c0": ANSWER}
    return _ID.sub(lambda found: names.get(found[0], found[0]), reason)
