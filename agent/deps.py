"""What runs are built from: models, tools, strategy, prices; and the sessions of the runs that are alive."""

import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from ..tools.browse import Browse
from ..tools.pages import urls_in
from ..tools.search import Search
from .llm.wire import Chat
from .money.budget import Budget, Regime
from .money.charges import Entry
from .money.journal import Journal
from .money.ledger import Ledger
from .money.prices import Prices
from .proof.marks import bodies
from .roles import LATE
from .session import Listener, Session
from .state import AgentState
from .storage.book import Book, Claim
from .strategies import Strategy

if TYPE_CHECKING:
    from .nodes.further import Further

Clock = Callable[[], float]
Clarify = Callable[[str], str | Awaitable[str | None] | None]
"""Told how the model would take the question; gives what is meant, or nothing where that is right. Async or not."""
Grant = Callable[[Budget, int], Awaitable[Budget]]
"""From the budget that is wanted for a question, and its number, to what there is."""
MAX_SESSIONS = 1_000


@dataclass(slots=True)
class Deps:
    """What a graph is built from. Shared by all of its runs; `sessions` keeps what belongs to one run apart."""

    chats: Mapping[str, Chat]
    """A model by role; `default` for roles that are not named."""
    search: Search
    browse: Browse
    strategy: Strategy
    prices: Prices = field(default_factory=Prices)
    clock: Clock = time.monotonic
    model_timeout: float | None = None
    """Over a whole call to a model, where the user sets it."""
    first_token_timeout: float | None = None
    """Until a reply begins, where the user sets it."""
    stream: bool = False
    """Whether replies are asked for piece by piece, and told so."""
    tool_timeout: float = 20.0
    output: type[BaseModel] | None = None
    """The form in which the caller wants the answer."""
    further: "Mapping[str, Further]" = field(default_factory=dict[str, "Further"])
    """Tools of the caller's, by name."""
    temperatures: Mapping[str, float] = field(default_factory=dict[str, float])
    """By role, where the caller sets one."""
    converses: bool = False
    """Whether the questions of a thread are a conversation: small talk gets a reply, follow-ups know what was found."""
    asks: bool = False
    """Whether somebody can be asked for more when a limit is gone."""
    granted: Grant | None = None
    """What may be had of a budget that is wanted, where a purse or a conversation has a say in it."""
    clarify: Clarify | None = None
    """Asked what a question means that cannot be understood, where somebody is there to ask."""
    book: Book | None = None
    """Where the charges of this run are written before they are spent; None keeps them in memory and in the state."""
    claim: Claim | None = None
    """This process's hold on the run in the book."""
    above: Ledger | None = None
    """The ledger of the run that this one is a part of."""
    _sessions: OrderedDict[str, Session] = field(default_factory=OrderedDict[str, Session])
    _listeners: dict[str, Listener] = field(default_factory=dict[str, Listener])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer_due(self, state: AgentState) -> bool:
        """Whether a call is still needed to write the answer: there is none yet, or a form is to be filled."""
        return self.output is not None or not state["candidates"]

    def chat(self, role: str) -> Chat:
        return self.chats.get(role) or self.chats["default"]

    def late_chat(self, regime: Regime) -> Chat | None:
        """The model for all roles from this regime on: that of the latest regime reached for which one is named."""
        reached = LATE[: LATE.index(regime) + 1] if regime in LATE else ()
        return next((self.chats[name] for name in reversed(reached) if name in self.chats), None)

    def listen(self, run: str, listener: Listener) -> None:
        """Have the events of a run told to `listener`."""
        self._listeners[run] = listener

    async def open(self, run: str, turn: int, budget: Budget) -> Session:
        """Start a question's session, replacing an earlier one of the same run; its pages stay known."""
        journal = Journal(self.claim) if self.claim is not None else None
        ledger = Ledger(budget, run, turn, self.clock, journal, self.above)
        session = Session(self, ledger, listener=self._listeners.get(run))
        with self._lock:
            earlier = self._sessions.get(run)
            if earlier is not None:
                session.pages, session.fetched, session.hits = earlier.pages, earlier.fetched, earlier.hits
            self._sessions[run] = session
            while len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        return session

    async def begin(self, run: str, turn: int, question: str, budget: Budget) -> Session:
        """The session of a question that has no state yet.

        The book may know its charges all the same: a saver in memory forgets, a ledger in a file does not. Then they
        are taken over. Those of another question, or of one that had ended, are left alone.
        """
        known: Mapping[str, Any] = self.claim.before if self.claim is not None else {}
        outcome: Mapping[str, Any] = known.get("outcome") or {}
        ended = outcome.get("stop_reason") not in (None, "cancelled", "error")
        goes_on = known.get("question") == question and not ended
        while (entries := await self._entries(run, turn)) and not goes_on:
            turn += 1
        session = await self.open(run, turn, budget)
        if self.converses:
            await self._recall_earlier(session, run, turn)
        session.ledger.absorb({}, entries)
        for entry in entries:
            session.recall(entry)
        return session

    async def session(self, state: AgentState) -> Session:
        """The session of a state; one that is not alive (a resumed run) is made again from its charges."""
        found = self._sessions.get(state["run"])
        if found is not None and found.ledger.question == state["turn"]:
            return found
        session = await self.open(state["run"], state["turn"], Budget.of(state["budget"]))
        await self._recall(session, state)
        return session

    async def _recall(self, session: Session, state: AgentState) -> None:
        """After a resume: the spend, and what was read and found, as before."""
        run, turn = state["run"], state["turn"]
        await self._recall_earlier(session, run, turn)
        entries = await self._entries(run, turn)
        own = f"{run}/{turn}/"
        session.ledger.absorb({key: item for key, item in state["charges"].items() if key.startswith(own)}, entries)
        for entry in entries:
            session.recall(entry)
        told = [entry["message"] for entry in state["transcript"]]
        # Never from the words around the marks: what was refused stands there, and what a model wrote.
        texts = [
            state["question"],
            *(body for one in told if one["role"] == "tool" for body in bodies(str(one["content"]))),
        ]
        texts += [url for record in state["records"] for url in record["sources"]]
        session.pages.allow(url for text in texts for url in urls_in(text))

    async def _recall_earlier(self, session: Session, run: str, turn: int) -> None:
        """Take in the pages and results of the earlier questions of a thread; their queries may be asked again."""
        for past in range(1, turn):
            for entry in await self._entries(run, past):
                session.recall(entry)
        session.known, session.shown_before = [*session.fetched], {*session.hits}
        session.queries.clear()
        session.opened.clear()

    async def _entries(self, run: str, turn: int) -> list[Entry]:
        return await self.book.load(run, turn) if self.book is not None else []

    def alive(self, run: str) -> Session | None:
        """The session of a run, if it has begun and was not closed."""
        return self._sessions.get(run)

    def close(self, run: str) -> None:
        with self._lock:
            self._sessions.pop(run, None)
            self._listeners.pop(run, None)
