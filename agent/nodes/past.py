"""What was said and found before in a conversation: kept a question at a time, and shown to those who go on with it."""

from collections.abc import Sequence
from typing import Any, cast

from ...prompts import render
from ...tools.clean import neutralise, one_line
from ...tools.reading.extract import Page
from ...tools.reading.passages import estimate_tokens
from ...tools.reading.ranking import words_of
from ..money.block import amount_text
from ..money.charges import Charge
from ..proof.marks import marked
from ..proof.matrix import active, cell_key
from ..session import Session
from ..state import AgentState, Exchange, Fact, Finding
from ..words import NOT_LOOKED_UP, STOPPED
from .act import page_text
from .context import entry
from .judge import choose
from .material import unread_results

MAX_FACTS = 8
QUOTES = 2
MAX_ANSWER = 1_500
MAX_QUOTE = 240
MAX_TITLE = 60
MAX_PAGES = 3
MAX_NAMED = 12
MAX_UNREAD = 4


def begun(state: AgentState, turn: int) -> list[Exchange]:
    """The conversation with a new question at its end; the one before gets what came of it."""
    opened = Exchange(turn=turn, question=state["question"], taken="", answer="", status="none", facts=[])
    return [*so_far(state), opened]


def so_far(state: AgentState) -> list[Exchange]:
    """The conversation up to now; its last question with what came of it, or with the best so far."""
    past = [*(state.get("past") or [])]
    if past:
        past[-1] = _closed(state, past[-1])
    return past


def _closed(state: AgentState, last: Exchange) -> Exchange:
    answer, status = (state["answer"], state["status"]) if state["answer"] else choose(state)
    facts: list[Fact] = []
    for constraint in active(state["constraints"]):
        finding = state["findings"].get(cell_key(answer, constraint["id"]))
        if finding is not None:
            facts.append(_fact(constraint["text"], finding))
    taken = state["assumption"]
    came = {"taken": taken, "answer": answer[:MAX_ANSWER], "status": status, "facts": facts[:MAX_FACTS]}
    if state["answer"] or state["stop_reason"] != "no_leads":  # which also stands there from the beginning
        came["ended"] = state["stop_reason"]
    return cast("Exchange", {**last, **came})


def standing(exchange: Exchange) -> str:
    """How the answer of an earlier question stands, as it was told when it was new; empty where there is none."""
    if not exchange["answer"]:
        return ""
    if exchange.get("ended") == "no_search_needed" and not exchange["facts"]:
        return NOT_LOOKED_UP
    contradicted = any(fact["verdict"] == "contradicted" for fact in exchange["facts"])
    return f"{exchange['status']}{', contradicted' if contradicted else ''}"


def _fact(demand: str, finding: Finding) -> Fact:
    # Of a proof by pages only their words: those of a search result beside them prove nothing later.
    by_page = [item for item in finding["evidence"] if item["kind"] == "page"]
    evidence = by_page if finding["proof"] == "page" else finding["evidence"]
    quotes = [{"quote": item["quote"], "url": item["url"]} for item in evidence[:QUOTES]]
    return Fact(
        demand=demand,
        verdict=finding["verdict"],
        proof=finding["proof"],
        quotes=quotes,
        inference=finding["inference"],
    )


def conversation_text(state: AgentState, session: Session, room: int, *, looked_up: bool = False) -> str:
    """The exchanges before this one, the last of them in any case, within about `room` tokens.

    With `looked_up` only questions that were searched for, without what they took; nothing where there were none.
    """
    earlier = [one for one in state["past"][:-1] if not looked_up or standing(one) != NOT_LOOKED_UP]
    parts: list[str] = []
    for exchange in reversed(earlier):
        told = _told(exchange, session)
        told += "" if looked_up else f"\nit took {_spent(state, exchange['turn'])}"
        room -= estimate_tokens(told)
        if parts and room < 0:
            parts.append(f"({len(earlier) - len(parts)} earlier questions are left out)")
            break
        parts.append(told)
    said = neutralise("\n\n".join(reversed(parts)))
    return marked("conversation", "so far", said) if parts else "" if looked_up else "(nothing was said yet)"


def _told(exchange: Exchange, session: Session) -> str:
    lines = [f"asked: {one_line(exchange['question'], 500)}"]
    if exchange["taken"]:
        lines.append(f"understood as: {one_line(exchange['taken'], 500)}")
    answer, stands = one_line(exchange["answer"], MAX_ANSWER), standing(exchange)
    if stands == NOT_LOOKED_UP:
        lines.append(f"said: {answer}")
    else:
        lines.append(f"answer: {answer} ({stands})" if answer else "no answer was found")
    if (ended := exchange.get("ended")) and ended not in ("answered", "no_search_needed"):
        lines.append(STOPPED[ended])
    return "\n".join([*lines, *(f"- {_fact_line(fact, session)}" for fact in exchange["facts"])])


def _fact_line(fact: Fact, session: Session) -> str:
    """A demand, how it stands, and its quotes with the addresses and titles of their pages."""
    said: list[str] = []
    for item in fact["quotes"]:
        title = one_line(session.title(item["url"]), MAX_TITLE)
        said.append(f'"{one_line(item["quote"], MAX_QUOTE)}" {item["url"]}{f" {title!r}" if title else ""}')
    because = [f"because {fact['inference']}"] if fact["inference"] else []
    return " ".join([f"{one_line(fact['demand'], 160)}: {fact['verdict']} ({fact['proof']})", *said, *because])


def _spent(state: AgentState, turn: int) -> str:
    own = f"{state['run']}/{turn}/"
    charges = [Charge.from_dict(data).amounts for key, data in state["charges"].items() if key.startswith(own)]
    searches, pages = sum(one.searches for one in charges), sum(one.browses for one in charges)
    calls, tokens = sum(one.model_calls for one in charges), sum(one.tokens for one in charges)
    usd = sum(one.picousd for one in charges)
    cost = f", {amount_text('picousd', usd)}" if usd else ""
    return f"{searches} searches, {pages} page reads, {calls} model calls, {tokens:,} tokens{cost}"


def known_entries(state: AgentState, session: Session, question: str, room: int) -> list[dict[str, Any]]:
    """What the searcher of a follow-up starts with: what was said, and of the pages read what bears on its question."""
    earlier = state["past"][:-1]
    pages = _nearest(session, question)
    if not pages and not any(exchange["facts"] for exchange in earlier):
        return []
    told = conversation_text(state, session, room // 2, looked_up=True)
    parts = [render("known"), *([told] if told else [])]
    lists = _named(session, [page.url for page in pages[:MAX_NAMED]], unread_results(session, question)[:MAX_UNREAD])
    left = room - estimate_tokens("".join([*parts, *lists]))
    shown = pages[:MAX_PAGES]
    for number, page in enumerate(shown):
        cap = left // (len(shown) - number)
        if cap < 120:
            break
        parts.append(page_text(page, question, 1, cap))
        left -= estimate_tokens(parts[-1])
    stub = neutralise(f"earlier questions of this conversation; pages read: {' '.join(page.url for page in shown)}")
    return [entry({"role": "user", "content": "\n\n".join([*parts, *lists])}, stub=stub)]


def _named(session: Session, read: Sequence[str], found: Sequence[str]) -> list[str]:
    """Addresses with their titles: of pages that open again for free, and of results that cost no search any more."""
    kinds = (("pages read (free to open again)", read), ("found, and not opened yet (one page read each)", found))
    return [
        f"{kind}:\n" + neutralise("\n".join(f"{one_line(session.title(url), MAX_TITLE)} {url}" for url in urls))
        for kind, urls in kinds
        if urls
    ]


def _nearest(session: Session, question: str) -> list[Page]:
    """The pages read for earlier questions, those first that share the rarest words with this one."""
    pages = [page for url in session.known if (page := session.pages.get(url)) is not None]
    bags = [set(words_of(page.text)) for page in pages]
    wanted = set(words_of(question))
    weights = {word: 1 / sum(word in bag for bag in bags) for word in wanted if any(word in bag for bag in bags)}
    order = sorted(range(len(pages)), key=lambda at: -sum(weights[word] for word in weights if word in bags[at]))
    return _once([pages[at] for at in order])


def _once(pages: Sequence[Page]) -> list[Page]:
    return list({page.digest: page for page in pages}.values())
