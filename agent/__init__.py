"""The agent: `run_agent(question, budget)` and what goes with it."""

if "." not in __name__:
    raise ImportError("this folder is installed as spadework.agent: pip install -e . and import spadework.agent")

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..tools.errors import SpadeworkError
    from .money.budget import Budget
    from .result import Result
    from .run import aresume_agent, arun_agent, resume_agent, run_agent, stream_agent
    from .storage.purse import Purse

__all__ = [
    "Budget",
    "Purse",
    "Result",
    "SpadeworkError",
    "aresume_agent",
    "arun_agent",
    "resume_agent",
    "run_agent",
    "stream_agent",
]

_HOMES = {
    "Budget": ".money.budget",
    "Purse": ".storage.purse",
    "Result": ".result",
    "SpadeworkError": "..tools.errors",
    "aresume_agent": ".run",
    "arun_agent": ".run",
    "resume_agent": ".run",
    "run_agent": ".run",
    "stream_agent": ".run",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used: the command line's help must not wait for the graph."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
