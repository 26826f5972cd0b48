"""How a sweep went, as a table: a row for each strategy and budget, quality next to spend."""

from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field

from ..statistics.proportions import wilson
from .runs_file import Json, Key, has_failed, is_unscored, key_of

MEANS = (("searches", 2), ("browses", 2), ("model_calls", 2), ("tokens_in", 0), ("tokens_out", 0))
"""What is shown of the spend, a run on average, with so many digits."""
HEAD = (
    *("strategy", "budget", "runs", "right", "share", "95 %", "verified", "supported", "failed", "unscored"),
    *("searches", "reads", "calls", "tokens in", "tokens out", "violations"),
)
LEFT = 2
"""Columns of text; the others are figures, and stand to the right."""
Group = tuple[str, str, str, str]
"""Suite, model, strategy and budget."""


@dataclass(slots=True)
class Row:
    """Sums over the runs of one strategy and budget. Those that failed are counted apart, and in nothing else.

    Those that are unscored have their part in all but the share of right ones.
    """

    runs: int = 0
    right: int = 0
    failed: int = 0
    unscored: int = 0
    violations: int = 0
    questions: set[str] = field(default_factory=set[str])
    statuses: Counter[str] = field(default_factory=Counter[str])
    spend: Counter[str] = field(default_factory=Counter[str])

    def add(self, line: Json) -> None:
        """Take in a run that has ended well."""
        self.runs += 1
        if is_unscored(line):
            self.unscored += 1
        else:
            self.questions.add(line["id"])
            self.right += line["correct"]
        self.violations += len(line["violations"])
        self.statuses[line["status"]] += 1
        self.spend.update({name: line["spend"][name] for name, _ in MEANS})

    def cells(self) -> list[str]:
        """Its figures as they are shown; no runs have no share and no means."""
        share, within = "-", "-"
        if scored := self.runs - self.unscored:
            low, high = wilson(self.right / scored, len(self.questions))
            share, within = f"{self.right / scored:.0%}", f"{low:.0%}-{high:.0%}"
        means = [f"{self.spend[name] / self.runs:,.{digits}f}" if self.runs else "-" for name, digits in MEANS]
        proven = (self.statuses["verified"], self.statuses["supported"])
        counts = [str(number) for number in (*proven, self.failed, self.unscored)]
        return [str(self.runs + self.failed), str(self.right), share, within, *counts, *means, str(self.violations)]


def summed(lines: Iterable[Json]) -> dict[Group, Row]:
    """The rows, in order. A run counts once, however often its line is there; one that failed until it did not."""
    rows: dict[Group, Row] = {}
    ended: set[Key] = set()
    failed: dict[Key, tuple[Group, int]] = {}
    for line in lines:
        key, group = key_of(line), (line["suite"], line["model"], line["strategy"], line["budget"])
        row = rows.setdefault(group, Row())
        if has_failed(line):
            failed[key] = (group, len(line["violations"]))
        elif key not in ended:
            ended.add(key)
            row.add(line)
    for key, (group, violations) in failed.items():
        if key not in ended:
            rows[group].failed += 1
            rows[group].violations += violations
    return {group: rows[group] for group in sorted(rows, key=_place)}


def table(lines: Iterable[Json]) -> Generator[str]:
    """The lines of the table, with a head for each suite and model. Spend is a mean over the runs that did not fail."""
    rows = summed(lines)
    if not rows:
        yield "no runs"
        return
    cells = [HEAD, *([group[2], group[3], *row.cells()] for group, row in rows.items())]
    widths = [max(len(row[at]) for row in cells) for at in range(len(HEAD))]
    before = None
    for group, row in zip(rows, cells[1:], strict=True):
        if group[:2] != before:
            if before is not None:
                yield ""
            yield f"{group[0]} with {group[1]}"
            yield _aligned(HEAD, widths)
        before = group[:2]
        yield _aligned(row, widths)


def _aligned(cells: Iterable[str], widths: list[int]) -> str:
    placed = (
        cell.ljust(width) if at < LEFT else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(placed).rstrip()


def _place(group: Group) -> tuple[str, str, str, bool, int, str]:
    """Budgets that are numbers go by size, before the others."""
    suite, model, strategy, budget = group
    number = int(budget) if budget.isdecimal() else 0
    return suite, model, strategy, not budget.isdecimal(), number, budget
