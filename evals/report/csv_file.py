"""The figures of a report for other programs: CSV, a row for each suite, model, strategy and budget.

Shares are from 0 to 1; what is not known is empty.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from .figures import COLUMNS
from .study import Study

KEYS = {
    "suite": "where the questions are from",
    "model": "the model that was asked",
    "strategy": "how it was asked",
    "budget": "as given with --budget",
}
ADDED = {
    "on_front_by_calls": "1 where no other of the suite is right more often with as few tool calls",
    "on_front_by_cost": "1 where no other of the suite is right more often at this cost",
    "cheapest_for": "questions that nothing answers rightly for less; empty where not all were asked the same",
    "anytime_accuracy": "mean height of accuracy over all budgets of the strategy, the same in each of its rows",
}
DOCUMENTED: Mapping[str, str] = {**KEYS, **COLUMNS, **ADDED}
"""Every column in its order, and what it holds."""


def csv_text(studies: Sequence[Study]) -> str:
    """The whole file."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, DOCUMENTED, lineterminator="\n")
    writer.writeheader()
    for study in studies:
        for (way, budget), found in study.figures.items():
            row: dict[str, Any] = {"suite": study.grid.suite, "model": way.model, "strategy": way.strategy}
            row |= {"budget": budget, **found, "anytime_accuracy": study.anytime.get(way)}
            row["on_front_by_calls"] = int((way, budget) in study.front_by_calls)
            row["on_front_by_cost"] = int((way, budget) in study.front_by_cost)
            row["cheapest_for"] = study.frontier.cheapest.get((way, budget))
            writer.writerow({name: _plain(value) for name, value in row.items()})
    return stream.getvalue()


def _plain(value: Any) -> Any:
    """Figures in six digits, enough for any of them; text that a spreadsheet would take for a formula, quoted."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value
