"""One event loop on one thread for all sync callers: no client is shared between loops, and running ones may run."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from ..tools.errors import ConfigError

T = TypeVar("T")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None


def start(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Run `work` on the loop thread, which is started when it is first needed.

    Raises ConfigError on that thread itself, which would wait for its own end.
    """
    global _loop, _thread
    if threading.current_thread() is _thread:
        work.close()
        raise ConfigError("this was called from inside a run, whose thread it would block: await arun_agent there")
    with _lock:
        # A forked process has the loop, but not the thread.
        if _loop is None or _thread is None or not _thread.is_alive():
            _loop = asyncio.new_event_loop()
            _thread = threading.Thread(target=_serve, args=(_loop,), name="spadework", daemon=True)
            _thread.start()
    return asyncio.run_coroutine_threadsafe(work, _loop)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """Keep the loop running: one run that asks the program to exit, as a callback may, must not stop the others."""
    while True:
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            continue
