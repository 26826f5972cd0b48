"""Taking findings in: claims are checked, merged into the matrix, and told to whoever listens."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...tools.search import normalise_url
from ..events import FindingEvent
from ..proof.evidence import Claim, Demand, check_claim, merge_finding, promoted, taken_at_word
from ..proof.matrix import cell_key
from ..session import Session
from ..state import AgentState, Finding


@dataclass(frozen=True, slots=True)
class Recorded:
    """The findings after some claims, how many cells changed, and what was wrong with the rest."""

    findings: dict[str, Finding]
    changed: int
    problems: list[str]


def record_claims(session: Session, state: AgentState, claims: Sequence[Claim], *, by: str) -> Recorded:
    """Check each claim and merge it into its cell. Claims on unknown constraints are named, not kept."""
    known = _demands(state)
    merged = dict(state["findings"])
    changed = 0
    problems: list[str] = []
    for claim in claims:
        if claim.constraint not in known:
            problems.append(f"there is no constraint {claim.constraint!r}; known are {', '.join(sorted(known))}")
            continue
        if session.deps.strategy.quotes:
            finding, faults = check_claim(claim, session, by=by, demand=known[claim.constraint])
        else:
            finding, faults = taken_at_word(claim, by=by), []
        problems += faults
        key = cell_key(claim.candidate, claim.constraint)
        before = merged.get(key)
        after = merge_finding(before, finding)
        merged[key] = after
        if _differs(before, after):
            changed += 1
            _credit(session, after, session.asked)
            _tell(session, after)
    return Recorded(merged, changed, problems)


def promote_findings(session: Session, state: AgentState) -> dict[str, Finding]:
    """The findings after pages were read: what was quoted from a search result may now stand on its page."""
    known = _demands(state)
    after: dict[str, Finding] = {}
    for key, finding in state["findings"].items():
        after[key] = promoted(finding, session, known.get(finding["constraint"], Demand()))
        if after[key] is not finding:
            _credit(session, after[key])
            _tell(session, after[key])
    return after


def _demands(state: AgentState) -> dict[str, Demand]:
    """Each constraint in the question's own words, and its form."""
    return {
        item["id"]: Demand(state["question"] if item["id"] == "c0" else item["text"], item.get("form", ""))
        for item in state["constraints"]
    }


def _credit(session: Session, finding: Finding, *asked: str) -> None:
    """Note which calls brought a finding: those that brought its evidence, and the one of the model that told it."""
    brought = (session.brought.get(normalise_url(item["url"]), ()) for item in finding["evidence"])
    for charge_id in [*asked, *(charge_id for ids in brought for charge_id in ids)]:
        session.ledger.credit(charge_id, finding["constraint"])


def _tell(session: Session, finding: Finding) -> None:
    quote = finding["evidence"][-1]["quote"] if finding["evidence"] else ""
    session.emit(FindingEvent(finding["candidate"], finding["constraint"], finding["verdict"], finding["proof"], quote))


def _differs(before: Finding | None, after: Finding) -> bool:
    """Whether a cell really changed: a new verdict, a better proof or new evidence. A repetition is no progress."""
    if before is None:
        return after["verdict"] != "unverifiable" and after["proof"] != "none"
    same = before["verdict"] == after["verdict"] and before["proof"] == after["proof"]
    return not same or len(before["evidence"]) != len(after["evidence"])
