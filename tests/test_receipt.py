"""The receipt: however a run spent, every part of it adds up exactly to what was spent."""

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from spadework.agent.money.amounts import NAMES, ZERO, Amounts, to_usd
from spadework.agent.money.budget import Budget
from spadework.agent.money.charges import Charge, Refusal, call_of
from spadework.agent.money.ledger import Ledger
from spadework.agent.money.receipt import receipt_data, receipt_text, spend_splits

COUNT = st.integers(0, 50)
TOKENS = st.integers(0, 90_000)
FURTHER = st.sampled_from(["translate", "dig", "look-up-in-the-archive-of-the-town"])
AMOUNTS = st.builds(
    Amounts,
    searches=COUNT,
    browses=COUNT,
    tokens_in=TOKENS,
    tokens_out=TOKENS,
    tokens_cached=TOKENS,
    picousd=st.integers(0, 10**13),
    ms=COUNT,
    model_calls=COUNT,
    tools=st.dictionaries(FURTHER, st.integers(1, 9), max_size=2),
)
CALLS = st.builds(
    Charge,
    id=st.just(""),
    kind=st.sampled_from(["model", "search", "browse", "tool"]),
    node=st.sampled_from(["planner", "searcher", "act", "verifier", "finish"]),
    status=st.sampled_from(["held", "settled"]),
    amounts=AMOUNTS,
    attempt=st.integers(1, 12),
    what=st.sampled_from(["searcher", "judge", "translate {}", 'dig {"at": 5}', "alder\x1b[31m bridge", "x" * 300]),
    marks=st.sampled_from([(), ("failed",), ("estimated", "overrun"), ("cancelled",), ("unpriced",)]),
    constraints=st.lists(st.sampled_from(["c0", "c1", "c2", "c10"]), unique=True).map(tuple),
)
FREE = CALLS.map(lambda charge: replace(charge, status="released", amounts=ZERO))
CLOCK = st.just(Charge(id="", kind="clock", node="run", status="settled", amounts=Amounts(ms=900)))


def numbered(charges: list[Charge]) -> list[Charge]:
    return [replace(charge, id=f"r/1/{charge.node}/{n // 2}/{n % 2 + 1}") for n, charge in enumerate(charges)]


CHARGES = st.lists(CALLS | FREE | CLOCK, max_size=12).map(numbered)
BUDGETS: list[dict[str, Any]] = [
    {},
    {"searches": 4, "browses": 4, "tokens": 90_000, "usd": "0.10", "tools": {"translate": 3}},
]


def paid(charges: Iterable[Charge]) -> Amounts:
    return sum((charge.amounts for charge in charges if charge.kind != "clock"), ZERO)


def table(text: str) -> dict[str, list[list[Decimal]]]:
    """The numbers of a receipt as they are shown, by the title above them."""
    lines = text.splitlines()
    count = len(re.split(r"  +", lines[0].strip()))
    found: dict[str, list[list[Decimal]]] = {}
    title = "top"
    for line in lines[1 : next(n for n, line in enumerate(lines) if line.startswith("budget "))]:
        cells = line.rsplit(None, count)[-count:]
        if line.startswith(("by ", "total")):
            title = line.split("  ")[0]
        if len(cells) == count and all(re.fullmatch(r"[\d,.]+", cell) for cell in cells):
            found.setdefault(title, []).append([Decimal(cell.replace(",", "")) for cell in cells])
    return found


@given(CHARGES, st.sampled_from(BUDGETS))
@settings(max_examples=150)
def test_every_section_as_it_is_shown_adds_up_to_the_total_in_every_column(
    charges: list[Charge], budget: dict[str, Any]
) -> None:
    shown = table(receipt_text(charges, budget, 1.5, full=True))
    (total,) = shown.pop("total")
    if paid(charges) != ZERO:
        assert list(shown) == ["by node", "by tool", "by attempt", "by constraint"]
    for rows in shown.values():
        assert [sum(column) for column in zip(*rows, strict=True)] == total
    spent = paid(charges)
    calls = [spent.searches, spent.browses, spent.model_calls, spent.tokens_in, spent.tokens_cached, spent.tokens_out]
    if spent.tools or budget.get("tools"):
        calls.insert(2, sum(spent.tools.values()))
    assert total == [*map(Decimal, calls), to_usd(spent.picousd)]


@given(CHARGES)
def test_the_splits_add_up_for_each_further_tool_and_as_plain_data_too(charges: list[Charge]) -> None:
    spent = paid(charges)
    for rows in spend_splits(charges).values():
        assert sum((amounts for _, amounts in rows), ZERO) == spent
        assert len({name for name, _ in rows}) == len(rows)
    data = receipt_data(charges, 1.5)
    assert Decimal(data["total"]["usd"]) * 10**12 == spent.picousd
    for part in ("by_node", "by_tool", "by_attempt", "by_constraint"):
        assert sum((Decimal(row["usd"]) for row in data[part]), Decimal()) == Decimal(data["total"]["usd"])
        for name in ("searches", "browses", "model_calls", "tokens_in", "tokens_cached", "tokens_out", "call_ms"):
            assert sum(row[name] for row in data[part]) == data["total"][name]
        for tool, calls in data["total"]["tools"].items():
            assert sum(row["tools"].get(tool, 0) for row in data[part]) == calls


@given(st.lists(st.tuples(CALLS, AMOUNTS, st.sampled_from(["settle", "release", "leave"])), max_size=10))
def test_the_receipt_says_what_the_ledger_says(calls: list[tuple[Charge, Amounts, str]]) -> None:
    ledger = Ledger(Budget(), "run")
    for call, amounts, end in calls:
        held = ledger.hold(call, call.amounts)
        assert not isinstance(held, Refusal)
        if end == "settle":
            settled = ledger.settle(held, amounts)
            for constraint in call.constraints:
                ledger.credit(settled.id, constraint)
        elif end == "release":
            ledger.release(held)
    ledger.drain()
    total = receipt_data(list(ledger.charges.values()), 0.0)["total"]
    spent = ledger.spent()
    assert total["tools"] == spent.tools
    assert Decimal(total["usd"]) == to_usd(spent.picousd)
    counts = {name: getattr(spent, name) for name in NAMES if name not in ("picousd", "ms")}
    assert {name: total[name] for name in counts} == counts


def model(ordinal: int, amounts: Amounts = ZERO, sent: int = 1, **given: Any) -> Charge:
    call = replace(call_of("model", "searcher", what="searcher", attempt=1), status="settled", amounts=amounts)
    return replace(call, **{"id": f"r/1/searcher/{ordinal}/{sent}", **given})


def test_each_call_counts_once_however_many_constraints_it_helped() -> None:
    one, two = Amounts(model_calls=1, tokens_in=500), Amounts(model_calls=1, tokens_in=70)
    charges = [model(0, two), model(1, one, constraints=("c0", "c10", "c2")), model(2, two, constraints=("c2",))]
    assert spend_splits(charges)["constraint"] == [("c0 c2 c10", one), ("c2", two), ("nothing proven", two)]


def test_a_call_that_was_sent_again_is_listed_with_what_became_of_each_attempt() -> None:
    charges = [
        model(0, Amounts(model_calls=1), marks=("failed",)),
        model(
            0, Amounts(model_calls=1, tokens_in=900, tokens_out=20, picousd=10**9), 2, marks=("estimated", "overrun")
        ),
        model(1, Amounts(model_calls=1)),
    ]
    lines = receipt_text(charges, {}, 0.0, full=True).splitlines()
    again = lines.index("sent more than once")
    assert lines[again + 1] == "model searcher: failed, then estimated, overrun"
    assert lines[again + 2] == ""
    marked = lines.index("marked")
    assert lines[marked + 1 : marked + 3] == [
        "model searcher: failed",
        "model searcher: estimated, overrun (900 + 20 tokens, $0.001)",
    ]
    assert {"estimated: 1 call", "failed: 1 call", "overrun: 1 call"} <= set(lines)
    data = receipt_data(charges, 0.0)
    assert data["retried"] == [["r/1/searcher/0/1", "r/1/searcher/0/2"]]
    assert data["marked"] == {"r/1/searcher/0/1": ["failed"], "r/1/searcher/0/2": ["estimated", "overrun"]}


def test_calls_that_never_ended_or_were_never_sent_are_told() -> None:
    charges = [model(0, Amounts(model_calls=1), status="held"), model(1, status="released")]
    lines = receipt_text(charges, {}, 0.0).splitlines()
    assert lines[-2:] == ["free (nothing was sent): 1 call", "not settled (perhaps never sent): 1 call"]


def test_a_further_tool_has_its_column_its_limit_and_its_row() -> None:
    call = replace(call_of("tool", "act", what='translate {"text": "x"}', attempt=1), id="r/1/act/0/1")
    charges = [replace(call, status="settled", amounts=Amounts(tools={"translate": 1})), model(0)]
    lines = receipt_text(charges, {"tools": {"translate": 3, "dig": 2}}, 0.0).splitlines()
    column = re.split("  +", lines[0].strip()).index("tools")
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:5]}
    assert [rows[name][column] for name in ("act", "searcher", "total", "budget")] == ["1", "0", "1", "5"]
    assert lines[-2:] == ["dig calls: 0 of 2", "translate calls: 1 of 3"]
    assert "tools" not in receipt_text([model(0)], {}, 0.0)
    unlimited = receipt_text(charges, {"tools": {"dig": 2}}, 0.0).splitlines()
    assert next(line for line in unlimited if line.startswith("budget")).split()[1:][column] == "-"
    full = receipt_text(charges, {}, 0.0, full=True).splitlines()
    assert any(line.startswith("translate ") for line in full[full.index("by tool") : full.index("by attempt")])


def test_a_tiny_limit_is_written_out() -> None:
    assert "0.0000001" in receipt_text([], {"usd": str(Decimal("0.0000001"))}, 0.0).splitlines()[2]


def test_the_columns_get_narrower_before_a_label_is_cut() -> None:
    spent = Amounts(model_calls=8, tokens_in=12_724, tokens_out=480, picousd=414_100 * 10**4)
    calls = [replace(model(1, spent), what="searcher"), replace(model(2, Amounts(picousd=10**4)), what="verifier")]
    text = receipt_text(calls, {}, 0.0, full=True)
    for label in ("model searcher", "model verifier", "nothing proven"):
        assert any(line.startswith(f"{label} ") for line in text.splitlines()), label
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_price_below_a_millionth_of_a_dollar_is_not_rounded_away() -> None:
    charges = [model(n, Amounts(model_calls=1, picousd=25_000)) for n in range(3)]
    assert "0.000000075" in receipt_text(charges, {}, 0.0)


@given(CHARGES)
@settings(max_examples=60)
def test_the_text_has_no_controls_and_a_busy_run_fits_eighty_columns(charges: list[Charge]) -> None:
    # Prices are whole hundredths of a millionth of a dollar: those of a cached token.
    charges = [replace(c, amounts=replace(c.amounts, picousd=c.amounts.picousd // 10**5 * 10**4)) for c in charges]
    text = receipt_text(charges, BUDGETS[1], 99.9, full=True)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80 or paid(charges).tokens > 10**6
