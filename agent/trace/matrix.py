"""The matrix as a table: candidates by constraints, each cell with its verdict and proof, and the findings below."""

from collections.abc import Generator, Sequence

from ...tools.clean import one_line
from ..proof.matrix import same_name
from ..words import PROOFS
from .lines import Constraint, Finding, Outcome
from .markup import Html, element, joined, outside
from .parts import finding_item, name_of

SIGNS = {"satisfied": "✓", "contradicted": "✗", "disputed": "≠", "unverifiable": "?"}
OPEN = "·"


def matrix(outcome: Outcome, prefix: str) -> Html:
    """The table and the findings; empty where nothing was found out."""
    if not outcome.findings:
        return Html("")
    titles = {source.url: source.title for source in outcome.sources}
    candidates = _candidates(outcome)
    head = [element("th", "candidate", scope="col")]
    head += [element("th", name_of(one.id), title=one_line(one.text, 200), scope="col") for one in outcome.constraints]
    rows = (_row(outcome, number, name, prefix) for number, name in enumerate(candidates, start=1))
    table = element("table", element("thead", element("tr", *head)), element("tbody", *rows), class_="matrix")
    signs = [f"{sign} {verdict}" for verdict, sign in SIGNS.items()]
    legend = element(
        "p", f"{', '.join(signs)}, {OPEN} open; the words below a sign say what it rests on", class_="note"
    )
    box = element("div", table, class_="scroll", tabindex="0", role="region", aria_label="Candidates by constraints")
    lists = [
        part for number, name in enumerate(candidates, start=1) for part in _list(outcome, number, name, titles, prefix)
    ]
    return joined(legend, box, *lists)


def _candidates(outcome: Outcome) -> list[str]:
    """Each once, the answer first."""
    names: list[str] = [outcome.answer] if outcome.answer else []
    for finding in outcome.findings:
        if not any(same_name(finding.candidate, name) for name in names):
            names.append(finding.candidate)
    return names


def _row(outcome: Outcome, number: int, name: str, prefix: str) -> Html:
    own = {finding.constraint: finding for finding in _of(outcome, name)}
    cells = (_cell(own.get(one.id), one, f"{prefix}f{number}-") for one in outcome.constraints)
    return element("tr", element("th", outside(name), scope="row"), *cells)


def _cell(finding: Finding | None, constraint: Constraint, prefix: str) -> Html:
    if finding is None:
        return element("td", OPEN)
    sign = element(
        "a", f"{SIGNS.get(finding.verdict, '?')} {one_line(finding.verdict, 20)}", href=f"#{prefix}{constraint.id}"
    )
    return element("td", sign, element("small", PROOFS.get(finding.proof, "no proof")), class_=finding.verdict)


def _list(outcome: Outcome, number: int, name: str, titles: dict[str, str], prefix: str) -> Generator[Html]:
    found = _of(outcome, name)
    if found:
        yield element("h4", outside(name))
        items = (finding_item(one.model_dump(), titles, id=f"{prefix}f{number}-{one.constraint}") for one in found)
        yield element("ul", *items, class_="findings")


def _of(outcome: Outcome, name: str) -> Sequence[Finding]:
    return [finding for finding in outcome.findings if same_name(finding.candidate, name)]
