"""The tool calls of an agent's model: what each counts as, and how those that are not made are answered."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolCall, ToolMessage

from ...tools.errors import ConfigError
from ..money.budget import Budget
from ..money.charges import Charge, Kind, call_of
from .accounts import Fate

NO_ANSWER = "No answer was reached within the budget: {why}."
NO_MORE = "refused: the budget is used up, no further call is made"

Names = str | Iterable[str]


def kinds_of(budget: Budget, searches: Names, browses: Names) -> dict[str, Kind]:
    """What each named tool counts as. Raises ConfigError for a limit against which no tool counts."""
    found: dict[str, Kind] = {}
    options: tuple[tuple[str, Kind, Names, int | None], ...] = (
        ("searches", "search", searches, budget.searches),
        ("browses", "browse", browses, budget.browses),
    )
    for option, kind, names, limit in options:
        named = [names] if isinstance(names, str) else [*names]
        if limit is not None and not named:
            raise ConfigError(f"the budget limits {option}: name the tools that count as such in {option}=")
        for name in named:
            if name in found or name in budget.tools:
                raise ConfigError(f"{option}: the tool {name!r} is counted as something else, too")
            found[name] = kind
    return found


def charge_of(call: ToolCall, kinds: Mapping[str, Kind]) -> Charge:
    """A call before anything is set aside for it; a tool that has no kind is counted by its name."""
    kind, arguments = kinds.get(call["name"], "tool"), json.dumps(call["args"], ensure_ascii=False, default=str)
    return call_of(kind, "act", what=f"{call['name']} {arguments}" if kind == "tool" else arguments)


def last_reply(messages: Sequence[AnyMessage]) -> tuple[AIMessage, list[ToolCall]]:
    """The model's last reply, and those of its calls that have no answer yet."""
    answered: set[str | None] = set()
    for message in reversed(messages):
        if isinstance(message, ToolMessage):
            answered.add(message.tool_call_id)
        elif isinstance(message, AIMessage):
            return message, [call for call in message.tool_calls if call["id"] not in answered]
    return AIMessage(""), []


def closing(said: AIMessage, calls: Sequence[ToolCall]) -> list[AnyMessage]:
    """What is added to a final answer that calls tools all the same, or is empty: the agent ends with a text."""
    text = said.text.strip()
    if not calls and (text or said.tool_calls):
        return []
    end = AIMessage(text or NO_ANSWER.format(why="the model did not give one"))
    return [*(refused(call, NO_MORE) for call in calls), end]


def refused(call: ToolCall, line: str) -> ToolMessage:
    """The answer to a call that is not made."""
    return ToolMessage(line, tool_call_id=call["id"] or "", name=call["name"], status="error")


def fates_of(request: Any, result: Any) -> list[Fate]:
    """What a result tells of its call: a tool that does not exist was not called."""
    if not isinstance(result, ToolMessage) or result.status != "error":
        return []
    return ["failed"] if request.tool is not None else ["free"]
