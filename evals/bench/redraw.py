"""What the chat's screen costs while a model thinks: `python -m spadework.evals.bench.redraw`.

A run is shown in a real pseudo-terminal: its plan, twelve calls, findings, six gauges. Then it waits on a model that
says nothing, or on one that writes 40 pieces a second. CPU time is that of the thread that draws, in percent of one
core; bytes are what the terminal is sent a second, the first screen included, which is what counts over ssh.
"""

import argparse
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Sequence

from ...agent.chat.screen.live import Watch, watching
from ...agent.events import BestEvent, CallEvent, DeltaEvent, FindingEvent, PlanEvent, SpendEvent
from ...agent.state import Constraint, Step

SIZES = ((80, 24), (120, 40))
PIECES = {"waiting": 0, "writing": 40}
"""Pieces a second that the model writes."""
LIMITS = {"searches": 9, "browses": 9, "tokens": 90_000, "picousd": 10**11, "ms": 300_000, "model_calls": 20}
PIECE = " hurdy-gurdy"
SECONDS = 10.0


def fill(watch: Watch) -> None:
    """The events of a run that is well under way."""
    constraints = [Constraint(id=f"c{number}", text="what it demands " * 5, kind="verification") for number in range(6)]
    steps = [Step(id=f"{number}", text="find out something " * 4, state="todo", calls=2) for number in range(1, 6)]
    watch.on_event(PlanEvent(constraints, steps))
    for number in range(12):
        watch.on_event(CallEvent("search", f"query number {number} " * 4, "started"))
        watch.on_event(CallEvent("search", f"query number {number} " * 4, "done", "10 results"))
        watch.on_event(
            FindingEvent("Alder Bridge", f"c{number % 6}", "satisfied", "page", "It was built by Mara Finch.")
        )
    watch.on_event(BestEvent("Alder Bridge", "unverified", ("c0", "c1"), ("c5",)))
    gone = {"searches": 3, "browses": 4, "tokens": 23_456, "picousd": 10**10, "ms": 12_000, "model_calls": 7}
    watch.on_event(SpendEvent(LIMITS, gone, "MEDIUM", "enough for 4 to 9 more rounds (page reads may end first)"))
    watch.on_event(CallEvent("model", "searcher", "started"))


def cpu_share(seconds: float, pieces: int) -> float:
    """The part of a core that the drawing thread takes, over so many seconds, on this process's own terminal."""
    from rich.console import Console

    with watching("Who built the Alder Bridge, and when? " * 3, LIMITS, Console(highlight=False)) as watch:
        fill(watch)
        watch.on_event(DeltaEvent("searcher", PIECE, "thought"))
        time.sleep(0.5)
        drawing = next(thread for thread in threading.enumerate() if thread.name == "spadework-screen")
        clock = time.pthread_getcpuclockid(drawing.ident or 0)
        before, end = time.clock_gettime(clock), time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(1 / pieces if pieces else 0.5)
            if pieces:
                watch.on_event(DeltaEvent("searcher", PIECE, "thought"))
        return (time.clock_gettime(clock) - before) / seconds


def measure(width: int, height: int, seconds: float, pieces: int) -> tuple[float, float]:
    """The part of a core, and bytes a second, in a terminal of this size. Raises RuntimeError where that fails."""
    results, told = os.pipe()
    terminal, theirs = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    command = [sys.executable, "-m", f"{__package__}.redraw", "--child", json.dumps([seconds, pieces]), str(told)]
    usual = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    environment = usual | {"TERM": "xterm-256color"}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, pass_fds=[told], env=environment, start_new_session=True
    ):
        os.close(theirs)
        os.close(told)
        written = _drained(terminal)
    with os.fdopen(results) as answer:
        share = answer.read()
    os.close(terminal)
    if not share:
        raise RuntimeError(
            f"the screen was not drawn; its terminal shows:\n{written.decode(errors='replace')[-2_000:]}"
        )
    return float(share), len(written) / seconds


def _drained(terminal: int) -> bytes:
    """All that is written to a terminal until its other end is closed."""
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            return b"".join(parts)
        if not part:
            return b"".join(parts)
        parts.append(part)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="redraw", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of each measurement (default {SECONDS:g})")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        seconds, pieces = json.loads(options.child[0])
        with os.fdopen(int(options.child[1]), "w") as told:
            told.write(str(cpu_share(seconds, pieces)))
        return 0
    sys.stdout.write(f"{'the model is':14}{'terminal':>10}{'% of a core':>14}{'bytes a second':>17}\n")
    for state, pieces in PIECES.items():
        for width, height in SIZES:
            share, sent = measure(width, height, options.seconds, pieces)
            sys.stdout.write(f"{state:14}{f'{width}x{height}':>10}{100 * share:14.2f}{sent:17,.0f}\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
