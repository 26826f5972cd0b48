"""The ledger holds every limit, whatever is held, settled, released or resumed, and in whatever order."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from spadework.agent.money.amounts import NAMES, ZERO, Amounts
from spadework.agent.money.budget import Budget, counted
from spadework.agent.money.charges import Charge, Refusal, call_of
from spadework.agent.money.ledger import Ledger
from spadework.agent.result import spend_of
from spadework.agent.state import merge_charges

MODEL = call_of("model", "searcher", what="searcher")
SEARCH = call_of("search", "act", what="a query")
SMALL = st.integers(0, 40)
HOLDS = st.builds(Amounts, searches=st.integers(0, 2), browses=st.integers(0, 2), tokens_in=SMALL, tokens_out=SMALL,
                  picousd=SMALL, model_calls=st.integers(0, 1))  # fmt: skip
KEEPS = st.builds(Amounts, tokens_in=SMALL, picousd=SMALL, ms=SMALL, model_calls=st.integers(0, 2))
BUDGETS = st.builds(
    Budget,
    searches=st.none() | st.integers(0, 6),
    browses=st.none() | st.integers(0, 6),
    tokens=st.none() | st.integers(0, 300),
    usd=st.none() | st.sampled_from(["0", "0.0000000001"]),
    seconds=st.none() | st.sampled_from([0.0, 0.05, 0.5]),
    model_calls=st.none() | st.integers(0, 8),
)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class Spending(RuleBasedStateMachine):
    """Random calls against a random budget; the limits are checked after every step, by sums of our own."""

    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.ledger = Ledger(Budget(), "run", 1, self.clock)
        self.state: dict[str, dict[str, Any]] = {}
        self.over = ZERO

    @initialize(budget=BUDGETS)
    def begin(self, budget: Budget) -> None:
        self.ledger = Ledger(budget, "run", 1, self.clock)

    @rule(target=held, amounts=HOLDS, keep=KEEPS)
    def hold(self, amounts: Amounts, keep: Amounts) -> tuple[Charge, ...]:
        before = self.ledger.remaining()
        charge = self.ledger.hold(MODEL, amounts, keep=keep)
        if isinstance(charge, Refusal):
            assert self.ledger.fits(amounts, keep=keep) is not None
            assert charge.line().startswith("refused: ")
            return ()
        calls = amounts.searches + amounts.browses + amounts.model_calls
        assert not (self.ledger.overrun and calls)
        asked, kept = counted(amounts), counted(keep)
        for name in before.limits:
            if name != "ms" and asked[name]:
                assert asked[name] + kept[name] <= before.limits[name] - before.gone[name]
        return (charge,)

    @rule(charges=consumes(held), share=st.floats(0, 1))
    def settle(self, charges: tuple[Charge, ...], share: float) -> None:
        for charge in charges:
            part = {name: int(value * share) for name, value in charge.amounts.to_dict().items()}
            assert "overrun" not in self.ledger.settle(charge, Amounts.from_dict(part)).marks

    @rule(charges=consumes(held), more=st.integers(1, 50))
    def settle_with_more_than_was_held(self, charges: tuple[Charge, ...], more: int) -> None:
        for charge in charges:
            extra = Amounts(tokens_out=more, picousd=more)
            settled = self.ledger.settle(charge, charge.amounts + extra)
            assert settled.marks == ("overrun",)
            self.over += extra
            limits = self.ledger.remaining().limits
            if "tokens" in limits or "picousd" in limits:
                assert isinstance(self.ledger.hold(SEARCH, Amounts(searches=1)), Refusal)
                assert isinstance(self.ledger.hold(MODEL, Amounts(model_calls=1)), Refusal)

    @rule(charges=consumes(held))
    def release(self, charges: tuple[Charge, ...]) -> None:
        for charge in charges:
            before = self.ledger.spent()
            self.ledger.release(charge)
            assert self.ledger.spent() == before - charge.amounts

    @rule(charges=consumes(held), amounts=HOLDS)
    def send_again(self, charges: tuple[Charge, ...], amounts: Amounts) -> None:
        for charge in charges:
            self.ledger.settle(charge, charge.amounts, marks=("failed",))
            again = self.ledger.hold(MODEL, amounts, retry_of=charge)
            if not isinstance(again, Refusal):
                assert again.id.rpartition("/")[0] == charge.id.rpartition("/")[0]
                assert again.id != charge.id
                self.ledger.settle(again, ZERO)

    @rule(ms=st.integers(1, 60))
    def time_passes(self, ms: int) -> None:
        self.clock.now += ms / 1000

    @rule()
    def write_the_state(self) -> None:
        self.state = merge_charges(self.state, [self.ledger.drain()])
        view = {key: Charge.from_dict(data) for key, data in self.state.items()}
        assert view == self.ledger.charges

    @rule()
    def die_and_resume(self) -> None:
        """A new process knows what the state holds; what was in flight stays charged."""
        self.write_the_state()
        old = self.ledger
        self.ledger = Ledger(old.budget, "run", 1, self.clock)
        self.ledger.absorb(self.state)
        assert abs(self.ledger.elapsed_ms() - old.elapsed_ms()) <= 2
        assert self.ledger.spent() == Amounts.from_dict(old.spent().to_dict() | {"ms": self.ledger.elapsed_ms()})
        assert bool(self.ledger.overrun) == bool(old.overrun)
        assert not [charge for charge in self.ledger.charges.values() if charge.status == "held"]

    @invariant()
    def no_limit_is_passed(self) -> None:
        total = sum((c.amounts for c in self.ledger.charges.values() if c.kind != "clock"), ZERO)
        counts, over = counted(total), counted(self.over)
        for name, limit in self.ledger.remaining().limits.items():
            if name != "ms":
                assert counts[name] <= limit + over[name]
                assert self.ledger.remaining().left(name) == max(0, limit - counts[name])

    @invariant()
    def nothing_is_negative_and_the_sums_agree(self) -> None:
        for charge in self.ledger.charges.values():
            assert all(getattr(charge.amounts, name) >= 0 for name in NAMES)
        spend = spend_of(self.ledger.charges.values())
        spent = self.ledger.spent()
        assert (spend.searches, spend.browses, spend.model_calls) == (spent.searches, spent.browses, spent.model_calls)
        assert spend.tokens_in + spend.tokens_out == spent.tokens


Spending.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestSpending = Spending.TestCase


@dataclass
class Made:
    clock: Clock = field(default_factory=Clock)

    def ledger(self, **limits: Any) -> Ledger:
        return Ledger(Budget(**limits), "run", 1, self.clock)


@pytest.fixture
def made() -> Made:
    return Made()


def held(ledger: Ledger, call: Charge, amounts: Amounts, **more: Any) -> Charge:
    charge = ledger.hold(call, amounts, **more)
    assert isinstance(charge, Charge)
    return charge


def test_fifty_parallel_calls_get_exactly_what_is_left(made: Made) -> None:
    ledger = made.ledger(searches=7)
    granted = [ledger.hold(SEARCH, Amounts(searches=1)) for _ in range(50)]
    assert sum(isinstance(charge, Charge) for charge in granted) == 7
    assert [charge.line() for charge in granted if isinstance(charge, Refusal)] == (
        ["refused: 0 searches left, 1 asked"] * 43
    )


def test_a_charge_id_names_run_question_node_ordinal_and_attempt(made: Made) -> None:
    ledger = made.ledger()
    first = held(ledger, MODEL, Amounts(model_calls=1))
    assert first.id == "run/1/searcher/0/1"
    assert held(ledger, MODEL, ZERO, retry_of=first).id == "run/1/searcher/0/2"
    assert held(ledger, MODEL, ZERO).id == "run/1/searcher/1/1"


def test_what_is_kept_back_is_told_apart_from_what_is_gone(made: Made) -> None:
    refusal = made.ledger(searches=10).fits(Amounts(searches=10), keep=Amounts(searches=1))
    assert refusal is not None
    assert refusal == Refusal("searches", 10, 9, 1)
    assert refusal.line() == "refused: the last of the searches is kept for checking; propose your best answer now"
    assert Refusal("picousd", 5, 0).line() == "refused: the dollars left do not cover this call"


def test_time_stops_calls_only_when_it_is_up(made: Made) -> None:
    ledger = made.ledger(seconds=1)
    made.clock.now = 0.899
    assert ledger.fits(Amounts(model_calls=1), keep=Amounts(ms=100)) is None
    assert ledger.seconds_left(100) == pytest.approx(0.001)
    made.clock.now = 0.9
    assert ledger.fits(Amounts(model_calls=1), keep=Amounts(ms=100)) == Refusal("ms", 1, 0)
    assert ledger.fits(Amounts(searches=1)) is None
    made.clock.now = 1.5
    assert ledger.fits(Amounts(searches=1)) == Refusal("ms", 1, 0)
    assert ledger.seconds_left() == 0.0
    assert made.ledger().seconds_left() is None


def test_an_overrun_of_what_has_no_limit_stops_nothing(made: Made) -> None:
    ledger = made.ledger(searches=3)
    charge = held(ledger, MODEL, Amounts(tokens_in=5, model_calls=1))
    assert ledger.settle(charge, Amounts(tokens_in=50, model_calls=1)).marks == ("overrun",)
    assert ledger.fits(Amounts(model_calls=1, tokens_in=10**9)) is None


def test_a_hold_that_outlived_its_process_stays_charged_and_marked(made: Made) -> None:
    ledger = made.ledger(tokens=100)
    held(ledger, MODEL, Amounts(tokens_in=60, model_calls=1))
    resumed = made.ledger(tokens=100)
    resumed.absorb(ledger.drain())
    charge = resumed.charges["run/1/searcher/0/1"]
    assert (charge.status, charge.marks) == ("settled", ("estimated", "interrupted"))
    assert resumed.remaining().left("tokens") == 40
    assert held(resumed, MODEL, ZERO).id == "run/1/searcher/1/1", "an id is never given twice"


def test_only_what_changed_goes_to_the_state(made: Made) -> None:
    ledger = made.ledger()
    first = held(ledger, SEARCH, Amounts(searches=1))
    assert first.id in ledger.drain()
    held(ledger, SEARCH, Amounts(searches=1))
    assert [key for key in ledger.drain() if "/clock/" not in key] == ["run/1/act/1/1"]
