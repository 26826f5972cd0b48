"""What helps a question on that did not end by itself."""

from typing import TYPE_CHECKING

from ..strategies import get_strategy
from ..terminal.ask import example_top_up

if TYPE_CHECKING:
    from ..result import Result

ONCE = "each question stands by itself, and none is topped up: its runs share the budget out once"
"""What is different with strategies that run several at once."""


def how_to_go_on(result: "Result", strategy: str) -> str:
    """The command that goes on with it, in a few words; empty where it ended by itself, or is waiting."""
    if result.stop_reason in ("budget", "error") and get_strategy(strategy).runs > 1:
        return f"with {strategy} {ONCE}; ask it again, or take another /strategy"
    if result.stop_reason == "budget" and not result.paused and (more := example_top_up(result)):
        return f"/topup {more} goes on with it"
    return "/retry goes on with it" if result.stop_reason in ("cancelled", "error") else ""
