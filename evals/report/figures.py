"""Every figure of one strategy with one budget, by name. What is not known, or has no meaning, is None, never 0."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any

from ..runs.claims import OPEN
from ..runs.runs_file import Json
from ..statistics.costs import cost_of_pass, e3, tool_productivity
from ..statistics.proportions import wilson
from .cells import Cell, limits_of

Figures = dict[str, Any]
CALL_USD = 0.001
"""Dollars that a search, a page read, or a call of a further tool counts as, as in the BATS paper (2511.17006)."""
STATUSES = ("verified", "supported", "unverified", "none")
COLUMNS = {
    "runs": "runs that ended well; all other figures but `failed` are of these",
    "failed": "runs that failed, and say nothing of the answer",
    "unscored": "runs whose answer could not be judged",
    "questions": "questions that have a scored run",
    "right": "scored runs with a right answer",
    "share": "right over scored runs",
    "share_low": "lower end of the 95 % Wilson interval of `share`, over the questions",
    "share_high": "its upper end",
    "searches": "searches, mean of a run",
    "browses": "page reads, mean",
    "tool_calls": "searches, page reads and calls of further tools together, mean",
    "model_calls": "requests to a model, mean",
    "tokens_in": "input tokens, cached ones included, mean",
    "tokens_cached": "input tokens from a cache, mean",
    "tokens_out": "output tokens, mean",
    "usd": "dollars for the model, mean; empty where the price of a run is not known",
    "unified_usd": f"`usd` and {CALL_USD:g} for each tool call, mean",
    "seconds": "seconds by the clock, mean",
    "at_limit": "share of runs that used up a limit, or were ended by one",
    "violations": "share of runs that passed a limit, or called verified what was not shown",
    "usd_of_pass": "cost of pass in dollars: `unified_usd` over `share`; inf without a right answer",
    "tokens_of_pass": "cost of pass in tokens: tokens over `share`",
    "e3": "E3: (accuracy in percent) squared over mean tokens",
    "tool_productivity": "right answers for each tool call (OTC)",
    "claims": "claims of the answers that were given: constraints of the question, with what it asks",
    "claims_supported": "share of these with a proof: page, snippet or inference",
    "claims_by_page": "share of these with a quote from a page",
    **{name: f"scored runs with the status {name}" for name in STATUSES},
    **{f"{name}_right": "right ones of these" for name in STATUSES},
}
"""The names, in order, and what they mean."""


def figures_of(cell: Cell) -> Figures:
    """The figures of one cell, by the names of COLUMNS."""
    scored = cell.scored
    found: Figures = dict.fromkeys(COLUMNS)
    found |= {"runs": len(cell.runs), "failed": len(cell.failed), "unscored": len(cell.runs) - len(scored)}
    found |= right_of(scored) | _spent(cell.runs) | _claims(cell.runs)
    for status in STATUSES:
        own = [line for line in scored if line["status"] == status]
        found |= {status: len(own), f"{status}_right": sum(bool(line["correct"]) for line in own)}
    if cell.runs:
        limits = limits_of(cell.budget)
        found["at_limit"] = fmean(_at_limit(line, limits) for line in cell.runs)
        found["violations"] = fmean(bool(line["violations"]) for line in cell.runs)
    return found | _worth(found)


def right_of(scored: Sequence[Json]) -> Figures:
    """How many of these runs are right, with the interval over their questions."""
    questions = len({line["id"] for line in scored})
    right = sum(bool(line["correct"]) for line in scored)
    share = right / len(scored) if scored else None
    low, high = (None, None) if share is None else wilson(share, questions)
    return {"questions": questions, "right": right, "share": share, "share_low": low, "share_high": high}


def tool_calls(line: Json) -> int:
    """Searches, page reads and calls of further tools."""
    spend = line["spend"]
    return spend["searches"] + spend["browses"] + sum(spend.get("tools", {}).values())


def tokens(line: Json) -> float:
    """Input and output together."""
    return float(line["spend"]["tokens_in"] + line["spend"]["tokens_out"])


def unified_usd(line: Json) -> float | None:
    """What a run cost: its model, and the price of its calls; None where no price is known for the model."""
    usd = line["spend"]["usd"]
    return None if usd is None else float(usd) + CALL_USD * tool_calls(line)


def _spent(runs: Sequence[Json]) -> Figures:
    found = {name: _mean(runs, _spend(name)) for name in ("searches", "browses", "model_calls", "seconds", "usd")}
    found |= {name: _mean(runs, _spend(name)) for name in ("tokens_in", "tokens_cached", "tokens_out")}
    return found | {"tool_calls": _mean(runs, tool_calls), "unified_usd": _mean(runs, unified_usd)}


def _spend(name: str) -> Callable[[Json], Any]:
    return lambda line: line["spend"].get(name)


def _mean(runs: Sequence[Json], amount: Callable[[Json], Any]) -> float | None:
    """The mean over the runs; None where it is not known of all."""
    amounts = [amount(line) for line in runs]
    return None if not amounts or None in amounts else fmean(float(one) for one in amounts)


def _claims(runs: Sequence[Json]) -> Figures:
    """Runs of before claims were counted say nothing of them."""
    counted = [line["claims"] for line in runs if "claims" in line]
    made = sum(sum(claims.values()) for claims in counted)
    if not made:
        return {"claims": 0 if counted else None}
    bare = sum(claims.get(OPEN, 0) for claims in counted)
    by_page = sum(claims.get("page", 0) for claims in counted)
    return {"claims": made, "claims_supported": (made - bare) / made, "claims_by_page": by_page / made}


def _at_limit(line: Json, limits: Mapping[str, float]) -> bool:
    spend = line["spend"]
    return bool(line["resource"]) or any(
        float(spend.get(name) or 0) >= limit for name, limit in limits.items() if limit
    )


def _worth(found: Figures) -> Figures:
    share = found["share"]
    if share is None:
        return {}
    spent = found["tokens_in"] + found["tokens_out"]
    usd = found["unified_usd"]
    return {
        "usd_of_pass": None if usd is None else cost_of_pass(usd, share),
        "tokens_of_pass": cost_of_pass(spent, share),
        "e3": e3(share, spent),
        "tool_productivity": tool_productivity(share, found["tool_calls"]),
    }
