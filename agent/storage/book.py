"""The book: the table of charges, written before anything is spent, and the list of runs with who holds each.

A run has one holder at a time: a random token in its row, which every write checks in its own transaction. So a process
that was overtaken, however late it wakes up, writes nothing any more.
"""

import asyncio
import json
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from ...tools.errors import StoreError
from ...tools.shapes import is_mapping
from ..money.amounts import ZERO, Amounts
from ..money.charges import Charge, Entry
from .database import Database, Transaction
from .owner import Owner, this_process

_LET_GO: set[str] = set()
"""Tokens of this process that could not be taken out of the table, as the store failed or it was cancelled: they hold
nothing."""
HELD_S = 30.0
"""How long a claim holds after it was renewed last, for holders of which nobody can tell whether they are alive."""


class RunInUse(StoreError):
    """Another process, or another call in this one, is running this run now."""


class RunLost(StoreError):
    """This process does not hold the run any more: another one took it over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """What the book knows of a run. `created` and `updated` are seconds since 1970."""

    run: str
    about: dict[str, Any]
    created: float
    updated: float
    in_use: bool

    @property
    def part_of(self) -> str:
        """The run that this one is a part of; empty for one that stands by itself."""
        return str(self.about.get("part_of", ""))


@dataclass(slots=True)
class Book:
    """The book in a database. Every method raises StoreError, one line, where the database cannot be used."""

    database: Database

    async def claim(self, run: str, about: Mapping[str, Any]) -> "Claim":
        """Take a run, which is made where there is none; `about` is merged into what is known of it.

        Raises RunInUse while somebody else holds it and is alive.
        """
        claim = Claim(self.database, run)

        def work(tx: Transaction) -> int:
            now = time.time()
            holder = this_process().to_json()
            tx.run(
                "INSERT INTO spadework_runs (run, about, created, updated, token, holder, until)"
                " VALUES (?, '{}', ?, ?, '', '', 0) ON CONFLICT (run) DO NOTHING",
                run,
                now,
                now,
            )
            known, token, holding, until = tx.rows(
                f"SELECT about, token, holder, until FROM spadework_runs WHERE run = ?{tx.for_update}", run
            )[0]
            if token != claim.token and _in_use(token, holding, until, now):
                raise RunInUse(
                    f"run {run} is running now, in {Owner.from_json(holding)}: wait for its end, or stop it first"
                )
            tx.run(
                "UPDATE spadework_runs SET about = ?, updated = ?, token = ?, holder = ?, until = ? WHERE run = ?",
                _merged(known, about),
                now,
                claim.token,
                holder,
                now + claim.held_s,
                run,
            )
            claim.before = _known(known)
            return int(tx.rows("SELECT COALESCE(MAX(seq), 0) FROM spadework_charges WHERE run = ?", run)[0][0])

        try:
            claim.written = await self.database.transact(work)
        except asyncio.CancelledError:
            _LET_GO.add(claim.token)  # the database's thread may take the run all the same
            raise
        return claim

    async def load(self, run: str, turn: int) -> list[Entry]:
        """The entries of one question of a run, in the order in which they were first written."""

        def work(tx: Transaction) -> list[tuple[Any, ...]]:
            return tx.rows(
                "SELECT data, result FROM spadework_charges WHERE run = ? AND turn = ? ORDER BY seq", run, turn
            )

        try:
            return [
                Entry(Charge.from_dict(json.loads(data)), _unpacked(result))
                for data, result in await self.database.transact(work)
            ]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f"the store {self.database.shown} holds a charge of run {run} that cannot be read, so what it has"
                " spent is not known: start it anew as another run"
            ) from error

    async def spent(self, run: str, *, before: int) -> Amounts:
        """What the questions of a run before this one came to, holds included; of time only that of the clock."""

        def work(tx: Transaction) -> list[tuple[Any, ...]]:
            return tx.rows("SELECT data FROM spadework_charges WHERE run = ? AND turn < ?", run, before)

        charges = [Charge.from_dict(json.loads(data)) for (data,) in await self.database.transact(work)]
        ms = sum(charge.amounts.ms for charge in charges if charge.kind == "clock")
        return replace(sum((charge.amounts for charge in charges), ZERO), ms=ms)

    async def find(self, run: str) -> StoredRun | None:
        """What is known of one run."""
        found = await self._runs("WHERE run = ?", run)
        return found[0] if found else None

    async def runs(self) -> list[StoredRun]:
        """All runs, the one that was touched last first."""
        return await self._runs("ORDER BY updated DESC")

    async def touch(self, run: str) -> bool:
        """Let a run count as touched now, so that it is not deleted as an old one; False where there is none."""
        return bool(
            await self.database.transact(
                lambda tx: tx.run("UPDATE spadework_runs SET updated = ? WHERE run = ?", time.time(), run)
            )
        )

    async def old(self, days: float) -> list[str]:
        """The runs that nothing touched for so long, and that nobody runs now."""
        found = await self._runs("WHERE updated < ? ORDER BY updated", time.time() - days * 86_400)
        return [run.run for run in found if not run.in_use]

    async def delete(self, run: str) -> bool:
        """Delete a run and its charges; False where there was none. Raises RunInUse while it runs."""

        def work(tx: Transaction) -> bool:
            for token, holding, until in tx.rows(
                f"SELECT token, holder, until FROM spadework_runs WHERE run = ?{tx.for_update}", run
            ):
                if _in_use(token, holding, until, time.time()):
                    raise RunInUse(f"run {run} is running now, in {Owner.from_json(holding)}: it cannot be deleted")
            tx.run("DELETE FROM spadework_charges WHERE run = ?", run)
            return bool(tx.run("DELETE FROM spadework_runs WHERE run = ?", run))

        return await self.database.transact(work)

    async def _runs(self, which: str, *values: Any) -> list[StoredRun]:
        def work(tx: Transaction) -> list[tuple[Any, ...]]:
            fields = "run, about, created, updated, token, holder, until"
            return tx.rows(f"SELECT {fields} FROM spadework_runs {which}", *values)

        now = time.time()
        return [
            StoredRun(
                run=run,
                about=_known(about),
                created=created,
                updated=updated,
                in_use=_in_use(token, holding, until, now),
            )
            for run, about, created, updated, token, holding, until in await self.database.transact(work)
        ]


@dataclass(slots=True)
class Claim:
    """This process's hold on one run. Every write renews it, and fails with RunLost once another one has it."""

    database: Database
    run: str
    held_s: float = HELD_S
    token: str = field(default_factory=lambda: uuid4().hex)
    written: int = 0
    before: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What was known of the run when it was claimed."""

    async def write(self, entries: Sequence[Entry], /) -> None:
        """Write entries, over those of the same ids; a result stays where no new one comes."""
        first = self.written + 1
        self.written += len(entries)
        rows = [self._row(entry, first + number) for number, entry in enumerate(entries)]

        def work(tx: Transaction) -> None:
            self._renew(tx)
            for row in rows:
                tx.run(
                    "INSERT INTO spadework_charges (id, run, turn, seq, data, result) VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (id) DO UPDATE SET data = excluded.data,"
                    " result = COALESCE(excluded.result, spadework_charges.result)",
                    *row,
                )

        await self.database.transact(work)

    async def renew(self) -> None:
        """Say that this process is still at it."""
        await self.database.transact(self._renew)

    async def note(self, about: Mapping[str, Any]) -> None:
        """Merge these keys into what is known of the run."""

        def work(tx: Transaction) -> None:
            self._renew(tx)
            known = tx.rows("SELECT about FROM spadework_runs WHERE run = ?", self.run)[0][0]
            tx.run("UPDATE spadework_runs SET about = ? WHERE run = ?", _merged(known, about), self.run)

        await self.database.transact(work)

    async def release(self) -> None:
        """Let go of the run; more than once does no harm."""

        def work(tx: Transaction) -> None:
            tx.run("UPDATE spadework_runs SET token = '', until = 0 WHERE run = ? AND token = ?", self.run, self.token)

        try:
            await self.database.transact(work)
        except BaseException:  # being cancelled once more is one
            _LET_GO.add(self.token)
            raise

    def _row(self, entry: Entry, seq: int) -> tuple[Any, ...]:
        charge = entry.charge
        turn = int(charge.id.split("/")[-4])
        return charge.id, self.run, turn, seq, json.dumps(charge.to_dict()), _packed(entry.result)

    def _renew(self, tx: Transaction) -> None:
        now = time.time()
        ours = tx.run(
            "UPDATE spadework_runs SET updated = ?, until = ? WHERE run = ? AND token = ?",
            now,
            now + self.held_s,
            self.run,
            self.token,
        )
        if not ours:
            raise RunLost(f"run {self.run} was taken over by another process, so this one spends nothing more")


def _in_use(token: str, holding: str, until: float, now: float) -> bool:
    """A claim holds until it expires, or until its process is known to be dead."""
    return bool(token) and token not in _LET_GO and now < until and not Owner.from_json(holding).is_dead()


def _merged(known: str, about: Mapping[str, Any]) -> str:
    return json.dumps(_known(known) | dict(about))


def _known(about: str) -> dict[str, Any]:
    """What is known of a run; of one whose row cannot be read, nothing."""
    try:
        known: Any = json.loads(about)
    except ValueError:
        return {}
    return dict(known) if is_mapping(known) else {}


def _packed(result: Any) -> bytes | None:
    return None if result is None else zlib.compress(json.dumps(result).encode(), 1)


def _unpacked(stored: Any) -> Any:
    """What a call brought; one that cannot be read is as good as none, and the call would be made again."""
    try:
        return None if stored is None else json.loads(zlib.decompress(bytes(stored)))
    except (ValueError, zlib.error):
        return None
