"""A model by rules for whole conversations: it greets, takes follow-ups up, searches, reads, records and answers.

It knows nothing by itself: what it records stands in the prompt. So a chat with it goes as far as its budget and its
pages go, and a follow-up is quick only where the pages of the question before are shown to it.
"""

import json
from pathlib import Path
from typing import Any

from fake_openai import Answer, calls, text

PAGES = {
    "https://alder.example/bridge": (
        "Alder Bridge",
        "The Alder Bridge crosses the Thurle. It was built by Mara Finch in 1871 and widened in 1902.",
    ),
    "https://alder.example/finch": (
        "Mara Finch",
        "Mara Finch, engineer, was born in Wick on 3 May 1840. She built four bridges and a lighthouse.",
    ),
    "https://alder.example/wick": ("Wick", "Wick is a town on the river Orr. Its mayor in 1840 was Edda Sorrel."),
}
FACTS = {
    "Who built the Alder Bridge?": ("Mara Finch", "https://alder.example/bridge", "It was built by Mara Finch in 1871"),
    "When was the Alder Bridge built?": (
        *("1871", "https://alder.example/bridge"),
        "It was built by Mara Finch in 1871",
    ),
    "Where was Mara Finch born?": ("Wick", "https://alder.example/finch", "was born in Wick on 3 May 1840."),
    "Who was the mayor of Wick in 1840?": (
        *("Edda Sorrel", "https://alder.example/wick"),
        "Its mayor in 1840 was Edda Sorrel.",
    ),
}
FOLLOW_UPS = {
    "And when was it built?": "When was the Alder Bridge built?",
    "And where was she born?": "Where was Mara Finch born?",
    "Who was the mayor there then?": "Who was the mayor of Wick in 1840?",
}
"""What a follow-up means after the question before it."""


def write_corpus(folder: Path) -> Path:
    """The pages as a corpus file."""
    file = folder / "pages.jsonl"
    rows = [{"title": title, "text": said, "url": url} for url, (title, said) in PAGES.items()]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def reply(body: dict[str, Any]) -> Answer:
    """What the model says to a request."""
    messages: list[dict[str, Any]] = body["messages"]
    system, seen = messages[0]["content"], "\n".join(str(one.get("content") or "") for one in messages[1:])
    usage = {"prompt_tokens": len(json.dumps(body)) // 4, "completion_tokens": 60}
    if "[message]" in seen:
        return text(json.dumps(_understood(seen.rpartition("[message]\n")[2])), usage=usage)
    if system.startswith("You find the answer"):
        return calls(*_turn(seen), usage=usage)
    if "quotes pages for each" in system:
        return text('{"doubts": []}', usage=usage)
    return text('{"checks": [], "decision": "CONTINUE", "answer": "nobody knows"}', usage=usage)


def _understood(message: str) -> dict[str, str]:
    if message in FOLLOW_UPS or message in FACTS:
        return {"question": FOLLOW_UPS.get(message, message)}
    if message.endswith("?") and not message.startswith("How"):
        return {"question": message}
    return {"talk": f"You said: {message}\nAsk me about bridges."}


def _turn(seen: str) -> list[tuple[str, Any]]:
    """The searcher's next step for the question that it was asked: quote, else read what was found, else search."""
    asked = next((line for line in seen.splitlines() if line in FACTS), "")
    if not asked:
        return [("search", {"queries": [f"riddle {len(seen)} {number}" for number in range(2)]})]
    answer, url, quote = FACTS[asked]
    if quote in seen:
        found = {"candidate": answer, "constraint": "c0", "verdict": "satisfied"}
        found |= {"quotes": [{"url": url, "quote": quote}]}
        return [("record", {"constraints": [], "findings": [found]}), ("answer", {"answer": answer})]
    if f" {url}" in seen or f"\n   {url}" in seen:
        return [("browse", {"urls": [url], "goal": asked})]
    return [("search", {"queries": [asked.rstrip("?")]})]
