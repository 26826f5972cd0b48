"""A budget for any LangChain agent: `BudgetTracker` is a middleware for `langchain.agents.create_agent`."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired
from uuid import uuid4

from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.channels import DeltaChannel
from langgraph.runtime import Runtime
from langgraph.types import Command

from ...tools.errors import ConfigError

try:
    from langchain.agents.middleware import (
        AgentMiddleware,
        AgentState,
        ExtendedModelResponse,
        ModelRequest,
        ModelResponse,
        ToolCallRequest,
        hook_config,
    )
    from langchain.agents.middleware.types import PrivateStateAttr
except ImportError:
    raise ConfigError("the budget tracker needs langchain: pip install 'spadework[langchain]'") from None

from ..money.budget import Budget
from ..money.charges import Charge, Refusal
from ..money.prices import load_prices
from ..money.receipt import receipt_text
from ..result import Spend, spend_of
from ..warn import say_once
from .accounts import Account, Accounts
from .calls import NO_ANSWER, Names, charge_of, closing, fates_of, kinds_of, last_reply, refused
from .gate import Step, asking, next_step

NOT_OFFERED = "budget tracker: no tool named {names} is offered to the model, so nothing counts against its limit"
NODES = {"searcher": "model", "act": "tools"}
"""What the nodes of our own graph are called in another agent's receipt."""

Charges = dict[str, dict[str, Any]]


def merged(old: dict[str, Any], writes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Reducer: the last word on a key holds, so that a repeated write changes nothing."""
    return {key: value for write in (old, *writes) for key, value in write.items()}


class TrackedState(AgentState[Any]):
    """What the tracker keeps in the agent's state, as plain data."""

    spadework_run: NotRequired[Annotated[str, PrivateStateAttr]]
    spadework_charges: NotRequired[Annotated[Charges, DeltaChannel(merged), PrivateStateAttr]]
    spadework_blocks: NotRequired[Annotated[dict[str, str], DeltaChannel(merged), PrivateStateAttr]]
    """By the id of a message, the budget block that the model sees at its end."""
    spadework_granted: NotRequired[Annotated[dict[str, str], PrivateStateAttr]]
    """By the id of a tool call of the last reply, the charge under which it may be made."""


class BudgetTracker(AgentMiddleware[TrackedState, Any, Any]):
    """Holds an agent to a budget, shows it to the model, and has the final answer written while it can be paid.

    `budget` is a Budget, or what `run_agent` takes. `searches` and `browses` name the agent's tools that count as such;
    any other tool is counted by its name. The budget holds for a thread, or with `per="turn"` for each turn; without a
    checkpointer both are the same. `prices` is a TOML price table, by default the one in SPADEWORK_PRICES.

    Put it last in the list of middleware, so that what the others send again is charged, too; the model's own retries
    cannot be, so set its `max_retries` to 0. Time counts while a model or a tool is at work; a call under way is not
    cut off. The spend is kept in the agent's state and goes on in another process; one that is killed loses what the
    call in flight cost. Raises ConfigError.

        agent = create_agent(model, [web_search], middleware=[BudgetTracker(Budget(searches=3), searches="web_search")])
    """

    state_schema = TrackedState

    def __init__(
        self,
        budget: Budget | Mapping[str, Any] | int,
        *,
        searches: Names = (),
        browses: Names = (),
        per: Literal["thread", "turn"] = "thread",
        prices: str | Path | None = None,
    ) -> None:
        super().__init__()
        self.budget = Budget.of(budget)
        self._kinds = kinds_of(self.budget, searches, browses)
        if per not in ("thread", "turn"):
            raise ConfigError(f"per={per!r}: give 'thread' or 'turn'")
        self._per = per
        self._prices = load_prices(prices or os.environ.get("SPADEWORK_PRICES") or None)
        self._accounts = Accounts(self.budget)

    def spend(self, thread_id: str | None = None) -> Spend:
        """What a thread has spent so far; without its id, the thread that was used last."""
        return spend_of(self._known(thread_id).paid())

    def receipt(self, thread_id: str | None = None) -> str:
        """The same beside the budget, as text."""
        charges = self._known(thread_id).paid()
        named = [replace(charge, node=NODES.get(charge.node, charge.node)) for charge in charges]
        return receipt_text(named, self.budget.to_dict(), spend_of(charges).seconds)

    # -- hooks, in the order in which an agent calls them

    def before_agent(self, state: TrackedState, runtime: Runtime[Any]) -> dict[str, Any]:
        known = state.get("spadework_run")
        run = known if known and self._per == "thread" else uuid4().hex[:12]
        account = self._accounts.find(_thread(runtime), run)
        account.begin_turn(state.get("spadework_charges", {}))
        return {"spadework_run": run, "spadework_charges": account.drain()}

    def before_model(self, state: TrackedState, runtime: Runtime[Any]) -> dict[str, Any]:
        """Note the block for the last message, where it stays: the beginning of a prompt never changes."""
        account = self._account(state, runtime)
        account.release_unmade()
        update: dict[str, Any] = {"spadework_charges": account.drain()}
        last = state["messages"][-1] if state["messages"] else None
        if isinstance(last, ToolMessage | HumanMessage) and last.id and (block := account.block()):
            update["spadework_blocks"] = {last.id: block}
        return update

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ExtendedModelResponse[Any] | AIMessage:
        step = self._next_step(request)
        if isinstance(step, AIMessage):
            return step
        with asking(step) as replies:
            response = handler(step.request)
            replies.extend(response.result)
        return self._paid(step.account, response)

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ExtendedModelResponse[Any] | AIMessage:
        step = self._next_step(request)
        if isinstance(step, AIMessage):
            return step
        with asking(step) as replies:
            response = await handler(step.request)
            replies.extend(response.result)
        return self._paid(step.account, response)

    @hook_config(can_jump_to=["end"])
    def after_model(self, state: TrackedState, runtime: Runtime[Any]) -> dict[str, Any]:
        """Grant the calls of the reply one by one, before they are made at once."""
        account = self._account(state, runtime)
        said, calls = last_reply(state["messages"])
        update: dict[str, Any] = {}
        if account.ended:
            update["jump_to"] = "end"
        elif account.finals:
            update["messages"] = closing(said, calls)
        elif calls:
            outcomes = account.grant([charge_of(call, self._kinds) for call in calls])
            pairs = list(zip(calls, outcomes, strict=True))
            granted = {call["id"] or "": held.id for call, held in pairs if isinstance(held, Charge)}
            update["spadework_granted"] = granted
            if not granted:  # the others are answered where they would be made, so that results stay in their order
                update["messages"] = [refused(call, no.line()) for call, no in pairs if isinstance(no, Refusal)]
        return {**update, "spadework_charges": account.drain()}

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
    ) -> ToolMessage | Command[Any]:
        account, held = self._take(request)
        if isinstance(held, Refusal):
            return refused(request.tool_call, held.line())
        with account.making(held) as fates:
            result = handler(request)
            fates.extend(fates_of(request, result))
        return result

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
    ) -> ToolMessage | Command[Any]:
        account, held = self._take(request)
        if isinstance(held, Refusal):
            return refused(request.tool_call, held.line())
        with account.making(held) as fates:
            result = await handler(request)
            fates.extend(fates_of(request, result))
        return result

    def after_agent(self, state: TrackedState, runtime: Runtime[Any]) -> dict[str, Any]:
        account = self._account(state, runtime)
        account.release_unmade()
        return {"spadework_charges": account.drain()}

    async def abefore_agent(self, state: TrackedState, runtime: Runtime[Any]) -> dict[str, Any]:
        return self.before_agent(state, runtime)

    async def abefore_model(self, state: TrackedState, runtime: Runtime[Any]) -> dict[str, Any]:
        return self.before_model(state, runtime)

    async def aafter_model(self, state: TrackedState, runtime: Runtime[Any]) -> dict[str, Any]:
        return self.after_model(state, runtime)

    async def aafter_agent(self, state: TrackedState, runtime: Runtime[Any]) -> dict[str, Any]:
        return self.after_agent(state, runtime)

    # -- inside

    def _account(self, state: Any, runtime: Any) -> Account:
        account = self._accounts.find(_thread(runtime), state.get("spadework_run", ""))
        account.learn(state.get("spadework_charges", {}))
        return account

    def _known(self, thread_id: str | None) -> Account:
        account = self._accounts.latest(thread_id)
        if account is None:
            raise ConfigError(f"no spend is known of thread {thread_id!r}: it was not used in this process")
        return account

    def _next_step(self, request: ModelRequest[Any]) -> Step | AIMessage:
        state: Any = request.state
        account = self._account(state, request.runtime)
        if missing := (self._kinds.keys() | self.budget.tools) - {_name(tool) for tool in request.tools}:
            say_once(f"tracker {sorted(missing)}", NOT_OFFERED.format(names=", ".join(sorted(missing))))
        with account.lock:
            step = next_step(account, request, self._prices, state.get("spadework_blocks", {}))
            if isinstance(step, Step):
                return step
            account.ended = True
        return AIMessage(NO_ANSWER.format(why=step.line().removeprefix("refused: ")))

    def _paid(self, account: Account, response: ModelResponse[Any]) -> ExtendedModelResponse[Any]:
        """A reply with its charge, so that neither is ever stored alone."""
        self._accounts.keep(account)
        return ExtendedModelResponse(response, Command(update={"spadework_charges": account.changed()}))

    def _take(self, request: Any) -> tuple[Account, Charge | Refusal]:
        account = self._account(request.state, request.runtime)
        granted: dict[str, str] = request.state.get("spadework_granted", {})
        return account, account.take(
            charge_of(request.tool_call, self._kinds), granted.get(request.tool_call["id"], "")
        )


def _thread(runtime: Any) -> str:
    info = getattr(runtime, "execution_info", None)
    return (info.thread_id if info is not None else None) or ""


def _name(tool: Any) -> str:
    """The name of a tool; one that the provider runs is a dict, and cannot be counted."""
    return "" if isinstance(tool, dict) else tool.name
