"""Starting a chat: what it says first, where it reads from, what it keeps, and how it is left."""

import signal
import sys
import threading
from contextlib import AbstractContextManager, nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...tools.errors import SpadeworkError, StoreError
from ..money.budget import Budget
from ..storage.database import is_postgres
from ..terminal.ask import Asked, place_to_store
from ..terminal.notices import one_line_notices
from ..terminal.tracing import tracing
from ..terminal.usual import conversation_limits, limits_of
from .chat import Chat
from .commands.switching import model_name, search_name
from .conversation import Conversation
from .footer import told_below
from .reading import PipeReader, PromptReader, Reader

if TYPE_CHECKING:
    from prompt_toolkit.history import History

WELCOME = "Ask a question, or say /help. Ctrl-D leaves."
NO_MODEL = (
    "No model is set yet: /model ollama:NAME takes one of a local Ollama, /model openai:NAME one of OpenAI"
    " (OPENAI_API_KEY); SPADEWORK_BASE_URL names any other server. `spadework doctor` tells more."
)


@one_line_notices()
def chat(asked: Asked, *, conversation: str | None = None, resume: str | None = None) -> int:
    """Chat until it is left; the exit code. `resume` is the beginning of a conversation's name, or empty for the last.

    With a pipe for its input each line is a question, and the exit code is that of the last one. Raises ConfigError and
    StoreError where it cannot begin.
    """
    from rich.console import Console

    interactive = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    whole = conversation_limits() if conversation is None else limits_of("--conversation", conversation)
    # What is gone on with may be old: it is touched before anything is tidied.
    store = place_to_store(asked, tidied=not interactive and resume is None)
    with tracing(asked.trace, redact=asked.trace_redact) as trace:
        talk = Conversation(asked, asked.limits(), whole or Budget(), store, asks=interactive, trace=trace)
        talking = Chat(talk, Console(highlight=False))
        talking.reader = _reader(talking) if interactive else PipeReader()
        if interactive:
            _leave_on_signals(talking)
        if resume is not None:
            talking.resume_named(resume)
        elif interactive:
            _welcome(talking)
        if interactive:
            threading.Thread(target=_get_ready, args=(talking, store), name="spadework-ready", daemon=True).start()
        talking.run()
    if not interactive:
        return talking.code
    _farewell(talking)
    return 0


def _reader(talking: Chat) -> Reader:
    with _plain_output():
        return PromptReader(talking, _history(talking.conversation.store), lambda: told_below(talking))


def _plain_output() -> AbstractContextManager[object]:
    """Where nothing but text can be written, prompts that are made in this block write nothing else.

    prompt_toolkit knows such terminals, and yet sends them what shows the cursor; one that is given an output forgets.
    """
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.output.plain_text import PlainTextOutput
    from prompt_toolkit.utils import is_dumb_terminal

    return create_app_session(output=PlainTextOutput(sys.stdout)) if is_dumb_terminal() else nullcontext()


def _welcome(talking: Chat) -> None:
    from importlib.metadata import version

    model = model_name(talking)
    talking.say(f"Spadework {version('spadework')}, model {model or 'not set'}, search {search_name(talking)}")
    talking.say(WELCOME if model else NO_MODEL)
    talking.say("")


def _farewell(talking: Chat) -> None:
    talk = talking.conversation
    if talk.questions and talk.store is not None:
        talking.say(f"kept: spadework chat --resume {talk.run}")


def _history(store: str | None) -> "History":
    """What was typed before, beside the file of the runs; in memory where nothing is kept, or where it is elsewhere."""
    from prompt_toolkit.history import InMemoryHistory

    if store is None or is_postgres(store):
        return InMemoryHistory()
    from ..storage.retention import keep_days
    from .history import FileHistory

    return FileHistory(Path(f"{store}.typed"), keep_days())


def _get_ready(talking: Chat, store: str | None) -> None:
    """Import what a question needs, which takes a second, and delete what is old, while the first one is typed."""
    import_module("..run", __package__)
    with suppress(SpadeworkError):  # the first question says so
        talking.conversation.get_acquainted()
    if store is not None:
        from ..loop import start
        from ..storage.retention import tidy

        with suppress(StoreError):  # the first question says so
            start(tidy(store)).result()


def _leave_on_signals(talking: Chat) -> None:
    """End the question that goes on, and then the chat: what SIGTERM asks for, and SIGHUP when the terminal is gone.

    A signal that the caller has ignored stays so (nohup).
    """

    def leave(signum: int, frame: Any) -> None:
        talking.leaving = True
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        signum = getattr(signal, name, None)  # Windows has no SIGHUP
        if signum is not None and signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, leave)
