"""A model that plays every role of every strategy on the bundled web, for load, invariants and sweeps.

It is given a question's demands, as somebody who understands it, and how to phrase queries for them. Facts, quotes and
addresses it has only from the text of each prompt: what has left the prompt is forgotten. It searches alike under all
strategies, and does beside that what a prompt asks for: states constraints, records findings, checks, judges, answers;
where it cannot record, it notes what it read in its own words. Its figures say what a machine costs and whether it
holds together, never how good its answers would be: no claim of answer quality may rest on it.
"""

import json
import random
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson
from typing_extensions import Unpack

from ...agent.llm.wire import Options, Reply, ToolCall, Usage
from ...tools.reading.passages import estimate_tokens
from ..world.questions import Question
from .findings import new_findings, noted, stated, unread
from .mind import Mind, Move
from .notes import Notes, overlooking, read_prompt
from .roles import NOTHING, Role
from .web import SimulatedWeb

Json = dict[str, Any]
Call = tuple[str, Json]
NAME = "simulated"
CONTEXT = 32_768
GOAL_CHARS = 300
NOTED_CHARS = 1_500
"""What it writes down in one turn where it cannot record."""
MESSAGE_TOKENS = 4
"""What a chat template adds to each message, about."""


class SimulatedChat:
    """A Chat that answers one question of a world. The same prompt gets the same reply, whoever asked before.

    `seed` chooses the order of the first queries and what is overlooked; `skill` is the share of all sentences that
    it takes in, `slips` the share of replies with a mistake (an answer given too early, a verdict that is too kind),
    both from 0 to 1. At a temperature above 0 each new conversation goes another way. `context` is in tokens. It costs
    nothing, unless its `name` is that of a priced model.
    """

    takes_tools = True

    def __init__(  # noqa: PLR0913 (each is a knob of the simulation)
        self,
        web: SimulatedWeb,
        question: Question,
        *,
        seed: int = 0,
        skill: float = 1.0,
        slips: float = 0.0,
        context: int | None = CONTEXT,
        name: str = NAME,
    ) -> None:
        self.name = name
        self.context = context
        self.local = name == NAME
        self._web = web
        self._question = question
        self._seed = seed
        self._skill = skill
        self._slips = slips
        self._conversations = 0

    async def complete(self, messages: list[Json], **options: Unpack[Options]) -> Reply:
        """See Chat. Raises ModelError for a prompt that is none of ours."""
        way = self._way(messages, options.get("temperature") or 0.0)
        overlooks = overlooking(f"{self._seed + way} {self._question.id}", 1 - self._skill)
        notes = read_prompt(self._web, messages, overlooks)
        order = self._order(way)
        mind = Mind(self._question, notes, self._web.world.base, order)
        tools = options.get("tools") or []
        names = [tool["function"]["name"] for tool in tools]
        if names:
            text, calls = self._turn(mind, notes, names, slips=self._slip(messages))
        else:
            told = str(messages[1]["content"]) if len(messages) > 1 else ""
            role = Role(self._question, notes, mind, told, order, self._slip(messages))
            text, calls = orjson.dumps(role.write(str(messages[0]["content"]))).decode(), []
        prefix = f"call_{way}_{len(messages)}"
        return _reply(text, calls, tokens_of(messages, tools), options.get("max_tokens"), prefix)

    def _way(self, messages: Sequence[Json], temperature: float) -> int:
        """Which of several conversations this is: its own calls say so, and a new one begins the next."""
        for message in messages:
            for call in message.get("tool_calls") or ():
                return int(call["id"].split("_")[1])
        if not temperature:
            return 0
        self._conversations += 1
        return self._conversations

    def _order(self, way: int) -> list[int]:
        numbers = [*range(len(self._question.constraints))]
        random.Random(f"{self._seed + way} {self._question.id}").shuffle(numbers)
        return sorted(numbers, key=lambda number: self._question.constraints[number].kind != "exploration")

    def _slip(self, messages: Sequence[Json]) -> bool:
        """Whether this reply holds a mistake: always the same for the same prompt."""
        if not self._slips:
            return False
        digest = sha256(f"{self._seed} {self._question.id}".encode() + orjson.dumps(messages)).digest()
        return int.from_bytes(digest[:4], "big") < self._slips * 2**32

    def _turn(self, mind: Mind, notes: Notes, names: Sequence[str], *, slips: bool) -> tuple[str, list[Call]]:
        """One turn of the search: a thought, what is to be recorded, and the next step."""
        record = "record" in names
        final = mind.complete
        hasty = slips and bool(mind.candidates)
        beyond = final is not None and final.name in notes.accepted
        move = mind.next_move() if (final is None or beyond) and not hasty else None
        pages = unread(mind, notes, final)[:3] if record and final else []
        if pages and "browse" not in notes.refused:
            move = Move(urls=tuple(pages))
        calls: list[Call] = []
        if record:
            said = self._record(mind, notes)
            calls += [("record", said)] if said else []
        before = "" if record else noted(mind, notes, NOTED_CHARS, fresh=True)
        if move is None:
            name = mind.best_name or NOTHING
            if "answer" not in names:
                return f"{before}\nANSWER: {name}".strip(), calls
            return f"Nothing is left to look up: the best answer is {name}.", [*calls, ("answer", {"answer": name})]
        if move.queries:
            thought = f"I look for pages about {' and '.join(move.queries)}."
            return f"{before}\n{thought}".strip(), [*calls, ("search", {"queries": [*move.queries]})]
        goal = self._goal(mind)
        thought = f"I read what these pages say: {goal[:80]}"
        return f"{before}\n{thought}".strip(), [*calls, ("browse", {"urls": [*move.urls], "goal": goal})]

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


def _reply(text: str, calls: Sequence[Call], tokens_in: int, most: int | None, prefix: str) -> Reply:
    """The reply on the wire. One longer than `most` tokens breaks off, and the call that it breaks off in is lost."""
    made: list[ToolCall] = []
    for number, (name, arguments) in enumerate(calls):
        raw = json.dumps(arguments, ensure_ascii=False)
        made.append(ToolCall(f"{prefix}_{number}", name, arguments, raw))
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
