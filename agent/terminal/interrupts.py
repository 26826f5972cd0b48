"""Ctrl-C and the signal that other programs stop a command with (SIGTERM): the same KeyboardInterrupt for both."""

import signal
import time
from types import FrameType

AGAIN_S = 0.3
"""Whoever asks a second time means it. `timeout`, and shells that pass a signal on, send one request twice at once."""


class Stopping:
    """A handler of signals that raises KeyboardInterrupt, once for what comes within AGAIN_S seconds."""

    def __init__(self) -> None:
        self._last: float | None = None

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        """Take one signal. Raises KeyboardInterrupt, or does nothing where it repeats the one before."""
        now = time.monotonic()
        if self._last is None or now - self._last >= AGAIN_S:
            self._last = now
            raise KeyboardInterrupt


def stop_on_signals() -> None:
    """Have both signals end a command with what it has so far; those that the caller has ignored stay so (nohup)."""
    stopping = Stopping()
    for signum, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(signum) == usual:
            signal.signal(signum, stopping)
