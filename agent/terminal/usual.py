"""What a question and a chat may use where the command line says nothing."""

import os

from ..money.budget import Budget
from ..money.limits import calls_of, pairs, parse_limits, with_limits

STRATEGY = "bats-early"


def usual_budget() -> Budget:
    """The budget of a question: SPADEWORK_BUDGET, else 10 searches, 10 page reads and 300 seconds.

    The variable holds a number of searches and as many page reads, `5`; or limits that take the place of the usual
    ones, `searches=5,usd=0.05,seconds=none`. Raises ConfigError.
    """
    text = os.environ.get("SPADEWORK_BUDGET", "").strip()
    if not text:
        return Budget.of(None)
    if "=" not in text:
        return Budget.of(calls_of(text, "SPADEWORK_BUDGET"))
    return with_limits(Budget.of(None), pairs("SPADEWORK_BUDGET", text), lambda name: f"SPADEWORK_BUDGET {name}")


def conversation_limits() -> Budget | None:
    """The limits of a whole conversation: SPADEWORK_CONVERSATION, as `usd=0.50,searches=50`; None for none.

    Raises ConfigError.
    """
    return limits_of("SPADEWORK_CONVERSATION", os.environ.get("SPADEWORK_CONVERSATION", ""))


def limits_of(option: str, text: str) -> Budget | None:
    """Limits as `usd=0.50,searches=50`; None for `none` and for nothing. Raises ConfigError."""
    text = text.strip()
    return None if not text or text.lower() == "none" else parse_limits(option, text)


def usual_strategy() -> str:
    """The strategy of a question: SPADEWORK_STRATEGY, else bats-early."""
    return os.environ.get("SPADEWORK_STRATEGY", "").strip() or STRATEGY
