"""Constraints as a model states them: one thing that the question demands, its kind, and its expected form."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...tools.clean import neutralise, one_line
from ...tools.shapes import is_list, is_mapping
from ..proof.forms import FORMS
from ..state import Constraint

MOST = 12


@dataclass(frozen=True, slots=True)
class Stated:
    """A constraint before it has an id."""

    text: str
    kind: str = "verification"
    form: str = ""


def read_constraints(value: object) -> tuple[Stated, ...]:
    """The constraints in a list; a bare string is taken as one to verify."""
    found: list[Stated] = []
    for item in value[:MOST] if is_list(value) else ():
        text = item.get("text") if is_mapping(item) else item
        kind = item.get("kind") if is_mapping(item) else ""
        form = item.get("form") if is_mapping(item) else ""
        if isinstance(text, str) and one_line(text):
            known = form if isinstance(form, str) and form in FORMS and form not in ("name", "yes/no") else ""
            kind_name = "exploration" if kind == "exploration" else "verification"
            found.append(Stated(neutralise(one_line(text, 300)), kind_name, known))
    return tuple(found)


def add_constraints(known: Sequence[Constraint], new: Sequence[Stated]) -> list[Constraint]:
    """The constraints with new ones added under the next ids; what is there already is not added twice."""
    constraints = list(known)
    texts = {constraint["text"].casefold() for constraint in constraints}
    for item in new:
        if item.text.casefold() in texts or len(constraints) > MOST:
            continue
        kind = "exploration" if item.kind == "exploration" else "verification"
        made = Constraint(id=f"c{len(constraints)}", text=item.text, kind=kind)
        if item.form:
            made["form"] = item.form
        constraints.append(made)
        texts.add(item.text.casefold())
    return constraints


def drop_constraint(constraints: Sequence[Constraint], name: object, why: object) -> list[Constraint]:
    """Mark a constraint as dropped, with its reason. c0 stays, and without a reason nothing is dropped."""
    if name == "c0" or not isinstance(why, str) or not why.strip():
        return list(constraints)
    return [
        {**constraint, "dropped": neutralise(one_line(why, 200))} if constraint["id"] == name else constraint
        for constraint in constraints
    ]
