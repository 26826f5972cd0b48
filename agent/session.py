"""What is alive during a run and cannot be state (ledger, pages, listener), and what runs are built from."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import BaseModel

from ..tools.browse import Browse
from ..tools.pages import PageStore, urls_in
from ..tools.search import Search, normalise_url
from .budget import Budget
from .events import Event, SpendEvent
from .ledger import Ledger
from .prices import Prices
from .state import AgentState
from .strategies import Strategy
from .wire import Chat

Clock = Callable[[], float]
Listener = Callable[[Event], None]
ROLES = ("planner", "searcher", "verifier", "judge")
MAX_SESSIONS = 1_000


@dataclass(slots=True)
class LastPrompt:
    """The last prompt of a role and its real size, which bounds the size of the next one."""

    pieces: Mapping[bytes, int] = field(default_factory=dict[bytes, int])
    tokens_in: int = 0


@dataclass(slots=True)
class Session:
    """One run as it happens. `texts` of pages and snippets are looked up here when quotes are checked."""

    deps: "Deps"
    ledger: Ledger
    pages: PageStore = field(default_factory=PageStore)
    listener: Listener | None = None
    fetched: dict[str, str] = field(default_factory=dict[str, str])
    last: dict[str, LastPrompt] = field(default_factory=dict[str, LastPrompt])
    queries: dict[str, str] = field(default_factory=dict[str, str])
    """Queries made so far, normalised, with what came of them."""
    opened: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    """Parts of pages that were shown, or are about to be: (normalised address, part)."""
    hits: dict[str, str] = field(default_factory=dict[str, str])
    """Addresses that searches showed, with their titles, in the order in which they came."""
    ranks: dict[str, int] = field(default_factory=dict[str, int])
    """The best rank at which each of them came."""
    brought: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By normalised address the charges that brought it: the search that first showed it, and the page read."""
    asked: str = ""
    """The charge of the last call to a model, whose reply is being taken in."""

    def emit(self, event: Event) -> None:
        if self.listener is not None:
            self.listener(event)

    def emit_spend(self) -> None:
        if self.listener is not None:
            left = self.ledger.remaining()
            self.listener(SpendEvent(dict(left.limits), dict(left.gone), left.regime))

    def page(self, url: str) -> tuple[str, str, str] | None:
        """Texts protocol of evidence: a page that was really fetched."""
        page = self.pages.get(url)
        return (page.text, page.digest, self.fetched.get(normalise_url(url), "")) if page else None

    def recall(self, state: AgentState) -> None:
        """After a resume: what the question and the results in the state name may be opened, as before."""
        told = [entry["message"] for entry in state["transcript"]]
        texts = [state["question"], *(str(message["content"]) for message in told if message["role"] != "assistant")]
        texts += [text for record in state["records"] for text in (*record["sources"], *record["leads"])]
        self.pages.allow(url for text in texts for url in urls_in(text))

    def snippets(self, url: str) -> Sequence[str]:
        return self.pages.snippets(url)

    def note_fetched(self, *urls: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.fetched.update({normalise_url(url): now for url in urls})


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
    model_timeout: float = 120.0
    tool_timeout: float = 20.0
    output: type[BaseModel] | None = None
    """The form in which the caller wants the answer."""
    _sessions: OrderedDict[str, Session] = field(default_factory=OrderedDict[str, Session])
    _listeners: dict[str, Listener] = field(default_factory=dict[str, Listener])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer_due(self, state: AgentState) -> bool:
        """Whether a call is still needed to write the answer: there is none yet, or a form is to be filled."""
        return self.output is not None or not state["candidates"]

    def chat(self, role: str) -> Chat:
        return self.chats.get(role) or self.chats["default"]

    def listen(self, run: str, listener: Listener) -> None:
        """Have the events of a run told to `listener`."""
        self._listeners[run] = listener

    def open(self, run: str, turn: int, budget: Budget) -> Session:
        """Start a question's session, replacing an earlier one of the same run; its pages stay known."""
        ledger = Ledger(budget, run, turn, self.clock)
        with self._lock:
            earlier = self._sessions.get(run)
            session = Session(self, ledger, listener=self._listeners.get(run))
            if earlier is not None:
                session.pages, session.fetched, session.hits = earlier.pages, earlier.fetched, earlier.hits
            self._sessions[run] = session
            while len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def session(self, state: AgentState) -> Session:
        """The session of a state; one that is not alive (a resumed run) is made again from its charges."""
        found = self._sessions.get(state["run"])
        if found is not None and found.ledger.question == state["turn"]:
            return found
        session = self.open(state["run"], state["turn"], Budget.of(state["budget"]))
        own = f"{state['run']}/{state['turn']}/"
        session.ledger.absorb({key: item for key, item in state["charges"].items() if key.startswith(own)})
        session.recall(state)
        return session

    def close(self, run: str) -> None:
        with self._lock:
            self._sessions.pop(run, None)
            self._listeners.pop(run, None)
