"""Two ways to answer the same questions, side by side: what changed, and whether it means anything.

A way is a strategy with a model. Only questions that both were asked, with the same budget, are compared; a run that
failed, or could not be graded, says nothing of its way and is left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from ...tools.errors import ConfigError
from ..statistics.paired import Difference, holm, mcnemar, paired_bootstrap
from .runs_file import Json, Key, has_failed, is_unscored, key_of

Asked = tuple[str, str, str]
"""Suite, budget and question."""


@dataclass(slots=True)
class Runs:
    """The runs of one question that ended well: how many, how many right, an answer, and the spend of all."""

    right: list[bool] = field(default_factory=list[bool])
    answer: str = ""
    spend: list[Json] = field(default_factory=list[Json])

    @property
    def share(self) -> float:
        return fmean(self.right)

    def mean(self, name: str) -> float | None:
        """The mean spend of a run; None where it is not known of all."""
        amounts = [spend.get(name) for spend in self.spend]
        return None if any(amount is None for amount in amounts) else fmean(float(amount or 0) for amount in amounts)


@dataclass(slots=True)
class Way:
    """A strategy with a model, and its runs by what was asked."""

    strategy: str
    model: str
    runs: dict[Asked, Runs]
    unscored: int = 0
    """Runs that ended well and could not be graded."""

    @classmethod
    def of(cls, lines: Iterable[Json], strategy: str | None, where: str) -> "Way":
        """The way in these lines, of those of `strategy` where one is given. Raises ConfigError for none or several."""
        seen: set[Key] = set()
        unscored = 0
        ways: dict[tuple[str, str], dict[Asked, Runs]] = {}
        for line in lines:
            if strategy not in (None, line["strategy"]):
                continue
            runs = ways.setdefault((line["strategy"], line["model"]), {})
            if has_failed(line) or key_of(line) in seen:
                continue
            seen.add(key_of(line))
            if is_unscored(line):
                unscored += 1
                continue
            found = runs.setdefault((line["suite"], line["budget"], line["id"]), Runs())
            found.right.append(bool(line["correct"]))
            found.spend.append(line["spend"])
            found.answer = found.answer or ("sealed" if line.get("canary") else line["answer"])
        if not ways:
            raise ConfigError(f"there are no runs{f' of {strategy}' if strategy else ''} in {where}")
        if len(ways) > 1:
            names = ", ".join(f"{name} with {model}" for name, model in ways)
            raise ConfigError(f"{where} has several ways: {names}; choose with --strategy, or give another folder")
        ((name, model), runs) = ways.popitem()
        return cls(name, model, runs, unscored)


@dataclass(slots=True)
class Comparison:
    """Two ways over the questions of a suite that both were asked with one budget."""

    suite: str
    budget: str
    pairs: dict[str, tuple[Runs, Runs]]
    p_of_all: float = 1.0
    """`p` as one of several comparisons that are made together."""

    @property
    def p(self) -> float:
        """How often two equal ways would differ as much as these, or more (McNemar)."""
        return mcnemar(*self.better)

    @property
    def better(self) -> tuple[int, int]:
        """In how many questions the first did better, and the second."""
        gaps = [first.share - second.share for first, second in self.pairs.values()]
        return sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)

    def right(self) -> tuple[float, float, Difference]:
        """The shares of right answers and their difference."""
        shares = [(first.share, second.share) for first, second in self.pairs.values()]
        return _side_by_side(shares)

    def spent(self, name: str) -> tuple[float, float, Difference] | None:
        """The same of a kind of spend; None where it is not known of all runs."""
        means = [(first.mean(name), second.mean(name)) for first, second in self.pairs.values()]
        known = [(one, two) for one, two in means if one is not None and two is not None]
        return _side_by_side(known) if len(known) == len(means) else None


def compare(first: Way, second: Way) -> list[Comparison]:
    """A comparison for each suite and budget that both ways have runs of. Raises ConfigError where there is none."""
    shared: dict[tuple[str, str], dict[str, tuple[Runs, Runs]]] = {}
    for (suite, budget, question), runs in first.runs.items():
        if others := second.runs.get((suite, budget, question)):
            shared.setdefault((suite, budget), {})[question] = (runs, others)
    if not shared:
        raise ConfigError("there is no question that both were asked with the same budget")
    found = [Comparison(suite, budget, pairs) for (suite, budget), pairs in shared.items()]
    for comparison, p in zip(found, holm([comparison.p for comparison in found]), strict=True):
        comparison.p_of_all = p
    return found


def _side_by_side(pairs: Sequence[tuple[float, float]]) -> tuple[float, float, Difference]:
    gaps = [one - two for one, two in pairs]
    return fmean(one for one, _ in pairs), fmean(two for _, two in pairs), paired_bootstrap(gaps)
