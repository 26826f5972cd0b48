"""LangSmith on the command line: one line where it cannot be reached, and no long wait for it at the end."""

import logging
import sys
import threading

from ...tools.clean import one_line
from ..langsmith_runs import is_traced

LOG = logging.getLogger("spadework")
PATIENCE_S = 5.0
"""How long a command that is done waits for LangSmith to take the rest."""
SHOWN = 120


class _Once(logging.Handler):
    """Tells the first fault in one line, instead of each of them in many."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._told = False

    def emit(self, record: logging.LogRecord) -> None:
        """Tell the first record; the run goes on whatever it says."""
        if not self._told:
            self._told = True
            LOG.warning("LangSmith is not told of all of this run: %s", one_line(record.getMessage(), SHOWN))


def hear_langsmith() -> None:
    """Where LangSmith traces this process, have its own notices told as ours are."""
    if is_traced():
        logger = logging.getLogger("langsmith")
        logger.addHandler(_Once())
        logger.propagate = False


def is_all_told() -> bool:
    """Whether LangSmith has all that there is for it, once it had some time to take it."""
    if not is_traced() or "langchain_core.tracers.langchain" not in sys.modules:
        return True
    from langchain_core.tracers.langchain import wait_for_all_tracers

    waiting = threading.Thread(target=wait_for_all_tracers, name="spadework-langsmith", daemon=True)
    waiting.start()
    waiting.join(PATIENCE_S)
    if waiting.is_alive():
        LOG.warning("LangSmith did not take the rest of this run within %g s", PATIENCE_S)
    return not waiting.is_alive()
