"""Whole chats in which everything from outside attacks the terminal: what is printed holds nothing but what is ours."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from chat_events import EVIL
from fake_openai import Answer, FakeOpenAI, calls, text
from rich.console import Console
from spadework.agent import Budget
from spadework.agent.chat.chat import Chat
from spadework.agent.chat.conversation import Conversation
from spadework.agent.llm.connections import close_connections
from spadework.agent.loop import start
from spadework.agent.terminal.ask import Asked

OURS = re.compile(r"\x1b\[(?:\d*[AKJ]|\?(?:25|7)[hl]|[0-9;]*m)|\r")
"""What the live region writes (up, erase, cursor, wrapping) and colours."""
UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
PAGE = "https://evil.example/page"
QUOTE = "It was built by Mara Finch in 1871 from local stone"
COMMANDS = ("/sources", "/why", "/plan", "/receipt full", "/spent", "/sessions", "/budget", "/open 1")


class Replies:
    """Says one attack text again and again: in searches, goals, findings, notes, answers and small talk."""

    def __init__(self, attack: str) -> None:
        self.attack = attack

    def __call__(self, body: dict[str, Any]) -> Answer:
        seen = json.dumps(body["messages"])
        attack = self.attack
        if "[message]" in seen:
            kind = "talk" if "chatter" in body["messages"][-1]["content"] else "question"
            return text(json.dumps({kind: f"{attack} {attack}"}))
        if "web_search" in seen or "You find the answer" not in seen:
            return text(json.dumps({"doubts": [], "checks": [], "decision": attack, "reason": attack}))
        if "<<<page " in seen:
            found: dict[str, Any] = {"candidate": f"Mara {attack}", "constraint": "c0", "verdict": "satisfied"}
            found |= {"inference": attack, "quotes": [{"url": PAGE, "quote": QUOTE}]}
            told: dict[str, Any] = {"constraints": [{"text": attack, "kind": "verification"}], "findings": [found]}
            told["plan"] = [{"step": attack, "state": "done", "note": attack}]
            return calls(("record", told), ("answer", {"answer": f"Mara {attack}"}))
        if "<<<results " in seen:
            return calls(("browse", {"urls": [PAGE, attack], "goal": attack}))
        return calls(("search", {"queries": [f"bridge {attack}"]}), (attack, {attack: attack}))


@pytest.mark.parametrize("number", range(0, len(EVIL), 2))
def test_what_comes_from_outside_reaches_the_terminal_as_plain_text(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # /save writes there
    attack = EVIL[number]
    rows = [{"title": f"bridge {attack}", "text": f"bridge {attack} {QUOTE}. {attack}", "url": PAGE}]
    pages = tmp_path / "pages.jsonl"
    pages.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    screen = io.StringIO()
    with FakeOpenAI(otherwise=Replies(attack)) as server:
        asked = Asked(model="evil", base_url=server.base_url, search=f"corpus:{pages}")
        talk = Conversation(asked, Budget(searches=2, browses=2), Budget(), str(tmp_path / "runs.db"), asks=False)
        chat = Chat(talk, Console(file=screen, width=80, force_terminal=True, color_system="truecolor"))
        for line in (f"Who built the bridge {attack}", "chatter", *COMMANDS, f"/{attack}", f"/save {attack}"):
            if line.strip():
                chat.take(line)
        start(close_connections()).result()
    printed = screen.getvalue()
    assert "Mara" in printed
    assert not UNSEEN.search(OURS.sub("", printed).replace("\n", ""))
