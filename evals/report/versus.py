"""Every two strategies side by side, as a table and in words."""

from ..runs.compare_text import CLEAR, signed, verdict
from .said import is_clear
from .study import Study, Versus
from .table import Row, Table, name_of

LEAST = "<0.001"


def versus(study: Study) -> Table:
    """The comparisons of a suite, a row each."""
    columns = [
        ("budget", ""),
        ("first", ""),
        ("second", ""),
        ("questions", "that both were asked"),
        (
            "difference",
            "right answers of the first less those of the second, with its 95 % interval (paired bootstrap)",
        ),
        ("better", "in how many questions the first did better, and the second"),
        ("p", "McNemar's exact test"),
        ("p of all", "the same as one of all these comparisons (Holm)"),
        ("difference is", f"clear where that is below {CLEAR:g}"),
    ]
    lead = [] if study.versus else ["No two strategies were asked the same questions with the same budget."]
    return Table("versus", "Strategies side by side", lead, columns, [_row(study, one) for one in study.versus], 3)


def verdicts(study: Study) -> list[str]:
    """Each comparison in a line of its own, as `eval compare` says it."""
    return [
        f"budget {one.found.budget}: {verdict(one.found, _names(study, one), len(study.versus))}"
        for one in study.versus
    ]


def _row(study: Study, one: Versus) -> Row:
    better, worse = one.found.better
    sides = (name_of(study.grid, one.first), name_of(study.grid, one.second))
    gap = signed(one.right, 100, 0, "%")
    p = [LEAST if value < 0.001 else f"{value:.3f}" for value in (one.found.p, one.found.p_of_all)]
    word = "none" if better == worse else "clear" if is_clear(one) else "not clear"
    return [one.found.budget, *sides, str(len(one.found.pairs)), gap, f"{better} : {worse}", *p, word]


def _names(study: Study, one: Versus) -> tuple[str, str]:
    return study.grid.name(one.first), study.grid.name(one.second)
