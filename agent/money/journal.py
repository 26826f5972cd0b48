"""What a ledger writes down before it is spent, and again when it is settled; many writers share one transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .charges import Charge, Entry


class Writer(Protocol):
    """Where entries go: a run's claim on the book. When it returns they are on disk."""

    async def write(self, entries: Sequence[Entry], /) -> None: ...


@dataclass(slots=True)
class Journal:
    """The entries of one question. `writer` raises StoreError; what it refused stays due."""

    writer: Writer
    _due: dict[str, Charge] = field(default_factory=dict[str, Charge])
    _results: dict[str, Any] = field(default_factory=dict[str, Any])
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _noted: int = 0
    _written: int = 0

    def note(self, charge: Charge) -> None:
        """Have this charge written with the next flush."""
        self._due[charge.id] = charge
        self._noted += 1

    def keep(self, charge_id: str, result: Any) -> None:
        """Have what a call brought written with its charge."""
        self._results[charge_id] = result

    def result(self, charge_id: str) -> Any:
        """What a call brought, as far as it is known; None otherwise."""
        return self._results.get(charge_id)

    async def flush(self) -> None:
        """Write what is due. Calls that come while another one writes go together in one transaction after it."""
        mine = self._noted
        async with self._turn:
            if self._written >= mine:
                return  # the flush before this one took it along
            batch, self._due, noted = self._due, {}, self._noted
            try:
                await self.writer.write([Entry(charge, self._results.get(key)) for key, charge in batch.items()])
            except BaseException:
                self._due = batch | self._due
                raise
            self._written = noted
