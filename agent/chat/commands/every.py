"""All commands of the chat, in the groups in which `/help` lists them."""

import textwrap

from . import budgets, keeping, looking, switching
from .registry import COMMANDS, find_command

GROUPS = {
    "asking": ("retry", "model", "search", "strategy"),
    "budget": ("budget", "spent", "topup"),
    "answer": ("proof", "sources", "open", "why", "plan", "receipt"),
    "keeping": ("save", "sessions", "resume", "clear"),
    "leaving": ("quit",),
}
HELP = "/help NAME tells more of one."

_registered = dict(COMMANDS)
COMMANDS.clear()
COMMANDS.update((name, _registered[name]) for names in (*GROUPS.values(), _registered) for name in names)


def help_text(name: str, width: int) -> str:
    """All commands by group, or all of one of them, in `width` columns. Raises ConfigError for one there is not."""
    if name:
        one = find_command(name)
        return "\n".join([one.head, *textwrap.wrap(f"{one.help}. {one.more}".strip(), max(20, width))])
    left = max(map(len, GROUPS)) + 1
    wide = left + max(len(COMMANDS[name].head) for names in GROUPS.values() for name in names) + 1
    lines: list[str] = []
    for group, names in GROUPS.items():
        for name in names:
            first, *rest = textwrap.wrap(COMMANDS[name].help, max(20, width - wide))
            lead = f"{group if name is names[0] else '':<{left}}{COMMANDS[name].head}"
            lines += [f"{lead:<{wide}}{first}", *(" " * wide + more for more in rest)]
    return "\n".join(lines)


__all__ = ["COMMANDS", "budgets", "keeping", "looking", "switching"]
