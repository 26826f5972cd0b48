"""The ledger: the one gate before every paid call, and the record of what was paid.

Holding is one synchronous step, so that nothing can come between the check and the charge, however many calls run at
once. With a journal every hold is written to the book before its call is sent, and every settlement after it: a killed
process may have paid for more than it used, but never for more than the book says.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .amounts import ZERO, Amounts
from .budget import Budget, Remaining, counted, ordered
from .charges import Charge, Entry, Refusal, next_attempt, stem_of
from .journal import Journal


@dataclass(slots=True)
class Ledger:
    """Holds before a call, settles after it, and knows at any moment what is left.

    `clock` gives seconds that only go forward; `question` numbers the questions of one conversation; without a
    `journal` the charges live in memory and in the graph's state only.
    """

    budget: Budget
    run: str
    question: int = 1
    clock: Callable[[], float] = time.monotonic
    journal: Journal | None = None
    above: "Ledger | None" = None
    """The ledger that this one's budget is a part of: an overrun in any part ends all of them."""
    charges: dict[str, Charge] = field(default_factory=dict[str, Charge])
    _total: Amounts = ZERO
    _ordinals: dict[str, int] = field(default_factory=dict[str, int])
    _changed: dict[str, Charge] = field(default_factory=dict[str, Charge])
    _limits: dict[str, int] = field(init=False)
    _started: float = field(init=False)
    _segment: str = ""
    _unseen: dict[str, str] = field(default_factory=dict[str, str])
    """By stem, calls that the book knows and the graph's state does not: their node runs again and makes them again."""
    _earlier_ms: int = 0
    overrun: str = ""
    """The limited resource of which a provider took more than was held: no further call fits, of any kind."""
    over: bool = False
    """The run has ended before and is only looked at: time does not count, and nothing is written."""

    def __post_init__(self) -> None:
        self._limits = self.budget.limits()
        self._started = self.clock()

    # -- before and after a call

    def hold(
        self, call: Charge, amounts: Amounts, *, keep: Amounts = ZERO, retry_of: Charge | None = None
    ) -> Charge | Refusal:
        """Set an upper bound of a call aside, or say why it does not fit. `keep` must still be left for later calls."""
        refusal = self.fits(amounts, keep=keep)
        if refusal is not None:
            return refusal
        charge_id = next_attempt(retry_of.id) if retry_of else self._new_id(call.node)
        held = replace(call, id=charge_id, status="held", amounts=amounts)
        self._put(held)
        return held

    def fits(self, amounts: Amounts, *, keep: Amounts = ZERO) -> Refusal | None:
        """None when the amounts, and what is to be kept back, fit into what is left now."""
        asked = counted(amounts)
        kept = counted(keep)
        gone = counted(self._total)
        calls = asked["model_calls"] + asked["searches"] + asked["browses"] + sum(amounts.tools.values())
        if calls and (overrun := self._overrun()):
            return Refusal(overrun, asked[overrun] or 1, 0)
        for resource in ordered(self._limits):
            limit = self._limits[resource]
            if resource == "ms":
                # Time passes whether or not a call is made: what counts is that some is left.
                left = (self._ms_left() or 0) - kept["ms"]
                if calls and left <= 0:
                    return Refusal("ms", 1, max(0, left))
                continue
            wanted, spent, keeping = (sums.get(resource, 0) for sums in (asked, gone, kept))
            left = limit - spent - keeping
            if wanted and wanted > left:
                return Refusal(resource, wanted, max(0, left), min(keeping, limit - spent))
        return None

    def stopped(self, keep_ms: int = 0) -> Refusal | None:
        """Why a call that is held must not be sent any more: while its hold was written down, or another run beside
        this one made its call, the time ran out, or a provider took more than was held."""
        if overrun := self._overrun():
            return Refusal(overrun, 1, 0)
        return Refusal("ms", 1, 0) if self.seconds_left(keep_ms) == 0 else None

    async def take(
        self, call: Charge, amounts: Amounts, *, keep: Amounts = ZERO, retry_of: Charge | None = None
    ) -> Charge | Refusal:
        """Hold, and write the hold down. Raises StoreError, and holds nothing, where it cannot be written."""
        held = self.hold(call, amounts, keep=keep, retry_of=retry_of)
        if isinstance(held, Charge):
            await self.commit(held)
        return held

    async def commit(self, *held: Charge) -> None:
        """Write down what was settled of late, and these holds, whose calls are about to be sent.

        Without a journal there is nothing to do. Raises StoreError, and releases the holds, where that fails.
        """
        if self.journal is None or self.over:
            return
        self._tick()
        for charge in held:
            self.journal.note(charge)
        try:
            await self.journal.flush()
        except BaseException:
            for charge in held:
                self.release(charge)
            raise

    def settle(
        self,
        charge: Charge,
        amounts: Amounts,
        *,
        marks: Iterable[str] = (),
        result: Callable[[], Any] | None = None,
    ) -> Charge:
        """Replace a hold by what the call really came to. More than was held is charged in full and marked.

        `result` gives what the call brought as plain data, which is kept where there is a journal.
        """
        known = self.charges.get(charge.id, charge)
        found = set(marks) | set(charge.marks)
        more = amounts - charge.amounts
        # A run of its own is held with what its limits allow, and takes more than 0 of what has none.
        if self._binding(more) or (charge.kind == "model" and (more.tokens > 0 or more.picousd > 0)):
            found.add("overrun")
            self._note_overrun(self._binding(more))
        if result is not None and self.journal is not None:
            self.journal.keep(charge.id, result())
        settled = replace(known, status="settled", amounts=amounts, marks=tuple(sorted(found)))
        self._put(settled)
        return settled

    def release(self, charge: Charge) -> None:
        """Give a hold back: no request was sent, nothing is owed."""
        self._put(replace(charge, status="released", amounts=ZERO))

    def credit(self, charge_id: str, constraint: str) -> None:
        """Note that this call brought or changed a finding on this constraint, for the receipt."""
        charge = self.charges.get(charge_id)
        if charge is not None and constraint not in charge.constraints:
            self._put(replace(charge, constraints=tuple(sorted({*charge.constraints, constraint}))))

    # -- what is left

    def remaining(self) -> Remaining:
        gone = counted(self._total)
        gone["ms"] = self.elapsed_ms()
        return Remaining(self._limits, gone)

    def seconds_left(self, keep_ms: int = 0) -> float | None:
        """Seconds until the time limit, less what is kept back; None without a limit."""
        left = self._ms_left()
        return None if left is None else max(0.0, (left - keep_ms) / 1000)

    def _ms_left(self) -> int | None:
        """Time until the limit; a part of a run has no more than the run itself, however late it began."""
        limit = self._limits.get("ms")
        own = None if limit is None else limit - self.elapsed_ms()
        whole = self.above._ms_left() if self.above is not None else None
        return min((left for left in (own, whole) if left is not None), default=None)

    def elapsed_ms(self) -> int:
        """Time since this run began, earlier parts of a resumed run included."""
        return self._earlier_ms + int((self.clock() - self._started) * 1000)

    def extend(self, budget: Budget) -> None:
        """Go on under this budget, which has more of something; what was held and spent stays counted."""
        self.budget, self._limits = budget, budget.limits()

    def wait(self, seconds: float) -> None:
        """Leave time out that was spent waiting for a person."""
        self._started += max(0.0, seconds)

    def spent(self) -> Amounts:
        """The sum of all charges, holds included, with the time up to now."""
        return replace(self._total, ms=self.elapsed_ms())

    # -- the view in the graph's state, and the way back after a kill

    def drain(self) -> dict[str, dict[str, Any]]:
        """The charges that changed since the last call, as plain data for the state."""
        self._tick()
        changed = {key: charge.to_dict() for key, charge in self._changed.items()}
        self._changed.clear()
        return changed

    def absorb(self, charges: Mapping[str, Mapping[str, Any]], entries: Iterable[Entry] = ()) -> None:
        """Take over what an earlier part of this run left: the charges in its state, and its entries in the book.

        A hold that was written down may have been sent, so it stays charged. One that is in the state only was never
        sent when there is a journal; without one nobody knows, and it stays charged, too.
        """
        written = {entry.charge.id: entry for entry in entries}
        for key, data in charges.items():
            if key not in written and key not in self.charges:
                charge = Charge.from_dict(data)
                lost = charge.status == "held" and self.journal is None
                self._take_over(_interrupted(charge) if lost else charge, changed=lost)
            self._advance(key)
        for key, entry in written.items():
            if self.journal is not None:
                self.journal.keep(key, entry.result)
            known = charges.get(key)
            charge = _interrupted(entry.charge) if entry.charge.status == "held" else entry.charge
            self._take_over(charge, changed=charge.to_dict() != known)
            if known is None:
                self._unseen[stem_of(key)] = key

    def earlier(self, call: Charge) -> tuple[Charge, Any] | None:
        """What a killed run made of this call, the next one of its node: its last attempt, and what that brought."""
        key = self._unseen.pop(f"{self.run}/{self.question}/{call.node}/{self._ordinals.get(call.node, 0)}", None)
        if key is None or (self.charges[key].kind, self.charges[key].what) != (call.kind, call.what):
            return None
        self._advance(key)
        return self.last(key)

    def last(self, charge_id: str) -> tuple[Charge, Any]:
        """The last attempt of a call, and what it brought; None where that is not known."""
        charge = self.charges[charge_id]
        while (later := self.charges.get(next_attempt(charge.id))) is not None:
            charge = later
        return charge, self.journal.result(charge.id) if self.journal is not None else None

    # -- inside

    def _put(self, charge: Charge) -> None:
        known = self.charges.get(charge.id)
        self._total += charge.amounts
        if known is not None:
            self._total -= known.amounts
        self.charges[charge.id] = charge
        self._changed[charge.id] = charge
        if self.journal is not None and charge.status != "held":
            self.journal.note(charge)

    def _tick(self) -> None:
        if self.over:
            return
        self._segment = self._segment or self._new_id("clock")
        ms = int((self.clock() - self._started) * 1000)
        self._put(Charge(id=self._segment, kind="clock", node="run", status="settled", amounts=Amounts(ms=ms)))

    def _take_over(self, charge: Charge, *, changed: bool) -> None:
        if charge.kind == "clock":
            self._earlier_ms += charge.amounts.ms
        self._put(charge)
        if not changed:
            self._changed.pop(charge.id)
        if "overrun" in charge.marks:
            self._note_overrun(self._binding(Amounts(tokens_in=1, picousd=1)))

    def _new_id(self, task: str) -> str:
        while True:
            ordinal = self._ordinals.get(task, 0)
            self._ordinals[task] = ordinal + 1
            made = f"{self.run}/{self.question}/{task}/{ordinal}/1"
            if made not in self.charges:
                return made

    def _advance(self, charge_id: str) -> None:
        """Have the next id of this task come after this one."""
        task, ordinal = charge_id.split("/")[-3:-1]
        self._ordinals[task] = max(self._ordinals.get(task, 0), int(ordinal) + 1)

    def _overrun(self) -> str:
        return self.overrun or (self.above.overrun if self.above is not None else "")

    def _note_overrun(self, resource: str) -> None:
        self.overrun = self.overrun or resource
        if self.above is not None:
            self.above.overrun = self.above.overrun or resource

    def _binding(self, over: Amounts) -> str:
        """The limited resource that an overrun concerns, if it does."""
        found = [name for name in ("tokens", "picousd") if name in self._limits and counted(over)[name] > 0]
        return found[0] if found else ""


def _interrupted(charge: Charge) -> Charge:
    """A call that was in flight when its process ended: for all we know it was made and billed in full."""
    return replace(charge, status="settled", marks=tuple(sorted({*charge.marks, "estimated", "interrupted"})))
