"""Whatever is leased, closed, settled late, lost and opened again: nothing is given out twice, and nothing is lost."""

import sqlite3
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from spadework.agent.storage.database import SCHEMA, Transaction
from spadework.agent.storage.leases import Line, close, correct, lease, lines_of, open_purse

RESOURCES = ("searches", "picousd", "tools.dig")
LIMITS = st.dictionaries(st.sampled_from(RESOURCES), st.integers(0, 30))
PARTS = st.floats(0, 1)


@dataclass
class Part:
    """One lease as the test itself keeps it."""

    parent: str
    granted: dict[str, int]
    opened: bool = True
    spent: dict[str, int] = field(default_factory=dict[str, int])


class Leasing(RuleBasedStateMachine):
    """A tree of leases; the test sums for itself what was really spent."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        for statement in SCHEMA:
            self.connection.execute(statement.format(real="REAL", blob="BLOB"))
        self.tx = Transaction(self.connection, postgres=False)
        self.caps: dict[str, int] = {}
        self.parts: dict[str, Part] = {}
        self.over: dict[str, int] = dict.fromkeys(RESOURCES, 0)

    @initialize(caps=LIMITS)
    def begin(self, caps: dict[str, int]) -> None:
        self.caps = caps
        open_purse(self.tx, "purse", caps)

    def left(self, purse: str, resource: str) -> int | None:
        return lines_of(self.tx, purse).get(resource, Line()).left

    @rule(wanted=LIMITS, under=st.integers(0, 99), name=st.integers(0, 5))
    def leased(self, wanted: dict[str, int], under: int, name: int) -> None:
        opened = ["purse", *(key for key, part in self.parts.items() if part.opened)]
        parent = opened[under % len(opened)]
        key = f"{parent}/{name}"
        if key in self.parts:
            return
        before = {resource: self.left(parent, resource) for resource in RESOURCES}
        granted = lease(self.tx, parent, key, wanted)
        for resource in RESOURCES:
            left, limit = before[resource], wanted.get(resource)
            known = [amount for amount in (left, limit) if amount is not None]
            assert granted.get(resource) == (min(known) if known else None)
        self.parts[key] = Part(parent, granted)

    def one(self, place: int, *, opened: bool) -> str | None:
        found = [key for key, part in self.parts.items() if part.opened == opened]
        return found[place % len(found)] if found else None

    def spare(self, key: str, share: float) -> dict[str, int]:
        """What a lease has spent itself in all, when it spends so much more of what it has left."""
        found: dict[str, int] = {}
        for resource, line in lines_of(self.tx, key).items():
            more = int((9 if line.left is None else line.left) * share)
            found[resource] = self.parts[key].spent.get(resource, 0) + more
            if line.left is None:
                self.over[resource] += more  # it may go on under a purse that has a limit by now
        return found

    @rule(place=st.integers(0, 99), share=PARTS)
    def closed(self, place: int, share: float) -> None:
        if (key := self.one(place, opened=True)) is None:
            return
        spent = self.spare(key, share)
        close(self.tx, key, spent)
        close(self.tx, key, {"searches": 99})  # a second one changes nothing
        self.parts[key].opened, self.parts[key].spent = False, spent

    @rule(place=st.integers(0, 99), resource=st.sampled_from(RESOURCES), more=st.integers(1, 9))
    def closed_on_more_than_was_leased(self, place: int, resource: str, more: int) -> None:
        if (key := self.one(place, opened=True)) is None:
            return
        spent = self.spare(key, 1.0)
        spent[resource] = spent.get(resource, 0) + more
        close(self.tx, key, spent)
        self.parts[key].opened, self.parts[key].spent = False, spent
        self.over[resource] += more

    @rule(place=st.integers(0, 99), share=PARTS)
    def settled_late(self, place: int, share: float) -> None:
        """A call counted in full at the close turns out cheaper."""
        if (key := self.one(place, opened=False)) is None:
            return
        less = {resource: -int(amount * share) for resource, amount in self.parts[key].spent.items()}
        correct(self.tx, key, less)
        for resource, change in less.items():
            self.parts[key].spent[resource] += change

    @rule(place=st.integers(0, 99), wanted=LIMITS)
    def opened_again(self, place: int, wanted: dict[str, int]) -> None:
        key = self.one(place, opened=False)
        if key is None or (self.parts[key].parent != "purse" and not self.parts[self.parts[key].parent].opened):
            return
        part = self.parts[key]
        spent = {resource: line.spent for resource, line in lines_of(self.tx, key).items()}
        granted = lease(self.tx, part.parent, key, wanted)
        for resource, amount in granted.items():
            assert amount >= spent.get(resource, 0)
            if resource in wanted:
                assert amount <= max(wanted[resource], spent.get(resource, 0))
        part.opened, part.granted = True, granted

    @precondition(lambda self: self.parts)
    @rule(place=st.integers(0, 99))
    def asked_for_again_while_open(self, place: int) -> None:
        if (key := self.one(place, opened=True)) is not None:
            part = self.parts[key]
            if part.parent == "purse" or self.parts[part.parent].opened:
                assert lease(self.tx, part.parent, key, part.granted) == part.granted

    @rule(caps=LIMITS)
    def another_process_names_other_caps(self, caps: dict[str, int]) -> None:
        self.caps = caps
        open_purse(self.tx, "purse", caps)

    def counts(self, key: str, resource: str) -> int:
        """What a lease counts as in its parent, by the test's own sums."""
        part = self.parts[key]
        own = part.spent.get(resource, 0)
        real = own + sum(self.counts(child, resource) for child in self.children(key))
        return max(part.granted[resource], real) if part.opened and resource in part.granted else real

    def children(self, key: str) -> list[str]:
        return [child for child, part in self.parts.items() if part.parent == key]

    @invariant()
    def every_sum_agrees(self) -> None:
        for key in ("purse", *self.parts):
            for resource in RESOURCES:
                line = lines_of(self.tx, key).get(resource, Line())
                assert line.used == sum(self.counts(child, resource) for child in self.children(key))
                assert line.used >= 0
                assert line.own >= 0

    @invariant()
    def no_lease_gives_out_more_than_it_has(self) -> None:
        for key, part in self.parts.items():
            for resource, amount in part.granted.items():
                if part.opened:
                    assert lines_of(self.tx, key)[resource].spent <= amount + self.over[resource]

    def teardown(self) -> None:
        self.connection.close()


Leasing.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestLeasing = Leasing.TestCase


def test_a_lease_is_what_is_wanted_or_what_is_left() -> None:
    machine = Leasing()
    open_purse(machine.tx, "purse", {"searches": 10, "picousd": 100})
    assert lease(machine.tx, "purse", "a", {"searches": 4}) == {"searches": 4, "picousd": 100}
    assert lease(machine.tx, "purse", "b", {"searches": 9, "picousd": 5, "tokens": 7}) == {
        "searches": 6,
        "picousd": 0,
        "tokens": 7,
    }
    close(machine.tx, "a", {"searches": 1, "picousd": 30})
    assert lease(machine.tx, "purse", "c", {}) == {"searches": 3, "picousd": 70}
    machine.teardown()


def test_what_was_overrun_is_not_granted_to_be_spent_again() -> None:
    machine = Leasing()
    open_purse(machine.tx, "purse", {"picousd": 9})
    assert lease(machine.tx, "purse", "run", {"picousd": 4}) == {"picousd": 4}
    assert lease(machine.tx, "run", "attempt", {}) == {"picousd": 4}
    close(machine.tx, "attempt", {"picousd": 6})
    assert lease(machine.tx, "purse", "run", {"picousd": 4}) == {"picousd": 4}, "not the 6 that were spent"
    assert lease(machine.tx, "run", "attempt 2", {}) == {"picousd": 0}
    assert lines_of(machine.tx, "purse")["picousd"].left == 3
    machine.teardown()
