"""The graph for `langgraph dev` and other runtimes: built from the environment, without a checkpointer."""

from typing import Any

from .money.budget import Budget
from .prepare import prepare


def graph() -> Any:
    """The compiled graph; each thread sets its own question and budget. Raises ConfigError without a model."""
    built: Any = prepare("set by each thread", Budget.of(None), {}).built
    return built.compile()
