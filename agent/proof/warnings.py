"""What a searcher should be told about its own work: four ways in which searches go wrong without anybody noticing.

A claim with no evidence, a refutation that is ignored, work that changes nothing while a candidate leads, an answer
proposed while constraints are open. LiveLedger (arXiv 2602.07549) tells such things from a live matrix, too; the rules
are ours.
"""

from collections.abc import Mapping, Sequence

from ..state import AgentState, Constraint, Finding, Progress
from .matrix import Row, active, cell_key, lead_of, row_of

STALE_ACTIONS = 2
"""Actions without a change of which the model is told; after some more the policy decides."""


def warnings_of(state: AgentState, *, able: bool = True) -> list[str]:
    """One line for each thing that goes wrong now; most often none. `able`: a search or a page read is left."""
    constraints, findings = state["constraints"], state["findings"]
    names = [item["answer"] for item in state["candidates"]]
    lead = lead_of(constraints, findings, names)
    if lead is None:
        return []
    proposed = row_of(names[-1], constraints, findings) if names else None
    # One for which nothing speaks is ruled out, or was only named: it leads nowhere.
    leads = bool(lead.by_page or lead.weakly or not lead.contradicted)
    return [
        *_without_evidence(lead, constraints, findings),
        *(_refutation_ignored(lead, proposed, able) if leads or proposed else ()),
        *(_nothing_changed(lead.candidate if leads else "", state["progress"]) if able else ()),
        *(_proposed_open(proposed) if state["stated"] else ()),
    ]


def _without_evidence(lead: Row, constraints: Sequence[Constraint], findings: Mapping[str, Finding]) -> list[str]:
    cells = ((item["id"], findings.get(cell_key(lead.candidate, item["id"]))) for item in active(constraints))
    bare = [name for name, cell in cells if cell and cell["verdict"] == "satisfied" and not cell["evidence"]]
    return [f"{', '.join(bare)}: said to be satisfied for {lead.candidate!r}, but no quote shows it"] if bare else []


def _refutation_ignored(lead: Row, proposed: Row | None, able: bool) -> list[str]:
    row = proposed if proposed is not None and proposed.contradicted else lead
    if not row.contradicted:
        return []
    held = "was proposed" if row is proposed else "leads"
    todo = ": find another, or a page that says otherwise" if able else ""
    return [f"{row.candidate!r} {held}, but {', '.join(row.contradicted)} is contradicted{todo}"]


def _nothing_changed(lead: str, progress: Progress) -> list[str]:
    stale = progress["stale_actions"]
    if stale < STALE_ACTIONS:
        return []
    told = f"the last {stale} actions changed no finding" + (f" (the lead is {lead!r})" if lead else "")
    return [f"{told}: record what they showed, or go at it from another constraint"]


def _proposed_open(proposed: Row | None) -> list[str]:
    if proposed is None or not proposed.open:
        return []
    return [f"{proposed.candidate!r} was proposed with {', '.join(proposed.open)} open"]
