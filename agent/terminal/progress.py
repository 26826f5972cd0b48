"""The live display of a run on stderr: what happens, one line each, above gauges of what is gone of each limit.

Where stderr is no terminal nothing is shown, and rich is not even imported.
"""

import sys
import textwrap
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...tools.clean import one_line
from ..money.budget import label, ordered
from .gauges import BAR, LABEL, REGIMES, bar, numbers
from .notices import told_to

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from ..events import CallEvent, Event, PlanEvent

COLOURS = {
    "search": "cyan",
    "read": "cyan",
    "model": "red",
    "note": "yellow",
    "found": "green",
    "decide": "bold magenta",
    "c": "blue",
    "plan": "blue",
    "tool": "cyan",
    "best": "bold green",
}
DOING = {"model": "thinking", "search": "searching", "browse": "reading", "tool": "calling"}
WHOLE = ("note", "best", "decide")
"""What to do, the best answer so far and what is decided, with its reason, are not cut at the edge of the terminal."""
SPARE = 4
"""Columns left free at the end of the last line: a terminal writes ^C there, which must not begin a line of its own."""
REFRESH_S = 0.125


@contextmanager
def progress(question: str, limits: Mapping[str, int]) -> "Generator[Callable[[Event], None]]":
    """Show a run while it goes on; what this gives is to be told its events. `limits` are in the ledger's units."""
    if not sys.stderr.isatty():
        yield lambda event: None
        return
    from rich.console import Console

    display = Display(question, limits, Console(stderr=True, highlight=False))
    with display.shown():
        yield display.on_event


class Teller:
    """Tells events as (mark, text) lines, each new thing once."""

    def __init__(self) -> None:
        self._told: set[str] = {"c0"}

    def lines(self, event: "Event") -> list[tuple[str, str]]:
        """What there is to say about an event; nothing for most."""
        if event.kind == "plan":
            return self._plan(event)
        if event.kind == "call":
            return self._again(event) if event.again else _call(event)
        if event.kind == "finding":
            quote = f' "{event.quote}"' if event.quote else ""
            return [("found", f"{event.candidate}: {event.constraint} {event.verdict} ({event.proof}){quote}")]
        if event.kind == "best":
            return [("best", f"{event.answer} ({event.status}), proven: {' '.join(event.proven) or 'nothing yet'}")]
        if event.kind == "decision":
            return [("decide", f"{event.decision['outcome']}: {event.decision['reason']}")]
        return []

    def _again(self, event: "CallEvent") -> list[tuple[str, str]]:
        """A call that is made once more in another way: every role may find out the same."""
        if event.detail in self._told:
            return []
        self._told.add(event.detail)
        return [("note", event.detail)]

    def _plan(self, event: "PlanEvent") -> list[tuple[str, str]]:
        lines: list[tuple[str, str]] = []
        for constraint in event.constraints:
            if constraint["id"] not in self._told:
                lines.append((constraint["id"], constraint["text"]))
            elif (dropped := constraint.get("dropped")) and f"{constraint['id']} dropped" not in self._told:
                self._told.add(f"{constraint['id']} dropped")
                lines.append((constraint["id"], f"dropped: {dropped}"))
        lines += [("plan", step["text"]) for step in event.steps if f"step {step['id']}" not in self._told]
        self._told |= {constraint["id"] for constraint in event.constraints}
        self._told |= {f"step {step['id']}" for step in event.steps}
        return lines


def _call(event: "CallEvent") -> list[tuple[str, str]]:
    if event.state == "started" or (event.tool == "model" and event.state == "done"):
        return []
    if event.tool == "search":
        done = event.detail if event.state == "done" else _trouble(event).removeprefix(f"{event.what} ")
        return [("search", f"{event.what}: {done}")]
    if event.tool == "browse":
        return [("read", f"{event.detail} {event.what}" if event.state == "done" else _trouble(event))]
    if event.tool == "tool":
        return [("tool", f"{event.what}: {event.detail}" if event.state == "done" else _trouble(event))]
    return [("model", _trouble(event))]


def _trouble(event: "CallEvent") -> str:
    return f"{event.what} {event.state}: {event.detail.removeprefix(f'{event.state}: ')}"


class Display:
    """The display of one run. Events may come from any thread; only the display's own thread writes.

    rich's live display leaves lines behind when one thread prints while another one refreshes it.
    """

    def __init__(self, question: str, limits: Mapping[str, int], console: "Console") -> None:
        from rich.live import Live

        self.console = console
        self._question = one_line(question)
        self._limits = dict(limits)
        self._gone: dict[str, int] = {}
        self._regime = ""
        self._outlook = ""
        self._running: list[tuple[str, str]] = []
        self._teller = Teller()
        self._lines: list[tuple[str, str]] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._started = time.monotonic()
        self._live = Live(
            console=console,
            get_renderable=self.render,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    @contextmanager
    def shown(self) -> Generator[None]:
        """Show the display while the block runs; at its end the gauges go and the lines stay."""
        writer = threading.Thread(target=self._write, name="spadework-progress", daemon=True)
        with told_to(self.notice), self._live:
            writer.start()
            try:
                yield
            finally:
                self._over.set()
                writer.join()

    def on_event(self, event: "Event") -> None:
        """Take an event in: a line above the gauges, or a change of what they show."""
        with self._lock:
            if event.kind == "spend":
                self._limits, self._gone, self._regime = dict(event.limits), dict(event.gone), event.regime
                self._outlook = event.outlook
            elif event.kind == "call":
                self._note(event)
            self._lines += self._teller.lines(event)

    def notice(self, text: str) -> None:
        """Show a line of text that belongs to no event."""
        with self._lock:
            self._lines.append(("note", text))

    def _write(self) -> None:
        from rich.console import Group

        told = False
        while True:
            over = self._over.wait(REFRESH_S)
            with self._lock:
                lines, self._lines = self._lines, []
            if lines:
                told = True
                self.console.print(Group(*(self._line(mark, text) for mark, text in lines)))
            if over:
                if told or self.console.is_dumb_terminal:
                    # What follows, mostly the answer, stands apart, also from a ^C that was typed.
                    self.console.print()
                return
            self._live.refresh()

    def render(self) -> "RenderableType":
        """What is being done now, and the gauges."""
        from rich.console import Group
        from rich.text import Text

        with self._lock:
            elapsed = time.monotonic() - self._started
            parts = [self._doing(elapsed)]
            if not self._gone:
                parts.insert(0, Text(self._question, style="bold", no_wrap=True, overflow="ellipsis"))
            gone = {**self._gone, "ms": int(elapsed * 1000)}
            parts += [self._gauge(name, gone.get(name, 0)) for name in ordered(self._limits)]
            if self._outlook:
                room = max(10, self.console.width - SPARE)
                parts += [Text(line, style="dim", no_wrap=True) for line in textwrap.wrap(self._outlook, room)]
        return Group(*parts)

    def _note(self, event: "CallEvent") -> None:
        call = (event.tool, event.what)
        if event.state == "started":
            self._running.append(call)
        elif call in self._running:
            self._running.remove(call)

    def _line(self, mark: str, text: str) -> "Text":
        from rich.text import Text

        line = Text(overflow="fold") if mark in WHOLE else Text(no_wrap=True, overflow="ellipsis")
        style = COLOURS.get(mark) or COLOURS.get(mark[0], "")
        return line.append(f"{mark:<7}", style).append(one_line(text, 1_000))

    def _doing(self, elapsed: float) -> "Text":
        from rich.text import Text

        tool, what = self._running[-1] if self._running else ("", "")
        shown = {"": "starting" if elapsed < 3 and not self._gone else "working", "model": f"thinking ({what})"}
        text = shown.get(tool) or f"{DOING[tool]} {what}"
        more = f" and {len(self._running) - 1} more" if len(self._running) > 1 else ""
        frames = "-\\|/" if self.console.options.ascii_only else "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
        line = Text(frames[int(elapsed * 8) % len(frames)] + " ", no_wrap=True, overflow="ellipsis")
        line.append(f"{elapsed:.0f} s ")
        if self._regime:
            line.append(f"{self._regime} ", REGIMES.get(self._regime, ""))
        return line.append(one_line(text + more, 400), "dim")

    def _gauge(self, name: str, gone: int) -> "Text":
        from rich.text import Text

        limit = self._limits[name]
        told = numbers(name, gone, limit)
        # A further tool may have a long name: it is cut before the numbers are.
        longest = max(LABEL, *(len(label(known)) for known in self._limits))
        wide = min(longest, max(LABEL, self.console.width // 2))
        room = min(BAR, self.console.width - wide - len(told) - 2 - SPARE)
        line = Text(f"{label(name)[:wide]:<{wide}} ", no_wrap=True, overflow="ellipsis")
        if room >= 4:
            style = "green" if gone < 0.7 * limit else "yellow" if gone < 0.9 * limit else "red"
            drawn = bar(gone, limit, room, style=style, ascii_only=self.console.options.ascii_only)
            line.append_text(drawn).append(" ")
        return line.append(told)
