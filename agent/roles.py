"""The roles that a model can have, and the regimes from which on another one may take over all of them."""

from .money.budget import Regime

ROLES = ("planner", "searcher", "verifier", "judge")
LATE = tuple(Regime)[1:]
