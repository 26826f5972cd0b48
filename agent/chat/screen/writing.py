"""The part of the screen that shows what a model is writing; of what it writes for a program the words alone."""

import re

from ...llm.partial import field_so_far, values_so_far
from .cells import folded, shown
from .sheet import Lines, Sheet
from .view import Thinking

SAYS = {"talk": "says", "question": "asks"}
"""The fields of a reply to a message that are worth watching, and what a model does with them."""
CALLED = {"search": "for a search", "browse": "to read", "record": "to note", "answer": "to answer"}
"""What a model asks for when it calls a tool."""
MARKS = ("id", "kind", "form", "verdict", "constraint", "state", "step", "under", "decision", "correct", "url")
"""The fields of what a model writes for a program that hold no words for people."""
_JSON = re.compile(r'(?:```\w*\s*)?[{\[]\s*(?:["{\[]|$)')
_CALL = re.compile(r"^([\w.-]+) (?=\s*(?:\{|$))", re.MULTILINE)


def writes(sheet: Sheet, count: int) -> Lines:
    """The end of what a model is writing, where that is told."""
    from rich.text import Text

    asked = sheet.view.thinking[-1] if sheet.view.thinking else None
    if asked is None or not asked.tail:
        return "", []
    does, said = _in_words(asked, sheet.dot)
    lines = folded(shown(said), sheet.width)[-count:]
    return does, [Text(line, "dim italic" if asked.part == "thought" else "dim") for line in lines]


def _in_words(asked: Thinking, dot: str) -> tuple[str, str]:
    """What a model does, and the words that it does it with."""
    text = asked.tail
    if asked.part == "thought":
        return "thinks", text
    if asked.part == "call":
        return "asks", _called(text, dot)
    begins = _JSON.search(text)
    if begins is None:
        return "writes", text
    json = text[begins.start() :]
    for name, says in SAYS.items() if asked.node == "converse" else ():
        if said := field_so_far(json, name):
            return says, said
    return "writes", dot.join(values_so_far(json, MARKS)) or text[: begins.start()]


def _called(text: str, dot: str) -> str:
    """The last call of a tool: its arguments stand behind its name, a line for each call."""
    calls = list(_CALL.finditer(text))
    name, arguments = (calls[-1][1], text[calls[-1].end() :]) if calls else ("a tool", text)
    asks, said = CALLED.get(name, f"for {name}"), dot.join(values_so_far(arguments, MARKS))
    return f"{asks}: {said}" if said else asks
