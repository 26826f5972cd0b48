"""What helps a question on that did not end by itself."""

from typing import TYPE_CHECKING

from ..terminal.ask import example_top_up

if TYPE_CHECKING:
    from ..result import Result


def how_to_go_on(result: "Result") -> str:
    """The command that goes on with it, in a few words; empty where it ended by itself, or is waiting."""
    if result.stop_reason == "budget" and not result.paused and (more := example_top_up(result)):
        return f"/topup {more} goes on with it"
    return "/retry goes on with it" if result.stop_reason in ("cancelled", "error") else ""
