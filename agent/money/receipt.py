"""The receipt: where the spend went, in rows that add up exactly to its total, as text and as plain data."""

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ...tools.clean import one_line
from ...tools.shapes import is_mapping
from .amounts import ZERO, Amounts, to_usd
from .charges import MEMORY, Charge, stem_of

WIDTH = 80
WIDE = ("searches", "reads", "tools", "model", "tokens in", "cached", "tokens out", "usd")
"""Reads are page reads, model is calls to a model, cached is a part of tokens in; tools only where there are any."""
NARROW = ("search", "read", "tool", "model", "tok in", "cached", "tok out", "usd")
TOOLS = WIDE.index("tools")
LEAST_LABEL = 10
WHAT = 60
"""Characters of a query or an address; `Result.charges` has all of it."""
NOTHING = "nothing proven"
STATES = {"held": "not settled", "released": "free", "settled": "done"}

Row = tuple[str, Amounts]


def receipt_text(charges: Sequence[Charge], budget: Mapping[str, Any], seconds: float, *, full: bool = False) -> str:
    """Spend by node and by attempt, the total beside the budget, and what was estimated, overrun or failed.

    In full also by tool and by constraint, and then the calls: those sent more than once, those marked, and all.
    """
    paid = _paid(charges)
    splits = spend_splits(charges)
    if full:
        sections = [(f"by {name}", rows) for name, rows in splits.items()]
    else:
        sections = [("", rows) for name, rows in splits.items() if name == "node" or (name == "attempt" and rows[1:])]
    total = _sum(paid)
    lines = _table(sections, total, budget)
    limit = budget.get("seconds")
    lines.append(f"time: {seconds:.1f} s" + (f" of {limit:g} s" if limit is not None else ""))
    lines += _tool_lines(total, budget)
    lines += _marks(charges)
    return "\n".join([*lines, *_calls(charges)] if full else lines)


def receipt_data(charges: Sequence[Charge], seconds: float) -> dict[str, Any]:
    """The same as plain data: dollars as text, so that they stay exact; `call_ms` is time in calls, which overlap."""
    found: dict[str, Any] = {"total": _plain(("total", _sum(_paid(charges)))), "seconds": seconds}
    found |= {f"by_{name}": [_plain(row) for row in rows] for name, rows in spend_splits(charges).items()}
    found["retried"] = [[charge.id for charge in sent] for sent in _retried(charges)]
    found["marked"] = {charge.id: list(charge.marks) for charge in charges if charge.marks}
    return found


def spend_splits(charges: Iterable[Charge]) -> dict[str, list[Row]]:
    """The spend by node, tool, attempt and constraint; each charge counts once in each of them."""
    paid = _paid(charges)
    return {
        "node": _sums(paid, lambda charge: charge.node),
        "tool": _sums(paid, _tool),
        "attempt": sorted(_sums(paid, lambda charge: f"attempt {charge.attempt}"), key=_natural),
        "constraint": sorted(_sums(paid, _proven), key=lambda row: (row[0] == NOTHING, *_natural(row))),
    }


def _paid(charges: Iterable[Charge]) -> list[Charge]:
    return [c for c in charges if c.kind != "clock" and c.status != "released" and c.node != MEMORY]


def _tool(charge: Charge) -> str:
    """A model by its role, a further tool by its name, which comes first in what was called."""
    if charge.kind == "model":
        return f"model {charge.what}"
    return charge.what.partition(" ")[0] if charge.kind == "tool" else charge.kind


def _proven(charge: Charge) -> str:
    """The constraints whose findings a charge brought: one that is credited to several has a row of its own."""
    return " ".join(sorted(charge.constraints, key=_numbers)) or NOTHING


def _natural(row: Row) -> list[tuple[bool, int, str]]:
    return _numbers(row[0])


def _numbers(text: str) -> list[tuple[bool, int, str]]:
    """A key that puts c2 before c10."""
    parts = re.split(r"([0-9]+)", text)
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _sum(charges: Iterable[Charge]) -> Amounts:
    return sum((charge.amounts for charge in charges), ZERO)


def _sums(charges: Iterable[Charge], key: Callable[[Charge], str]) -> list[Row]:
    sums: dict[str, Amounts] = {}
    for charge in charges:
        name = key(charge)
        sums[name] = sums.get(name, ZERO) + charge.amounts
    return list(sums.items())


def _plain(row: Row) -> dict[str, Any]:
    name, amounts = row
    return {
        "name": name,
        "searches": amounts.searches,
        "browses": amounts.browses,
        "model_calls": amounts.model_calls,
        "tokens_in": amounts.tokens_in,
        "tokens_cached": amounts.tokens_cached,
        "tokens_out": amounts.tokens_out,
        "usd": format(to_usd(amounts.picousd), "f"),
        "tools": dict(amounts.tools),
        "call_ms": amounts.ms,
    }


# -- the table


def _table(sections: Sequence[tuple[str, Sequence[Row]]], total: Amounts, budget: Mapping[str, Any]) -> list[str]:
    """The rows with the wide names of the columns, or with the narrow ones where those would not fit."""
    shown = [column for column in range(len(WIDE)) if column != TOOLS or total.tools or budget.get("tools")]
    places = _places([total, *(amounts for _, rows in sections for _, amounts in rows)])
    lines: list[str] = []
    for names in (WIDE, NARROW):
        rows: list[tuple[str, ...]] = [("", *(names[column] for column in shown))]
        for title, parts in sections:
            rows += [("",), (title,)] if title else []
            rows += [(name, *_pick(_cells(amounts, places), shown)) for name, amounts in parts]
        rows += [("",)] if any(title for title, _ in sections) else []
        rows.append(("total", *_pick(_cells(total, places), shown)))
        rows.append(("budget", *_pick(_limits(budget, total, names), shown)))
        lines = _aligned(rows)
        if _fits(rows):
            break
    return lines


def _cells(amounts: Amounts, places: int) -> list[str]:
    calls = (amounts.searches, amounts.browses, sum(amounts.tools.values()), amounts.model_calls)
    tokens = (amounts.tokens_in, amounts.tokens_cached, amounts.tokens_out)
    return [*(f"{count:,}" for count in (*calls, *tokens)), f"{to_usd(amounts.picousd):.{places}f}"]


def _limits(budget: Mapping[str, Any], total: Amounts, names: Sequence[str]) -> list[str]:
    further = _further(budget)
    tools = sum(further.values()) if further and set(total.tools) <= set(further) else None
    both = "" if budget.get("tokens") is None else "(in + out)" if names is WIDE else "in+out"
    calls = [budget.get("searches"), budget.get("browses"), tools, budget.get("model_calls")]
    return [*map(_limit, calls), _limit(budget.get("tokens")), "", both, _limit(budget.get("usd"))]


def _limit(value: Any) -> str:
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else format(Decimal(str(value)), "f")


def _further(budget: Mapping[str, Any]) -> Mapping[str, Any]:
    tools = budget.get("tools")
    return tools if is_mapping(tools) else {}


def _pick(cells: Sequence[str], columns: Sequence[int]) -> list[str]:
    return [cells[column] for column in columns]


def _places(sums: Iterable[Amounts]) -> int:
    """Decimals of a dollar with which no sum is rounded, so that what is shown adds up, too; at least 6."""
    places = 6
    for amounts in sums:
        while amounts.picousd % 10 ** (12 - places):
            places += 1
    return places


def _fits(rows: Sequence[Sequence[str]]) -> bool:
    """Whether no label has to be cut, and no line is too long."""
    columns = zip(*(row for row in rows if len(row) > 1), strict=True)
    return sum(max(map(len, column)) + 2 for column in columns) - 2 <= WIDTH


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines; a row of one cell is a title. Labels are cut where the line would be too long."""
    whole = [row for row in rows if len(row) > 1]
    widths = [max(len(row[column]) for row in whole) for column in range(len(whole[0]))]
    widths[0] = min(widths[0], max(LEAST_LABEL, WIDTH - sum(widths[1:]) - 2 * len(widths[1:])))
    lines: list[str] = []
    for row in rows:
        if len(row) == 1:
            lines.append(row[0])
            continue
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([one_line(row[0], widths[0]).ljust(widths[0]), *cells]).rstrip())
    return lines


def _tool_lines(total: Amounts, budget: Mapping[str, Any]) -> list[str]:
    further = _further(budget)
    names = sorted({*total.tools, *further})
    limits = [f" of {further[name]:,}" if name in further else "" for name in names]
    return [f"{name} calls: {total.tools.get(name, 0):,}{limit}" for name, limit in zip(names, limits, strict=True)]


# -- the calls


def _marks(charges: Iterable[Charge]) -> list[str]:
    """What a reader should know about some charges."""
    found: dict[str, int] = {}
    notes = {"released": "free (nothing was sent)", "held": "not settled (perhaps never sent)"}
    for charge in charges:
        for mark in (*charge.marks, *((notes[charge.status],) if charge.status in notes else ())):
            found[mark] = found.get(mark, 0) + 1
    return [f"{mark}: {count} {'call' if count == 1 else 'calls'}" for mark, count in sorted(found.items())]


def _calls(charges: Iterable[Charge]) -> list[str]:
    """The calls that took more than one attempt, those that are marked, and all of them, in their order."""
    calls = [charge for charge in charges if charge.kind != "clock"]
    again = [f"{_what(sent[0])}: {', then '.join(map(_state, sent))}" for sent in _retried(calls)]
    marked = [f"{_what(charge)}: {_state(charge)}{_came_to(charge)}" for charge in calls if charge.marks]
    every = [
        f"{_what(charge)}: {_proven(charge) if charge.status == 'settled' else _state(charge)}{_came_to(charge)}"
        for charge in calls
    ]
    lines: list[str] = []
    parts = (("sent more than once", again), ("marked", marked), ("every call, and what it helped to prove", every))
    for title, told in parts:
        lines += ["", title] if told else []
        for line in told:
            lines += textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False, subsequent_indent="  ")
    return lines


def _retried(charges: Iterable[Charge]) -> list[list[Charge]]:
    sent: dict[str, list[Charge]] = {}
    for charge in charges:
        sent.setdefault(stem_of(charge.id), []).append(charge)
    return [attempts for attempts in sent.values() if len(attempts) > 1]


def _what(charge: Charge) -> str:
    return one_line(charge.what if charge.kind == "tool" else f"{charge.kind} {charge.what}", WHAT)


def _state(charge: Charge) -> str:
    return ", ".join(charge.marks) or STATES[charge.status]


def _came_to(charge: Charge) -> str:
    """Tokens and dollars of one call, which itself says what it counts as."""
    amounts = charge.amounts
    parts = [f"{amounts.tokens_in:,} + {amounts.tokens_out:,} tokens"] if amounts.tokens else []
    parts += [f"${format(to_usd(amounts.picousd).normalize(), 'f')}"] if amounts.picousd else []
    return f" ({', '.join(parts)})" if parts else ""
