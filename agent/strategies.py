"""Strategies: which parts of the machine a run uses. All share the ledger, the tools and the result."""

from dataclasses import dataclass
from difflib import get_close_matches

from ..tools.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One switch for each part that can be left out."""

    name: str
    prompt: str
    """The searcher's prompt file."""
    planner: bool
    """Constraints and a plan, by a call of their own where the budget is large enough."""
    record: bool
    """The free record tool, and with it the matrix in the prompt."""
    tracker: bool
    """The budget block in the prompt."""
    verifier: bool
    """Check the answer constraint by constraint and let the policy decide; otherwise the first answer stands."""

    @property
    def tools(self) -> tuple[str, ...]:
        return ("search", "browse", "record", "answer") if self.record else ("search", "browse", "answer")


STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        Strategy(name="bats-early", prompt="searcher", planner=True, record=True, tracker=True, verifier=True),
        Strategy(name="react", prompt="react", planner=False, record=False, tracker=False, verifier=False),
    )
}


def get_strategy(name: str) -> Strategy:
    """The strategy of that name. Raises ConfigError that lists the known ones."""
    if name in STRATEGIES:
        return STRATEGIES[name]
    near = get_close_matches(name, STRATEGIES, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(STRATEGIES)}"
    raise ConfigError(f"no strategy is named {name!r}: {hint}")
