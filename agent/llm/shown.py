"""What the servers of models have shown in a run: how they count prompts, and whether tool definitions reach the model.

Nothing of it is kept beyond the run; one that is resumed sees it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .replies import is_thoughts_alone
from .wire import Chat, Reply

MARGIN = 1.02
"""Where a server counts more than is estimated, some prompts have more of what it counts more for."""
MOST_SCALE = 2.0


@dataclass(slots=True)
class LastPrompt:
    """The last prompt of a role and its real size, which bounds the size of the next one."""

    pieces: Mapping[bytes, int] = field(default_factory=dict[bytes, int])
    tokens_in: int = 0
    scale: float = 1.0
    """Tokens that the server counted for each one that was estimated."""


@dataclass(slots=True)
class Shown:
    """What was seen so far. Roles are told apart with their models: two models count differently."""

    last: dict[str, LastPrompt] = field(default_factory=dict[str, LastPrompt])
    """By role and model, with a space between."""
    tools_arrive: dict[str, bool] = field(default_factory=dict[str, bool])
    """By model, once there was a sign of it."""
    thinkers: set[str] = field(default_factory=set[str])
    """Models whose thoughts once took all the room of a reply, by name."""

    def takes_tools(self, chat: Chat) -> bool:
        """Whether tool definitions reach this model; else it is told of them in its prompt."""
        return chat.takes_tools and self.tools_arrive.get(chat.name, True)

    def needs_room(self, chat: Chat, reply: Reply) -> bool:
        """Whether a reply ended within its thoughts for the first time: from then on this model gets more room."""
        if chat.name in self.thinkers or not is_thoughts_alone(reply):
            return False
        self.thinkers.add(chat.name)
        return True

    def scale(self, chat: Chat) -> float:
        """How many tokens the model's server counts for one that is estimated, where it counts more."""
        most = max((last.scale for asked, last in self.last.items() if asked.endswith(f" {chat.name}")), default=1.0)
        return min(MOST_SCALE, MARGIN * most) if most > 1 else 1.0
