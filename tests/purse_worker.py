"""A process of its own that leases from a shared purse until nothing is left: STORE, and how many calls it got."""

import asyncio
import sys

from spadework.agent import Budget
from spadework.agent.money.amounts import Amounts
from spadework.agent.storage.purse import Purse


async def take_all(store: str, name: str, *, lose: bool) -> int:
    """Lease seven searches at a time, spend five of them, and give the rest back. Every third lease is left behind."""
    purse = Purse(Budget(searches=1_000), name="shared", store=store)
    spent = 0
    for number in range(10_000):
        lease = await purse.lease(f"{name} {number}", Budget(searches=7))
        got = lease.budget.searches or 0
        if not got:
            break
        if lose and number % 3 == 2:
            spent += got  # nobody knows how much of a lease that was left behind was spent: all of it counts
            continue
        spent += min(got, 5)
        await lease.close(Amounts(searches=min(got, 5)))
    await purse.aclose()
    return spent


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(take_all(sys.argv[1], sys.argv[2], lose=sys.argv[3] == "lose"))))
