"""Solves questions of the bundled web by trying every entity, from the facts as they were told and nothing else."""

from collections.abc import Iterable, Sequence

from spadework.evals.world.base import Demand, Fact, Value
from spadework.evals.world.making import Question, World


class Solver:
    """Knows facts; says which entities of a kind meet demands. It shares no code with what makes the questions."""

    def __init__(self, world: World, more: Iterable[Fact] = ()) -> None:
        self._kinds: dict[str, list[str]] = {}
        for entity in world.facts.entities.values():
            self._kinds.setdefault(entity.kind, []).append(entity.id)
        self._ends: dict[str, dict[Value, set[Value]]] = {}
        for subject, relation, value in (*world.facts.told, *more):
            self._ends.setdefault(relation, {}).setdefault(subject, set()).add(value)
            self._ends.setdefault(f"~{relation}", {}).setdefault(value, set()).add(subject)

    def fitting(self, kind: str, demands: Sequence[Demand]) -> set[str]:
        """Every entity of a kind that meets all demands."""
        return {entity for entity in self._kinds[kind] if all(self._meets(entity, demand) for demand in demands)}

    def _meets(self, entity: str, demand: Demand) -> bool:
        values = self._reached(entity, demand.path)
        if demand.test == "is":
            return demand.value in values
        if demand.test == "same":
            return bool(values & self._reached(entity, demand.other))
        return any(isinstance(value, int) and demand.low <= value <= demand.high for value in values)

    def _reached(self, entity: str, path: str) -> set[Value]:
        values: set[Value] = {entity}
        for step in path.split("."):
            ends = self._ends.get(step, {})
            values = {end for value in values for end in ends.get(value, ())}
        return values


def demands_of(question: Question) -> list[Demand]:
    return [constraint.demand for constraint in question.constraints]


def rumours(world: World) -> list[Fact]:
    """Every untruth of a world as somebody would remember it who believed it."""
    return [Fact(u.truth.subject, u.truth.relation, u.said) for u in world.untruths]
