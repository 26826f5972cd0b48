"""Ctrl-Z while a question is running: the shell gets its terminal as it was, and `fg` brings the screen back."""

import os
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any


@contextmanager
def suspending(leave: Callable[[], None], come_back: Callable[[], None]) -> Generator[None]:
    """Call `leave` before the process is stopped by Ctrl-Z and `come_back` when it goes on, while the block runs.

    Does nothing outside of the main thread, and where there is no Ctrl-Z or the caller has it ignored.
    """
    signum = getattr(signal, "SIGTSTP", None)
    main = threading.current_thread() is threading.main_thread()
    if signum is None or not main or signal.getsignal(signum) != signal.SIG_DFL:
        yield
        return

    def suspend(number: int, frame: Any) -> None:
        leave()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # stopped here, until SIGCONT
        signal.signal(number, suspend)
        come_back()

    signal.signal(signum, suspend)
    try:
        yield
    finally:
        signal.signal(signum, signal.SIG_DFL)
