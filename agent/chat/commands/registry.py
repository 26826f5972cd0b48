"""The commands of the chat: lines that begin with a slash. Each is a function that is registered under its name."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ....tools.clean import one_line
from ....tools.errors import ConfigError

if TYPE_CHECKING:
    from ..chat import Chat

Work = Callable[["Chat", str], None]
"""Told what stands after the command's name. Raises ConfigError, one line, for what cannot be done."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command as `/help` tells of it. `words` are what may stand after its name, for completion."""

    name: str
    usage: str
    help: str
    """Short, so that it stands on one line of the list."""
    work: Work
    words: Callable[["Chat"], list[str]]
    more: str = ""
    """What `/help` of this one command tells, too."""

    @property
    def head(self) -> str:
        """How it is said."""
        return f"/{self.name} {self.usage}".rstrip()


COMMANDS: dict[str, Command] = {}
OTHER_NAMES = {"exit": "quit", "?": "help", "cost": "spent", "usage": "spent", "new": "clear", "export": "save"}
"""What people know such commands by from elsewhere."""


def _no_words(_: "Chat") -> list[str]:
    return []


def command(
    name: str, usage: str, help: str, words: Callable[["Chat"], list[str]] = _no_words, more: str = ""
) -> Callable[[Work], Work]:
    """Register a function as a command."""

    def register(work: Work) -> Work:
        COMMANDS[name] = Command(name, usage, help, work, words, more)
        return work

    return register


def is_command(line: str) -> bool:
    """Whether a line is a command, and not a question: a path such as /etc/hosts is none.

    >>> is_command("/budget 5"), is_command("/etc/hosts is what?"), is_command("what is /etc?")
    (True, False, False)
    """
    head = line.strip().split(maxsplit=1)
    return bool(head) and head[0].startswith("/") and "/" not in head[0][1:]


def run_command(chat: "Chat", line: str) -> None:
    """Run a command line. Raises ConfigError, one line, for an unknown command or one that cannot be done."""
    name, _, rest = line.strip()[1:].partition(" ")
    find_command(name).work(chat, rest.strip())


def find_command(name: str) -> Command:
    """The command of that name, or the only one that begins so. Raises ConfigError with the nearest name."""
    wanted = name.lower().removeprefix("/")
    wanted = OTHER_NAMES.get(wanted, wanted)
    begun = [known for known in COMMANDS if known == wanted] or [
        known for known in COMMANDS if known.startswith(wanted)
    ]
    if wanted and len(begun) == 1:
        return COMMANDS[begun[0]]
    if wanted and begun:
        raise ConfigError(f"/{one_line(name, 40)} may be {' or '.join(f'/{known}' for known in begun)}")
    near = get_close_matches(wanted, [*COMMANDS, *OTHER_NAMES], n=1, cutoff=0.6)
    hint = f"did you mean /{OTHER_NAMES.get(near[0], near[0])}?" if near else "/help lists the commands"
    raise ConfigError(f"there is no command /{one_line(name, 40)}: {hint}")
