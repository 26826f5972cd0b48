"""Killed at any moment, a run forgets no spend: what was sent stays charged, and what was settled is not paid again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from spadework.agent.money.amounts import ZERO, Amounts
from spadework.agent.money.budget import Budget, counted
from spadework.agent.money.charges import Charge, Entry, call_of
from spadework.agent.money.journal import Journal
from spadework.agent.money.ledger import Ledger
from spadework.agent.state import merge_charges
from spadework.tools.errors import StoreError

KINDS = {
    "model": Amounts(tokens_in=9, tokens_out=5, picousd=7, model_calls=1),
    "search": Amounts(searches=1),
    "browse": Amounts(browses=1),
    "tool": Amounts(tools={"dig": 1}),
}
BUDGETS = st.builds(
    Budget,
    searches=st.integers(0, 6),
    browses=st.none() | st.integers(0, 6),
    tokens=st.none() | st.integers(0, 60),
    usd=st.sampled_from([None, "0.00000000005"]),
    model_calls=st.none() | st.integers(0, 6),
    tools=st.sampled_from([{}, {"dig": 2}]),
)
COUNTED = ("searches", "browses", "tokens", "picousd", "model_calls", "tools.dig")


@dataclass
class Paper:
    """A book that outlives the process. It can be full."""

    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    full: bool = False
    writes: int = 0

    async def write(self, entries: Sequence[Entry], /) -> None:
        self.writes += 1
        await asyncio.sleep(0)
        if self.full:
            raise StoreError("the disk is full")
        for entry in entries:
            known = self.entries.get(entry.charge.id)
            self.entries[entry.charge.id] = Entry(entry.charge, entry.result or (known.result if known else None))


def call(kind: Any) -> Charge:
    return call_of(kind, "act", what=f"a {kind}")


class Killed(RuleBasedStateMachine):
    """A node that makes calls, a state that is saved when a node ends, and kills in between."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.paper = Paper()
        self.state: dict[str, dict[str, Any]] = {}
        self.held: list[Charge] = []
        self.sent: dict[str, Charge] = {}
        self.really = ZERO
        self.in_flight_at_kills = ZERO
        self.budget = Budget()
        self.ledger = self.started()

    def started(self) -> Ledger:
        return Ledger(self.budget, "run", 1, lambda: 0.0, Journal(self.paper))

    @initialize(budget=BUDGETS)
    def begin(self, budget: Budget) -> None:
        self.budget = budget
        self.ledger = self.started()

    @rule(kind=st.sampled_from(sorted(KINDS)))
    def grant(self, kind: str) -> None:
        held = self.ledger.hold(call(kind), KINDS[kind])
        if isinstance(held, Charge):
            self.held.append(held)

    @precondition(lambda self: self.held)
    @rule(place=st.integers(0, 99))
    def send(self, place: int) -> None:
        charge = self.held.pop(place % len(self.held))
        if self.paper.full:
            with pytest.raises(StoreError):
                self.runner.run(self.ledger.commit(charge))
            assert self.ledger.charges[charge.id].status == "released", "what cannot be written is not sent"
            return
        self.runner.run(self.ledger.commit(charge))
        self.sent[charge.id] = charge
        self.really += charge.amounts

    @precondition(lambda self: self.sent)
    @rule(place=st.integers(0, 99), written=st.booleans())
    def answered(self, place: int, written: bool) -> None:
        charge = self.sent.pop(sorted(self.sent)[place % len(self.sent)])
        self.ledger.settle(charge, charge.amounts, result=lambda: {"of": charge.id})
        if written and not self.paper.full:
            self.runner.run(self.ledger.commit())
            assert self.paper.entries[charge.id].result == {"of": charge.id}

    @rule()
    def the_disk_fills_or_is_freed(self) -> None:
        self.paper.full = not self.paper.full

    @rule()
    def a_node_ends(self) -> None:
        self.state = merge_charges(self.state, [self.ledger.drain()])

    @rule()
    def killed_and_resumed(self) -> None:
        unwritten = [key for key, entry in self.paper.entries.items() if entry.charge.status == "held"]
        before = {key: entry.result for key, entry in self.paper.entries.items() if entry.result is not None}
        for key in unwritten:
            self.in_flight_at_kills += self.paper.entries[key].charge.amounts
        self.sent.clear()
        self.ledger = self.started()
        self.ledger.absorb(self.state, list(self.paper.entries.values()))
        for key, result in before.items():
            assert self.ledger.last(key)[1] == result, "what came back is not paid for again"
        self.held = [charge for charge in self.ledger.charges.values() if charge.status == "held"]
        assert not {charge.id for charge in self.held} & self.paper.entries.keys(), "those were never sent"

    @invariant()
    def no_spend_is_forgotten_and_no_limit_is_passed(self) -> None:
        spent, real = counted(self.ledger.spent()), counted(self.really)
        waiting = counted(sum((charge.amounts for charge in self.held), ZERO))
        lost = counted(self.in_flight_at_kills)
        for name in COUNTED:
            assert spent.get(name, 0) >= real.get(name, 0)
            assert spent.get(name, 0) - waiting.get(name, 0) <= real.get(name, 0) + lost.get(name, 0)
        for name, limit in self.budget.limits().items():
            assert spent.get(name, 0) <= limit

    def teardown(self) -> None:
        self.runner.close()


Killed.TestCase.settings = settings(max_examples=80, stateful_step_count=40)
TestKilled = Killed.TestCase


def held(ledger: Ledger, kind: str) -> Charge:
    charge = ledger.hold(call(kind), KINDS[kind])
    assert isinstance(charge, Charge)
    return charge


def resumed(paper: Paper, state: dict[str, Any] | None = None) -> Ledger:
    ledger = Ledger(Budget(searches=9), "run", 1, lambda: 0.0, Journal(paper))
    ledger.absorb(state or {}, list(paper.entries.values()))
    return ledger


async def test_a_node_that_runs_again_gets_what_it_already_paid_for() -> None:
    paper = Paper()
    ledger = resumed(paper)
    for number in range(2):
        charge = held(ledger, "search")
        await ledger.commit(charge)
        ledger.settle(charge, charge.amounts, result=lambda number=number: {"hits": number})
        await ledger.commit()
    again = resumed(paper)
    assert again.spent().searches == 2
    first, second, third = again.earlier(call("search")), again.earlier(call("search")), again.earlier(call("search"))
    assert (first and first[1], second and second[1], third) == ({"hits": 0}, {"hits": 1}, None)
    assert held(again, "search").id == "run/1/act/2/1"


async def test_a_node_that_asks_for_something_else_pays_for_it() -> None:
    paper = Paper()
    ledger = resumed(paper)
    charge = held(ledger, "search")
    await ledger.commit(charge)
    again = resumed(paper)
    assert again.earlier(replace(call("search"), what="another query")) is None
    assert held(again, "search").id == "run/1/act/1/1", "the id that is taken is not given again"
    assert again.spent().searches == 2


async def test_a_call_in_flight_stays_charged_and_is_marked_and_sent_afresh() -> None:
    paper = Paper()
    ledger = resumed(paper)
    charge = held(ledger, "search")
    state = ledger.drain()
    await ledger.commit(charge)
    for attempt in (2, 3):  # killed again and again
        again = resumed(paper, state)
        last, told = again.last(charge.id)
        assert told is None
        assert last.marks == ("estimated", "interrupted")
        fresh = await again.take(call("search"), KINDS["search"], retry_of=last)
        assert isinstance(fresh, Charge)
        assert fresh.id == f"run/1/act/0/{attempt}"
        assert again.spent().searches == attempt


async def test_the_state_of_a_resumed_run_shows_what_the_book_says() -> None:
    paper = Paper()
    ledger = resumed(paper)
    await ledger.commit(held(ledger, "search"), held(ledger, "browse"))
    state = resumed(paper).drain()
    assert {key for key in state if "/act/" in key} == {key for key in paper.entries if "/act/" in key}
    assert all(data["status"] == "settled" for data in state.values())


async def test_the_time_of_a_killed_part_counts() -> None:
    paper, now = Paper(), [0.0]
    ledger = Ledger(Budget(seconds=10), "run", 1, lambda: now[0], Journal(paper))
    now[0] = 4.0
    await ledger.commit(held(ledger, "search"))
    again = Ledger(Budget(seconds=10), "run", 1, lambda: 100.0, Journal(paper))
    again.absorb({}, list(paper.entries.values()))
    assert again.seconds_left() == pytest.approx(6.0)


async def test_many_calls_at_once_share_few_writes() -> None:
    paper = Paper()
    ledger = resumed(paper)
    charges = [held(ledger, "browse") for _ in range(50)]
    await asyncio.gather(*(ledger.commit(charge) for charge in charges))
    assert {charge.id for charge in charges} <= paper.entries.keys()
    assert paper.writes <= 2


async def test_without_a_journal_nothing_is_written() -> None:
    ledger = Ledger(Budget(searches=1), "run")
    charge = await ledger.take(call("search"), KINDS["search"])
    assert isinstance(charge, Charge)
    assert ledger.last(charge.id) == (charge, None)
