"""A question that waits, as a limit is gone: what is said, and what becomes of it."""

from typing import TYPE_CHECKING

from ...tools.errors import ConfigError
from ..money.budget import PUBLIC_NAMES, Budget
from ..terminal.ask import example_top_up
from .commands.budgets import read_more
from .commands.registry import find_command, run_command

if TYPE_CHECKING:
    from ..result import Result
    from ..topup import Said
    from .chat import Chat

TAKE = ("", "t", "take", "n", "no")
STOP = ("s", "stop", "/stop")
LEAVE = ("q", "quit", "/quit", "exit", "/exit")
CHOICES = "add, take or stop? "
LOOKING = ("proof", "sources", "open", "why", "plan", "receipt", "spent", "budget", "help", "quit")
"""Commands that can be said while a question waits to be told what becomes of it."""


def asked_for_more(chat: "Chat", result: "Result") -> "Said":
    """What is to become of a question whose budget is gone; None where nobody says so now, and it waits."""
    example = example_top_up(result)
    chat.say(_used_up(chat, result, example))
    while True:
        try:
            said = chat.reader.reply(CHOICES).strip()
        except KeyboardInterrupt:
            return None if chat.leaving else "stop"
        except EOFError:
            said = LEAVE[0]
        if said in LEAVE:
            chat.leaving = True
            return None
        if said.lower() in TAKE:
            return "take"
        if said.lower() in STOP:
            return "stop"
        try:
            if (more := _more(chat, said, example)) is not None:
                return more
        except ConfigError as error:
            chat.complain(f"{error} (or say take, or stop)")
        if chat.leaving:
            return None


def _more(chat: "Chat", said: str, example: str) -> Budget | None:
    """What somebody adds; a command that looks at something is obeyed, and adds nothing. Raises ConfigError."""
    text = said.lower().removeprefix("/topup").strip()
    if text.startswith("/"):
        name = find_command(text[1:].partition(" ")[0]).name
        if name not in LOOKING:
            raise ConfigError(f"/{name}: say first what is to become of this question")
        run_command(chat, said)
        return None
    return read_more(chat, example if text == "add" else text.removeprefix("add "), "add")


def _used_up(chat: "Chat", result: "Result", example: str) -> str:
    gone = result.resource.replace("_", " ").removeprefix("tools.") or "the budget"
    left = chat.conversation.left()
    name = next((name for name in left if PUBLIC_NAMES.get(name, name) == result.resource), "")
    whole = " What is added raises the limit of the conversation, too." if name and not left[name] else ""
    return f"{gone}: used up. Add some ({example}), take what there is (Enter), or stop.{whole}"
