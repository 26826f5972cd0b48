"""How a day's purse stands: what of it is spent, set aside for runs that go on, and left; and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ..money.budget import Budget, label, ordered
from ..storage.database import Transaction
from ..storage.leases import lines_of, open_leases
from .gauges import LABEL, amount

USUAL = "daily"
"""What a purse is called where no other name was given."""


def now() -> datetime:
    """The time in UTC, by which days are told apart."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The sums of one purse on one day, in the ledger's units."""

    name: str
    day: date
    limits: Mapping[str, int]
    spent: Mapping[str, int]
    aside: Mapping[str, Sequence[int]]
    """What is set aside for each run that goes on."""

    @classmethod
    def read(cls, tx: Transaction, key: str, limits: Mapping[str, int] | None = None) -> "Standing":
        """The purse of this key, a name and a day; `limits` stand for those that are stored, where they are given."""
        lines = lines_of(tx, key)
        aside: dict[str, list[int]] = {}
        for lease in open_leases(tx, key):
            for resource, line in lines_of(tx, lease).items():
                if part := line.counts(opened=True):
                    aside.setdefault(resource, []).append(part)
        stored = {resource: line.cap for resource, line in lines.items() if line.cap is not None}
        name, _, day = key.rpartition(" ")
        return cls(
            name=name,
            day=date.fromisoformat(day),
            limits=stored if limits is None else limits,
            spent={resource: max(0, line.spent - sum(aside.get(resource, ()))) for resource, line in lines.items()},
            aside=aside,
        )

    @property
    def shown(self) -> str:
        return "today's purse" if self.name == USUAL else f"today's purse {self.name!r}"

    def left(self, resource: str) -> int:
        """What can still be had of a limited resource."""
        return max(0, self.limits[resource] - self.spent.get(resource, 0) - sum(self.aside.get(resource, ())))

    def gone(self, resource: str) -> str:
        """What became of a resource, and when the purse is full again."""
        told = f"{amount(resource, self.spent.get(resource, 0))} of {amount(resource, self.limits[resource])} spent"
        if self.aside.get(resource):
            told += f", {self._aside(resource)} (what a run does not limit itself, it gets whole)"
        return f"{told}; {self.full_again()}"

    def full_again(self) -> str:
        """When the next day begins."""
        minutes = -(int((now() - self._end()).total_seconds()) // 60)
        if minutes <= 0:
            return "it is full again"
        hours = f"{minutes // 60} h " if minutes >= 60 else ""
        return f"it is full again at 00:00 UTC, in {hours}{minutes % 60} min"

    def text(self) -> str:
        """All of it: one line for the purse, and one a resource."""
        lines = [f"{self.shown} ({self.day}); {self.full_again()}"]
        wide = max([LABEL, *(len(label(resource)) for resource in self.limits)])
        for resource in ordered(self.limits):
            left = f"{amount(resource, self.left(resource))} of {amount(resource, self.limits[resource])} left"
            aside = f", {self._aside(resource)}" if self.aside.get(resource) else ""
            lines.append(f"{label(resource):<{wide}} {left}{aside}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, by the names of limits as they are given; dollars as text, so that they stay exact."""
        known = {
            "limits": self.limits,
            "left": {resource: self.left(resource) for resource in self.limits},
            "spent": {resource: self.spent.get(resource, 0) for resource in self.limits},
            "set_aside": {resource: sum(self.aside.get(resource, ())) for resource in self.limits},
        }
        full = self._end().isoformat(timespec="seconds")
        return {"purse": self.name, "day": self.day.isoformat(), "full_again": full} | {
            name: {limit: value for limit, value in Budget.from_limits(sums).to_dict().items() if value is not None}
            for name, sums in known.items()
        }

    def _aside(self, resource: str) -> str:
        parts = self.aside[resource]
        runs = "1 run that goes on" if len(parts) == 1 else f"{len(parts)} runs that go on"
        return f"{amount(resource, sum(parts))} set aside for {runs}"

    def _end(self) -> datetime:
        return datetime.combine(self.day + timedelta(days=1), time(), UTC)
