"""Several backends as one: asked together and fused, or standing in for one another.

`brave+wikipedia` asks both and fuses their rankings; `brave,wikipedia` asks the second only when the first failed;
`brave+serper,wikipedia` does both. Each request to a backend is a search of its own, and is charged as one: the agent
sees the parts (`stages`) and makes them one by one under its ledger.
"""

import asyncio
from collections.abc import Sequence

from ..errors import ToolError
from ..search import Hit, Search, merge_hits

Stages = Sequence[Sequence[Search]]


class Several:
    """Backends in stages: those of a stage are asked together, the next stage only when all of one failed."""

    def __init__(self, stages: Stages) -> None:
        self.stages = stages
        self.name = ",".join("+".join(part.name for part in stage) for stage in stages)

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        """See Search: all stages within `timeout` seconds. ToolError names how each backend failed."""
        now = asyncio.get_running_loop().time
        deadline = now() + timeout
        failures: list[ToolError] = []
        for stage in self.stages:
            left = deadline - now()
            if left <= 0:
                break
            calls = (part.search(query, limit=limit, timeout=left) for part in stage)
            found = await asyncio.gather(*calls, return_exceptions=True)
            for outcome in found:
                if isinstance(outcome, BaseException) and not isinstance(outcome, ToolError):
                    raise outcome
            failures += [outcome for outcome in found if isinstance(outcome, ToolError)]
            results = [outcome for outcome in found if isinstance(outcome, list)]
            if results:
                return merge_hits(results)[:limit]
        raise all_failed(failures)

    async def aclose(self) -> None:
        """Close each of them."""
        await asyncio.gather(*(part.aclose() for stage in self.stages for part in stage))


def stages_of(search: Search) -> Stages:
    """The backends that a search consists of; one that is no Several is the only one."""
    return search.stages if isinstance(search, Several) else ((search,),)


def all_failed(failures: Sequence[ToolError]) -> ToolError:
    """One error for several backends that failed: what the first says, and each of the others."""
    if not failures:
        return ToolError("no time is left to search", kind="timeout", sent=False)
    if len(failures) == 1:
        return failures[0]
    return ToolError(
        "; ".join(str(failure) for failure in failures),
        kind=failures[0].kind,
        sent=any(failure.sent for failure in failures),
        url=failures[0].url,
        status=failures[0].status,
        attempts=sum(failure.attempts for failure in failures),
    )
