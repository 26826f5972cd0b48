"""Conversations that are kept: listed, found by the first letters of their names, read again, and deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ...tools.clean import one_line
from ...tools.errors import ConfigError
from ..loop import start
from ..money.amounts import ZERO, Amounts
from ..storage.book import Book
from ..storage.database import Database
from ..storage.store import looked_into
from ..terminal.runs import short, when

if TYPE_CHECKING:
    from ..state import Exchange
    from ..storage.book import StoredRun

ALL = 2**62
"""More questions than any conversation has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A conversation as it is listed."""

    run: str
    title: str
    updated: datetime
    questions: int
    state: str
    """open in another chat, waiting (a limit is gone), cut short (it was killed or stopped), or nothing to be told."""

    @classmethod
    def of(cls, stored: "StoredRun") -> "Saved":
        """The run of a store as a conversation."""
        known: Mapping[str, Any] = stored.about["chat"]
        outcome: Mapping[str, Any] = stored.about.get("outcome") or {}
        state = "waiting" if outcome.get("paused") else "" if outcome else "cut short"
        return cls(
            run=stored.run,
            title=str(known.get("title", "")),
            updated=datetime.fromtimestamp(stored.updated, UTC),
            questions=int(known.get("questions", 0)),
            state="open" if stored.in_use else "stopped" if outcome.get("stop_reason") == "cancelled" else state,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, fit for JSON."""
        updated = self.updated.isoformat(timespec="seconds")
        return {"id": self.run, "title": self.title, "updated": updated, "questions": self.questions} | (
            {"state": self.state} if self.state else {}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A conversation that is gone on with: what was said, what it came to, and how it was set up."""

    about: Mapping[str, Any]
    exchanges: "Sequence[Exchange]"
    spent: Amounts
    """By the questions before the last one."""
    begun: Amounts
    """By the last one, so far."""
    in_use: bool
    """Whether it is being answered now, elsewhere."""

    @property
    def outcome(self) -> Mapping[str, Any]:
        """How the last question ended; empty for one that was cut short."""
        return self.about.get("outcome") or {}


def list_saved(place: str) -> list[Saved]:
    """The conversations of a store, the one that was touched last first. Raises StoreError."""
    return [Saved.of(run) for run in start(_stored(place)).result()]


def find_saved(place: str, name: str, *, but: str = "") -> Saved:
    """The conversation of this name, or that begins so; without a name the last one that is not `but`.

    Raises ConfigError where none is meant, or several.
    """
    kept = list_saved(place)
    known = [saved for saved in kept if name or saved.run != but]
    found = [saved for saved in known if saved.run == name] or [saved for saved in known if saved.run.startswith(name)]
    if not known:
        raise ConfigError("no other conversation is kept" if kept else "no conversation is kept yet")
    if not name:
        return known[0]
    if len(found) == 1:
        return found[0]
    if found:
        which = ", ".join(saved.run for saved in found[:3])
        raise ConfigError(f"{len(found)} conversations begin with {name!r}: give more letters of {which}")
    raise ConfigError(
        f"there is no conversation {one_line(name, 60)!r}: `spadework sessions` lists those that there are"
    )


def delete_saved(place: str, run: str) -> None:
    """Delete a conversation with all that was found in it. Raises RunInUse while it is open elsewhere."""
    from ..storage.retention import delete_run
    from ..storage.store import open_store

    async def work() -> None:
        async with open_store(place) as store:
            await delete_run(store, run)

    start(work()).result()


def load_saved(place: str, run: str) -> Loaded:
    """A conversation with all that was said in it, which counts as touched from now on.

    Raises ConfigError where there is none, StoreError.
    """
    return start(_loaded(place, run)).result()


def mark_of(place: str, run: str) -> str | None:
    """The mark of who went on with a conversation last; None where it is not kept. Raises StoreError."""

    async def work() -> str | None:
        async with looked_into(place) as database:
            found = await Book(database).find(run)
            return None if found is None else mark_in(found.about)

    return start(work()).result()


def mark_in(about: Mapping[str, Any]) -> str:
    """The mark in what is known of a conversation; empty for one of an older version."""
    known: Mapping[str, Any] = about.get("chat") or {}
    return str(known.get("mark", ""))


async def _stored(place: str) -> "list[StoredRun]":
    async with looked_into(place) as database:
        return [run for run in await Book(database).runs() if "chat" in run.about and not run.part_of]


async def _loaded(place: str, run: str) -> Loaded:
    from ..nodes.past import so_far
    from ..storage.store import open_store
    from ..terminal.drawing import inert_graph

    async with open_store(place) as store:
        found = await store.book.find(run) if await store.book.touch(run) else None
        if found is None:
            raise ConfigError(f"the conversation {run} is not kept any more in {Database(place).shown}")
        built: Any = inert_graph()
        graph = built.compile(checkpointer=store.saver)
        state = await graph.aget_state({"configurable": {"thread_id": run}})
        turn = int(state.values.get("turn", 0)) if state.values else 0
        spent = await store.book.spent(run, before=turn) if turn else ZERO
        begun = await store.book.spent(run, before=turn + 1) - spent if turn else ZERO
        exchanges = so_far(state.values) if turn else []
        return Loaded(about=found.about, exchanges=exchanges, spent=spent, begun=begun, in_use=found.in_use)


def saved_text(saved: Sequence[Saved], width: int, *, here: str = "") -> str:
    """Conversations as a table, a line each; the one that is open here has a star."""
    now = datetime.now(UTC)
    lines: list[str] = []
    for one in saved:
        mark = "*" if one.run == here else " "
        many = f"{one.questions} question{'s' * (one.questions != 1)}"
        head = f"{mark} {one.run}  {when(one.updated, now):>6}  {many:<12}  {'' if mark == '*' else one.state:<9}  "
        lines.append(head + short(one.title, max(20, width - len(head))))
    return "\n".join(lines)
