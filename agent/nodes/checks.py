"""Checks of the verifier's own: it reads a page that decides an open constraint, at once, without another attempt."""

import asyncio
from collections.abc import Sequence
from typing import Any

from ...tools.reading.extract import Page
from ...tools.shapes import is_list
from ..proof.matrix import Row, cell_key
from ..session import Session
from ..state import AgentState, updated
from .fetching import read_one
from .grants import hold_call
from .paying import together
from .recording import promote_findings

MOST_PAGES = 2
"""Pages that one check may read."""
AT_ONCE = 2


def pages_of_snippets(state: AgentState, session: Session, lead: Row) -> list[str]:
    """Pages that nobody read and whose snippets are all that proves something of the lead."""
    found: dict[str, None] = {}
    for name in lead.weakly:
        for item in state["findings"][cell_key(lead.candidate, name)]["evidence"]:
            unread = item["kind"] == "snippet" and session.pages.get(item["url"]) is None
            if unread and session.pages.may_open(item["url"]):
                found[item["url"]] = None
    return [*found][:MOST_PAGES]


def pages_asked_for(session: Session, asked: object) -> list[str]:
    """Of the addresses that a verifier asks for, those that may be opened and were not read yet."""
    urls = [url.strip() for url in asked if isinstance(url, str)] if is_list(asked) else []
    wanted = [url for url in dict.fromkeys(urls) if session.pages.get(url) is None and session.pages.may_open(url)]
    return wanted[:MOST_PAGES]


async def read_pages(state: AgentState, session: Session, urls: Sequence[str], update: dict[str, Any]) -> bool:
    """Read pages as far as the budget allows, and see what stands on them now. Whether any was read."""
    if session.deps.strategy.verifier != "checks" or not session.deps.strategy.quotes:
        return False
    gate = asyncio.Semaphore(AT_ONCE)
    held = [(url, hold_call(session, "browse", url, node="verifier", attempt=state["attempt"])) for url in urls]
    items = [{"url": url, "charge": charge} for url, charge in held if isinstance(charge, str)]
    if not items:
        return False
    pages = await together(read_one(session, item, gate) for item in items)
    read = any(isinstance(page, Page) for page in pages)
    update["findings"] = promote_findings(session, updated(state, update)) if read else state["findings"]
    return read
