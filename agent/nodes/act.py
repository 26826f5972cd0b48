"""Act: run the granted calls at once, settle their charges, and answer every call in its order."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from ...tools.clean import neutralise, one_line
from ...tools.reading.extract import Page
from ...tools.reading.passages import choose_passages, estimate_tokens
from ...tools.search import Hit, normalise_url
from ..proof.marks import marked
from ..session import Session
from ..state import AgentState, Call, Progress
from .context import DEFAULT_CONTEXT, entry
from .fetching import HITS, failed_again, read_one
from .further import run_further
from .paying import Outcome, together
from .recording import promote_findings
from .searching import search_one

STUB_HITS = 5
TOP_HITS = 5
"""The first hits are shown with longer snippets."""
PAGE_TOKENS = 1_500
MIN_PAGE_TOKENS = 250
WHOLE_CHARS = 150_000
"""Of a page that is shown without choosing passages (BATS)."""
LONG_CHARS = 200_000
LINKS_SHOWN = 12
AT_ONCE = 8


async def act(state: AgentState, session: Session) -> dict[str, Any]:
    """Run what was granted and append one tool message a call, in the order in which the model made them."""
    calls = state["calls"]
    gate = asyncio.Semaphore(AT_ONCE)
    share = _share(session, calls)
    failed_before = failed_again(session)
    try:
        outcomes = await together(_run(session, call, gate, share) for call in calls)
    finally:
        session.take_in()
    entries = [
        entry({"role": "tool", "tool_call_id": call["id"], "content": text}, stub=stub)
        for call, (text, stub, _) in zip(calls, outcomes, strict=True)
    ]
    progress = Progress(**state["progress"])
    results = [ok for _, _, oks in outcomes for ok in oks]
    if results:
        progress["failed_calls"] = 0 if any(results) else progress["failed_calls"] + len(results)
    progress["failed_again"] += failed_again(session) - failed_before
    update: dict[str, Any] = {"transcript": entries, "calls": [], "progress": progress}
    if any(call["name"] == "browse" for call in calls):
        findings = promote_findings(session, state)
        if findings != state["findings"]:  # else every checkpoint would hold them once more
            update["findings"] = findings
    session.emit_spend(state)
    return {**update, "charges": session.ledger.drain()}


async def _run(session: Session, call: Call, gate: asyncio.Semaphore, share: int) -> Outcome:
    if "answered" in call:
        return neutralise(call["answered"]), "", []
    if call["name"] == "search":
        return await _search(session, call, gate, share)
    if call["name"] == "browse":
        return await _browse(session, call, gate, share)
    return await run_further(session, call, gate, share)


async def _search(session: Session, call: Call, gate: asyncio.Semaphore, share: int) -> Outcome:
    queries = call["arguments"]["queries"]
    found = await together(search_one(session, item, gate) for item in queries)
    parts = [neutralise(note) for note in call["arguments"]["notes"]]
    stubs: list[str] = []
    shown: set[str] = set()
    limit = max(3, min(HITS, share // (90 * len(queries))))
    for item, hits in zip(queries, found, strict=True):
        query = item["query"]
        if isinstance(hits, str):
            parts.append(neutralise(f"search {query!r} failed: {hits}"))
            stubs.append(f"search {query!r} failed")
            continue
        parts.append(_hits_text(query, hits, limit, shown))
        shown.update(hit.url for hit in hits[:limit])
        top = " ".join(hit.url for hit in hits[:STUB_HITS])
        stubs.append(f"searched {query!r}: {len(hits)} results{'; top: ' + top if top else ''}")
    return "\n\n".join(parts), neutralise("; ".join(stubs)), [not isinstance(hits, str) for hits in found]


async def _browse(session: Session, call: Call, gate: asyncio.Semaphore, share: int) -> Outcome:
    details = call["arguments"]
    urls = details["urls"]
    pages = await together(read_one(session, item, gate) for item in urls)
    cap = max(MIN_PAGE_TOKENS, min(PAGE_TOKENS, share // len(urls)))
    parts = [neutralise(note) for note in details["notes"]]
    stubs: list[str] = []
    for item, page in zip(urls, pages, strict=True):
        if isinstance(page, str):
            parts.append(neutralise(f"{one_line(item['url'], 200)} could not be read: {page}"))
            stubs.append(f"{one_line(item['url'], 200)} could not be read")
            continue
        if session.deps.strategy.passages:
            told = page_text, page, details["goal"], details["page"], cap
            # Ranking the passages of a very long text takes a second, in which other calls must go on.
            parts.append(await asyncio.to_thread(*told) if len(page.text) > LONG_CHARS else page_text(*told[1:]))
        else:
            parts.append(_whole_text(page, details["goal"], share // len(urls)))
        stubs.append(f"read {page.url} {one_line(page.title, 80)!r} (free to open again)")
    paid = [not isinstance(page, str) for item, page in zip(urls, pages, strict=True) if item["charge"]]
    return "\n\n".join(parts), neutralise("; ".join(stubs)), paid


def _share(session: Session, calls: Sequence[Call]) -> int:
    """Tokens that each call's result may take, so that the results of one turn fit the context together."""
    context = session.chat("searcher").context or DEFAULT_CONTEXT
    busy = max(1, sum(1 for call in calls if "answered" not in call))
    room = context * 2 // 5
    return max(MIN_PAGE_TOKENS, (min(6 * PAGE_TOKENS, room) if session.deps.strategy.passages else room) // busy)


def _hits_text(query: str, hits: Sequence[Hit], limit: int, shown: Collection[str]) -> str:
    """The first results in full, without those that an earlier query of the call has `shown`; the rest by name."""
    if not hits:
        return f"search {query!r}: no results"
    lines: list[str] = []
    fresh = [hit for hit in hits[:limit] if hit.url not in shown]
    for number, hit in enumerate(fresh, start=1):
        when = f" ({hit.date})" if hit.date else ""
        snippet = one_line(hit.snippet, 300 if number <= TOP_HITS else 220)
        lines.append(f"{number}. {one_line(hit.title, 120)}{when}\n   {hit.url}\n   {snippet}")
    above = [one_line(hit.title, 60) for hit in hits[:HITS] if hit.url in shown]
    if above:
        lines.append(f"also found, listed above: {'; '.join(above)}")
    rest = [f"{one_line(hit.title, 60)} {hit.url}" for hit in hits[limit:HITS] if hit.url not in shown]
    if rest:
        lines.append(f"also found: {'; '.join(rest)}")
    body = neutralise("\n".join(lines))
    return marked("results", f"search {query!r}", body)


def _whole_text(page: Page, goal: str, tokens: int) -> str:
    """The page's text from its start, as far as it goes: WHOLE_CHARS at most, or what the context has room for."""
    text = page.text[:WHOLE_CHARS]
    size = estimate_tokens(text)
    if size > tokens:
        text = text[: len(text) * tokens // size] + " [...]"
    return marked("page", f"{page.url} {one_line(neutralise(page.title), 150)!r}", text + _links_text(page, goal, text))


def page_text(page: Page, goal: str, number: int, cap: int) -> str:
    passages = choose_passages(page.text, goal, max_tokens=cap, page=number)
    dated = f", dated {page.date}" if page.date else ""
    more = f", part {passages.page} of {passages.pages} (page={passages.page + 1} shows more, free)"
    head = f"{page.url} {one_line(neutralise(page.title), 150)!r}{dated}"
    head += more if passages.page < passages.pages else ""
    return marked("page", head, passages.text + _links_text(page, goal, passages.text))


def _links_text(page: Page, goal: str, body: str) -> str:
    links = [f"{one_line(text, 60)} {url}" for text, url in _links(page, goal, body)]
    return "\n\nlinks on this page:\n" + neutralise("\n".join(links)) if links else ""


def _links(page: Page, goal: str, body: str) -> list[tuple[str, str]]:
    """Links that the goal or the passages shown speak of; menus and footers are left out that way."""
    words = set(goal.casefold().split())
    shown = body.casefold()

    def weight(link: tuple[str, str]) -> int:
        text = link[0].casefold()
        return 2 * len(words & set(text.split())) + (len(text) > 3 and text in shown)

    own = normalise_url(page.url)
    links = [link for link in page.links if weight(link) and normalise_url(link[1]) != own]
    return sorted(links, key=weight, reverse=True)[:LINKS_SHOWN]
