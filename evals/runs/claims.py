"""What an answer claims, and what proves it: the one figure of the findings that stands in every line of a sweep."""

from collections import Counter

from ...agent.proof.matrix import active, cell_key
from ...agent.result import Result
from ...agent.state import Constraint

OPEN = "open"
"""A claim that nothing proves: not satisfied, or only said to be."""


def claims_of(result: Result) -> dict[str, int]:
    """How many of an answer's claims rest on a page, on a snippet, on an inference, or on nothing.

    A claim is a constraint of the question, what it asks included, that the answer is said to meet. No answer claims
    nothing.
    """
    if not result.answer:
        return {}
    findings = {cell_key(item["candidate"], item["constraint"]): item for item in result.findings}
    constraints = active([Constraint(**item) for item in result.constraints])
    cells = [findings.get(cell_key(result.answer, item["id"])) for item in constraints]
    proofs = [
        cell["proof"] if cell and cell["verdict"] == "satisfied" and cell["proof"] != "none" else OPEN for cell in cells
    ]
    return dict(sorted(Counter(proofs).items()))
