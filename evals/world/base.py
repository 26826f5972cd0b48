"""The relational heart of the bundled web: entities, facts, paths over them, and demands that a path meets.

Pages and questions are both made from these facts, so what a question needs is stated somewhere, and that
exactly one answer fits is proven by trying every entity.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Value = str | int


@dataclass(frozen=True, slots=True)
class Entity:
    """Something with a name. `id` is "kind/slug" and, with a leading slash, the path of its page."""

    id: str
    kind: str
    name: str
    note: str = ""
    """What tells it from others of the same name, as it stands in the page's title."""

    @property
    def title(self) -> str:
        return f"{self.name} ({self.note})" if self.note else self.name


class Fact(NamedTuple):
    """One true statement. `value` is the id of an entity, the key of a term, or a number."""

    subject: str
    relation: str
    value: Value


@dataclass(slots=True)
class Facts:
    """All entities and facts of a world, in the order in which they were told."""

    entities: dict[str, Entity] = field(default_factory=dict[str, Entity])
    told: list[Fact] = field(default_factory=list[Fact])
    _forward: dict[tuple[str, str], list[Fact]] = field(default_factory=dict[tuple[str, str], list[Fact]])
    _back: dict[tuple[Value, str], list[Fact]] = field(default_factory=dict[tuple[Value, str], list[Fact]])
    _kinds: dict[str, list[Entity]] = field(default_factory=dict[str, list[Entity]])

    def unsaid(self) -> "Facts":
        """The same entities, of which nothing is told yet. Neither of the two is to take in another entity then."""
        return Facts(entities=self.entities, _kinds=self._kinds)

    def add(self, entity: Entity) -> str:
        """Take in an entity and return its id. An id stands for one thing only."""
        if entity.id in self.entities:
            raise ValueError(f"two entities with the id {entity.id}")
        self.entities[entity.id] = entity
        self._kinds.setdefault(entity.kind, []).append(entity)
        return entity.id

    def tell(self, subject: str, /, **relations: Value) -> None:
        for relation, value in relations.items():
            fact = Fact(subject, relation, value)
            self.told.append(fact)
            self._forward.setdefault((subject, relation), []).append(fact)
            self._back.setdefault((value, relation), []).append(fact)

    def with_too(self, more: Sequence[Fact]) -> "Facts":
        """The same entities and facts, and some more."""
        facts = self.unsaid()
        for fact in (*self.told, *more):
            facts.tell(fact.subject, **{fact.relation: fact.value})
        return facts

    def of_kind(self, kind: str) -> Sequence[Entity]:
        """Every entity of a kind, in the order in which they were taken in."""
        return self._kinds.get(kind, ())

    def about(self, subject: str, relation: str) -> list[Fact]:
        """The facts of one relation; "~author" reads `author` backwards, from the person to the books."""
        if relation.startswith("~"):
            return self._back.get((subject, relation[1:]), [])
        return self._forward.get((subject, relation), [])

    def one(self, subject: str, relation: str) -> Value:
        """The value of a relation that everything of the subject's kind has. Raises KeyError if it is missing."""
        found = self._forward.get((subject, relation))
        if not found:
            raise KeyError(f"{subject} has no {relation}")
        return found[0].value

    def number(self, subject: str, relation: str) -> int:
        value = self.one(subject, relation)
        if not isinstance(value, int):
            raise TypeError(f"{relation} of {subject} is {value!r}, not a number")
        return value

    def ref(self, subject: str, relation: str) -> str:
        return str(self.one(subject, relation))

    def walk(self, subject: str, path: str) -> Iterator[tuple[Value, tuple[Fact, ...]]]:
        """Each value at the end of a path such as "captain.born_in.river", with the facts that lead to it."""
        first, _, rest = path.partition(".")
        for fact in self.about(subject, first):
            end = fact.subject if first.startswith("~") else fact.value
            if not rest:
                yield end, (fact,)
                continue
            for value, facts in self.walk(str(end), rest):
                yield value, (fact, *facts)


@dataclass(frozen=True, slots=True)
class Demand:
    """A predicate over facts, as data: some value at the end of `path` is `value`, lies in [low, high], or
    is also found at the end of `other`.
    """

    path: str
    test: Literal["is", "between", "same"]
    value: Value = ""
    low: int = 0
    high: int = 0
    other: str = ""

    def witness(self, facts: Facts, subject: str) -> tuple[Fact, ...] | None:
        """Facts that show that `subject` meets the demand, or None when it does not."""
        for value, used in facts.walk(subject, self.path):
            if self.test == "is" and value == self.value:
                return used
            if self.test == "between" and isinstance(value, int) and self.low <= value <= self.high:
                return used
            if self.test == "same":
                for twin, more in facts.walk(subject, self.other):
                    if twin == value:
                        return used + more
        return None

    def holds(self, facts: Facts, subject: str) -> bool:
        return self.witness(facts, subject) is not None


def solve(facts: Facts, kind: str, demands: list[Demand]) -> list[str]:
    """Every entity of a kind that meets all demands: the proof that a question has one answer."""
    return [e.id for e in facts.of_kind(kind) if all(demand.holds(facts, e.id) for demand in demands)]
