"""A model that plays any strategy's prompts on the bundled web, for measurements without a model.

It is given a question's demands, as somebody who understands it, and how to phrase queries for them. Facts, quotes and
addresses it has only from the text of each prompt: what has left the prompt is forgotten. It searches alike under all
strategies, and does beside that what a prompt asks for: states constraints, records findings, checks, answers.
"""

import json
import random
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson
from typing_extensions import Unpack

from ..agent.llm.wire import Options, Reply, ToolCall, Usage
from ..prompts import render
from ..tools.errors import ModelError
from ..tools.passages import estimate_tokens
from .simulated_findings import checks, new_findings, stated, unread
from .simulated_mind import Mind, Move
from .simulated_notes import Notes, overlooking, read_prompt
from .simulated_web import SimulatedWeb
from .world_questions import Question

Json = dict[str, Any]
Call = tuple[str, Json]
NAME = "simulated"
CONTEXT = 32_768
GOAL_CHARS = 300
MESSAGE_TOKENS = 4
"""What a chat template adds to each message, about."""
NOTHING = "unknown"
"""The answer of somebody who found no candidate at all."""


class SimulatedChat:
    """A Chat that answers one question of a world. The same prompt gets the same reply, whoever asked before.

    `seed` chooses the order of the first queries and what is overlooked; `skill` is the share of all sentences that
    it takes in, from 0 to 1. `context` is in tokens. It costs nothing, unless its `name` is that of a priced model.
    """

    takes_tools = True

    def __init__(
        self,
        web: SimulatedWeb,
        question: Question,
        *,
        seed: int = 0,
        skill: float = 1.0,
        context: int | None = CONTEXT,
        name: str = NAME,
    ) -> None:
        self.name = name
        self.context = context
        self.local = name == NAME
        self._web = web
        self._question = question
        self._overlooks = overlooking(f"{seed} {question.id}", 1 - skill)
        numbers = [*range(len(question.constraints))]
        random.Random(f"{seed} {question.id}").shuffle(numbers)
        self._order = sorted(numbers, key=lambda number: question.constraints[number].kind != "exploration")

    async def complete(self, messages: list[Json], **options: Unpack[Options]) -> Reply:
        """See Chat. Raises ModelError for a prompt that is none of ours."""
        notes = read_prompt(self._web, messages, self._overlooks)
        mind = Mind(self._question, notes, self._web.world.base, self._order)
        tools = options.get("tools") or []
        names = [tool["function"]["name"] for tool in tools]
        if names:
            text, calls = self._turn(mind, notes, record="record" in names)
        else:
            text, calls = orjson.dumps(self._written(str(messages[0]["content"]), mind, notes)).decode(), []
        return _reply(text, calls, tokens_of(messages, tools), options.get("max_tokens"), len(messages))

    def _turn(self, mind: Mind, notes: Notes, *, record: bool) -> tuple[str, list[Call]]:
        """One turn of the search: a thought, what is to be recorded, and the next step."""
        final = mind.complete
        move = mind.next_move() if final is None else None
        pages = unread(mind, notes, final)[:3] if record and final else []
        if pages and "browse" not in notes.refused:
            move = Move(urls=tuple(pages))
        calls: list[Call] = []
        if record:
            said = self._record(mind, notes)
            calls += [("record", said)] if said else []
        if move is None:
            name = mind.best_name or NOTHING
            return f"Nothing is left to look up: the best answer is {name}.", [*calls, ("answer", {"answer": name})]
        if move.queries:
            thought = f"I look for pages about {' and '.join(move.queries)}."
            return thought, [*calls, ("search", {"queries": [*move.queries]})]
        goal = self._goal(mind)
        return f"I read what these pages say: {goal[:80]}", [*calls, ("browse", {"urls": [*move.urls], "goal": goal})]

    def _record(self, mind: Mind, notes: Notes) -> Json:
        made: Json = {}
        if notes.constraints and len(notes.constraints) == 1:
            made["constraints"] = stated(self._question)
        findings = new_findings(mind, notes, self._question)
        return made | ({"findings": findings} if findings else {})

    def _goal(self, mind: Mind) -> str:
        """What is still to be found out for the best candidate."""
        met = mind.candidates[0].met if mind.candidates else ()
        texts = [item.text for number, item in enumerate(self._question.constraints) if number not in met]
        return " ".join(texts or [self._question.text])[:GOAL_CHARS]

    def _written(self, system: str, mind: Mind, notes: Notes) -> Json:
        """The JSON object that a prompt without tools asks for."""
        if system == render("planner"):
            return self._plan(notes)
        if system == render("verifier"):
            return self._verdict(mind, notes)
        if system == render("answer"):
            name = mind.best_name or NOTHING
            made = checks(mind, notes, self._question, name)
            return {"answer": name, "constraints": self._missing(notes), "checks": made}
        raise ModelError(f"the simulated model does not know the prompt {system[:60]!r}", kind="rejected", sent=True)

    def _missing(self, notes: Notes) -> list[Json]:
        return stated(self._question) if len(notes.constraints) <= 1 else []

    def _plan(self, notes: Notes) -> Json:
        constraints = self._question.constraints
        wanted = [constraints[number].text for number in self._order if constraints[number].kind == "exploration"]
        steps = [{"text": f"Find what fits: {text}"} for text in wanted] if not notes.earlier else []
        return {"constraints": self._missing(notes), "drop": [], "steps": steps, "marks": []}

    def _verdict(self, mind: Mind, notes: Notes) -> Json:
        made = checks(mind, notes, self._question, notes.proposed)
        verdicts = {item["verdict"] for item in made}
        if "contradicted" in verdicts:
            decision, reason = "PIVOT", f"{notes.proposed} does not meet every demand."
        elif "unverifiable" in verdicts:
            decision, reason = "CONTINUE", f"Not all is shown for {notes.proposed} yet."
        else:
            decision, reason = "SUCCESS", f"The texts show each demand met by {notes.proposed}."
        gaps = [f"{item['constraint']} is not shown" for item in made if item["verdict"] == "unverifiable"]
        leads = [item.name for item in mind.candidates if item.name != notes.proposed and len(item.met) >= 2]
        told = {"decision": decision, "reason": reason, "facts": [], "gaps": gaps[:5], "leads": leads[:5]}
        return {"constraints": self._missing(notes), "checks": made, **told}


def tokens_of(messages: Sequence[Json], tools: Sequence[Json] = ()) -> int:
    """About what a server counts for a prompt: texts, calls with their arguments, and tool definitions."""
    total = sum(_tokens(json.dumps(tool)) for tool in tools)
    for message in messages:
        total += MESSAGE_TOKENS + _tokens(str(message.get("content") or ""))
        for call in message.get("tool_calls") or ():
            total += MESSAGE_TOKENS + _tokens(call["function"]["name"] + call["function"]["arguments"])
    return total


@lru_cache(maxsize=4_096)
def _tokens(text: str) -> int:
    return estimate_tokens(text)


def _reply(text: str, calls: Sequence[Call], tokens_in: int, most: int | None, turn: int) -> Reply:
    """The reply on the wire. One longer than `most` tokens breaks off, and the call that it breaks off in is lost."""
    made: list[ToolCall] = []
    for number, (name, arguments) in enumerate(calls):
        raw = json.dumps(arguments, ensure_ascii=False)
        made.append(ToolCall(f"call_{turn}_{number}", name, arguments, raw))
    sizes = [estimate_tokens(text), *(MESSAGE_TOKENS + estimate_tokens(call.name + call.raw) for call in made)]
    if most is not None and sum(sizes) > most:
        cut = [call for place, call in enumerate(made) if sum(sizes[: place + 2]) <= most]
        text = text if cut or made else text[: most * 3]
        return Reply(
            {"role": "assistant", "content": text, **_wire(cut)}, text, tuple(cut), Usage(tokens_in, most), "length"
        )
    message = {"role": "assistant", "content": text, **_wire(made)}
    return Reply(message, text, tuple(made), Usage(tokens_in, sum(sizes)), "tool_calls" if made else "stop")


def _wire(calls: Sequence[ToolCall]) -> Json:
    made = [
        {"id": item.id, "type": "function", "function": {"name": item.name, "arguments": item.raw}} for item in calls
    ]
    return {"tool_calls": made} if made else {}
