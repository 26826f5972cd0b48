"""The tables of a report: right answers, spend, cost, curves, status, claims, and what went wrong."""

from collections.abc import Callable
from typing import Any

from .cells import Cell
from .figures import CALL_USD, STATUSES, Figures, right_of
from .study import Place, Study, cost_of_pass
from .table import NONE, Name, Row, Table, name_of, number, percent, share_of
from .versus import versus

FRONT = "●"
NO_PRICES = (
    "The tokens of these runs have no price (a simulated or a local model) or not all of one, so costs are told in"
    " tokens and calls, not in dollars."
)


WHO = (("strategy", ""), ("budget", "a number is so many searches, and as many page reads"))


def tables(study: Study, most_faults: int) -> list[Table]:
    """All tables of a suite, in the order of a report."""
    found = [results(study), versus(study), spend(study), worth(study), anytime(study), statuses(study)]
    return [*found, claims(study), *faults(study, most_faults)]


def results(study: Study) -> Table:
    """Quality, a row for each way and budget."""
    unscored = any(found["unscored"] for found in study.figures.values())
    columns = [
        *WHO,
        ("right", "share of the runs that ended well, with its 95 % Wilson interval over the questions"),
        ("questions", ""),
        ("runs", "all that were made"),
        ("verified", "answers with a quote from a page for every part"),
        ("supported", "every part satisfied, some by a snippet or an inference only"),
        ("at a limit", "share of runs that used up a limit, or were ended by one"),
        ("violations", "share of runs that passed a limit, or called verified what was not shown"),
        ("failed", "runs that say nothing of the answer; they are in no other figure"),
        *([("unscored", "runs whose answer could not be judged")] if unscored else []),
    ]

    def cells(found: Figures) -> Row:
        whole = [share_of(found), str(found["questions"]), str(found["runs"] + found["failed"])]
        shown = [str(found["verified"]), str(found["supported"]), percent(found["at_limit"])]
        ends = [percent(found["violations"]), str(found["failed"])]
        return [*whole, *shown, *ends, *([str(found["unscored"])] if unscored else [])]

    return Table("results", "Right answers", [], columns, _rows(study, cells))


def spend(study: Study) -> Table:
    """What a run took on average."""
    priced = study.unit == "usd"
    columns = [
        *WHO,
        *((name, "mean of a run") for name in ("searches", "page reads", "model calls", "tokens in")),
        ("cached", "the part of tokens in that came from a cache"),
        ("tokens out", "mean of a run"),
        *([("model $", "for the tokens"), ("unified $", f"with ${CALL_USD:g} for each tool call")] if priced else []),
        ("seconds", "by the clock"),
    ]

    def cells(found: Figures) -> Row:
        calls = [number(found[name], 2) for name in ("searches", "browses", "model_calls")]
        sizes = [number(found[name], 0) for name in ("tokens_in", "tokens_cached", "tokens_out")]
        dollars = [number(found[name], 4) for name in ("usd", "unified_usd")] if priced else []
        return [*calls, *sizes, *dollars, number(found["seconds"], 1)]

    return Table("spend", "What a run spends", [] if priced else [NO_PRICES], columns, _rows(study, cells))


def worth(study: Study) -> Table:
    """Quality beside cost."""
    unit = "$" if study.unit == "usd" else "tokens"
    columns = [
        *WHO,
        ("best for its calls", f"{FRONT} no other is right more often with as few tool calls"),
        ("best for its cost", f"{FRONT} no other is right more often at this cost"),
        (f"{unit} a right answer", "cost of pass: mean cost of a run over the share of right ones"),
        ("cheapest for", "questions that nothing answers rightly for less, on average"),
        ("E3", "accuracy in percent, squared, over mean tokens"),
        ("right per call", "right answers for each tool call (OTC)"),
    ]
    rows: list[Row] = []
    for place, found in study.figures.items():
        fronts = [FRONT if place in front else "" for front in (study.front_by_calls, study.front_by_cost)]
        cost = number(cost_of_pass(found, study.unit), 4 if study.unit == "usd" else 0)
        least = str(study.frontier.cheapest[place]) if place in study.frontier.cheapest else NONE
        last = [number(found["e3"], 3), number(found["tool_productivity"], 3)]
        rows.append([*_who(study, place), *fronts, cost, least, *last])
    return Table("worth", "What right answers cost", _frontier(study), columns, rows)


def anytime(study: Study) -> Table:
    """One figure for a whole curve, where there is a curve."""
    columns = [("strategy", ""), ("budgets", ""), ("anytime accuracy", "mean height of accuracy over budget")]
    lead = ["The mean height of the curve of accuracy over budget, with straight lines between the budgets."]
    rows: list[Row] = []
    for way, area in study.anytime.items():
        rows.append([name_of(study.grid, way), f"{study.grid.budgets[0]} to {study.grid.budgets[-1]}", percent(area)])
    if not rows:
        lead = ["There is no curve: that takes two budgets or more which limit the same, with runs of each."]
    return Table("anytime", "Anytime accuracy", lead, columns, rows)


def statuses(study: Study) -> Table:
    """How far each status can be trusted, all budgets together."""
    lead = ["How often answers of each status are right, over all budgets: what a status promises, and what it keeps."]
    columns = [("strategy", ""), *((name, f"right of those called {name}") for name in STATUSES[:-1])]
    rows: list[Row] = []
    for way in study.grid.ways:
        runs = [line for cell in study.grid.of(way) for line in cell.scored]
        own = [right_of([line for line in runs if line["status"] == status]) for status in STATUSES[:-1]]
        rows.append([name_of(study.grid, way), *(share_of(found, counted=True) for found in own)])
    return Table("statuses", "Trust in the status", lead, columns, rows, left=1)


def claims(study: Study) -> Table:
    """How much of what is answered is shown."""
    lead = ["A claim is one part of the question that an answer is said to meet; what is asked is one, too."]
    columns = [
        *WHO,
        ("claims", "of all answers"),
        ("supported", "with a proof: page, snippet or inference"),
        ("by page", "with a quote from a page that was read"),
    ]

    def cells(found: Figures) -> Row:
        shares = [percent(found[name]) for name in ("claims_supported", "claims_by_page")]
        return [NONE if found["claims"] is None else f"{found['claims']:,}", *shares]

    return Table("claims", "Proof of what is claimed", lead, columns, _rows(study, cells))


def faults(study: Study, most: int) -> list[Table]:
    """Runs that failed, and those that did what they must not; nothing where there are none."""
    found: list[Table] = []
    cells = study.grid.cells.values()
    failed = [_run(study, cell, line, line["fault"]) for cell in cells for line in cell.failed]
    broken = [
        _run(study, cell, line, "; ".join(line["violations"]))
        for cell in cells
        for line in (*cell.runs, *cell.failed)
        if line["violations"]
    ]
    for key, title, rows in (("failed", "Failed runs", failed), ("violations", "Violations", broken)):
        lead = [f"{len(rows) - most} more are not listed."] if len(rows) > most else []
        columns = [*WHO, ("question", ""), ("repeat", ""), ("what happened", "")]
        found += [Table(key, title, lead, columns, rows[:most], left=5)] if rows else []
    return found


def _rows(study: Study, cells: Callable[[Figures], Row]) -> list[Row]:
    return [[*_who(study, place), *cells(found)] for place, found in study.figures.items()]


def _who(study: Study, place: Place) -> tuple[Name, str]:
    return name_of(study.grid, place[0]), place[1]


def _run(study: Study, cell: Cell, line: Any, told: str) -> Row:
    return [name_of(study.grid, cell.way), cell.budget, line["id"], str(line["repeat"]), told]


def _frontier(study: Study) -> list[str]:
    """The cost-of-pass frontier in words."""
    frontier = study.frontier
    if not frontier.questions:
        return ["There is no frontier: no question has a scored run of every strategy with every budget."]
    told = f"{frontier.solved} of the {frontier.questions} questions that all were asked are answered rightly by one"
    if frontier.mean is None:
        return [f"{told}, so there is no frontier."]
    cost = f"${frontier.mean:,.4f}" if study.unit == "usd" else f"{frontier.mean:,.0f} tokens"
    return [
        f"{told} or more; taking the cheapest for each, a right answer costs {cost} on average (the frontier of the"
        " cost of pass). It is picked after the fact, so it is a bound, and no strategy."
    ]
