"""What is alive during a run and cannot be state (ledger, pages, listener), and what runs are built from."""

import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from ..tools.browse import Browse
from ..tools.clean import one_line
from ..tools.pages import PageStore, urls_in
from ..tools.reading.extract import Page
from ..tools.search import Hit, Search, normalise_query, normalise_url
from .events import Event, SpendEvent
from .llm.shown import Shown
from .llm.wire import Chat
from .money.amounts import ZERO, Amounts
from .money.block import budget_block, outlook_text
from .money.budget import Budget, Regime
from .money.charges import Charge, Entry
from .money.forecast import dearest_call
from .money.journal import Journal
from .money.ledger import Ledger
from .money.prices import Prices
from .money.reserves import Stage, keep_for
from .money.rounds import Outlook, outlook
from .proof.marks import bodies
from .roles import LATE
from .state import AgentState
from .storage.book import Book, Claim
from .storage.outcomes import hits_of, page_of
from .strategies import Strategy

if TYPE_CHECKING:
    from .nodes.best import Best
    from .nodes.further import Further

Clock = Callable[[], float]
Listener = Callable[[Event], None]
Clarify = Callable[[str], str | Awaitable[str | None] | None]
"""Told how the model would take the question; gives what is meant, or nothing where that is right. Async or not."""
MAX_SESSIONS = 1_000


@dataclass(slots=True)
class Session:
    """One run as it happens. `texts` of pages and snippets are looked up here when quotes are checked."""

    deps: "Deps"
    ledger: Ledger
    pages: PageStore = field(default_factory=PageStore)
    listener: Listener | None = None
    fetched: dict[str, str] = field(default_factory=dict[str, str])
    shown: Shown = field(default_factory=Shown)
    queries: dict[str, str] = field(default_factory=dict[str, str])
    """Queries made so far, normalised, with what came of them."""
    opened: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    """Parts of pages that were shown, or are about to be: (normalised address, part)."""
    hits: dict[str, str] = field(default_factory=dict[str, str])
    """Addresses that searches showed, with their titles, in the order in which they came."""
    arrived: dict[str, Sequence[Hit]] = field(default_factory=dict[str, Sequence[Hit]])
    """Results by their charge, until those of the searches beside them are there, too."""
    ranks: dict[str, int] = field(default_factory=dict[str, int])
    """The best rank at which each of them came."""
    brought: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By normalised address the charges that brought it: the search that first showed it, and the page read."""
    best: "Best | None" = None
    """The best answer so far, as it was told last."""
    kept: dict[str, list[Hit] | Page] = field(default_factory=dict[str, "list[Hit] | Page"])
    """By charge what an earlier run fetched, and this one gets for nothing."""
    asked: str = ""
    """The charge of the last call to a model, whose reply is being taken in."""
    failed: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """Calls that failed, by kind and query or address, and how often."""
    clarified: bool = False
    """Whoever asked was asked back once."""

    def emit(self, event: Event) -> None:
        if self.listener is not None:
            self.listener(event)

    def emit_spend(self, state: AgentState) -> None:
        if self.listener is not None:
            left = self.ledger.remaining()
            ahead = self.outlook(state)
            told = "" if ahead is None else outlook_text(ahead)
            self.listener(SpendEvent(dict(left.limits), dict(left.gone), left.regime, told))

    def outlook(self, state: AgentState) -> Outlook | None:
        """How many more rounds of exploring fit into what is left beside what is kept for checks and the answer."""
        return outlook(self.ledger.charges.values(), self.ledger.remaining(), self.keep_to_explore(state))

    def chat(self, role: str) -> Chat:
        """The model of a role; from a regime on for which the user named one, that one."""
        late = self.deps.late_chat(self.ledger.remaining().regime)
        return late or self.deps.chat(role)

    def temperature(self, role: str, usual: float | None) -> float | None:
        """The temperature of a role: what the caller says, else the usual one."""
        return self.deps.temperatures.get(role, usual)

    def may_read(self, url: str) -> bool:
        """Whether a page was not read yet, and one more page read is left."""
        return self.pages.get(url) is None and self.ledger.remaining().has("browses")

    def keep_to_explore(self, state: AgentState) -> Amounts:
        """What the searcher must leave."""
        return self.keep_for("explore", answer_due=self.deps.answer_due(state))

    def keep_for(self, stage: Stage, *, answer_due: bool) -> Amounts:
        """What a call of this stage must leave for later ones, by the limits and by what calls of this run cost."""
        if not self.deps.strategy.reserves:
            return ZERO
        verifier = bool(self.deps.strategy.verifier)
        dearest = dearest_call(self.ledger.charges.values(), least=ZERO)
        limits = self.ledger.remaining().limits
        return keep_for(stage, limits, answer_due=answer_due, verifier=verifier, dearest=dearest)

    def budget_block(self, state: AgentState, *, advice: bool = False) -> str:
        """The budget block of a prompt: the ledger's numbers at this moment."""
        return budget_block(self.ledger.remaining(), advice=advice, outlook=self.outlook(state))

    def page(self, url: str) -> tuple[str, str, str] | None:
        """Texts protocol of evidence: a page that was really fetched."""
        page = self.pages.get(url)
        return (page.text, page.digest, self.fetched.get(normalise_url(url), "")) if page else None

    def recall(self, entry: Entry) -> None:
        """Take in again what a call of an earlier part of this run brought."""
        charge = entry.charge
        if charge.kind == "search" and (hits := hits_of(entry.result)) is not None:
            self._note_hits(charge.id, hits)
            self.note_query(charge.what, hits)
        elif charge.kind == "browse" and (read := page_of(entry.result)) is not None:
            page, fetched = read
            self.note_page(charge, page, fetched)
            self.opened.add((normalise_url(charge.what), 1))

    def snippets(self, url: str) -> Sequence[str]:
        return self.pages.snippets(url)

    def take_in(self) -> None:
        """Take in what arrived, in the order of the charges: which search was the fastest must not show in a prompt."""
        arrived, self.arrived = self.arrived, {}
        for charge_id in self.ledger.charges:
            if charge_id in arrived:
                self._note_hits(charge_id, arrived[charge_id])

    def _note_hits(self, charge_id: str, hits: Sequence[Hit]) -> None:
        self.pages.add_hits(hits)
        self.hits.update({hit.url: hit.title for hit in hits if hit.url not in self.hits})
        self.ranks.update({hit.url: min(hit.rank, self.ranks.get(hit.url, hit.rank)) for hit in hits})
        for hit in hits:
            self.brought.setdefault(normalise_url(hit.url), [charge_id])

    def note_query(self, query: str, hits: Sequence[Hit]) -> None:
        """Remember what a query brought, for when it is asked again."""
        top = "; ".join(f"{one_line(hit.title, 60)} {hit.url}" for hit in hits[:3])
        self.queries[normalise_query(query)] = f"{len(hits)} results{': ' + top if top else ''}"

    def note_page(self, charge: Charge, page: Page, fetched: str = "") -> None:
        """Take in a page that was read: it may be quoted, and opened again for free. `charge.what` was asked for."""
        self.pages.put(page, asked=charge.what)
        when = fetched or datetime.now(UTC).isoformat(timespec="seconds")
        for url in {normalise_url(page.url), normalise_url(charge.what)}:
            self.fetched[url] = when
            self.brought.setdefault(url, []).append(charge.id)


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
        for past in range(1, turn):
            for entry in await self._entries(run, past):
                session.recall(entry)
        session.queries.clear()  # those of earlier questions may be asked again
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

    async def _entries(self, run: str, turn: int) -> list[Entry]:
        return await self.book.load(run, turn) if self.book is not None else []

    def alive(self, run: str) -> Session | None:
        """The session of a run, if it has begun and was not closed."""
        return self._sessions.get(run)

    def close(self, run: str) -> None:
        with self._lock:
            self._sessions.pop(run, None)
            self._listeners.pop(run, None)
