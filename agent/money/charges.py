"""One entry of spend, one call that did not fit, and how entries are named."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .amounts import ZERO, Amounts
from .budget import label

MEMORY = "memory"
"""The node of calls that were answered, free, from what the run had seen already."""
MAX_WHAT = 2_000
"""Characters; no address that works is longer."""

Kind = Literal["model", "search", "browse", "tool", "run", "clock"]
"""A run is one of several side by side, with all that it spends."""
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
    """The query, the address or the role."""
    marks: tuple[str, ...] = ()
    """estimated (no usage was reported), overrun (more than was held), unpriced, failed, cancelled, cached."""
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


@dataclass(frozen=True, slots=True)
class Entry:
    """A charge as the book keeps it. `result` is what a settled call brought, as plain data, to be replayed."""

    charge: Charge
    result: Any = None


def call_of(kind: Kind, node: str, *, what: str = "", attempt: int = 0) -> Charge:
    """A call that is about to be made, before any amount is set aside for it."""
    return Charge(
        id="",
        kind=kind,
        node=node,
        status="released",
        amounts=ZERO,
        attempt=attempt,
        what=what[:MAX_WHAT],
    )


def stem_of(charge_id: str) -> str:
    """What the attempts of one call have in common: run / question / task / ordinal."""
    return charge_id.rpartition("/")[0]


def next_attempt(charge_id: str) -> str:
    """The id of the same call, sent once more."""
    stem, _, attempt = charge_id.rpartition("/")
    return f"{stem}/{int(attempt) + 1}"
