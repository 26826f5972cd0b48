"""What a verifier, a judge or the writer of an answer is shown: all that bears on a candidate, within the context."""

from collections.abc import Sequence
from typing import Any

from ...tools.clean import neutralise, one_line
from ...tools.reading.extract import Page
from ...tools.reading.passages import choose_passages, estimate_tokens
from ..proof.marks import marked
from ..proof.matrix import active, same_name
from ..session import Session
from ..state import AgentState
from .board import constraints_text, findings_text
from .context import show_transcript
from .prompting import question_text

MAX_PAGES = 6
MAX_SNIPPETS = 8
OWN_CHARS = 3_000
"""Of what the model wrote in one turn."""


def evidence_messages(
    state: AgentState, session: Session, system: str, candidate: str, room: int
) -> list[dict[str, Any]]:
    """A prompt with all that bears on a candidate: constraints, findings, passages and snippets."""
    constraints = constraints_text(state["constraints"], stated=True)
    if not state["stated"]:
        constraints += "\n(further constraints are not stated yet: state them in your reply, [] if it demands no more)"
    head = [question_text(state), constraints, findings_text(state, session.may_read)]
    if candidate:
        head.append(f"[proposed answer]\n{candidate}")
    top = "\n\n".join(part for part in head if part)
    left = room - estimate_tokens(system) - estimate_tokens(top) - 150
    texts = _texts(state, session, candidate, left)
    text = "\n\n".join([top, *texts, session.budget_block(state)])
    return [{"role": "system", "content": system}, {"role": "user", "content": text}]


def _texts(state: AgentState, session: Session, candidate: str, room: int) -> list[str]:
    """Passages of the pages that the findings rest on and of the last ones read, and snippets of others."""
    demands = [constraint["text"] for constraint in active(state["constraints"]) if constraint["id"] != "c0"]
    goal = " ".join([candidate, state["question"], *demands])
    evidence = [
        item
        for finding in state["findings"].values()
        if not candidate or same_name(finding["candidate"], candidate)
        for item in finding["evidence"]
    ]
    pages = _pages(session, [item["url"] for item in evidence if item["kind"] == "page"])
    texts: list[str] = []
    for number, page in enumerate(pages):
        cap = max(150, room // (len(pages) - number) - 40) if room > 0 else 0
        if room < 150:
            break
        passages = choose_passages(page.text, goal, max_tokens=min(cap, 1_500))
        texts.append(marked("page", f"{page.url} {one_line(page.title, 100)!r}", passages.text))
        room -= estimate_tokens(texts[-1])
    cited = list(dict.fromkeys(item["url"] for item in evidence if item["kind"] == "snippet"))
    snippets = _snippets(session, goal, cited, room)
    return [*texts, *([marked("results", "search results", snippets)] if snippets else [])]


def _pages(session: Session, cited: Sequence[str]) -> list[Page]:
    """Those that are cited, then the others, of both the last read first: a doubt is about what a quote stands on.

    Of the pages that were read for earlier questions only those that are cited.
    """
    own = {page.url for url in cited if (page := session.pages.get(url))}
    known = [url for url in session.known if (page := session.pages.get(url)) and page.url in own]
    urls = [*known, *pages_read(session)]
    read = list(dict.fromkeys(page.url for url in urls if (page := session.pages.get(url))))
    chosen = sorted(reversed(read), key=lambda url: url not in own)[:MAX_PAGES]
    return [page for url in chosen if (page := session.pages.get(url))]


def _snippets(session: Session, goal: str, cited: Sequence[str], room: int) -> str:
    """Results of pages that were not read: those that findings quote, then those nearest to the goal."""
    lines: list[str] = []
    for url in [*cited, *(url for url in unread_results(session, goal) if url not in cited)][:MAX_SNIPPETS]:
        lines.append(f"{url} {neutralise(one_line(' - '.join(session.pages.snippets(url)), 400))}")
        room -= estimate_tokens(lines[-1])
        if room < 0:
            return "\n".join(lines[:-1])
    return "\n".join(lines)


def unread_results(session: Session, goal: str, *, by_rank: bool = False, earlier: bool = False) -> list[str]:
    """Addresses that searches showed and nobody opened, by words shared with the goal, or first by their rank.

    With `earlier` those of earlier questions, too.
    """
    wanted = {word for word in goal.casefold().split() if len(word) > 3}
    shown = [url for url in session.hits if earlier or url not in session.shown_before]
    unread = [url for url in shown if session.pages.get(url) is None]

    def order(url: str) -> tuple[int, int]:
        shared = len(wanted & set(" ".join(session.pages.snippets(url)).casefold().split()))
        return (session.ranks.get(url, 0) if by_rank else 0, -shared)

    return sorted(unread, key=order)


def pages_read(session: Session) -> list[str]:
    """Addresses of pages that were read for this question, in order."""
    read = [c.what for c in session.ledger.charges.values() if c.kind == "browse" and c.status == "settled"]
    return [url for url in dict.fromkeys(read) if session.pages.get(url) is not None]


def course_text(state: AgentState, session: Session, room: int) -> str:
    """The course of an attempt as text: what the model wrote and called, and the results that are still in view."""
    lines: list[str] = []
    for message in show_transcript(state["transcript"], room, session.deps.strategy.memory):
        said = str(message.get("content") or "")
        said = neutralise(said) if message["role"] == "assistant" else said
        if message["role"] == "assistant":
            calls = [call["function"] for call in message.get("tool_calls") or ()]
            called = [neutralise(f"called {call['name']} {one_line(call['arguments'], OWN_CHARS)}") for call in calls]
            lines += [*([f"wrote: {said.strip()[:OWN_CHARS]}"] if said.strip() else []), *called]
        else:
            lines.append(said)
    return "\n\n".join(lines)
