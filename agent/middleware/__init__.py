"""The budget alone, for other people's agents: a middleware for LangChain's `create_agent` (extra `langchain`)."""

from .tracker import BudgetTracker

__all__ = ["BudgetTracker"]
