"""The best answer so far: there is one from the first candidate on, whatever ends the run."""

from dataclasses import dataclass
from typing import Any

from ..events import BestEvent
from ..proof.matrix import row_of
from ..session import Session
from ..state import AgentState, AnswerStatus
from .judge import choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The candidate that leads, how far it can be trusted, and how it stands on each constraint, by their ids."""

    answer: str
    status: AnswerStatus
    proven: tuple[str, ...]
    """By quotes from pages."""
    weakly: tuple[str, ...]
    """By a snippet or an inference only."""
    open: tuple[str, ...]
    contradicted: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, fit for JSON."""
        stands = {name: list(getattr(self, name)) for name in ("proven", "weakly", "open", "contradicted")}
        return {"answer": self.answer, "status": self.status, **stands}


def best_of(state: AgentState) -> Best | None:
    """What `finish` would choose now; None while there is no candidate."""
    answer, status = choose(state)
    if not answer:
        return None
    row = row_of(answer, state["constraints"], state["findings"])
    return Best(
        answer=answer,
        status=status,
        proven=tuple(row.by_page),
        weakly=tuple(row.weakly),
        open=tuple(row.open),
        contradicted=tuple(row.contradicted),
    )


def tell_best(session: Session, state: AgentState) -> None:
    """Tell whoever listens that another candidate leads, or that the one that leads stands better or worse."""
    if session.listener is None:
        return
    best = best_of(state)
    if best is not None and best != session.best:
        session.best = best
        session.emit(BestEvent(best.answer, best.status, best.proven, best.open))
