"""The live matrix, candidates by constraints: which candidate leads, and what is still open for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ..state import AnswerStatus, Constraint, Finding
from .quotes import normalise


@dataclass(frozen=True, slots=True)
class Row:
    """All that is known of one candidate, by constraint id."""

    candidate: str
    by_page: tuple[str, ...]
    weakly: tuple[str, ...]
    """Satisfied by a snippet or an inference only."""
    contradicted: tuple[str, ...]
    disputed: tuple[str, ...]
    unknown: tuple[str, ...]
    """No finding, a claim without any evidence, or unverifiable."""

    @property
    def open(self) -> tuple[str, ...]:
        return self.disputed + self.unknown

    @property
    def complete(self) -> bool:
        """Every constraint is judged satisfied, on some evidence."""
        return not (self.open or self.contradicted)

    @property
    def status(self) -> AnswerStatus:
        """The honest status of this candidate as an answer."""
        if not self.complete:
            return "unverified"
        return "supported" if self.weakly else "verified"

    @property
    def score(self) -> tuple[bool, int, int, int]:
        """How good it is as an answer. What nothing shows to be what is asked for comes last, whatever else fits it."""
        asked = "c0" in self.by_page or "c0" in self.weakly
        return (asked, -len(self.contradicted), len(self.by_page), len(self.weakly))


def cell_key(candidate: str, constraint: str) -> str:
    """The key of one cell; spellings of a candidate that differ in case or quote marks share a row."""
    return f"{constraint} {_name(candidate)}"


def same_name(one: str, other: str) -> bool:
    """Whether two spellings name the same candidate."""
    return _name(one) == _name(other)


def _name(candidate: str) -> str:
    return normalise(candidate).strip(" .")


def active(constraints: Sequence[Constraint]) -> list[Constraint]:
    return [constraint for constraint in constraints if not constraint.get("dropped")]


def row_of(candidate: str, constraints: Sequence[Constraint], findings: Mapping[str, Finding]) -> Row:
    """Gather the cells of one candidate. Of constraints that were dropped only refutations count, as a doubt."""
    cells: dict[str, list[str]] = {"by_page": [], "weakly": [], "contradicted": [], "disputed": [], "unknown": []}
    name = _name(candidate)
    for constraint in active(constraints):
        cells[_state_of(findings.get(f"{constraint['id']} {name}"))].append(constraint["id"])
    # Whoever drops a demand does not thereby prove the answer: with it, nothing is more than supported.
    cells["weakly"] += [constraint["id"] for constraint in constraints if constraint.get("dropped")]
    return Row(candidate, **{name: tuple(ids) for name, ids in cells.items()})


def rows(constraints: Sequence[Constraint], findings: Mapping[str, Finding], candidates: Sequence[str]) -> list[Row]:
    """One row a candidate, the most promising first; of equals the one that was named last."""
    names: dict[str, str] = {}
    for name in [*(finding["candidate"] for finding in findings.values()), *candidates]:
        key = _name(name)
        names.pop(key, None)
        names[key] = name
    found = [row_of(name, constraints, findings) for name in reversed(names.values())]
    return sorted(found, key=lambda row: row.score, reverse=True)


def lead_of(
    constraints: Sequence[Constraint],
    findings: Mapping[str, Finding],
    candidates: Sequence[str],
    proposed: str = "",
    without: Collection[str] = (),
) -> Row | None:
    """The candidate that leads: the one just proposed unless another stands better in the matrix.

    Those of `without` are out of it: they were accepted, and the search goes on beyond them.
    """
    out = {_name(name) for name in without}
    found = rows(constraints, findings, [*candidates, *([proposed] if proposed else [])])
    found = [row for row in found if _name(row.candidate) not in out]
    if not found:
        return None
    best = found[0]
    if proposed and _name(proposed) not in out:
        own = row_of(proposed, constraints, findings)
        if not own.contradicted and own.score >= best.score:
            return own
    return best


def _state_of(finding: Finding | None) -> str:
    if finding is None or finding["verdict"] == "unverifiable":
        return "unknown"
    if finding["verdict"] == "satisfied":
        return {"page": "by_page", "none": "unknown"}.get(finding["proof"], "weakly")
    return finding["verdict"]
