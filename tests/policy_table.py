"""The tables that hold the policy: every rule, every regime and every tie, with the words that a reader sees."""

from dataclasses import replace
from typing import Any

from spadework.agent.fresh import no_progress
from spadework.agent.money.amounts import ZERO, Amounts
from spadework.agent.money.budget import Remaining
from spadework.agent.money.forecast import Forecast
from spadework.agent.nodes.policy import Situation
from spadework.agent.proof.matrix import Row
from spadework.agent.state import Progress

LIMITS = {"searches": 10, "browses": 10, "tokens": 10_000, "model_calls": 10}
CALL = Amounts(tokens_in=900, tokens_out=100)


def row(**cells: tuple[str, ...]) -> Row:
    empty: dict[str, tuple[str, ...]] = dict.fromkeys(("by_page", "weakly", "contradicted", "disputed", "unknown"), ())
    return Row("Mara Finch", **(empty | cells))


PROVEN = row(by_page=("c0", "c1"))
SUPPORTED = row(by_page=("c0",), weakly=("c1",))
OPEN = row(by_page=("c0",), unknown=("c1", "c2"))
DISPUTED = row(by_page=("c0",), disputed=("c1",), unknown=("c2",))
REFUTED = row(by_page=("c0",), contradicted=("c1",))


def left(limits: dict[str, int] | None = None, **remaining: int) -> Remaining:
    """What is left of each limit; the rest is untouched."""
    limits = LIMITS if limits is None else limits
    return Remaining(limits, {name: limits[name] - amount for name, amount in remaining.items()})


def situation(lead: Row | None, **changes: Any) -> Situation:
    counters: dict[str, Any] = dict(no_progress())
    counters |= {name: changes.pop(name) for name in [*changes] if name in counters}
    usual = Situation(
        lead=lead,
        stated=True,
        progress=Progress(**counters),
        remaining=left(),
        forecast=Forecast(CALL),
        keep=ZERO,
        pages_help=True,
    )
    return replace(usual, **changes)


TABLE: list[tuple[str, Situation, tuple[str, str, str]]] = [
    ("proven", situation(PROVEN), ("SUCCESS", "proven", "")),
    ("proven with nothing left", situation(PROVEN, remaining=left(searches=0, browses=0)), ("SUCCESS", "proven", "")),
    ("proven while idle", situation(PROVEN, idle_turns=9), ("SUCCESS", "proven", "")),
    ("proven but not stated", situation(PROVEN, stated=False), ("CONTINUE", "open", "")),
    ("supported, a check fits", situation(SUPPORTED), ("CONTINUE", "page-check", "")),
    ("supported, checked once", situation(SUPPORTED, checks=1), ("SUCCESS", "supported", "")),
    ("supported, pages cannot help", situation(SUPPORTED, pages_help=False), ("SUCCESS", "supported", "")),
    ("supported, no page read left", situation(SUPPORTED, remaining=left(browses=0)), ("SUCCESS", "supported", "")),
    ("supported, one call fits", situation(SUPPORTED, remaining=left(tokens=1_999)), ("SUCCESS", "supported", "")),
    ("supported, two calls fit", situation(SUPPORTED, remaining=left(tokens=2_000)), ("CONTINUE", "page-check", "")),
    ("supported, not stated", situation(SUPPORTED, stated=False), ("CONTINUE", "open", "")),
    ("supported with nothing left", situation(SUPPORTED, remaining=left(searches=0, browses=0)),
     ("SUCCESS", "supported", "")),
    ("supported while idle", situation(SUPPORTED, checks=1, idle_turns=9), ("SUCCESS", "supported", "")),
    ("open, two calls fit", situation(OPEN, remaining=left(tokens=2_000)), ("CONTINUE", "open", "")),
    ("contradicted, two calls fit", situation(REFUTED, remaining=left(tokens=2_000)), ("PIVOT", "stuck", "")),
    ("the first limit that lacks for one call", situation(OPEN, remaining=left(tokens=1_500, model_calls=0)),
     ("EXHAUSTED", "no-room", "model_calls")),
    ("the first limit that lacks for two", situation(REFUTED, remaining=left(tokens=2_999, model_calls=1)),
     ("EXHAUSTED", "stuck", "model_calls")),
    ("turns up to the cap", situation(None, remaining=Remaining({"searches": 2, "browses": 3}, {"model_calls": 31})),
     ("PIVOT", "next-attempt", "")),
    ("turns at the cap", situation(None, remaining=Remaining({"searches": 2, "browses": 3}, {"model_calls": 32})),
     ("EXHAUSTED", "idle", "")),
    ("idle", situation(OPEN, idle_turns=3), ("EXHAUSTED", "idle", "")),
    ("idle, not yet", situation(OPEN, idle_turns=2), ("CONTINUE", "open", "")),
    ("idle and stuck", situation(REFUTED, idle_turns=3), ("EXHAUSTED", "idle", "")),
    ("no tools left", situation(OPEN, remaining=left(searches=0, browses=0)), ("EXHAUSTED", "no-room", "searches")),
    ("no tools left, and idle since", situation(OPEN, idle_turns=3, remaining=left(searches=0, browses=0)),
     ("EXHAUSTED", "no-room", "searches")),
    ("no tools ever", situation(None, remaining=left({"searches": 0, "browses": 0})),
     ("EXHAUSTED", "no-room", "searches")),
    ("no page reads, never any searches", situation(None, remaining=left({"searches": 0, "browses": 2}, browses=0)),
     ("EXHAUSTED", "no-room", "browses")),
    ("no tokens for one call", situation(OPEN, remaining=left(tokens=999)), ("EXHAUSTED", "no-room", "tokens")),
    ("no model call", situation(OPEN, remaining=left(model_calls=0)), ("EXHAUSTED", "no-room", "model_calls")),
    ("no room beside what is kept", situation(OPEN, remaining=left(tokens=1_500), keep=Amounts(tokens_in=501)),
     ("EXHAUSTED", "no-room", "tokens")),
    ("no time", situation(OPEN, remaining=left({"ms": 1_000}, ms=0), forecast=Forecast(Amounts(ms=1))),
     ("EXHAUSTED", "no-room", "ms")),
    ("the limit that lacks is named, not the tightest",
     situation(OPEN, remaining=left({"tokens": 2_000, "ms": 100}, tokens=999, ms=1)),
     ("EXHAUSTED", "no-room", "tokens")),
    ("no money", situation(OPEN, remaining=left({"picousd": 100}, picousd=4), forecast=Forecast(Amounts(picousd=5))),
     ("EXHAUSTED", "no-room", "picousd")),
    ("contradicted", situation(REFUTED), ("PIVOT", "stuck", "")),
    ("contradicted, no search left", situation(REFUTED, remaining=left(searches=0)),
     ("EXHAUSTED", "stuck", "searches")),
    ("contradicted, no second call", situation(REFUTED, remaining=left(tokens=1_999)),
     ("EXHAUSTED", "stuck", "tokens")),
    ("stale with a lead", situation(OPEN, stale_actions=4), ("PIVOT", "stuck", "")),
    ("stale, not yet", situation(OPEN, stale_actions=3), ("CONTINUE", "open", "")),
    ("stale without a lead", situation(None, stale_actions=4), ("PIVOT", "next-attempt", "")),
    ("calls fail", situation(OPEN, failed_calls=3), ("PIVOT", "stuck", "")),
    ("calls fail without a lead", situation(None, failed_calls=3), ("PIVOT", "stuck", "")),
    ("the same call fails again", situation(OPEN, failed_again=1), ("PIVOT", "stuck", "")),
    ("the same call fails again without a lead", situation(None, failed_again=1), ("PIVOT", "stuck", "")),
    ("left before for the same reason", situation(REFUTED, left_before=True), ("EXHAUSTED", "stuck", "")),
    ("left before, and stale now", situation(OPEN, stale_actions=4, left_before=True), ("EXHAUSTED", "stuck", "")),
    ("left before, but open now", situation(OPEN, left_before=True), ("CONTINUE", "open", "")),
    ("one tool is used up", situation(OPEN, remaining=left(searches=0)), ("CONTINUE", "open", "")),
    ("one tool is used up where that ends it", situation(OPEN, remaining=left(searches=0), either=True),
     ("EXHAUSTED", "no-room", "searches")),
    ("the other tool is used up where that ends it", situation(OPEN, remaining=left(browses=0), either=True),
     ("EXHAUSTED", "no-room", "browses")),
    ("a page check, to the last page", situation(SUPPORTED, remaining=left(browses=1)),
     ("CONTINUE", "page-check", "")),
    ("a page check beside what is kept", situation(SUPPORTED, remaining=left(tokens=2_000), keep=Amounts(tokens_in=1)),
     ("SUCCESS", "supported", "")),
    ("calls fail, not yet", situation(OPEN, failed_calls=2), ("CONTINUE", "open", "")),
    ("open", situation(OPEN), ("CONTINUE", "open", "")),
    ("disputed", situation(DISPUTED), ("CONTINUE", "open", "")),
    ("open, only one call fits", situation(OPEN, remaining=left(tokens=1_999)),
     ("EXHAUSTED", "next-attempt", "tokens")),
    ("open, no search but page reads left", situation(OPEN, remaining=left(searches=0)), ("CONTINUE", "open", "")),
    ("no candidate", situation(None), ("PIVOT", "next-attempt", "")),
    ("no candidate, no search left", situation(None, remaining=left(searches=0)),
     ("EXHAUSTED", "next-attempt", "searches")),
    ("no limits at all", situation(None, remaining=left({})), ("PIVOT", "next-attempt", "")),
]  # fmt: skip

WORDS = [
    (situation(PROVEN), "every constraint is proven by page quotes for 'Mara Finch'"),
    (situation(SUPPORTED), "c1"),
    (situation(SUPPORTED, checks=1), "by a snippet or an inference only: c1"),
    (situation(OPEN, idle_turns=3), "3 turns in a row made no call that counts and found nothing"),
    (situation(OPEN, remaining=left(searches=0, browses=0)), "no search and no page read is left"),
    (situation(OPEN, remaining=left(tokens=10)), "one more step and the answer no longer fit together"),
    (situation(REFUTED), "'Mara Finch' is contradicted on c1"),
    (situation(REFUTED, remaining=left(searches=0)), "is contradicted on c1, and another attempt does not fit"),
    (situation(OPEN, stale_actions=5), "5 actions in a row changed no finding of 'Mara Finch'"),
    (situation(OPEN, failed_calls=4), "4 calls in a row failed"),
    (situation(OPEN, failed_again=1), "the same call failed again"),
    (situation(REFUTED, left_before=True), "contradicted on c1, and another attempt brought nothing better"),
    (situation(OPEN, remaining=left(browses=0), either=True), "no page reads are left"),
    (situation(SUPPORTED), "weakly proven: c1; a page check fits"),
    (situation(OPEN), "open: c1, c2; checking fits"),
    (situation(DISPUTED), "open: c1, c2; checking fits"),
    (situation(PROVEN, stated=False), "open: the constraints; checking fits"),
    (situation(None), "the attempt ended without a candidate"),
    (situation(OPEN, remaining=left(searches=3)), "open: c1, c2; checking fits"),
    (situation(OPEN, remaining=left(searches=2)), "c1 first: little is left and it is open"),
    (situation(OPEN, remaining=left(searches=0)), "c1 first: little is left and it is open"),
    (
        situation(None, remaining=Remaining({"searches": 1, "browses": 0}, {"model_calls": 20})),
        "16 model calls without an end",
    ),
    (situation(OPEN, remaining=left(tokens=1_999)), "checking no longer fits, and another attempt does not fit"),
]

OBEYED: list[tuple[str, Situation, str, tuple[str, str, str]]] = [
    ("page quotes need no verdict", situation(PROVEN), "PIVOT", ("SUCCESS", "proven", "")),
    ("success", situation(OPEN), "SUCCESS", ("SUCCESS", "verdict", "")),
    ("success with nothing left", situation(OPEN, remaining=left(searches=0, browses=0)), "SUCCESS",
     ("SUCCESS", "verdict", "")),
    ("success against a refutation", situation(REFUTED), "SUCCESS", ("SUCCESS", "verdict", "")),
    ("continue", situation(REFUTED), "CONTINUE", ("CONTINUE", "verdict", "")),
    ("continue, two calls fit", situation(OPEN, remaining=left(tokens=2_000)), "CONTINUE",
     ("CONTINUE", "verdict", "")),
    ("continue, one call fits", situation(OPEN, remaining=left(tokens=1_999)), "CONTINUE",
     ("EXHAUSTED", "verdict", "tokens")),
    ("continue, a tool is used up where that ends it", situation(OPEN, remaining=left(searches=0), either=True),
     "CONTINUE", ("EXHAUSTED", "no-room", "searches")),
    ("continue while idle", situation(OPEN, idle_turns=3), "CONTINUE", ("EXHAUSTED", "idle", "")),
    ("pivot", situation(OPEN), "PIVOT", ("PIVOT", "verdict", "")),
    ("pivot, no search left", situation(OPEN, remaining=left(searches=0)), "PIVOT",
     ("EXHAUSTED", "verdict", "searches")),
    ("pivot, but no call fits", situation(OPEN, remaining=left(model_calls=0)), "PIVOT",
     ("EXHAUSTED", "no-room", "model_calls")),
    ("no verdict", situation(OPEN), "", ("PIVOT", "verdict", "")),
    ("no verdict and no candidate", situation(None), "", ("PIVOT", "verdict", "")),
]  # fmt: skip

OBEYED_WORDS = [
    (situation(OPEN), "SUCCESS", "the verifier says that every constraint is satisfied"),
    (situation(OPEN), "CONTINUE", "the verifier says to go on"),
    (situation(OPEN), "PIVOT", "the verifier says to turn back"),
    (situation(OPEN), "", "the attempt ended without a verdict"),
]

BEYOND = [
    (situation(PROVEN), True),
    (situation(None), True),
    (situation(PROVEN, idle_turns=3), False),
    (situation(PROVEN, remaining=left(searches=0)), False),
    (situation(PROVEN, remaining=left(tokens=1_999)), False),
    (situation(PROVEN, remaining=left(browses=0), either=True), False),
    (situation(PROVEN, remaining=left(browses=0)), True),
]

SPENT: list[tuple[Remaining, bool, str]] = [
    (left(), False, ""),
    (left(searches=0), False, ""),
    (left(searches=0, browses=0), False, "searches"),
    (left({"searches": 0, "browses": 2}, browses=0), False, "browses"),
    (left({"searches": 0, "browses": 0}), False, "searches"),
    (left(), True, ""),
    (left(searches=0), True, "searches"),
    (left(browses=0), True, "browses"),
    (left({"searches": 2, "browses": 0}), True, ""),
    (left({"searches": 0, "browses": 0}), True, "searches"),
]

CAPS: list[tuple[dict[str, int], dict[str, int], int | None]] = [
    ({}, {}, 92),
    ({"searches": 2, "browses": 3}, {}, 32),
    ({"searches": 0, "ms": 5}, {}, 52),
    ({"tokens": 5}, {}, None),
    ({"model_calls": 5}, {}, None),
    ({"picousd": 5}, {"picousd": 1}, None),
    ({"picousd": 5}, {}, 92),
    ({"searches": 2, "browses": 3}, {"picousd": 1}, 32),
]
