"""Why a run did what it did: its plan, and its decisions with the findings, the budget and the rule that made them."""

from ...tools.clean import one_line
from ..money.block import amount_text
from ..money.budget import label, ordered
from ..nodes.board import step_line
from ..result import Result
from ..state import DecisionEntry, Step
from .wrapping import wrapped

STANDS = {
    "by_page": "proven by page",
    "weakly": "weakly",
    "contradicted": "contradicted",
    "disputed": "disputed",
    "unknown": "open",
}


def explanation(result: Result, width: int) -> str:
    """The plan with what each step used, constraints that were dropped, and every decision in its order."""
    lines: list[str] = []
    for step in result.plan:
        lines += wrapped(step_line(Step(**step)), width, "    ")
    for constraint in result.constraints:
        if why := constraint.get("dropped"):
            lines += wrapped(f"dropped {constraint['id']} ({one_line(constraint['text'], 120)}): {why}", width, "   ")
    plan = ["plan", *lines, ""] if lines else []
    decided = [
        line for number, entry in enumerate(result.decisions, start=1) for line in _decision(number, entry, width)
    ]
    return "\n".join([*plan, "decisions", *(decided or ["none: the run ended before there was anything to decide"])])


def _decision(number: int, entry: DecisionEntry, width: int) -> list[str]:
    head = (
        f"{number}. {entry['outcome']} after attempt {entry['attempt']}, by the rule {entry['rule']}: {entry['reason']}"
    )
    lines = wrapped(head, width, "   ")
    if entry["proposed"] and entry["proposed"] != entry["outcome"]:
        lines += wrapped(f"   the verifier had proposed {entry['proposed']}", width, "   ")
    if entry["lead"]:
        stands = [f"{STANDS[name]} {' '.join(ids)}" for name, ids in entry["findings"].items() if ids]
        told = "; ".join(stands) or "nothing known of it"
        lines += wrapped(f"   lead: {one_line(entry['lead'], 120)} ({told})", width, "   ")
    left = [f"{label(name)} {amount_text(name, entry['budget'][name])}" for name in ordered(entry["budget"])]
    lines += wrapped(f"   left: {', '.join(left) or 'no limit is set'}; regime {entry['regime']}", width, "   ")
    return lines
