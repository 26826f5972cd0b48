"""A question that cannot be understood as it stands: whoever asked is asked once, or an assumption is stated."""

from inspect import isawaitable

from ...tools.clean import clean, one_line
from ..session import Session

MOST_CHARS = 500


async def settle_assumption(session: Session, assumption: str) -> str:
    """How the question is taken: as the model would, or as the caller's `clarify` says. It is asked once a question.

    Waiting for a person takes no time of the budget.
    """
    clarify = session.deps.clarify
    if clarify is None or session.clarified:
        return assumption
    session.clarified = True
    started = session.ledger.clock()
    said = clarify(assumption)
    answer = await said if isawaitable(said) else said
    session.ledger.wait(session.ledger.clock() - started)
    told = one_line(clean(answer), MOST_CHARS) if isinstance(answer, str) else ""
    return told or assumption
