"""What helps a question on that did not end by itself."""

from typing import TYPE_CHECKING

from ..terminal.ask import example_top_up

if TYPE_CHECKING:
    from ..result import Result


def stopped_for_want(result: "Result") -> bool:
    """Whether somebody stopped it when a limit was gone: it has ended, and only more makes it go on."""
    return result.stop_reason == "cancelled" and bool(result.resource)


def how_to_go_on(result: "Result") -> str:
    """The command that goes on with it, in a few words; empty where it ended by itself."""
    if stopped_for_want(result):
        return f"/topup {example_top_up(result)} goes on with it"
    return "/retry goes on with it" if result.stop_reason in ("cancelled", "error") else ""
