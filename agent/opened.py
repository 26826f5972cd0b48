"""A run between its opening and its end: its store, its claim on the book, its lease of a purse, its compiled graph."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from langgraph.graph import START
from langgraph.types import Command

from ..tools.errors import ConfigError, StoreError
from .langsmith_runs import graph_config
from .money.amounts import ZERO, Amounts
from .money.budget import Budget, counted
from .nodes.topping import MORE
from .prepare import Options, Prepared
from .state import AgentState
from .storage.book import Book, Claim
from .storage.savers import Saver, as_async
from .storage.whole import to_the_end
from .strategies import get_strategy
from .topup import TopUp, another_attempt

log = logging.getLogger("spadework")
RECURSION_LIMIT = 10_000
"""Far above what the policy lets a run do: the budget and the turn cap end runs, this is only a last fence."""
RENEW_S = 10.0
"""How often a run says that it is alive. Its claim holds three times as long."""


@dataclass(slots=True)
class Opened:
    """What a run needs while it goes on."""

    prepared: Prepared
    graph: Any
    """The compiled graph; LangGraph leaves parts of its type open."""
    claim: Claim | None
    over: bool = False
    """The run had ended before, and is only looked at again."""

    @property
    def config(self) -> Any:
        prepared = self.prepared
        config = {"configurable": {"thread_id": prepared.run}, "recursion_limit": RECURSION_LIMIT}
        return config | graph_config(prepared.question, prepared.run, prepared.deps.strategy.name)

    async def given(self) -> dict[str, Any] | Command[Any] | None:
        """What the graph starts with: a question, where this thread goes on another budget, or nothing."""
        prepared = self.prepared
        prepared.deps.granted = self._leased
        found: Any = await self.graph.aget_state(self.config) if self.graph.checkpointer else None
        values: dict[str, Any] = found.values if found else {}
        # Not by `next`: a node whose writes are stored and whose step is not, as after a kill, is not in it.
        ended = not (found and found.tasks)
        if _begun(found, prepared.question) and (prepared.resuming or not ended):
            await self._still_fits()
            return await self._go_on(values, ended=ended)
        # A question that was killed before its first step has no state yet, and can be topped up all the same.
        wanted = _with(prepared.budget, prepared.top_up)
        prepared.budget = await self._leased(wanted, values.get("turn", 0) + 1)
        if self.claim is not None and values:
            await self.claim.note({"outcome": None})  # that of the question before
        return {"question": prepared.question, "budget": prepared.budget.to_dict(), "run": prepared.run}

    async def _still_fits(self) -> None:
        """Raises ConfigError where an unfinished question is to go on with another kind of graph.

        That one has not the nodes which are due, and would end without a word.
        """
        claim, strategy = self.claim, self.prepared.deps.strategy
        if claim is None or not (name := str(claim.before.get("strategy") or "")):
            return
        outcome: dict[str, Any] = claim.before.get("outcome") or {}
        unfinished = outcome.get("paused") or outcome.get("stop_reason") in (None, "cancelled")
        if unfinished and (get_strategy(name).runs > 1) != (strategy.runs > 1):
            await claim.note({"strategy": name})
            raise ConfigError(
                f"this question was begun with {name} and cannot go on with {strategy.name}: take {name}, or ask anew"
            )

    async def _go_on(self, values: dict[str, Any], *, ended: bool) -> Command[Any] | None:
        prepared = self.prepared
        before = Budget.of(values["budget"])
        waiting = await self.waits()
        wanted = _with(before, prepared.top_up)
        budget = before if waiting else wanted
        # What failed is worth another try with what is left; what ended well goes on only with more.
        more = prepared.top_up is not None and prepared.top_up.do == "add"
        self.over = ended and not more and values["stop_reason"] != "error"
        if ended and not self.over and prepared.deps.strategy.runs > 1:
            raise ConfigError(
                f"{prepared.deps.strategy.name} shares its budget out once, so a question that has ended cannot go on"
                " with it: ask it again, or go on with another strategy"
            )
        if not self.over:
            budget = await self._leased(budget, values["turn"])
            if waiting and wanted != before:
                # What cannot be had must not reach the graph: one that waits would take it for the answer from then on.
                await self._leased(wanted, values["turn"])
            if self.claim is not None:
                await self.claim.note({"outcome": None})
        prepared.budget, prepared.last = budget, {**values, "budget": budget.to_dict()}
        # Opened here, so that its spend is known whatever happens before its first node.
        session = await prepared.deps.session(cast("AgentState", prepared.last))
        session.ledger.over = self.over
        if waiting:
            return self._answer_to_pause()
        if ended and not self.over:
            why = MORE if more else "tried again after a failure"
            update = another_attempt(cast("AgentState", prepared.last), budget, why)
            await self.graph.aupdate_state(self.config, update, as_node="deepen")
            prepared.last = (await self.graph.aget_state(self.config)).values
            return None
        # With the graph's first step, which may be killed too: what was added must not be lost with it.
        return Command(update={"budget": budget.to_dict()}) if budget != before else None

    async def waits(self) -> bool:
        """Whether the run waits to be told what to do, as a limit is gone."""
        found: Any = await self.graph.aget_state(self.config) if self.graph.checkpointer else None
        return found is not None and any(task.interrupts for task in found.tasks)

    def _answer_to_pause(self) -> Command[Any] | None:
        """What a run that waits is told; where nobody can be asked, to take what it has. None: it asks once more."""
        top_up = self.prepared.top_up
        if top_up is None and not self.prepared.deps.asks:
            top_up = TopUp(do="take")
        return None if top_up is None else Command(resume=top_up.model_dump())

    async def _leased(self, wanted: Budget, turn: int) -> Budget:
        """What the conversation and the purse grant of a budget, once killed runs gave back theirs."""
        prepared = self.prepared
        if prepared.conversation is not None and prepared.deps.book is not None:
            spent = await prepared.deps.book.spent(prepared.run, before=turn)
            wanted = within(wanted, prepared.conversation, spent)
        if prepared.purse is None:
            return wanted
        if prepared.deps.book is not None:
            await prepared.purse.reclaim(prepared.deps.book)
        prepared.lease = await prepared.purse.lease(f"{prepared.run}/{turn}", wanted)
        return prepared.lease.budget


def _begun(found: Any, question: str) -> bool:
    """Whether the state is that of this question, and not what was there before `begin` made it one of it."""
    if found is None or found.values.get("question") != question:
        return False
    return "turn" in found.values and "begin" not in found.next and all(task.name != START for task in found.tasks)


def _with(budget: Budget, top_up: TopUp | None) -> Budget:
    return budget if top_up is None or top_up.do != "add" else budget.plus(Budget.of(top_up.add))


def within(wanted: Budget, whole: Budget, spent: Amounts) -> Budget:
    """What can be had of a budget where a larger one holds for several, of which so much is spent."""
    limits, gone = wanted.limits(), counted(spent)
    for name, limit in whole.limits().items():
        left = max(0, limit - gone.get(name, 0))
        limits[name] = min(limits.get(name, left), left)
    return Budget.from_limits(limits)


@asynccontextmanager
async def opened(prepared: Prepared) -> AsyncGenerator[Opened]:
    """Open all that a run needs, and close it again, whatever happens in between; the spend is written down first.

    Raises RunInUse while another process runs it, StoreError and ConfigError where the store cannot be used.
    """
    async with AsyncExitStack() as stack:
        stack.push_async_callback(lambda: to_the_end(prepared.aclose()))
        saver, book = await _places(prepared.store, prepared.saver, prepared.ledger, stack)
        built: Any = prepared.built
        graph = built.compile(checkpointer=as_async(saver) if saver else None)
        claim: Claim | None = None
        if book is not None:
            claim = await book.claim(prepared.run, prepared.about)
            stack.push_async_callback(lambda: to_the_end(_release(claim)))
            prepared.deps.book, prepared.deps.claim = book, claim
            renewing = asyncio.create_task(_renew(prepared, claim))
            stack.callback(renewing.cancel)
        stack.push_async_callback(lambda: to_the_end(_settle(prepared)))
        yield Opened(prepared, graph, claim)


@asynccontextmanager
async def book_for(options: Options) -> AsyncGenerator[Book]:
    """The book of a store or checkpointer, to look something up. Raises ConfigError where neither is given."""
    async with AsyncExitStack() as stack:
        store, saver, ledger = options.get("store"), options.get("checkpointer"), options.get("ledger")
        _, book = await _places(store, saver, ledger, stack)
        if book is None:
            raise ConfigError("a run can only be resumed where it was stored: give its store, or its checkpointer")
        yield book


async def _places(
    store: str | Path | None, saver: Saver | None, ledger: str | Path | None, stack: AsyncExitStack
) -> tuple[Saver | None, Book | None]:
    """Where the state and the spend are kept; nowhere but in memory where nothing was given."""
    from .storage.store import book_of, open_store

    if store is not None:
        opened_store = await stack.enter_async_context(open_store(store))
        return opened_store.saver, opened_store.book
    if saver is None:
        if ledger is not None:
            raise ConfigError("ledger= needs a checkpointer whose runs it belongs to; give store= to keep both")
        return None, None
    return saver, await book_of(saver, ledger)


async def _renew(prepared: Prepared, claim: Claim) -> None:
    """Say again and again that this run is alive, and how much time it took. Lost claims show at the next call."""
    while True:
        await asyncio.sleep(RENEW_S)
        with contextlib.suppress(StoreError):
            await claim.renew()
            session = prepared.deps.alive(prepared.run)
            if session is not None:
                await session.ledger.commit()


async def _settle(prepared: Prepared) -> None:
    """Write down what is still due, and give back what a lease has left. A failing store takes no result with it."""
    session = prepared.deps.alive(prepared.run)
    with _warning("what was spent last is not stored"):
        if session is not None:
            await session.ledger.commit()
    with _warning("the lease of this run is still open"):
        if prepared.lease is not None:
            await prepared.lease.close(session.ledger.spent() if session is not None else ZERO)
    prepared.deps.close(prepared.run)


async def _release(claim: Claim) -> None:
    with _warning("this run is free again when its process has ended"):
        await claim.release()


@contextlib.contextmanager
def _warning(what: str) -> Generator[None]:
    """Say in one line that the store failed, and what that means, instead of raising."""
    try:
        yield
    except StoreError as error:
        log.warning("%s; %s", error, what)
