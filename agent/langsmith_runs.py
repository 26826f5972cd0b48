"""LangSmith: the calls of a node as runs below it, where its environment variables ask for tracing.

LangGraph traces the nodes; our calls to models and tools are none of LangChain's, and would not be seen. Without
tracing nothing is imported and nothing is made. What goes wrong here is LangSmith's matter, and never the run's.
"""

import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeVar

from ..tools.clean import one_line

T = TypeVar("T")
SWITCHES = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")
MOST_NAME = 80
log = logging.getLogger("spadework")

Json = Mapping[str, Any]


def is_traced() -> bool:
    """Whether runs are traced by LangSmith, as its own environment variables say."""
    return any(os.environ.get(name, "").lower() == "true" for name in SWITCHES)


def graph_config(question: str, run: str, strategy: str) -> dict[str, Any]:
    """What LangSmith calls the run of a graph; nothing where it does not listen, as checkpoints keep all of it."""
    if not is_traced():
        return {}
    return {"run_name": one_line(question, MOST_NAME), "metadata": {"spadework_run": run, "strategy": strategy}}


async def as_run(
    kind: Literal["llm", "tool"],
    name: str,
    work: Awaitable[T],
    inputs: Callable[[], dict[str, Any]],
    outputs: Callable[[T], dict[str, Any]],
) -> T:
    """Await `work`, as a run below that of the node it is made in. `inputs` and `outputs` are asked only if traced."""
    run = _begun(kind, name, inputs) if is_traced() else None
    if run is None:
        return await work
    try:
        done = await work
    except BaseException as error:
        _end(run, error=f"{type(error).__name__}: {error}")
        raise
    _end(run, outputs=lambda: outputs(done))
    return done


def _begun(kind: str, name: str, inputs: Callable[[], dict[str, Any]]) -> Any:
    """The run, under way; None where no node is traced, or LangSmith fails."""
    try:
        from langsmith.run_helpers import get_current_run_tree

        parent: Any = get_current_run_tree()
        if parent is None:
            return None
        given = inputs()
        run = parent.create_child(name, kind, inputs=given, extra={"metadata": given.pop("metadata", {})})
        run.post()
    except Exception as error:
        log.debug("a call is not traced by LangSmith: %s", error)
        return None
    return run


def _end(run: Any, *, outputs: Callable[[], dict[str, Any]] = dict, error: str | None = None) -> None:
    try:
        run.end(outputs=outputs(), error=error)
        run.patch()
    except Exception as fault:
        log.debug("the end of a call is not traced by LangSmith: %s", fault)
