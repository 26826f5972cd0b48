"""Commands about money: `/budget`, `/spent`, `/topup`."""

from typing import TYPE_CHECKING

from ....tools.errors import ConfigError
from ...money.block import amount_text
from ...money.budget import Budget, Remaining, counted, label, ordered
from ...money.limits import WANTED, calls_of, pairs, parse_limits, with_limits
from ...terminal.gauges import amount, with_unit
from .registry import command

if TYPE_CHECKING:
    from ..chat import Chat

WHOLE = "conversation"
SHOWN = ("searches", "browses", "model_calls", "tokens", "picousd", "ms")


def _limit_words(_: "Chat") -> list[str]:
    return [WHOLE, *(f"{name}=" for name in WANTED)]


@command(
    "budget",
    "[LIMITS]",
    "show the limits, or set them",
    _limit_words,
    more="Of each question: /budget 5 (searches and page reads), /budget searches=9,usd=0.05, /budget none. Of all"
    " questions together: /budget conversation usd=1.",
)
def budget(chat: "Chat", rest: str) -> None:
    """Show or set the limits of each question, or of the conversation."""
    talk = chat.conversation
    first, _, more = rest.partition(" ")
    if first.lower() == WHOLE:
        if more.strip():
            talk.whole = changed("/budget conversation", more, talk.whole)
        chat.say(_whole_text(chat))
    elif rest:
        talk.budget = changed("/budget", rest, talk.budget)
        chat.say(_question_text(talk.budget))
    else:
        chat.say(f"{_question_text(talk.budget)}\n{_whole_text(chat)}")


@command("spent", "", "what the last question and all together took")
def spent(chat: "Chat", rest: str) -> None:
    """Show the sums of the conversation, and of its last question."""
    talk = chat.conversation
    talk.check_alone()
    whole, own = counted(talk.spent()), counted(talk.spent() - talk.before)
    lines = [f"{'':<12}{'last question':>16}{'conversation':>16}"]
    for name in SHOWN:
        lines.append(f"{label(name):<12}{amount_text(name, own[name]):>16}{amount_text(name, whole[name]):>16}")
    left = talk.left()
    lines += [f"left of the conversation's budget: {_amounts(left)}"] if left else []
    chat.say("\n".join(lines))


@command(
    "topup",
    "LIMITS",
    "go on with the last question, with more",
    _limit_words,
    more="/topup searches=5 adds so much to its budget; a number alone is more of what is used up.",
)
def topup(chat: "Chat", rest: str) -> None:
    """Go on with the last question, with more."""
    result = chat.conversation.result
    if result is None:
        raise ConfigError("/topup: nothing was asked yet")
    if result.stop_reason == "no_search_needed" or result.status == "verified":
        why = "is proven by pages already" if result.status == "verified" else "needed no search"
        raise ConfigError(f"/topup: the last answer {why}; /retry asks once more")
    chat.add(read_more(chat, rest, "/topup"))


def changed(option: str, text: str, before: Budget) -> Budget:
    """A budget with limits changed: `5` for searches and page reads, `usd=0.05,seconds=none`, or `none` for all."""
    text = ",".join(text.replace(",", " ").split())
    if text.lower() == "none":
        return Budget()
    if "=" not in text:
        calls = str(calls_of(text, option))
        return with_limits(before, {"searches": calls, "browses": calls}, lambda name: f"{option} {name}")
    return with_limits(before, pairs(option, text), lambda name: f"{option} {name}")


def read_more(chat: "Chat", text: str, option: str) -> Budget:
    """What is to be added to the last question: limits, or a number of what is used up. Raises ConfigError."""
    from ...topup import added

    result = chat.conversation.result
    own = Budget.of(result.budget) if result is not None else chat.conversation.budget
    if not text:
        raise ConfigError(f"{option}: say how much, such as {option} searches=5")
    if "=" not in text:
        calls_of(text, option)
        gone = result.resource if result is not None else ""
        text = f"{gone}={text}" if gone in WANTED else f"searches={text},browses={text}"
    return added(parse_limits(option, ",".join(text.replace(",", " ").split())), own)


def _question_text(limits: Budget) -> str:
    return f"each question: {_amounts(limits.limits()) or 'no limit'}"


def _whole_text(chat: "Chat") -> str:
    limits = chat.conversation.whole.limits()
    if not limits:
        return "this conversation: no limit (/budget conversation usd=1 sets one)"
    chat.conversation.check_alone()
    left = Remaining(limits, counted(chat.conversation.spent()))
    parts = [
        f"{amount(name, left.left(name) or 0)} of {with_unit(name, limits[name])} left" for name in ordered(limits)
    ]
    return f"this conversation: {', '.join(parts)}"


def _amounts(limits: dict[str, int]) -> str:
    return ", ".join(with_unit(name, limits[name]) for name in ordered(limits))
