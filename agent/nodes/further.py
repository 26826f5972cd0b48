"""Further tools: functions of the caller's that the model may call, each counted by its name in the budget."""

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...tools.clean import clean, neutralise, one_line
from ...tools.errors import ConfigError, ToolError
from ...tools.reading.passages import estimate_tokens
from ..events import CallEvent
from ..money.budget import Budget, check_tool_name
from ..money.charges import Refusal
from ..proof.marks import marked
from ..session import Session
from ..state import Call
from ..storage.outcomes import failure_of, stored_text, text_of
from .paying import Outcome, guarded, ready, settle, settle_failure


@dataclass(frozen=True, slots=True)
class Further:
    """A tool of the caller's: how it is described to the model, and how it is called."""

    name: str
    spec: dict[str, Any]
    function: Callable[..., Any]

    async def __call__(self, arguments: Mapping[str, Any], *, timeout: float) -> str:
        """Its result as text. Raises ToolError; a function that is not async runs on a thread."""
        try:
            if inspect.iscoroutinefunction(self.function):
                found = await self.function(**arguments)
            else:
                found = await asyncio.to_thread(self.function, **arguments)
            return clean(found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, default=str))
        except ToolError:
            raise
        except Exception as error:
            told = one_line(f"{type(error).__name__}: {error}", 300)
            raise ToolError(told, kind="bad_reply", sent=True) from error


def read_tools(tools: Sequence[Any], budget: Budget) -> dict[str, Further]:
    """The caller's functions and langchain tools by name. Raises ConfigError for what cannot be one."""
    found: dict[str, Further] = {}
    for tool in tools:
        made = _read_tool(tool)
        check_tool_name(made.name)
        if made.name in found:
            raise ConfigError(f"two tools are named {made.name!r}: rename one of them")
        found[made.name] = made
    for name in budget.tools:
        if name not in found:
            raise ConfigError(f"the budget limits a tool {name!r} that was not given: add it to tools=")
    return found


def _read_tool(tool: Any) -> Further:
    from langchain_core.tools import BaseTool
    from langchain_core.utils.function_calling import convert_to_openai_tool

    if not isinstance(tool, BaseTool) and not callable(tool):
        raise ConfigError(f"tools: {tool!r} is no tool: give a function, or a langchain tool")
    try:
        spec: dict[str, Any] = convert_to_openai_tool(tool)
        name = str(spec["function"]["name"])
    except Exception as error:
        why = one_line(str(error), 200)
        raise ConfigError(f"tools: {tool!r} cannot be offered to a model: {why}; it needs type hints") from error
    if isinstance(tool, BaseTool):
        return Further(name, spec, _invoking(tool))
    return Further(name, spec, tool)


def _invoking(tool: Any) -> Callable[..., Any]:
    async def invoke(**arguments: Any) -> Any:
        return await tool.ainvoke(arguments)

    return invoke


async def run_further(session: Session, call: Call, gate: asyncio.Semaphore, share: int) -> Outcome:
    """Call a further tool; its result is marked as text from outside, and takes at most `share` tokens."""
    name, given = call["name"], call["arguments"]["given"]
    shown = one_line(f"{name} {json.dumps(given, ensure_ascii=False)}", 200)
    async with gate:
        charge, told = await ready(session, call["arguments"]["calls"][0]["charge"])
        if told is not None:
            return _told(shown, told, share)
        if isinstance(charge, Refusal):
            return charge.line(), "", []
        session.emit(CallEvent("tool", shown, "started"))
        started = session.ledger.clock()
        try:
            text = await guarded(session, charge, session.deps.further[name], given)
        except ToolError as error:
            await settle_failure(session, charge, error, started)
            session.emit(CallEvent("tool", shown, "failed", str(error)))
            return f"{name} failed: {one_line(str(error), 200)}", f"{shown} failed", [False]
        await settle(session, charge, started, lambda: stored_text(text))
    session.emit(CallEvent("tool", shown, "done", one_line(text, 80)))
    return _told(shown, stored_text(text), share)


def _told(shown: str, told: Any, share: int) -> Outcome:
    failed = failure_of(told)
    if failed is not None:
        return f"{shown} failed: {one_line(failed, 200)}", f"{shown} failed", [False]
    text = text_of(told)
    return marked("tool", shown, _cut(neutralise(text), share)), f"{shown}: {one_line(text, 120)}", [True]


def _cut(text: str, tokens: int) -> str:
    whole = estimate_tokens(text)
    return text if whole <= tokens else text[: len(text) * tokens // whole] + " [...]"
