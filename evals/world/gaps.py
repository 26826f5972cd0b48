"""What is still to be looked up in the bundled web, for whoever knows some of its facts and how a question is meant."""

from collections.abc import Callable, Iterator, Sequence

from .base import Demand, Facts

# Whoever stands in such a relation is known for such a calling, so others need not be looked up.
_CALLINGS = {
    "captain": "captain",
    "author": "author",
    "architect": "architect",
    "painter": "painter",
    "inventor": "cook",
}


class Gaps:
    """Where the ways break off on which constraints lead. `untried` says of a thing whether it may be looked up yet."""

    def __init__(self, known: Facts, untried: Callable[[str], bool]) -> None:
        self._known = known
        self._untried = untried

    def first(self, candidate: str, demand: Demand) -> str | None:
        """What to look up first to tell whether a candidate meets a demand; None where nothing is left to try."""
        ways = (demand.path, demand.other) if demand.other else (demand.path,)
        return next((found for path in ways for found in self._along(candidate, path)), None)

    def before(self, demands: Sequence[Demand]) -> list[list[str]]:
        """What to look up on the ways from a value that is asked for back to candidates; the shortest list first."""
        through = [demand for demand in demands if demand.test == "is" and "." in demand.path]
        return sorted(([*dict.fromkeys(self._back(demand))] for demand in through), key=len)

    def _along(self, subject: str, path: str) -> Iterator[str]:
        """Things along a path whose pages may still say where it goes on."""
        step, _, rest = path.partition(".")
        known = self._known.about(subject, step)
        if (not known or step.startswith("~")) and self._untried(subject):
            yield subject
        for fact in known if rest else []:
            yield from self._along(str(fact.subject if step.startswith("~") else fact.value), rest)

    def _back(self, demand: Demand) -> Iterator[str]:
        """Things known to fit the end of a path, and those between them and candidates, that are still to be read."""
        steps = demand.path.split(".")
        back = ".".join(step[1:] if step.startswith("~") else f"~{step}" for step in reversed(steps[:-1]))
        calling = _CALLINGS.get(steps[-2], "")
        for fact in self._known.about(str(demand.value), f"~{steps[-1]}"):
            known = self._known.about(fact.subject, "calling")
            if not (calling and known) or known[0].value == calling:
                yield from self._along(fact.subject, back)
