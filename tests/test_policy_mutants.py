"""Every rule of the policy is held by the tables: whatever is changed in one of them, a row notices.

The source is changed in one place at a time (a comparison, a condition, a number, an outcome, the order of the rules),
loaded, and played through the tables of test_policy.
"""

import ast
import pickle
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from policy_table import BEYOND, CAPS, OBEYED, OBEYED_WORDS, SPENT, TABLE, WORDS
from spadework.agent.money.budget import Remaining
from spadework.agent.nodes import policy

SOURCE = Path(str(policy.__file__)).read_text(encoding="utf-8")
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.GtE: ast.Gt,
    ast.Gt: ast.GtE,
    ast.LtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
SAME = ("rules 0 and 1 swapped", "if cap is not None and now.remaining.gone.get('model_calls', 1) >= cap")
"""Changes that make no difference: a row is verified or supported, never both, and a cap is at least 12."""


def load(tree: ast.Module) -> ModuleType:
    module = ModuleType("spadework.agent.nodes.policy_mutant")
    module.__package__ = "spadework.agent.nodes"
    sys.modules[module.__name__] = module
    try:
        exec(compile(ast.fix_missing_locations(tree), "policy_mutant", "exec"), module.__dict__)
    finally:
        del sys.modules[module.__name__]
    return module


def told(decision: Any) -> tuple[str, str, str]:
    return decision.outcome, decision.rule, decision.resource


def holds(module: Any) -> bool:
    """Whether all rows come out as wanted."""
    try:
        return (
            all(told(module.decide(now)) == wanted for _, now, wanted in TABLE)
            and all(words in module.decide(now).reason for now, words in WORDS)
            and all(told(module.obey(now, verdict)) == wanted for _, now, verdict, wanted in OBEYED)
            and all(words in module.obey(now, verdict).reason for now, verdict, words in OBEYED_WORDS)
            and all(module.goes_on(now) is wanted for now, wanted in BEYOND)
            and all(module.tools_spent(remaining, either=either) == wanted for remaining, either, wanted in SPENT)
            and all(module.turn_cap(Remaining(limits, gone)) == wanted for limits, gone, wanted in CAPS)
        )
    except Exception:
        return False


def mutants() -> Generator[tuple[str, ast.Module], None, None]:
    """Each changed copy of the source, named after the line and the change."""
    whole = ast.parse(SOURCE)
    saved = pickle.dumps(whole)  # read again ten times as fast as it is copied
    for place, node in enumerate(ast.walk(whole)):
        for name, change in changes(node):
            copy: ast.Module = pickle.loads(saved)
            target = next(item for number, item in enumerate(ast.walk(copy)) if number == place)
            change(target)
            if name not in SAME and not any(same in ast.unparse(copy) for same in SAME):
                yield f"{getattr(node, 'lineno', 0)}: {name}", copy


Changes = Generator[tuple[str, Callable[[Any], None]], None, None]


def changes(node: ast.AST) -> Changes:
    """What can be changed in one node, by name."""
    if isinstance(node, ast.Compare):
        yield from _turned(node)
    elif isinstance(node, ast.BoolOp):
        yield f"{type(node.op).__name__} turned", lambda n: setattr(n, "op", SWAPS[type(n.op)]())
    elif isinstance(node, ast.If | ast.IfExp):
        for value in (True, False):
            yield f"if {value}", lambda n, v=value: setattr(n, "test", ast.Constant(v))
    elif isinstance(node, ast.Constant):
        yield from _other_value(node)
    elif isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple):
        yield from _other_order(node.iter.elts)


def _turned(node: ast.Compare) -> Changes:
    for number, op in enumerate(node.ops):
        if type(op) in SWAPS:
            yield f"{type(op).__name__} turned", lambda n, at=number: n.ops.__setitem__(at, SWAPS[type(n.ops[at])]())


def _other_value(node: ast.Constant) -> Changes:
    if type(node.value) is int:
        yield f"{node.value} plus one", lambda n: setattr(n, "value", n.value + 1)
    elif node.value in ("SUCCESS", "CONTINUE", "PIVOT", "EXHAUSTED"):
        yield f"{node.value} renamed", lambda n: setattr(n, "value", "OTHER")


def _other_order(rules: list[ast.expr]) -> Changes:
    for number in range(len(rules)):
        yield f"rule {number} left out", lambda n, at=number: n.iter.elts.pop(at)
    for number in range(len(rules) - 1):
        yield f"rules {number} and {number + 1} swapped", lambda n, at=number: _swap(n.iter.elts, at)


def _swap(items: list[Any], at: int) -> None:
    items[at], items[at + 1] = items[at + 1], items[at]


MUTANTS = [*mutants()]


def test_the_tables_hold_for_the_policy_as_it_is() -> None:
    assert holds(load(ast.parse(SOURCE)))
    assert len(MUTANTS) > 80


@pytest.mark.parametrize(("name", "tree"), MUTANTS, ids=[name for name, _ in MUTANTS])
def test_a_changed_rule_fails_a_row(name: str, tree: ast.Module) -> None:
    assert not holds(load(tree)), f"nothing notices: {name}"
