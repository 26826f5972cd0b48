"""What a report says before its tables: a few sentences, none of them without its figure."""

from ..runs.compare_text import CLEAR
from .study import Place, Study, Versus
from .table import Share, percent, share_of

MOST_TOLD = 6
"""Pairs, or budgets, that are named; the tables have all."""


def said(study: Study) -> list[str]:
    """The sentences of one suite."""
    return [*_best(study), *_differences(study), _whole(study)]


def is_clear(one: Versus) -> bool:
    """Whether a difference is more than chance, as one of all that were looked at."""
    better, worse = one.found.better
    return better != worse and one.found.p_of_all < CLEAR


def _best(study: Study) -> list[str]:
    shares = {place: share for place, found in study.figures.items() if isinstance(share := share_of(found), Share)}
    if not shares:
        return ["No run has an answer that is known to be right or wrong."]
    if not study.alike:
        told = "so their shares say nothing of each other; what both were asked is side by side below"
        return [f"The strategies and budgets were not asked the same questions, {told}."]
    best = max(shares.values(), key=lambda share: share.share)
    names = [_named(study, place) for place, share in shares.items() if share.share == best.share]
    if len(names) > MOST_TOLD or not best.share:
        return [f"The highest share of right answers is {percent(best.share)}, of {len(names)} strategies and budgets."]
    return [f"Right most often: {', '.join(names)}, {best}."]


def _named(study: Study, place: Place) -> str:
    return f"{study.grid.name(place[0])} with budget {place[1]}"


def _differences(study: Study) -> list[str]:
    if not study.versus:
        return ["There is nothing to compare: no two strategies were asked the same questions with the same budget."]
    clear = [one for one in study.versus if is_clear(one)]
    compared = f"the {len(study.versus)} comparisons" if len(study.versus) > 1 else "the one comparison"
    if not clear:
        return [f"No difference is clear in {compared} of strategies: chance alone could make what there is."]
    budgets: dict[str, list[str]] = {}
    for one in clear:
        budgets.setdefault(_ahead(study, one), []).append(one.found.budget)
    named = [f"{pair} with budget {_listed(where)}" for pair, where in budgets.items()]
    more = f"; and {len(named) - MOST_TOLD} pairs more" if len(named) > MOST_TOLD else ""
    return [f"Clear differences, {len(clear)} in {compared} of strategies: {'; '.join(named[:MOST_TOLD])}{more}."]


def _listed(names: list[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _ahead(study: Study, one: Versus) -> str:
    better, worse = one.found.better
    names = study.grid.name(one.first), study.grid.name(one.second)
    ahead, behind = names if better > worse else names[::-1]
    return f"{ahead} over {behind}"


def _whole(study: Study) -> str:
    """Failures and violations, which no share shows."""
    cells = study.grid.cells.values()
    runs = sum(len(cell.runs) + len(cell.failed) for cell in cells)
    failed = sum(len(cell.failed) for cell in cells)
    broken = sum(bool(line["violations"]) for cell in cells for line in (*cell.runs, *cell.failed))
    return (
        f"Of {runs:,} runs {failed or 'none'} failed, and {broken or 'none'} passed a limit or called verified what was"
        " not shown."
    )
