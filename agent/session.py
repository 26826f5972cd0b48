"""What is alive during a run and cannot be state: its ledger, the pages it read, whoever listens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..tools.clean import one_line
from ..tools.pages import PageStore
from ..tools.reading.extract import Page
from ..tools.search import Hit, normalise_query, normalise_url
from .events import Event, SpendEvent
from .llm.shown import Shown
from .llm.wire import Chat
from .money.amounts import ZERO, Amounts
from .money.block import budget_block, outlook_text
from .money.charges import Charge, Entry
from .money.forecast import dearest_call
from .money.ledger import Ledger
from .money.reserves import Stage, keep_for
from .money.rounds import Outlook, outlook
from .state import AgentState
from .storage.outcomes import hits_of, page_of

if TYPE_CHECKING:
    from .deps import Deps
    from .nodes.best import Best

Listener = Callable[[Event], None]


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
    known: list[str] = field(default_factory=list[str])
    """Addresses of pages that were read for earlier questions of the thread."""
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

    def title(self, url: str) -> str:
        """What a page calls itself, else what a search called it; empty for an address that nobody named."""
        page = self.pages.get(url)
        return self.hits.get(url, "") if page is None else page.title

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
