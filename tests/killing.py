"""A question in a process of its own, killed at random and resumed; what it says is compared with what was served."""

import asyncio
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from counting_server import Counting, counting
from spadework.agent.money.charges import Charge
from spadework.agent.storage.book import Book
from spadework.agent.storage.database import Database

WORKER = Path(__file__).parent / "kill_worker.py"
LIMITS = {"search": 14, "browse": 9, "model": 16}
SPENT = {"search": "searches", "browse": "browses", "model": "model_calls"}
AT_ONCE = 8
"""Calls of one run that can be in flight together."""


@dataclass
class Tally:
    """What many killed runs came to."""

    runs: int = 0
    kills: int = 0
    calls: int = 0
    over: int = 0
    """Calls that the ledger counts and the server never saw: in flight, for all we know, at some kill."""
    in_flight: int = 0
    faults: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        return (
            f"{self.runs} runs, {self.kills} kills, {self.calls} calls served, {self.over} counted over, "
            f"{self.in_flight} in flight at kills, {len(self.faults)} faults"
        )


def start(store: str, run: str, served: Counting, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(WORKER), store, run, str(served.port), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def charges_in(store: str, run: str) -> list[Charge]:
    """What the book says of a run."""

    async def read() -> list[Charge]:
        database = Database(store)
        try:
            return [entry.charge for entry in await Book(database).load(run, 1)]
        finally:
            await database.aclose()

    return asyncio.run(read())


def kill_and_resume(store: str, run: str, seed: int) -> Tally:
    """One question: killed up to three times at random, then left to end."""
    chance = random.Random(seed)
    tally = Tally(runs=1)
    flying: Counter[str] = Counter()
    with counting() as served:
        for _ in range(chance.choice((1, 1, 2, 3))):
            worker = start(store, run, served)
            # From before its first request to nearly its last one, and at any moment of a call.
            served.wait_for(len(served.log) + chance.randint(0, 30), timeout=chance.choice((0.4, 0.9, 8)))
            with suppress(subprocess.TimeoutExpired):
                worker.wait(chance.uniform(0, 0.05))
            if worker.poll() is not None:
                worker.communicate()
                break
            worker.kill()
            worker.communicate()
            tally.kills += 1
            held = Counter(charge.kind for charge in charges_in(store, run) if charge.status == "held")
            flying.update(held)
            if sum(held.values()) > AT_ONCE:
                tally.faults.append(f"seed {seed}: {held} in flight at once")
            if served.unanswered() > sum(flying.values()):
                tally.faults.append(f"seed {seed}: {served.unanswered()} calls in flight, the book says {held}")
        worker = start(store, run, served)
        out, errors = worker.communicate(timeout=60)
        if worker.returncode:
            tally.faults.append(f"seed {seed}: {errors[-500:]}")
            return tally
        tally.faults += [f"seed {seed}: {fault}" for fault in faults(json.loads(out), served, flying)]
        over = sum(json.loads(out)["spend"][SPENT[kind]] - served.counts[kind] for kind in LIMITS)
        tally.over, tally.in_flight, tally.calls = over, sum(flying.values()), len(served.log)
        tally.faults += book_faults(json.loads(out), charges_in(store, run), seed)
    return tally


def faults(result: dict[str, Any], served: Counting, flying: Counter[str]) -> list[str]:
    """What must not be, by the server's own counts."""
    found: list[str] = []
    for kind, limit in LIMITS.items():
        spent, real = result["spend"][SPENT[kind]], served.counts[kind]
        if spent < real:
            found.append(f"{spent} {kind} in the receipt, really {real}")
        if spent - real > flying[kind]:
            found.append(f"{spent} {kind} in the receipt, really {real}, but only {flying[kind]} were in flight")
        if real > limit or spent > limit:
            found.append(f"{real} {kind} served, {spent} in the receipt, of {limit}")
    if result["spend"]["tokens_in"] + result["spend"]["tokens_out"] < served.tokens:
        found.append("tokens were forgotten")
    for kind in ("search", "browse"):
        twice = [what for what, times in served.times(kind).items() if times > 1]
        if len(twice) > flying[kind]:
            found.append(f"paid for twice: {twice}, but only {flying[kind]} of them were in flight")
    if result["answer"] != "Mara Finch" or result["stop_reason"] == "error":
        why = [f"{entry['outcome']} {entry['rule']}: {entry['reason']}" for entry in result["decisions"]]
        found.append(f"answer {result['answer']!r}: {result['stop_reason']} {result['fault']} {why}")
    return found


def book_faults(result: dict[str, Any], book: Sequence[Charge], seed: int) -> list[str]:
    """The state of a resumed run and the table must show the same spend."""
    told = {charge["id"]: charge for charge in result["charges"]}
    written = {charge.id: charge.to_dict() for charge in book}
    same = {key for key in written if told.get(key, {}).get("amounts") == written[key]["amounts"] or "/clock/" in key}
    return [f"seed {seed}: book and result differ in {key}" for key in sorted({*told, *written} - same)]


def kill_many(store: str, seeds: range) -> Tally:
    """Many questions, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(kill_and_resume, store, f"run {seed}", seed) for seed in seeds]
        tallies = [one.result() for one in running]
    whole = Tally()
    for tally in tallies:
        for name in ("runs", "kills", "calls", "over", "in_flight"):
            setattr(whole, name, getattr(whole, name) + getattr(tally, name))
        whole.faults += tally.faults
    return whole
