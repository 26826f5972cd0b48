"""How long a call to a model may take, and what is told of its reply while it is being written."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from ...tools.clean import clean
from ...tools.errors import ModelError
from ..events import DeltaEvent
from ..llm.wire import QUIET_S, Chat, Part, Stream, Streaming, TooSlow
from ..session import Session

NEAR_S = 600.0
"""A server on this machine or nearby is waited for so long: it may load the model first, and read slowly."""
LONGEST_S = 3_600.0
"""The end of any streamed call: a server that drips for ever would hold up a run without a limit of seconds."""
LONGER = {
    "reply": "; a slow model needs longer (SPADEWORK_MODEL_TIMEOUT)",
    "beginning": "; a model that is being loaded, or reads a long prompt slowly, needs longer"
    " (SPADEWORK_FIRST_TOKEN_TIMEOUT)",
    "rest": "",
}
"""What to do about a reply that did not come in time, by what of it was missing."""
EVERY_S = 0.05
"""A fast model writes hundreds of pieces a second: what came in between is told at once."""


def timeout_of(session: Session, chat: Chat, left: float | None) -> float:
    """Seconds that a whole call may take; `left` are those of the budget, which nothing passes."""
    given = session.deps.model_timeout
    whole = given or (LONGEST_S if _streams(session, chat) else _first_s(session, chat))
    return whole if left is None else min(whole, left)


def fault_of(error: ModelError, name: str, *, over: bool) -> str:
    """What is said of a call that failed. With `over` the budget's time is: then no setting would have helped."""
    if error.kind == "timeout" and over:
        return f"{name} had not replied in the seconds that the budget left for it"
    return f"{error}{LONGER[error.missing] if isinstance(error, TooSlow) else ''}"


@contextmanager
def streaming(session: Session, chat: Chat, role: str) -> Generator[Stream | None]:
    """How a reply is to be streamed, and events of its pieces; None where it is not. The last piece always comes."""
    if not _streams(session, chat):
        yield None
        return
    telling = _Telling(session, role)
    given = session.deps.model_timeout
    patient = given is None and session.deps.first_token_timeout is None
    try:
        yield Stream(telling.tell, given or _first_s(session, chat), given or QUIET_S, patient)
    finally:
        telling.close()


def _streams(session: Session, chat: Chat) -> bool:
    return session.deps.stream and isinstance(chat, Streaming) and chat.streams


def _first_s(session: Session, chat: Chat) -> float:
    near = bool(getattr(chat, "near", chat.local))
    return session.deps.first_token_timeout or (NEAR_S if near else QUIET_S)


class _Telling:
    """Tells the pieces of one reply as events, one after the other, and not too often."""

    def __init__(self, session: Session, role: str) -> None:
        self._session = session
        self._role = role
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Part, str] = {}
        self._last = -EVERY_S
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, part: Part, text: str) -> None:
        self._waiting[part] = self._waiting.get(part, "") + text
        if self._timer is None:
            due = self._last + EVERY_S
            if self._loop.time() >= due:
                self._emit()
            else:
                self._timer = self._loop.call_at(due, self._emit)

    def close(self) -> None:
        """Tell all that is left."""
        if self._timer is not None:
            self._timer.cancel()
        while self._waiting:
            self._tell_one()

    def _emit(self) -> None:
        self._tell_one()
        self._last = self._loop.time()
        self._timer = self._loop.call_at(self._last + EVERY_S, self._emit) if self._waiting else None

    def _tell_one(self) -> None:
        part = next(iter(self._waiting))
        self._session.emit(DeltaEvent(self._role, clean(self._waiting.pop(part)), part))
