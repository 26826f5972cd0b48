"""What a question took, in one line."""

from decimal import Decimal
from typing import TYPE_CHECKING

from ..words import NOT_LOOKED_UP

if TYPE_CHECKING:
    from ..result import Result


def not_looked_up(result: "Result") -> bool:
    """Whether this is a reply for which nothing was searched: small talk, or a question about what was said."""
    return result.stop_reason == "no_search_needed" and not result.findings


def standing(result: "Result") -> str:
    """How the answer stands, in a word or two."""
    if not_looked_up(result):
        return NOT_LOOKED_UP
    return "no answer" if result.status == "none" else result.status


def receipt_line(result: "Result", dot: str = " · ") -> str:
    """How the answer stands, and each amount that was spent, none of those that are 0.

    "verified · 3 searches · 4 pages · 7 model calls · 22.0k tokens · $0.0041 · 12 s"
    """
    spend = result.spend
    tokens = spend.tokens_in + spend.tokens_out
    parts = [
        standing(result),
        _count(spend.searches, "search", "searches"),
        _count(spend.browses, "page", "pages"),
        *(_count(calls, f"{name} call", f"{name} calls") for name, calls in sorted(spend.tools.items())),
        _count(spend.model_calls, "model call", "model calls"),
        f"{_thousands(tokens)} tokens" if tokens else "",
        "price unknown" if spend.usd is None else dollars(spend.usd) if spend.usd else "",
        f"{spend.seconds:.0f} s" if spend.seconds >= 1 else f"{spend.seconds:.1f} s",
    ]
    return dot.join(part for part in parts if part)


def dollars(usd: Decimal) -> str:
    """Dollars to the cent, smaller sums to two digits: $1.25, $0.0041."""
    if usd >= 1:
        return f"${usd:,.2f}"
    digits = max(2, 1 - usd.adjusted()) if usd else 2
    return f"${usd:.{digits}f}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}" if number else ""


def _thousands(number: int) -> str:
    return f"{number / 1000:,.1f}k"
