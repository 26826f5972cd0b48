"""The screen of a running question: a live region that goes when the run ends, and the few lines that stay.

Where there is no terminal only those few lines are written; on one that cannot move its cursor all that happens is,
a line each.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ...terminal.notices import as_a_bug, debugging, told_to
from ...terminal.progress import Teller
from .cells import folded, shown
from .kept import Keeper, Kept
from .keyboard import unseen
from .painter import Painter
from .region import lay_out
from .suspending import suspending
from .view import View

if TYPE_CHECKING:
    from rich.console import Console, ConsoleDimensions
    from rich.text import Text

    from ...events import Event

REFRESH_S = 0.125
CALM = 3
"""Looks at a terminal of the same size after which it has come to rest."""
MARK = 11
"""Columns of what a line that stays is about."""
MOST_CHARS = 1_000
WIDEST = 120
"""Columns of the region at most: longer lines are hard to read."""

Clock = Callable[[], float]


@contextmanager
def watching(
    question: str,
    limits: Mapping[str, int],
    console: "Console",
    *,
    clock: Clock = time.monotonic,
    view: View | None = None,
) -> "Generator[Watch]":
    """Show a run while the block goes on; what this gives is to be told its events.

    limits are in the ledger's units. view: that of the same question before it was stopped, which goes on.
    """
    watch = Watch(console, View(question, dict(limits)) if view is None else view, clock)
    with told_to(watch.notice), watch.shown():
        yield watch


class Watch:
    """The screen of one run. Events may come from any thread; only the screen's own thread writes."""

    def __init__(self, console: "Console", view: View, clock: Clock = time.monotonic) -> None:
        self.view = view
        self._console = console
        self._clock = clock
        self._moves = console.is_terminal and not console.is_dumb_terminal and not console.legacy_windows
        self._painter = Painter(console)
        self._keeper = Keeper(view)
        self._teller = Teller() if console.is_terminal and not self._moves else None
        self._waited = 0.0 if view.began is None else clock() - view.at
        self._kept: list[Kept] = []
        self._changed = True
        self._drawn: tuple[int, ConsoleDimensions] | None = None
        self._size, self._restless = console.size, 0
        self._writer: threading.Thread | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        view.tick(self._now())

    def on_event(self, event: "Event") -> None:
        """Take an event in."""
        with self._lock:
            self.view.take(event, self._now())
            if self._teller is None:
                self._kept += self._keeper.lines(event)
            else:
                self._kept += [(mark, "", text) for mark, text in self._teller.lines(event)]
            self._changed = True

    def notice(self, text: str) -> None:
        """Show a line of text that belongs to no event, and stays."""
        with self._lock:
            self._kept.append(("note", "yellow", text))

    @contextmanager
    def shown(self) -> Generator[None]:
        """Show the screen while the block runs. At its end the region is gone, and what stays is above."""
        self._start()
        try:
            with suspending(self._stop, self._start):
                yield
        finally:
            self._stop()

    def _start(self) -> None:
        self._over.clear()
        self._changed = True
        self._writer = threading.Thread(target=self._write, name="spadework-screen", daemon=True)
        self._writer.start()

    def _stop(self) -> None:
        self._over.set()
        if self._writer is not None:
            self._writer.join()

    def _write(self) -> None:
        # A terminal that is gone ends the screen, not the run, and so does a bug of ours.
        with suppress(OSError), unseen():
            try:
                over = False
                while not over:
                    over = self._over.wait(REFRESH_S if self._drawn else 0)
                    self._draw(over=over)
            except OSError:
                raise
            except Exception as error:
                if debugging():
                    raise
                self._painter.wipe([])
                self._console.print(f"the screen ended: {as_a_bug(error)}", markup=False)

    def _draw(self, *, over: bool) -> None:
        """Write what is new, and the region where it changed."""
        if self._dragged() and not over:
            return
        size = self._size
        with self._lock:
            self.view.tick(self._now())
            kept, self._kept = self._kept + (self._keeper.rest() if over else []), []
            drawn = (int(self.view.elapsed), size)
            stale = self._changed or bool(kept) or drawn != self._drawn
            self._changed, self._drawn = False, drawn
            width, height = size
            ascii_only = self._console.options.ascii_only
            # The last column stays free: some terminals break a line that fills it.
            room = min(width - 1, WIDEST), height - 1
            lines = lay_out(self.view, *room, ascii_only=ascii_only) if stale and not over else []
        above = [line for item in kept for line in self._told(item)]
        if not self._moves:
            for line in above:
                self._console.print(line)
        elif over:
            self._painter.wipe(above)
        elif stale:
            self._painter.paint(lines, above)

    def _dragged(self) -> bool:
        """Whether the terminal is still changing its size.

        Nothing is drawn then. Each time that lines are broken anew those at the top of a full screen are pushed beyond
        it, where they stay for good; and where the others stand is known for sure only when it has come to rest.
        """
        size, before = self._console.size, self._size
        self._size = size
        self._restless = CALM if size != before else max(0, self._restless - 1)
        return self._restless > 0

    def _told(self, kept: Kept) -> "Iterator[Text]":
        """A line that stays, folded beside its mark."""
        from rich.text import Text

        mark, style, text = kept
        room = max(20, self._console.width - MARK - 1)
        for index, part in enumerate(folded(shown(text[:MOST_CHARS]), room)):
            yield Text().append(f"{'' if index else mark:<{MARK}}", style).append(part)

    def _now(self) -> float:
        return self._clock() - self._waited
