"""Strategies: which parts of the machine a run uses. All share the graph, the ledger, the tools and the result.

`bats-early` and `bats` are our own machine. `bats-paper` and `bats-paper-early` are BATS (arXiv 2511.17006) to the
letter, as far as the paper tells; the `react` family is what it compares with, and shares their tools and context.
A part is left out by a suffix: `bats-early:no-record`, `bats-paper-early:no-planning:no-verifier`. Parallel strategies
take a number of runs: `parallel-majority:5`.
"""

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal

from ..tools.errors import ConfigError

MOST_RUNS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One switch for each part that can be left out. What is off by default is left out of the ReAct family."""

    name: str
    rules: str = "react"
    """The prompt file with the searcher's rules."""
    matrix: bool = False
    """Constraints, candidates and findings are kept, and shown to the model."""
    planner: bool = False
    """Constraints and a plan, by a call of their own where the budget is large enough."""
    record: bool = False
    """The free record tool; without it findings come from the verifier alone."""
    quotes: bool = True
    """Code looks quotes up. Without, claims are taken at their word, and no answer is ever called verified."""
    policy: bool = False
    """Rules decide whether to dig deeper or pivot; otherwise the verifier's verdict is obeyed."""
    passages: bool = False
    """Of a page what matters for the goal is shown; otherwise its text from the start."""
    reserves: bool = False
    """Enough is held back to check an answer and to write one."""
    confirm: bool = False
    """The verifier looks once more at a proof that the searcher put together."""
    warnings: bool = False
    """The model is told of claims without evidence, refutations that it ignores, and work that changes nothing."""
    planning: bool = False
    """The paper's planning, within the searcher's own prompt."""
    tracker: Literal["", "paper", "forecast"] = ""
    """The budget in the prompt: the paper's tracker, or all limits with a forecast."""
    verifier: Literal["", "verdict", "checks"] = ""
    """Whether an answer is verified, and how: by a verdict as in the paper, or by checks of each constraint."""
    memory: Literal["window", "latest", "all"] = "latest"
    """Which tool results stay in the prompt: those of the last rounds, of the last one, or all that fit."""
    until_spent: bool = False
    """Go on to further attempts after a success until the budget is gone, and then select."""
    stops_at_either: bool = False
    """End when the searches or the page reads are used up, not only when both are."""
    pushes: int = 0
    """How often an answer is met with the request to look further (sequential scaling)."""
    runs: int = 1
    """So many runs side by side, each with its part of the budget (parallel scaling)."""
    pick: Literal["", "majority", "best", "pass"] = ""
    """How one answer is chosen from those of the parallel runs."""
    temperature: float | None = None
    """Of the searcher; None leaves it to the model."""

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools that the model is offered. Without the matrix an answer is a line of text."""
        own = ("record", "answer") if self.record else ("answer",) if self.matrix else ()
        return ("search", "browse", *own)


_OURS = Strategy(
    name="bats-early",
    rules="searcher",
    matrix=True,
    planner=True,
    record=True,
    policy=True,
    passages=True,
    reserves=True,
    confirm=True,
    warnings=True,
    tracker="forecast",
    verifier="checks",
    memory="window",
)
_PAPER = Strategy(
    name="bats-paper", planning=True, tracker="paper", verifier="verdict", until_spent=True, stops_at_either=True
)
_REACT = Strategy(name="react")
_PARALLEL = replace(_REACT, runs=3, temperature=0.7)

STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        _OURS,
        replace(_OURS, name="bats", until_spent=True),
        _PAPER,
        replace(_PAPER, name="bats-paper-early", until_spent=False),
        _REACT,
        replace(_REACT, name="react-tracker", tracker="paper"),
        replace(_REACT, name="react-planning", planning=True),
        replace(_REACT, name="react-full", memory="all"),
        replace(_REACT, name="sequential", pushes=5),
        replace(_PARALLEL, name="parallel-majority", pick="majority"),
        replace(_PARALLEL, name="parallel-best", pick="best"),
        replace(_PARALLEL, name="parallel-pass", pick="pass"),
    )
}

ABLATIONS: dict[str, dict[str, Any]] = {
    **{
        part: {part: False}
        for part in ("planner", "record", "quotes", "policy", "passages", "reserves", "confirm", "warnings")
    },
    "planning": {"planning": False},
    "tracker": {"tracker": ""},
    "verifier": {"verifier": "", "confirm": False, "policy": False, "until_spent": False},
}
"""What `:no-PART` changes. Without a verifier the first answer stands, so there is nothing to decide."""


def get_strategy(name: str) -> Strategy:
    """The strategy of that name, with what its suffixes leave out or set. Raises ConfigError, one line."""
    first, *suffixes = name.split(":")
    if first not in STRATEGIES:
        near = get_close_matches(first, STRATEGIES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(STRATEGIES)}"
        raise ConfigError(f"no strategy is named {first!r}: {hint}")
    strategy = STRATEGIES[first]
    for suffix in suffixes:
        strategy = _changed(strategy, suffix)
    return replace(strategy, name=name)


def _changed(strategy: Strategy, suffix: str) -> Strategy:
    if strategy.runs > 1 and suffix.isdecimal():
        if not 2 <= int(suffix) <= MOST_RUNS:
            raise ConfigError(f"{strategy.name}:{suffix}: give 2 to {MOST_RUNS} runs")
        return replace(strategy, runs=int(suffix))
    part = suffix.removeprefix("no-")
    can = parts_of(strategy)
    if part == suffix or part not in can:
        known = ", ".join(f":no-{name}" for name in can)
        numbered = " and a number of runs" if strategy.runs > 1 else ""
        told = f"known are {known}{numbered}" if known else f"it takes no suffix{numbered and f' but{numbered[4:]}'}"
        raise ConfigError(f"{strategy.name} has no part {suffix!r} to leave out: {told}")
    return replace(strategy, **ABLATIONS[part])


def parts_of(strategy: Strategy) -> list[str]:
    """The parts that can be left out of this strategy."""
    return [
        part
        for part, off in ABLATIONS.items()
        if getattr(strategy, part) not in (False, "") and not (part == "quotes" and not strategy.matrix) and off
    ]
