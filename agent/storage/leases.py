"""Leases, as sums in tables: what a purse may spend, what it gave out, what came back. One transaction a function.

A lease is itself a purse with a parent. It counts in its parent's `used` with all that it was given while it is open,
and with what it really spent (its own, and that of its leases) once it is closed or where nothing limits it. So nothing
can be given out twice, whatever becomes of whoever took it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from .database import Transaction

Sums = Mapping[str, int]
"""Amounts by the names of `Budget.limits`."""


@dataclass(frozen=True, slots=True)
class Line:
    """One resource of a purse: its cap (None for no limit), what its leases count as, and what it spent itself."""

    cap: int | None = None
    used: int = 0
    own: int = 0

    @property
    def spent(self) -> int:
        return self.used + self.own

    @property
    def left(self) -> int | None:
        return None if self.cap is None else max(0, self.cap - self.spent)

    def counts(self, *, opened: bool) -> int:
        """What it counts as in its parent."""
        return self.spent if self.cap is None or not opened else max(self.cap, self.spent)


def open_purse(tx: Transaction, purse: str, limits: Sums) -> None:
    """Make a purse, or give it these caps; what is used of it stays used."""
    _make(tx, purse, "")
    _lock(tx, purse)
    for resource, line in lines_of(tx, purse).items():
        _put(tx, purse, resource, Line(limits.get(resource), line.used, line.own))
    for resource in limits.keys() - lines_of(tx, purse).keys():
        _put(tx, purse, resource, Line(limits[resource]))


def lines_of(tx: Transaction, purse: str) -> dict[str, Line]:
    """Every resource that a purse limits or has spent."""
    found = tx.rows("SELECT resource, cap, used, own FROM spadework_amounts WHERE purse = ?", purse)
    return {resource: Line(cap, used, own) for resource, cap, used, own in found}


def lease(tx: Transaction, parent: str, name: str, wanted: Sums) -> dict[str, int]:
    """The limits of a lease: what is wanted, as far as the parent has it, and all it has of what has no limit there.

    A closed parent has nothing. An open lease of that name is given again, larger where more is wanted now. A closed
    one is opened again: what it spent stays spent, and counts towards what is wanted.
    """
    _lock(tx, parent)
    again, has_more = _is_open(tx, name), _is_open(tx, parent)
    above, lines = lines_of(tx, parent), lines_of(tx, name)
    _make(tx, name, parent)
    granted: dict[str, int] = {}
    for resource in sorted({*above, *wanted, *lines}):
        line = lines.get(resource, Line())
        before = line.counts(opened=again)
        left = above.get(resource, Line()).left if has_more else 0
        limit = wanted.get(resource, line.cap if again else None)
        if limit is None and (left is None or again):
            _put(tx, name, resource, Line(None, line.used, line.own))
            continue
        asked = max(0, limit - before) if limit is not None else left or 0
        more = asked if left is None else min(left, asked)
        # An overrun is no grant: what was spent beyond the cap is not to be spent again.
        known = line.cap if again and not more else None
        granted[resource] = before + more if known is None else known
        _put(tx, name, resource, Line(granted[resource], line.used, line.own))
        _add(tx, parent, resource, more)
    tx.run("UPDATE spadework_purses SET opened = 1, created = ? WHERE purse = ?", time.time(), name)
    return granted


def close(tx: Transaction, name: str, spent: Sums) -> None:
    """Close a lease on what its holder itself spent in all; the rest goes back. A closed one stays as it is."""
    _lock(tx, name)
    if not _is_open(tx, name):
        return
    lines = lines_of(tx, name)
    tx.run("UPDATE spadework_purses SET opened = 0 WHERE purse = ?", name)
    for resource in sorted({*lines, *spent}):
        line = lines.get(resource, Line())
        closed = Line(line.cap, line.used, spent.get(resource, 0))
        _put(tx, name, resource, closed)
        _add(tx, _parent(tx, name), resource, closed.counts(opened=False) - line.counts(opened=True))


def correct(tx: Transaction, name: str, more: Sums) -> None:
    """A settlement that comes late: what a closed lease spent was so much more, or less."""
    _lock(tx, name)
    lines = lines_of(tx, name)
    opened = _is_open(tx, name)
    for resource in sorted(more):
        line = lines.get(resource, Line())
        after = Line(line.cap, line.used, line.own + more[resource])
        _put(tx, name, resource, after)
        _add(tx, _parent(tx, name), resource, after.counts(opened=opened) - line.counts(opened=opened))


def open_leases(tx: Transaction, parent: str) -> dict[str, float]:
    """The open leases of a purse, and when each was taken last."""
    _lock(tx, parent)
    found = tx.rows("SELECT purse, created FROM spadework_purses WHERE parent = ? AND opened = 1", parent)
    return {name: taken for name, taken in found}


def _add(tx: Transaction, purse: str, resource: str, more: int) -> None:
    """Count so much more, or less, as used; what is closed or has no limit passes that on to its own parent."""
    if not purse or not more:
        return
    line = lines_of(tx, purse).get(resource, Line())
    after = Line(line.cap, line.used + more, line.own)
    _put(tx, purse, resource, after)
    opened = _is_open(tx, purse)
    _add(tx, _parent(tx, purse), resource, after.counts(opened=opened) - line.counts(opened=opened))


def forget(tx: Transaction, purse: str, below: str) -> None:
    """Delete a purse and all leases of it: those whose names begin with its own and `below`."""
    start = purse + below
    for table in ("spadework_amounts", "spadework_purses"):
        tx.run(f"DELETE FROM {table} WHERE purse = ? OR substr(purse, 1, ?) = ?", purse, len(start), start)


def _lock(tx: Transaction, purse: str) -> None:
    """Have the whole tree to ourselves until the transaction ends: its root's row stands for it."""
    while parent := _parent(tx, purse):
        purse = parent
    tx.rows(f"SELECT purse FROM spadework_purses WHERE purse = ?{tx.for_update}", purse)


def _parent(tx: Transaction, purse: str) -> str:
    found = tx.rows("SELECT parent FROM spadework_purses WHERE purse = ?", purse)
    return found[0][0] if found else ""


def _is_open(tx: Transaction, purse: str) -> bool:
    return bool(tx.rows("SELECT 1 FROM spadework_purses WHERE purse = ? AND opened = 1", purse))


def _make(tx: Transaction, purse: str, parent: str) -> None:
    tx.run(
        "INSERT INTO spadework_purses (purse, parent, opened, created) VALUES (?, ?, 1, ?)"
        " ON CONFLICT (purse) DO NOTHING",
        purse,
        parent,
        time.time(),
    )


def _put(tx: Transaction, purse: str, resource: str, line: Line) -> None:
    tx.run(
        "INSERT INTO spadework_amounts (purse, resource, cap, used, own) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (purse, resource) DO UPDATE SET cap = excluded.cap, used = excluded.used, own = excluded.own",
        purse,
        resource,
        line.cap,
        line.used,
        line.own,
    )
