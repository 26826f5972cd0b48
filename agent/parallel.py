"""Parallel scaling: several runs of a question side by side, each with its part of the budget, and one answer of them.

The parts are leased from the run's own ledger: held before a run begins and settled on what it spent, so that they are
never more together than there is, and what one leaves is there for the judge. The runs are stored beside their parent,
as RUN.1, RUN.2 and so on; one that was killed is made again from what it had paid for.
"""

import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

from .deps import Deps
from .events import CallEvent, DeltaEvent, Event, PageEvent, PromptEvent, ReplyEvent
from .money.amounts import ZERO, Amounts
from .money.budget import FURTHER, TOOL_RESOURCES, Budget, Remaining, counted
from .money.charges import Charge, Refusal, call_of
from .money.reserves import keep_for
from .nodes.material import course_text
from .nodes.paying import together
from .session import Session
from .state import AgentState, Candidate, StopReason
from .strategies import STRATEGIES

TELLING = frozenset({"estimated", "unpriced", "overrun", "cancelled", "interrupted"})
PASSED_ON = CallEvent | PageEvent | PromptEvent | DeltaEvent | ReplyEvent
COURSE_TOKENS = 1_500
"""Of what each run did, for a judge."""


async def runs(state: AgentState, session: Session) -> dict[str, Any]:
    """The node that makes the runs; each ends in a candidate, or in none."""
    left = _left(session)
    keep = keep_for("explore", left.limits, answer_due=session.deps.strategy.pick == "best", verifier=False)
    parts = split(left, session.deps.strategy.runs, keep)
    held = [_lease(session, number, part) for number, part in enumerate(parts, start=1)]
    await session.ledger.commit(*(item for item in held if isinstance(item, Charge) and item.status == "held"))
    ends = await together(
        _run(state, session, item, Budget.from_limits(part)) for item, part in zip(held, parts, strict=True)
    )
    candidates = [end.candidate for end in ends if end.candidate["answer"]]
    told = next((end for end in ends if end.fault), ends[0])
    update: dict[str, Any] = {"candidates": candidates, "stop_reason": "answered"}
    if not candidates:
        update |= {"stop_reason": told.stop_reason, "resource": told.resource, "fault": told.fault}
    return {**update, "charges": session.ledger.drain()}


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How one of the runs ended."""

    candidate: Candidate
    stop_reason: StopReason
    resource: str = ""
    fault: str = ""


def split(left: Remaining, most: int, keep: Amounts = ZERO) -> list[dict[str, int]]:
    """The limits of so many runs: equal parts of what is left beside what is kept, the first ones get the rest.

    Time is not divided, as the runs go on at once. There are fewer runs where some could neither search nor read.
    """
    kept = counted(keep)
    free = {name: max(0, (left.left(name) or 0) - kept.get(name, 0)) for name in left.limits}
    tools = [free[name] for name in TOOL_RESOURCES if name in free]
    count = min(most, max(1, *tools)) if len(tools) == len(TOOL_RESOURCES) else most
    return [
        {name: n if name == "ms" else n // count + (number < n % count) for name, n in free.items()}
        for number in range(count)
    ]


def _left(session: Session) -> Remaining:
    """What is left when the parts are not counted: those of a killed run were cut from this, too."""
    left = session.ledger.remaining()
    parts = counted(sum((charge.amounts for charge in session.ledger.charges.values() if charge.kind == "run"), ZERO))
    return Remaining(
        left.limits, {name: gone - (parts.get(name, 0) if name != "ms" else 0) for name, gone in left.gone.items()}
    )


def _lease(session: Session, number: int, part: dict[str, int]) -> Charge | Refusal:
    """The hold on a run's part of the budget; that of a run which was killed is there already."""
    call = call_of("run", "runs", what=f"{session.ledger.run}.{number}", attempt=number)
    if earlier := session.ledger.earlier(call):
        return earlier[0]
    return session.ledger.hold(call, _amounts(part))


async def _run(state: AgentState, session: Session, charge: Charge | Refusal, budget: Budget) -> End:
    """One of the runs: a graph of its own, whose spend is settled here whatever becomes of it."""
    if isinstance(charge, Refusal):
        return End(candidate=Candidate(answer="", attempt=0), stop_reason="budget", resource=charge.resource)
    number = int(charge.what.rpartition(".")[2])
    last: dict[str, Any] = {}
    async with _beside(state, session, charge, budget) as deps:
        try:
            question = {"question": state["question"], "budget": budget.to_dict(), "run": charge.what}
            async for values in _graph(deps).astream(question, {"run_name": charge.what}, stream_mode="values"):
                last = values
        finally:
            made = deps.alive(charge.what)
            if made is not None:
                spent = replace(made.ledger.spent(), ms=made.ledger.elapsed_ms())
                session.ledger.settle(charge, spent, marks=_marks(made))
        course = course_text(cast("AgentState", last), made, COURSE_TOKENS) if made is not None else ""
    return End(
        candidate=Candidate(answer=last["answer"], attempt=number, verification=course),
        stop_reason=last["stop_reason"],
        resource=last["resource"],
        fault=last["fault"],
    )


def _graph(deps: Deps) -> Any:
    from .graph import build_graph  # the graph of a parallel strategy has this module's node

    graph: Any = build_graph(deps)
    return graph.compile()


def _marks(made: Session) -> set[str]:
    """What a reader of the receipt should know about the calls of a run."""
    return {mark for charge in made.ledger.charges.values() for mark in charge.marks} & TELLING


@asynccontextmanager
async def _beside(state: AgentState, session: Session, charge: Charge, budget: Budget) -> AsyncGenerator[Deps]:
    """What one of the runs is built from, with its own place in the book."""
    parent = session.deps
    strategy = replace(STRATEGIES["react"], temperature=parent.strategy.temperature)
    # One that waited for more would make all of them wait, and be asked the same again when they are made again.
    deps = replace(parent, strategy=strategy, output=None, claim=None, above=session.ledger, asks=False)
    if parent.book is not None:
        about = {
            "question": state["question"],
            "budget": budget.to_dict(),
            "strategy": strategy.name,
            "part_of": session.ledger.run,
        }
        deps.claim = await parent.book.claim(charge.what, about)
    if session.listener is not None:
        deps.listen(charge.what, _telling(session))
    try:
        yield deps
    finally:
        made = deps.alive(charge.what)
        with contextlib.ExitStack() as stack:
            stack.callback(deps.close, charge.what)
            if made is not None:
                await made.ledger.commit()
            if deps.claim is not None:
                await deps.claim.release()


def _telling(session: Session) -> Any:
    """Pass on what is called, said and read; what is left, and which answer is best, only the whole can say."""

    def tell(event: Event) -> None:
        if isinstance(event, PASSED_ON):
            session.emit(event)

    return tell


def _amounts(part: dict[str, int]) -> Amounts:
    return Amounts(
        searches=part.get("searches", 0),
        browses=part.get("browses", 0),
        tokens_in=part.get("tokens", 0),
        picousd=part.get("picousd", 0),
        model_calls=part.get("model_calls", 0),
        tools={name.removeprefix(FURTHER): n for name, n in part.items() if name.startswith(FURTHER) and n},
    )
