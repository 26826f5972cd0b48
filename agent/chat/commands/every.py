"""All commands of the chat, in the order in which `/help` lists them."""

from . import budgets, keeping, looking, switching
from .registry import COMMANDS

ORDER = (
    *("budget", "spent", "topup", "retry"),
    *("proof", "sources", "open", "why", "plan", "receipt"),
    *("model", "search", "strategy"),
    *("save", "sessions", "resume", "clear", "help", "quit"),
)

_registered = dict(COMMANDS)
COMMANDS.clear()
COMMANDS.update((name, _registered[name]) for name in (*ORDER, *_registered))

__all__ = ["COMMANDS", "budgets", "keeping", "looking", "switching"]
