"""The graph as a picture; drawing it needs no model, no key and no network."""

from typing import Any

from ..deps import Deps
from ..graph import Graph, build_graph
from ..strategies import STRATEGIES


class _Inert:
    """Stands where a drawn graph has its tools, which nobody calls."""

    name = "none"

    async def search(self, query: str, *, limit: int, timeout: float) -> Any:
        raise AssertionError("a drawn graph is not run")

    async def read(self, url: str, *, timeout: float) -> Any:
        raise AssertionError("a drawn graph is not run")

    async def aclose(self) -> None:
        """Nothing is open."""


def inert_graph() -> Graph:
    """The graph to be drawn, or to read stored states with; it cannot be run."""
    inert = _Inert()
    return build_graph(Deps({}, inert, inert, STRATEGIES["bats-early"]))


def graph_picture() -> str:
    """The graph as Mermaid text."""
    built: Any = inert_graph()
    return built.compile().get_graph().draw_mermaid()
