"""Sending a granted call: its hold is written down, it is awaited within the time that is left, and it is settled."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Any, TypeVar, cast

from ...tools.clean import one_line
from ...tools.errors import SpadeworkError, ToolError
from ..money.amounts import Amounts
from ..money.charges import Charge, Kind, Refusal, call_of
from ..session import Session
from ..storage.outcomes import stored_failure
from .telling import as_tool_run

T = TypeVar("T")
Outcome = tuple[str, str, list[bool]]
"""The text of a result, its stub, and for each request made whether it worked."""


def cost_of(kind: Kind, what: str) -> Amounts:
    """What one call of a tool counts as, whatever its reply; a further tool is named first in `what`."""
    if kind == "tool":
        return Amounts(tools={what.partition(" ")[0]: 1})
    return Amounts(searches=1) if kind == "search" else Amounts(browses=1)


async def together(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All calls at once. Where one raises, the others are waited for: they are under way and paid, and are settled."""
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return cast("list[T]", outcomes)


async def ready(session: Session, charge_id: str) -> tuple[Charge | Refusal, Any]:
    """The hold of a granted call, written down, and what the call brought where a killed run already made it.

    A hold that a killed run left behind may have been sent: it stays charged, and the call is held and made afresh.
    """
    if not charge_id:
        return Refusal("browses", 1, 0), None
    charge, told = session.ledger.last(charge_id)
    if told is not None:
        return charge, told
    if charge.status == "held":
        await session.ledger.commit(charge)
        if (stopped := session.ledger.stopped()) is not None:
            session.ledger.release(charge)
            return stopped, None
        return charge, None
    again = call_of(charge.kind, charge.node, what=charge.what, attempt=charge.attempt)
    return await session.ledger.take(again, cost_of(charge.kind, charge.what), retry_of=charge), None


async def guarded(session: Session, charge: Charge, tool: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Await a tool within the time that is left; when cancelled in flight, the call stays charged.

    Raises ToolError also for a mistake in a tool of the caller's: it is told to the model, and does not end the run.
    """
    left = session.ledger.seconds_left()
    timeout = session.deps.tool_timeout if left is None else min(session.deps.tool_timeout, left)
    if timeout <= 0:
        raise ToolError("no time is left", kind="timeout", sent=False)
    try:
        async with asyncio.timeout(timeout):
            return await as_tool_run(charge, tool(*arguments, timeout=timeout, **options))
    except TimeoutError:
        raise ToolError(f"no answer within {round(timeout, 1):g} s", kind="timeout", sent=True) from None
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) is None or not task.cancelling():
            raise ToolError("it was cancelled", kind="bad_reply", sent=True) from None  # not from outside: by itself
        session.ledger.settle(charge, charge.amounts, marks=("cancelled",))
        raise
    except SpadeworkError:
        raise
    except (Exception, SystemExit) as error:
        told = one_line(f"{type(error).__name__}: {error}", 300)
        raise ToolError(told, kind="bad_reply", sent=True) from error


async def settle(
    session: Session, charge: Charge, started: float | None, result: Callable[[], Any], marks: Iterable[str] = ()
) -> None:
    """Charge a call that was made, and write down what it brought. Without `started` it took no time."""
    ms = 0 if started is None else _elapsed_ms(session, started)
    session.ledger.settle(charge, replace(charge.amounts, ms=ms), marks=marks, result=result)
    await session.ledger.commit()


async def settle_failure(session: Session, charge: Charge, error: ToolError, started: float) -> None:
    """Charge a call that failed if its request left this machine; else it is free."""
    if error.sent:
        amounts = replace(charge.amounts, ms=_elapsed_ms(session, started))
        session.ledger.settle(charge, amounts, marks=("failed",), result=lambda: stored_failure(error))
    else:
        session.ledger.release(charge)
    await session.ledger.commit()


def _elapsed_ms(session: Session, started: float) -> int:
    return int((session.ledger.clock() - started) * 1000)
