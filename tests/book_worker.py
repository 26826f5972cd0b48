"""A process of its own that holds a run: STORE RUN, then orders by lines; or STORE RUN COUNT, and it writes so many."""

import asyncio
import sys

from spadework.agent.money.amounts import Amounts
from spadework.agent.money.charges import Charge, Entry, Status
from spadework.agent.storage.book import Book, Claim
from spadework.agent.storage.database import Database
from spadework.tools.errors import StoreError


def entry(run: str, ordinal: int, status: Status = "held", result: object = None, turn: int = 1) -> Entry:
    """The search of this number in a run."""
    charge_id = f"{run}/{turn}/act/{ordinal}/1"
    charge = Charge(id=charge_id, kind="search", node="act", status=status, amounts=Amounts(searches=1))
    return Entry(charge, result)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def obey(claim: Claim, order: str) -> None:
    if order == "expire":
        claim.held_s = 0.0
        await claim.renew()
    elif order == "release":
        await claim.release()
    else:
        await claim.write([entry(claim.run, int(order))])


async def work(store: str, run: str, count: int) -> None:
    try:
        claim = await Book(Database(store)).claim(run, {"holder": "the other one"})
    except StoreError as error:
        say(f"{type(error).__name__}: {error}")
        return
    for ordinal in range(count):
        await claim.write([entry(run, ordinal)])
        await claim.write([entry(run, ordinal, "settled", {"found": ordinal})])
    say("held" if not count else "written")
    for line in sys.stdin:
        try:
            await obey(claim, line.strip())
            say("done")
        except StoreError as error:
            say(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], int((*sys.argv, "0")[3])))
