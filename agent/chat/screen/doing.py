"""The parts of the screen that say what is being done: the plan, the calls, and what a model is at.

What is ours stands before what comes from outside, so that neither cutting nor writing from right to left moves it.
"""

from typing import TYPE_CHECKING

from ...money.budget import label
from ...terminal.gauges import REGIMES
from .cells import columns, cut, cut_at_words, shown
from .sheet import Lines, Sheet
from .view import Made

if TYPE_CHECKING:
    from rich.text import Text

    from ...state import Step

ROLES = {
    "planner": "planning",
    "searcher": "thinking about the next step",
    "verifier": "checking the proof",
    "judge": "choosing between answers",
}
NODES = {"converse": "reading your message"}
"""What is done in a node, where that says more than the role of its model."""
DOING = {"search": "searching", "browse": "reading", "tool": "calling"}
KINDS = {"search": "search", "browse": "read", "tool": "tool", "model": "model"}
STEPS = {"done": "green", "partial": "yellow", "failed": "red", "todo": "dim"}
SHARED, ALONE = "3 of 4 calls", "4 calls"
WIDE = 50
"""Columns from which on the calls of a step are told."""
CALLS = {
    "started": ("•", "*", "cyan"),
    "done": ("✓", "+", "green"),
    "failed": ("✗", "x", "red"),
    "refused": ("–", "-", "yellow"),
    "free": ("=", "=", "blue"),
}
SCARCE = {"LOW": "little left", "CRITICAL": "hardly anything left"}
"""What is told of the regime beside the gauges, which have its colour."""
FRAMES = ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "-\\|/")


def plan(sheet: Sheet, count: int) -> Lines:
    """The checklist; where there are fewer lines, what is around the step at hand."""
    steps, told = sheet.view.steps, ""
    if count < len(steps):
        at_hand = next((index for index, step in enumerate(steps) if step["state"] == "todo"), len(steps) - 1)
        first = max(0, min(at_hand - (count - 1) // 2, len(steps) - count))
        told = f"{sum(step['state'] == 'done' for step in steps)} of {len(steps)} done  " if count == 1 else ""
        steps = steps[first : first + count]
    return "plan", [_step(sheet, step, told) for step in steps]


def _step(sheet: Sheet, step: "Step", told: str) -> "Text":
    """A step: its mark, its number, the calls that it took of its share, what it is, and what came of it."""
    from rich.text import Text

    from ...nodes.board import MARKS

    mark, used, share = MARKS[step["state"]], step.get("used", 0), step.get("calls")
    line = Text(cut("  " * step["id"].count(".") + told, max(0, sheet.width - len(mark)), ""))
    line.append(mark, STEPS[step["state"]]).append(cut(f" {sheet.cut(step['id'], 8)}. ", sheet.room(line), ""))
    taken = f"{used} of {share} calls" if share is not None else f"{used} calls" if used else ""
    wide = len(SHARED if any("calls" in known for known in sheet.view.steps) else ALONE)
    line.append(cut(f"{taken:<{wide}}  " if sheet.width >= WIDE else "", sheet.room(line), ""), "dim")
    note = step.get("note", "")
    return line.append(sheet.cut(f"{step['text']}{' - ' if note else ''}{note}", sheet.room(line)))


def calls(sheet: Sheet, count: int) -> Lines:
    """The last calls, the newest at the bottom."""
    return "calls", [_call(sheet, call) for call in sheet.view.calls[-count:]]


def _call(sheet: Sheet, call: Made) -> "Text":
    from rich.text import Text

    mark, plain, style = CALLS[call.state]
    seconds = f"{(sheet.view.at if call.ended is None else call.ended) - call.began:.1f} s"
    line = Text().append(cut(f"{plain if sheet.ascii_only else mark} {KINDS[call.tool]:<6} ", sheet.width, ""), style)
    line.append(cut(f"{seconds:>6}  ", sheet.room(line), ""), "dim")
    told = call.detail
    if call.state == "started":
        told = "under way"
    elif call.state != "done" and told != "cached":
        told = f"{call.state}: {told.removeprefix(f'{call.state}: ')}"
    line.append(sheet.cut(told, sheet.room(line) * 3 // 5), "" if call.state == "done" else style)
    room = sheet.room(line) - 2
    return line.append("  ").append(sheet.cut(_plain(call), room), "dim") if room > 4 else line


def _plain(call: Made) -> str:
    """What was asked for; of an address what tells it from others."""
    return call.what.partition("://")[2] or call.what if call.tool == "browse" else call.what


def now(sheet: Sheet, count: int) -> Lines:
    """How long it has taken, whether little is left, and what is being done: as much of that as there is room for."""
    from rich.text import Text

    view, frames = sheet.view, FRAMES[sheet.ascii_only]
    # One frame a second: a waiting screen is drawn no more often than its seconds change.
    line = Text(cut(f"{frames[int(view.elapsed) % len(frames)]} {view.elapsed:.0f} s  ", sheet.width, ""))
    if view.regime in SCARCE:
        line.append(cut(f"{SCARCE[view.regime]}  ", sheet.room(line), ""), REGIMES[view.regime])
    what, *more = _doing(sheet, sheet.room(line))
    line.append(cut_at_words(what, sheet.room(line), sheet.more))
    for part in more:
        if columns(part) > sheet.room(line):
            break
        line.append(part)
    return "now", [line]


def _doing(sheet: Sheet, room: int) -> list[str]:
    """What is being done, in parts for so many columns; what matters most stands first."""
    view = sheet.view
    if view.pause is not None:
        return [f"waiting for you: no {label(view.pause.resource)} left"]
    if view.running:
        call = view.running[-1]
        more = f" (and {len(view.running) - 1} more)" if len(view.running) > 1 else ""
        known = [f"{DOING[call.tool]}{more}", f" {view.at - call.began:.0f} s"]
        left = room - columns("".join([*known, sheet.dot]))
        return [*known, f"{sheet.dot}{cut_at_words(shown(_plain(call)), left, sheet.more)}"] if left > 0 else known
    if view.thinking:
        asked = view.thinking[-1]
        told = [NODES.get(asked.node) or ROLES.get(asked.role) or shown(asked.role), f" {view.at - asked.began:.0f} s"]
        if asked.written:
            told.append(f"{sheet.dot}{asked.written:,} characters written")
        elif asked.prompt_chars:
            told.append(f"{sheet.dot}a prompt of {asked.prompt_chars:,} characters")
        return [*told, f"{sheet.dot}{shown(asked.model)}"] if asked.model else told
    if view.status is not None:
        return ["done"]
    return ["working" if view.calls or view.constraints else "starting"]
