"""A second look at a proof that the searcher put together: do the quotes, which code found, show what they are for?

It can only lower a proof: a demand that is doubted counts as an inference until other words are quoted for it.
"""

from collections.abc import Mapping
from typing import Any

from ...prompts import render
from ...tools.clean import neutralise, one_line
from ...tools.shapes import is_list, is_mapping
from ..proof.marks import marked
from ..proof.matrix import Row, active, cell_key
from ..session import Session
from ..state import AgentState, Evidence, Finding
from .asking import ask_verifier
from .board import constraints_text, rivals_text
from .prompting import question_text

MAX_OUT = 500
QUOTE_CHARS = 600


async def confirm(state: AgentState, session: Session, lead: Row, update: dict[str, Any]) -> None:
    """Ask whether the quotes show it, where the searcher alone said so and the call fits. Doubts go to the findings."""
    proven = {name: state["findings"][cell_key(lead.candidate, name)] for name in lead.by_page}
    cells = {name: cell for name, cell in proven.items() if cell["by"] != "verifier"}
    if not (session.deps.strategy.confirm and cells):
        return
    checked = await ask_verifier(
        state, session, lambda _: _messages(state, session, lead.candidate, cells), repair=False, max_out=MAX_OUT
    )
    doubts = _doubts(checked.data)
    findings = dict(state["findings"])
    for name, cell in cells.items():
        findings[cell_key(lead.candidate, name)] = (
            doubted(cell, doubts[name]) if name in doubts else {**cell, "by": "verifier"} if checked.data else cell
        )
    update["findings"] = findings


def doubted(finding: Finding, why: str) -> Finding:
    """A finding whose quotes are said not to show it."""
    return {**finding, "proof": "inference", "by": "verifier", "doubt": why, "note": f"the verifier doubts it: {why}"}


def _messages(
    state: AgentState, session: Session, candidate: str, cells: Mapping[str, Finding]
) -> list[dict[str, Any]]:
    parts = [question_text(state), constraints_text(active(state["constraints"]), stated=True)]
    parts.append(f"[proposed answer]\n{candidate}")
    for name, cell in cells.items():
        quotes = "\n".join(_quote(session, item) for item in cell["evidence"])
        step = f"\ntherefore: {one_line(cell['inference'], 300)}" if cell["inference"] else ""
        parts.append(f"{name} is said to be shown by\n{marked('quotes', name, neutralise(quotes))}{step}")
    if rivals := rivals_text(state, candidate):
        parts.append(rivals)
    return [{"role": "system", "content": render("confirm")}, {"role": "user", "content": "\n\n".join(parts)}]


def _quote(session: Session, item: Evidence) -> str:
    """A quote with the address and the title of its page, which often say what it is about."""
    page = session.pages.get(item["url"])
    title = f" {one_line(page.title, 100)!r}" if page is not None else ""
    return f"{item['url']}{title}: {item['quote'][:QUOTE_CHARS]}"


def _doubts(data: Mapping[str, Any]) -> dict[str, str]:
    found = data.get("doubts")
    doubts: dict[str, str] = {}
    for item in found if is_list(found) else ():
        name, why = (item.get("constraint"), item.get("why")) if is_mapping(item) else (None, None)
        if isinstance(name, str) and isinstance(why, str) and one_line(why):
            doubts[name.strip().lower()] = neutralise(one_line(why, 200))
    return doubts
