"""What a prompt tells whoever has to reply to it: nothing is remembered from one call to the next.

Marked texts give facts and the words that state them; our own blocks give constraints, proofs, records and the budget.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ...agent.llm.wire import as_object
from ..world.base import Fact, Facts
from .web import Said, SimulatedWeb

_CONSTRAINT = re.compile(r"^(c\d+) \((?:asked|exploration|verification)(?:, [a-z/]+)?\) (.*)$", re.MULTILINE)
_ROW = re.compile(r"^candidate (['\"])(.*)\1: (.*)$", re.MULTILINE)
_CELLS = re.compile(r"(proven by page|weakly|contradicted|disputed|open) ((?:c\d+ ?)+)")
_SPENT = re.compile(r"^(searches|page reads): 0 of ", re.MULTILINE)
_READ = re.compile(r"^pages read \(free to open again\): (.*)$", re.MULTILINE)
_LEAD = re.compile(r"^lead: .* (https?://\S+)$", re.MULTILINE)
_SEARCHED = re.compile(r"^searched: (.*)$", re.MULTILINE)
_PROPOSED = re.compile(r"^\[proposed answer\]\n(.*)$", re.MULTILINE)
_WEAK = re.compile(r"^  c\d+: from search results only; to prove it read (.*)$", re.MULTILINE)
_OWN = re.compile(r'- "(.+?)" \((https?://[^\s)]+)\)')
_SEE = re.compile(r"^- see (https?://\S+)$", re.MULTILINE)
_ACCEPTED = re.compile(r"^\[record\] attempt \d+: (.*), accepted;", re.MULTILINE)
_TOOL = {"searches": "search", "page reads": "browse"}


@dataclass(slots=True)
class Notes:
    """All that one prompt says."""

    known: Facts
    sources: dict[Fact, Said] = field(default_factory=dict[Fact, Said])
    """Where each fact was read best."""
    urls: dict[str, None] = field(default_factory=dict[str, None])
    """Every address that was shown, in order."""
    opened: set[str] = field(default_factory=set[str])
    """Pages whose text stands in the prompt."""
    seen: set[str] = field(default_factory=set[str])
    """Addresses that the reader wrote down, to be read later."""
    called: set[str] = field(default_factory=set[str])
    """Pages that the reader called for, as far as the calls are still shown."""
    earlier: list[str] = field(default_factory=list[str])
    """Pages that an earlier attempt read: they cost nothing to open again."""
    asked: set[str] = field(default_factory=set[str])
    """Queries made so far."""
    refused: set[str] = field(default_factory=set[str])
    """Tools of which no call is left, as a refusal or the budget block says."""
    constraints: dict[str, str] = field(default_factory=dict[str, str])
    cells: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """(candidate, constraint id) and how the matrix shows it."""
    recorded: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """(candidate, constraint id) of what was recorded before."""
    own: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Sentences that the reader wrote down itself, with their addresses."""
    accepted: set[str] = field(default_factory=set[str])
    """Answers that were accepted in an earlier attempt."""
    weak: list[str] = field(default_factory=list[str])
    """Pages that would prove what so far rests on a search result."""
    proposed: str = ""
    """The answer that a verifier is shown."""

    def learn(self, said: Said) -> None:
        """Take in a sentence."""
        for fact in said.facts:
            before = self.sources.get(fact)
            if before is None:
                self.known.tell(fact.subject, **{fact.relation: fact.value})
            if before is None or said.telling > before.telling:
                self.sources[fact] = said


def overlooking(seed: str, share: float) -> Callable[[str], bool]:
    """Which sentences a reader overlooks: about such a share of all, always the same ones for the same seed."""

    def overlooks(words: str) -> bool:
        digest = sha256(f"{seed} {words}".encode()).digest()
        return int.from_bytes(digest[:4], "big") < share * 2**32

    return overlooks


def read_prompt(web: SimulatedWeb, messages: Sequence[dict[str, Any]], overlooks: Callable[[str], bool]) -> Notes:
    """What all messages but the rules say, without the sentences that are overlooked."""
    notes = Notes(web.world.facts.unsaid())
    tools: dict[str, str] = {}
    for message in messages[1:]:
        text = str(message.get("content") or "")
        _read_marked(notes, web, text, overlooks)
        _read_own_words(notes, web, text)
        for call in message.get("tool_calls") or ():
            tools[call["id"]] = call["function"]["name"]
            _read_own_call(notes, call["function"])
        if message["role"] == "tool" and "refused:" in text and "<<<" not in text:
            notes.refused.add(tools.get(message["tool_call_id"], ""))
        elif message["role"] == "user":
            _read_blocks(notes, text)
    if notes.own:
        notes.opened |= notes.called  # what mattered of them was written down
    return notes


def _read_marked(notes: Notes, web: SimulatedWeb, text: str, overlooks: Callable[[str], bool]) -> None:
    for shown in web.read(text):
        notes.urls.update(dict.fromkeys(shown.urls))
        if shown.page:
            notes.opened.add(shown.page)
        for said in shown.said:
            if not overlooks(said.words):
                notes.learn(said)


def _read_own_words(notes: Notes, web: SimulatedWeb, text: str) -> None:
    """Sentences that the reader wrote down, as far as they are still shown."""
    notes.seen.update(_SEE.findall(text))
    notes.urls.update(dict.fromkeys(_SEE.findall(text)))
    for words, url in _OWN.findall(text):
        notes.own.append((words, url))
        notes.urls[url] = None
        for said in web.sayings(url, words, on_page=False):
            if said.words == words:
                notes.learn(said)


def _read_own_call(notes: Notes, function: dict[str, Any]) -> None:
    """What the reader itself did before, as far as it is still shown."""
    arguments = as_object(json.loads(function["arguments"] or "{}"))
    notes.asked.update(arguments.get("queries", ()))
    notes.called.update(arguments.get("urls", ()))
    for finding in arguments.get("findings", ()):
        notes.recorded.add((finding["candidate"], finding["constraint"]))


def _read_blocks(notes: Notes, text: str) -> None:
    """Our own blocks: they stand in user messages, outside the marks."""
    notes.constraints.update(_CONSTRAINT.findall(text))
    notes.refused.update(_TOOL[name] for name in _SPENT.findall(text))
    for line in _READ.findall(text):
        notes.earlier += line.split()
    for line in _WEAK.findall(text):
        notes.weak += line.split()
    notes.urls.update(dict.fromkeys([*notes.earlier, *_LEAD.findall(text), *notes.weak]))
    for line in _SEARCHED.findall(text):
        notes.asked.update(line.split("; "))
    notes.accepted.update(_ACCEPTED.findall(text))
    for _, candidate, cells in _ROW.findall(text):
        for state, ids in _CELLS.findall(cells):
            for name in ids.split():
                notes.cells[candidate, name] = state
                if state != "open":
                    notes.recorded.add((candidate, name))
    notes.proposed = next(iter(_PROPOSED.findall(text)), notes.proposed)
