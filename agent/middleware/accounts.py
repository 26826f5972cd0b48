"""What each thread of an agent has spent: its ledger behind a lock, and the time in which its calls were under way."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Literal
from uuid import uuid4

from langgraph.errors import GraphBubbleUp

from ..money.amounts import Amounts
from ..money.block import budget_block
from ..money.budget import Budget, counted
from ..money.charges import Charge, Refusal
from ..money.ledger import Ledger
from ..money.rounds import outlook
from ..nodes.paying import cost_of

MAX_THREADS = 1_000
"""Threads kept in memory; one that was dropped is made again from its state."""
REFUSED_ROUNDS = 2
"""A model that asks for so many rounds of nothing but refused calls is made to answer."""

Fate = Literal["failed", "cancelled", "free", "asking"]
"""What became of a call that did not simply work: free was never made, asking waits for a person and goes on later."""


@dataclass(slots=True)
class Watch:
    """Seconds in which at least one call was under way: time between turns, or waiting for a person, is free."""

    _under_way: int = 0
    _since: float = 0.0
    _total: float = 0.0

    def __call__(self) -> float:
        return self._total + (monotonic() - self._since if self._under_way else 0.0)

    def start(self) -> float:
        if not self._under_way:
            self._since = monotonic()
        self._under_way += 1
        return self()

    def stop(self, started: float) -> int:
        """Milliseconds since this call was started."""
        ms = int((self() - started) * 1000)
        total = self()
        self._under_way -= 1
        self._total = total
        self._since = monotonic()
        return ms


@dataclass(frozen=True, slots=True)
class Counted:
    """The parts of a prompt by their hashes, and how many tokens a model counted for them together."""

    parts: tuple[int, ...]
    tokens_in: int


@dataclass(slots=True)
class Account:
    """One thread's spend. Calls of one turn may run on several threads of the machine, so each step takes the lock."""

    budget: Budget
    thread: str
    run: str
    lock: threading.RLock = field(default_factory=threading.RLock)
    watch: Watch = field(default_factory=Watch)
    ledger: Ledger = field(init=False)
    counted: dict[str, Counted] = field(default_factory=dict[str, Counted])
    """By model, the last prompt that it counted."""
    stuck: str = ""
    """The resource of which the model keeps asking for more than there is."""
    finals: int = 0
    """Final answers that were asked for in this turn."""
    ended: bool = False
    """Not even a final answer fitted in this turn."""
    _refused: int = 0
    _under_way: set[str] = field(default_factory=set[str])
    _changed: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def __post_init__(self) -> None:
        self.ledger = self._new_ledger()

    def begin_turn(self, charges: Mapping[str, Mapping[str, Any]]) -> None:
        """Start from what the state says, since another process may have had the thread, and from what it lacks."""
        with self.lock:
            self.release_unmade()
            self._collect()
            self.ledger = self._new_ledger()
            self.ledger.absorb({**self._own(charges), **self._changed})
            self.stuck, self.finals, self.ended, self._refused = "", 0, False, 0

    def learn(self, charges: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over charges that another process made since."""
        with self.lock:
            known = self.ledger.charges
            fresh = {key: charge for key, charge in self._own(charges).items() if key not in known}
            if fresh:
                self.ledger.absorb(fresh)

    def drain(self) -> dict[str, dict[str, Any]]:
        """The charges that changed since the last call, for the state."""
        with self.lock:
            self._collect()
            changed, self._changed = self._changed, {}
            return changed

    def changed(self) -> dict[str, dict[str, Any]]:
        """The same, but they stay changed: what is written with a reply is lost where another middleware drops it."""
        with self.lock:
            self._collect()
            return dict(self._changed)

    def block(self) -> str:
        """The budget block: the ledger's numbers at this moment; empty where nothing is limited."""
        with self.lock:
            left = self.ledger.remaining()
            if not left.limits:
                return ""
            return budget_block(left, advice=False, outlook=outlook(self.ledger.charges.values(), left))

    def paid(self) -> list[Charge]:
        """All charges, those of the clock up to now."""
        with self.lock:
            self._collect()
            return list(self.ledger.charges.values())

    # -- tools

    def grant(self, calls: Sequence[Charge]) -> list[Charge | Refusal]:
        """Hold the calls of one reply one by one, so that the first ones get what is left, however they run."""
        with self.lock:
            held = [self.ledger.hold(call, cost_of(call.kind, call.what)) for call in calls]
            refused = [item for item in held if isinstance(item, Refusal)]
            self._refused = self._refused + 1 if len(refused) == len(held) else 0
            if self._refused >= REFUSED_ROUNDS:
                self.stuck = refused[0].resource
            return held

    def take(self, call: Charge, granted: str) -> Charge | Refusal:
        """The hold under which a call is made: its grant, or a fresh one where it is sent again or had none."""
        cost = cost_of(call.kind, call.what)
        with self.lock:
            known = self.ledger.last(granted)[0] if granted in self.ledger.charges else None
            same = known is not None and cost_of(known.kind, known.what) == cost
            if known is not None and known.id not in self._under_way and _open(known):
                if same:
                    self._under_way.add(known.id)
                    return replace(known, marks=())
                self.ledger.release(known)  # somebody made it the call of another tool
            return self.ledger.hold(call, cost, retry_of=known if same else None)

    @contextmanager
    def making(self, held: Charge) -> Generator[list[Fate]]:
        """While a tool runs: it is charged whether or not it works. The list takes what became of it."""
        fates: list[Fate] = []
        started = self.start(held)
        try:
            yield fates
        except GraphBubbleUp:
            fates.append("asking")
            raise
        except BaseException as error:
            fates.append("cancelled" if isinstance(error, asyncio.CancelledError) else "failed")
            raise
        finally:
            with self.lock:
                ms = self.stop(held, started)
                if "free" in fates:
                    self.ledger.release(held)
                elif "asking" not in fates:
                    self.ledger.settle(held, replace(held.amounts, ms=ms), marks=fates)

    def release_unmade(self) -> None:
        """Give back what was granted to calls that nobody made, such as those that a person turned down."""
        with self.lock:
            for charge in list(self.ledger.charges.values()):
                if charge.kind != "model" and charge.status == "held" and charge.id not in self._under_way:
                    self.ledger.release(charge)

    # -- calls under way

    def start(self, held: Charge) -> float:
        with self.lock:
            self._under_way.add(held.id)
            return self.watch.start()

    def stop(self, held: Charge, started: float) -> int:
        """Milliseconds that the call took."""
        with self.lock:
            self._under_way.discard(held.id)
            return self.watch.stop(started)

    def settle(self, held: Charge, amounts: Amounts, marks: Sequence[str]) -> None:
        """Charge a model call, or give its hold back if it cost nothing. Too much is only what passes a limit."""
        with self.lock:
            if not amounts.model_calls:
                self.ledger.release(held)
                return
            left = self.ledger.remaining()
            more = counted(amounts - held.amounts)
            over = any(more[name] > 0 and not left.has(name, more[name]) for name in ("tokens", "picousd"))
            self.ledger.settle(held if over else replace(held, amounts=amounts), amounts, marks=marks)

    # -- inside

    def _new_ledger(self) -> Ledger:
        # Each ledger names its charges in its own way: those of two processes must never be taken for one.
        return Ledger(self.budget, f"{self.run}.{uuid4().hex[:6]}", clock=self.watch)

    def _own(self, charges: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        return {key: charge for key, charge in charges.items() if key.startswith(f"{self.run}.")}

    def _collect(self) -> None:
        self._changed |= self.ledger.drain()


@dataclass(slots=True)
class Accounts:
    """The accounts of one agent, those of the last threads that were used."""

    budget: Budget
    _kept: OrderedDict[tuple[str, str], Account] = field(default_factory=OrderedDict[tuple[str, str], Account])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, thread: str, run: str) -> Account:
        """The account of a run of a thread; a fresh one where none is known."""
        with self._lock:
            found = self._kept.get((thread, run)) or Account(self.budget, thread, run)
            self._keep(found)
        return found

    def keep(self, account: Account) -> None:
        """Have this one dropped last."""
        with self._lock:
            self._keep(account)

    def latest(self, thread: str | None) -> Account | None:
        """The account that was used last, of this thread where one is named."""
        with self._lock:
            found = reversed(self._kept.values())
            return next((account for account in found if thread in (None, account.thread)), None)

    def _keep(self, account: Account) -> None:
        self._kept[account.thread, account.run] = account
        self._kept.move_to_end((account.thread, account.run))
        while len(self._kept) > MAX_THREADS:
            self._kept.popitem(last=False)


def _open(charge: Charge) -> bool:
    """Whether a call may still be made under this charge; after a restart, a hold is marked as interrupted."""
    return charge.status == "held" or "interrupted" in charge.marks
