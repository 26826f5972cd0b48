"""The ledger: the one gate before every paid call, and the record of what was paid.

Holding is one synchronous step, so that nothing can come between the check and the charge, however many calls run at
once. Here the ledger lives in memory; the charges in the graph's state are a view of it.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .amounts import ZERO, Amounts
from .budget import Budget, Remaining, counted, label, ordered

Kind = Literal["model", "search", "browse", "tool", "clock"]
Status = Literal["held", "settled", "released"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One entry of spend. `id` is run / question / task / ordinal / attempt; `amounts` is the hold until settled."""

    id: str
    kind: Kind
    node: str
    status: Status
    amounts: Amounts
    attempt: int = 0
    """The attempt of the search (between two verifications) that it belongs to."""
    what: str = ""
    """The query, the address or the role, shortened."""
    marks: tuple[str, ...] = ()
    """estimated (no usage was reported), overrun (more than was held), unpriced, failed, cancelled."""
    constraints: tuple[str, ...] = ()
    """The constraints whose findings it brought or changed."""

    def to_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"id": self.id, "kind": self.kind, "node": self.node, "status": self.status}
        data |= {"amounts": self.amounts.to_dict(), "attempt": self.attempt, "what": self.what}
        if self.marks:
            data["marks"] = list(self.marks)
        if self.constraints:
            data["constraints"] = list(self.constraints)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Charge":
        return cls(
            id=data["id"],
            kind=data["kind"],
            node=data["node"],
            status=data["status"],
            amounts=Amounts.from_dict(data["amounts"]),
            attempt=data["attempt"],
            what=data["what"],
            marks=tuple(data.get("marks", ())),
            constraints=tuple(data.get("constraints", ())),
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that did not fit: which resource, how much was asked and how much could be had."""

    resource: str
    asked: int
    left: int
    kept: int = 0
    """What is left but held back for a later stage."""

    def line(self) -> str:
        """One line that a model can act on."""
        name = label(self.resource)
        if self.resource in ("picousd", "ms"):
            return f"refused: the {name} left do not cover this call"
        if self.kept:
            return f"refused: the last of the {name} is kept for checking; propose your best answer now"
        return f"refused: {self.left} {name} left, {self.asked} asked"


@dataclass(slots=True)
class Ledger:
    """Holds before a call, settles after it, and knows at any moment what is left.

    `clock` gives seconds that only go forward; `question` numbers the questions of one conversation.
    """

    budget: Budget
    run: str
    question: int = 1
    clock: Callable[[], float] = time.monotonic
    charges: dict[str, Charge] = field(default_factory=dict[str, Charge])
    _total: Amounts = ZERO
    _ordinals: dict[str, int] = field(default_factory=dict[str, int])
    _changed: dict[str, Charge] = field(default_factory=dict[str, Charge])
    _limits: dict[str, int] = field(init=False)
    _started: float = field(init=False)
    _segment: str = field(init=False)
    _earlier_ms: int = 0
    overrun: str = ""
    """The limited resource of which a provider took more than was held: no further call fits, of any kind."""

    def __post_init__(self) -> None:
        self._limits = self.budget.limits()
        self._started = self.clock()
        self._segment = self._new_id("clock")

    # -- before and after a call

    def hold(
        self, call: Charge, amounts: Amounts, *, keep: Amounts = ZERO, retry_of: Charge | None = None
    ) -> Charge | Refusal:
        """Set an upper bound of a call aside, or say why it does not fit. `keep` must still be left for later calls."""
        refusal = self.fits(amounts, keep=keep)
        if refusal is not None:
            return refusal
        charge_id = _next_attempt(retry_of.id) if retry_of else self._new_id(call.node)
        held = replace(call, id=charge_id, status="held", amounts=amounts)
        self._put(held)
        return held

    def fits(self, amounts: Amounts, *, keep: Amounts = ZERO) -> Refusal | None:
        """None when the amounts, and what is to be kept back, fit into what is left now."""
        asked = counted(amounts)
        kept = counted(keep)
        gone = counted(self._total)
        calls = asked["model_calls"] + asked["searches"] + asked["browses"] + sum(amounts.tools.values())
        if self.overrun and calls:
            return Refusal(self.overrun, asked[self.overrun] or 1, 0)
        for resource in ordered(self._limits):
            limit = self._limits[resource]
            if resource == "ms":
                # Time passes whether or not a call is made: what counts is that some is left.
                left = limit - self.elapsed_ms() - kept["ms"]
                if calls and left <= 0:
                    return Refusal("ms", 1, max(0, left))
                continue
            wanted, spent, keeping = (sums.get(resource, 0) for sums in (asked, gone, kept))
            left = limit - spent - keeping
            if wanted and wanted > left:
                return Refusal(resource, wanted, max(0, left), min(keeping, limit - spent))
        return None

    def settle(self, charge: Charge, amounts: Amounts, *, marks: Iterable[str] = ()) -> Charge:
        """Replace a hold by what the call really came to. More than was held is charged in full and marked."""
        found = set(marks) | set(charge.marks)
        if amounts.tokens > charge.amounts.tokens or amounts.picousd > charge.amounts.picousd:
            found.add("overrun")
            self.overrun = self.overrun or self._binding(amounts - charge.amounts)
        settled = replace(charge, status="settled", amounts=amounts, marks=tuple(sorted(found)))
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
        limit = self._limits.get("ms")
        return None if limit is None else max(0.0, (limit - self.elapsed_ms() - keep_ms) / 1000)

    def elapsed_ms(self) -> int:
        """Time since this run began, earlier parts of a resumed run included."""
        return self._earlier_ms + int((self.clock() - self._started) * 1000)

    def spent(self) -> Amounts:
        """The sum of all charges, holds included, with the time up to now."""
        return replace(self._total, ms=self.elapsed_ms())

    # -- the view in the graph's state

    def drain(self) -> dict[str, dict[str, Any]]:
        """The charges that changed since the last call, as plain data for the state."""
        self._tick()
        changed = {key: charge.to_dict() for key, charge in self._changed.items()}
        self._changed.clear()
        return changed

    def absorb(self, charges: Mapping[str, Mapping[str, Any]]) -> None:
        """Take charges over from the state of a run that this ledger resumes. Knowing them already is fine."""
        for key, data in charges.items():
            if key in self.charges and key != self._segment:
                continue
            charge = Charge.from_dict(data)
            if charge.kind == "clock":
                self._earlier_ms += charge.amounts.ms
            # A hold that outlived its process was sent for all we know: it stays charged.
            if charge.status == "held":
                self._put(replace(charge, status="settled", marks=("estimated",)))
            else:
                self._put(charge)
                self._changed.pop(key, None)
            if "overrun" in charge.marks:
                self.overrun = self.overrun or self._binding(Amounts(tokens_in=1, picousd=1))
            task, ordinal = key.split("/")[-3:-1]
            self._ordinals[task] = max(self._ordinals.get(task, 0), int(ordinal) + 1)
        self._segment = self._new_id("clock")

    # -- inside

    def _put(self, charge: Charge) -> None:
        known = self.charges.get(charge.id)
        self._total += charge.amounts
        if known is not None:
            self._total -= known.amounts
        self.charges[charge.id] = charge
        self._changed[charge.id] = charge

    def _tick(self) -> None:
        ms = int((self.clock() - self._started) * 1000)
        self._put(Charge(id=self._segment, kind="clock", node="run", status="settled", amounts=Amounts(ms=ms)))

    def _new_id(self, task: str) -> str:
        ordinal = self._ordinals.get(task, 0)
        self._ordinals[task] = ordinal + 1
        return f"{self.run}/{self.question}/{task}/{ordinal}/1"

    def _binding(self, over: Amounts) -> str:
        """The limited resource that an overrun concerns, if it does."""
        found = [name for name in ("tokens", "picousd") if name in self._limits and counted(over)[name] > 0]
        return found[0] if found else ""


def call_of(kind: Kind, node: str, *, what: str = "", attempt: int = 0) -> Charge:
    """A call that is about to be made, before any amount is set aside for it."""
    return Charge(
        id="",
        kind=kind,
        node=node,
        status="released",
        amounts=ZERO,
        attempt=attempt,
        what=what[:200],
    )


def _next_attempt(charge_id: str) -> str:
    stem, _, attempt = charge_id.rpartition("/")
    return f"{stem}/{int(attempt) + 1}"
