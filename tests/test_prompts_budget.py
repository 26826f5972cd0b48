"""Every prompt of every node shows the budget, and its numbers are the ledger's at that moment."""

import json
import re
from typing import Any

from pydantic import BaseModel
from scripted import ALDER, QUESTION, Messages, Said, ScriptedChat, answer, browse, finding, record, search, small_web
from spadework.agent import Budget, run_agent
from spadework.agent.llm.wire import Options, Reply
from spadework.agent.money.amounts import to_usd
from spadework.agent.prepare import prepare
from typing_extensions import Unpack


class Builder(BaseModel):
    name: str


LIMITS = Budget(searches=9, browses=8, tokens=200_000, usd="0.5", seconds=60, model_calls=12, tools={"dig": 2})
NAMES = {
    "searches": "searches",
    "page reads": "browses",
    "tokens": "tokens",
    "dollars": "picousd",
    "seconds": "ms",
    "model calls": "model_calls",
    "dig calls": "tools.dig",
}
LINE = re.compile(r"^([a-z ]+): \$?([\d,.]+) of \$?([\d,.]+) left$", re.MULTILINE)


def dig(where: str) -> str:
    """Dig somewhere."""
    return where


class Watched(ScriptedChat):
    """Looks at the ledger when it is asked, and compares."""

    seen: dict[str, set[str]]
    faults: list[str]
    prepared: Any

    async def complete(self, messages: Messages, **options: Unpack[Options]) -> Reply:
        text = "\n".join(str(message["content"]) for message in messages)
        session = self.prepared.deps.alive("run")
        last = next(reversed([c for c in session.ledger.charges.values() if c.kind == "model"]))
        left = session.ledger.remaining()
        shown = {NAMES[name]: (value, limit) for name, value, limit in LINE.findall(text)}
        self.seen.setdefault(last.node, set()).update(shown)
        for name in left.limits:
            # Its own hold was set aside after the prompt was written.
            free = (left.left(name) or 0) + _held(last, name)
            if name == "ms":
                continue
            want = f"{to_usd(free):.4f}" if name == "picousd" else f"{free:,}"
            if shown.get(name, ("",))[0] != want:
                self.faults.append(f"{last.node}: {name} shows {shown.get(name)}, the ledger has {want}")
        return await super().complete(messages, **options)


def _held(charge: Any, name: str) -> int:
    own = {"tokens": charge.amounts.tokens, "picousd": charge.amounts.picousd, "model_calls": 1}
    return own.get(name, 0)


def plan(_: Messages) -> Said:
    return json.dumps({"constraints": [{"text": "the bridge spans the Orr"}], "steps": ["find it"]})


def test_all_nodes_show_what_the_ledger_has(monkeypatch: Any) -> None:
    chat, web = Watched([]), small_web()
    chat.seen, chat.faults = {}, []
    verdict = json.dumps({"checks": [], "decision": "SUCCESS", "reason": "fine"})
    chat.script = [
        plan,
        [search("Alder Bridge", "Finch"), ("dig", {"where": "here"})],
        [browse(ALDER)],
        [record(finding("Mara Finch", "c0", (ALDER, "It was built by Mara Finch in 1871 from local stone.")))],
        [answer("Mara Finch")],
        verdict,
        plan,
        [answer("Mara Finch")],
        json.dumps({"name": "Mara Finch"}),
        json.dumps({"name": "Mara Finch"}),
    ]

    def watched(*given: Any) -> Any:
        chat.prepared = prepare(*given)
        return chat.prepared

    monkeypatch.setattr("spadework.agent.run.prepare", watched)
    result = run_agent(
        QUESTION, LIMITS, model=chat, search=web, browse=web, tools=[dig], output=Builder, thread_id="run"
    )
    assert result.data == Builder(name="Mara Finch")
    assert chat.faults == []
    assert chat.seen.keys() == {"planner", "searcher", "verifier", "finish"}
    assert all(shown == set(NAMES.values()) for shown in chat.seen.values())
    assert "forecast: " in str(chat.prompts[-1])
