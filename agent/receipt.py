"""The receipt: where the spend went, as text whose rows add up to its total."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .amounts import ZERO, Amounts, to_usd
from .charges import Charge

COLUMNS = ("searches", "reads", "model", "tokens in", "cached", "tokens out", "usd")
"""Narrow enough for 80 columns: reads are page reads, model is calls to a model, cached is a part of tokens in."""


def receipt_text(charges: Sequence[Charge], budget: Mapping[str, Any], seconds: float) -> str:
    """Spend by node and by attempt, the total beside the budget, and what was estimated, overrun or failed."""
    paid = [charge for charge in charges if charge.kind != "clock" and charge.status != "released"]
    rows = [("", *COLUMNS)]
    rows += [_row(name, amounts) for name, amounts in _sums(paid, lambda charge: charge.node)]
    attempts = _sums(paid, lambda charge: f"attempt {charge.attempt}")
    if len(attempts) > 1:
        rows += [_row(name, amounts) for name, amounts in attempts]
    rows.append(_row("total", sum((charge.amounts for charge in paid), ZERO)))
    rows.append(_limits(budget))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_line(row, widths) for row in rows]
    limit = budget.get("seconds")
    lines.append(f"time: {seconds:.1f} s" + (f" of {limit:g} s" if limit is not None else ""))
    return "\n".join([*lines, *_marks(charges)])


def _sums(charges: Iterable[Charge], key: Callable[[Charge], str]) -> list[tuple[str, Amounts]]:
    sums: dict[str, Amounts] = {}
    for charge in charges:
        sums[key(charge)] = sums.get(key(charge), ZERO) + charge.amounts
    return list(sums.items())


def _row(name: str, amounts: Amounts) -> tuple[str, ...]:
    counts = (amounts.searches, amounts.browses, amounts.model_calls)
    tokens = (amounts.tokens_in, amounts.tokens_cached, amounts.tokens_out)
    return (name, *(f"{count:,}" for count in (*counts, *tokens)), f"{to_usd(amounts.picousd):.6f}")


def _limits(budget: Mapping[str, Any]) -> tuple[str, ...]:
    def shown(name: str) -> str:
        value = budget.get(name)
        return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)

    both = "" if budget.get("tokens") is None else "(in + out)"
    tokens = (shown("tokens"), "", both)
    return ("budget", shown("searches"), shown("browses"), shown("model_calls"), *tokens, shown("usd"))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
    return "  ".join(cells).rstrip()


def _marks(charges: Iterable[Charge]) -> list[str]:
    """What a reader should know about some charges."""
    found: dict[str, int] = {}
    for charge in charges:
        for mark in charge.marks:
            found[mark] = found.get(mark, 0) + 1
        if charge.status == "released":
            found["free (nothing was sent)"] = found.get("free (nothing was sent)", 0) + 1
    return [f"{mark}: {count} {'call' if count == 1 else 'calls'}" for mark, count in sorted(found.items())]
