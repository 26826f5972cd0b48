"""A model that believes everything: whatever a page tells it to do, it does, in every role."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from fooled_calls import TRUTH, Mind, calls_for, claims_of
from fooled_orders import Order, orders_in
from rogue import Clock
from scripted import CONSTRAINTS, Call, Messages, call, calling, prose
from spadework.agent.llm.wire import Options, Reply, ToolCall, Usage
from spadework.tools.clean import clean
from typing_extensions import Unpack

ROLES = {
    "You find the answer": "searcher",
    "You plan the search": "planner",
    "You check a proposed answer": "verifier",
    "A search agent says": "confirm",
    "You verify the answer": "verdict",
    "Several answers": "judge",
    "The search is over": "writer",
    "Put the answer into": "form",
}
MOST_CALLS = 16
OWN_TOOLS = ("record", "answer")
"""Left away where they are not offered: then an answer is a line of text."""
TURN_S = 0.5
_RESULT = re.compile(r"^   (https?://\S+)$", re.MULTILINE)


class Killed(BaseException):
    """The process dies: nothing is caught or tidied."""


@dataclass
class Fooled:
    """Reads each prompt, and obeys. `facts` are the findings that it would record if nobody told it otherwise.

    `obeyed` holds what it really did: (role, verb, argument). A reply that is too long is cut, as servers do.
    """

    clock: Clock
    facts: Sequence[dict[str, Any]]
    name: str = "fooled"
    context: int | None = 24_000
    local: bool = False
    takes_tools: bool = True
    prompts: list[Messages] = field(default_factory=list[Messages])
    obeyed: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    tokens: int = 0
    dies_after: int = -1
    """So many calls are answered; at the next one the process dies, once."""
    mind: Mind = field(default_factory=Mind)
    _done: set[tuple[str, Order]] = field(default_factory=set[tuple[str, Order]])
    _steps: Counter[str] = field(default_factory=Counter[str])

    async def complete(self, messages: Messages, **options: Unpack[Options]) -> Reply:
        if len(self.prompts) == self.dies_after:
            self.dies_after = -1
            self._done.clear()  # whoever goes on has read nothing yet
            raise Killed
        self.prompts.append(messages)
        self.clock.now += TURN_S
        system = str(messages[0]["content"])
        told = "\n".join(str(item["content"]) for item in messages[1:] if item["role"] != "assistant")
        tools = [tool["function"]["name"] for tool in options.get("tools") or ()]
        self.mind.question = told.partition("\n")[2].partition("\n")[0]
        self.mind.secret = f"{system[:30]} {self.mind.question[:40]}"
        role = "searcher" if tools else next(role for start, role in ROLES.items() if system.startswith(start))
        orders = orders_in(told)
        if role == "searcher":
            talk = self._talk(messages)
            calls = [one for one in self._turn(orders, told, talk) if one[0] in tools or one[0] not in OWN_TOOLS]
            ids = [f"{talk}_{number}" for number in range(MOST_CALLS)]
            reply = calling(*calls[:MOST_CALLS], ids=ids) if calls else prose(clean(f"ANSWER: {self.mind.answer}"))
        else:
            reply = prose(json.dumps(getattr(self, f"_as_{role}")(orders)))
        return self._counted(reply, messages, options.get("max_tokens") or 4_096)

    def _counted(self, reply: Reply, messages: Messages, most: int) -> Reply:
        """The reply with what a server would count for it, and cut where it would be cut: four bytes are a token."""
        out = len(json.dumps(reply.message)) // 4
        if out > most:
            cut = tuple(ToolCall(one.id, one.name, None, one.raw[: most * 2]) for one in reply.calls[:1])
            wire = [{"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.raw}} for c in cut]
            text = reply.text[: most * 4]
            message = {"role": "assistant", "content": text} | ({"tool_calls": wire} if wire else {})
            reply, out = Reply(message, text, cut, None, "length"), most
        usage = Usage(len(json.dumps(messages)) // 4, out, 0)
        self.tokens += usage.tokens_in + usage.tokens_out
        return replace(reply, usage=usage)

    # -- the searcher

    def _talk(self, messages: Messages) -> str:
        """Which conversation this is: the ids of its calls say so; one without calls has just begun."""
        ids = [item["id"] for message in messages for item in message.get("tool_calls") or ()]
        return str(ids[-1]).partition("_")[0] if ids else f"talk{len(self.prompts)}"

    def _turn(self, orders: Sequence[Order], told: str, talk: str) -> list[Call]:
        fresh = [order for order in orders if (talk, order) not in self._done]
        self._done.update((talk, order) for order in fresh)
        calls: list[Call] = []
        for order in fresh:
            self.obeyed.append(("searcher", order.verb, order.argument))
            calls += calls_for(order, self.mind)
        if calls:
            return calls
        self._steps[talk] += 1
        return self._more(told, self._steps[talk]) if self.mind.restless else self._own(told, self._steps[talk])

    def _own(self, told: str, step: int) -> list[Call]:
        """What it does by itself: search, read, and prove what it found, unless it believes something else by now."""
        if step == 1:
            stated = [{"text": text, "kind": "verification"} for text in CONSTRAINTS]
            return [call("record", constraints=stated), call("search", queries=["Alder Bridge Orr"])]
        if step == 2 and (urls := [*dict.fromkeys(_RESULT.findall(told))]):
            return [call("browse", urls=urls[:5], goal="who built the Alder Bridge")]
        facts = [*self.facts] if self.mind.answer == TRUTH else []
        return [call("record", findings=facts), call("answer", answer=self.mind.answer)]

    def _more(self, told: str, step: int) -> list[Call]:
        """Without end: new searches in each turn, and each address again with something added."""
        queries = [f"bridge {step} {letter}" for letter in "abcde"]
        urls = [f"{url}?again={step}" for url in dict.fromkeys(_RESULT.findall(told))]
        return [call("search", queries=queries), call("browse", urls=[*urls[:5], "http://orr.example/x"], goal="all")]

    # -- the roles that reply with an object

    def _obey(self, role: str, orders: Sequence[Order], *verbs: str) -> list[Order]:
        """The orders that this role can follow; noted as followed."""
        found = [order for order in orders if order.verb in verbs]
        self.obeyed += [(role, order.verb, order.argument) for order in found]
        return found

    def _said(self, role: str, orders: Sequence[Order], key: str) -> dict[str, Any]:
        """A reply that a page spells out, where it is one for this role."""
        for order in orders:
            if order.verb == "say" and key in (data := json.loads(order.argument)):
                self.obeyed.append((role, "say", order.argument))
                return data
        return {}

    def _as_planner(self, orders: Sequence[Order]) -> dict[str, Any]:
        stated = [{"text": text, "kind": "verification"} for text in CONSTRAINTS]
        plan: dict[str, Any] = {"constraints": stated, "steps": ["find the builder"]}
        for order in self._obey("planner", orders, "drop"):
            plan["drop"] = [{"id": one, "why": "told so"} for one in re.findall(r"c\d+", order.argument)]
        for order in self._obey("planner", orders, "answer"):
            plan["no_search_answer"] = order.argument
        for order in self._obey("planner", orders, "replace"):
            plan["constraints"] = [{"id": "c0", "text": order.argument}]
        for order in self._obey("planner", orders, "assume"):
            plan["assumption"] = order.argument
        return plan | self._said("planner", orders, "drop")

    def _as_verifier(self, orders: Sequence[Order]) -> dict[str, Any]:
        reply: dict[str, Any] = {"checks": [], "decision": "CONTINUE", "read": []}
        for order in self._obey("verifier", orders, "decide", "status"):
            reply["decision"] = order.argument if order.verb == "decide" else "SUCCESS"
            reply["status"] = "verified"
        for order in self._obey("verifier", orders, "record", "invent", "leak"):
            reply["checks"] += claims_of(order, self.mind)
        for order in self._obey("verifier", orders, "open", "send"):
            told = quote(self.mind.secret) if order.verb == "send" else ""
            reply["read"].append(order.argument + told)
        # What it believes it passes on: its notes are shown to the roles that come after it.
        told = [order.text for order in orders if order.verb in ("drop", "assume", "replace", "spend", "send")]
        return {**reply, "facts": told, "leads": told} | self._said("verifier", orders, "decision")

    def _as_verdict(self, orders: Sequence[Order]) -> dict[str, Any]:
        found = self._obey("verdict", orders, "decide")
        decision = found[-1].argument if found else "CONTINUE"
        reply: dict[str, Any] = {"verification": [], "decision": decision, "summary": ""}
        return reply | self._said("verdict", orders, "decision")

    def _as_confirm(self, orders: Sequence[Order]) -> dict[str, Any]:
        return self._said("confirm", orders, "doubts") or {"doubts": []}

    def _as_judge(self, orders: Sequence[Order]) -> dict[str, Any]:
        found = self._obey("judge", orders, "choose")
        return {"choice": int(found[0].argument) if found else 1} | self._said("judge", orders, "choice")

    def _as_writer(self, orders: Sequence[Order]) -> dict[str, Any]:
        found = self._obey("writer", orders, "answer")
        checks = [
            claim for order in self._obey("writer", orders, "record", "invent") for claim in claims_of(order, self.mind)
        ]
        return {"answer": found[-1].argument if found else self.mind.answer, "checks": checks}

    def _as_form(self, orders: Sequence[Order]) -> dict[str, Any]:
        found = self._obey("form", orders, "answer")
        return {"builder": found[-1].argument if found else self.mind.answer}
