"""Several backends in a run: every request is a search of its own, and is charged as one."""

import asyncio
from typing import Any

from scripted import QUESTION, ScriptedChat, SmallWeb, good_script, search, small_web
from spadework.agent import Budget, Result, run_agent
from spadework.tools.backends.several import Several
from spadework.tools.errors import ToolError
from spadework.tools.search import Hit

DOWN = ToolError("429 Too Many Requests", kind="status", sent=True, status=429)
UNREACHED = ToolError("no connection to it", kind="unreachable", sent=False)


class Backend(SmallWeb):
    """The small web under a name, which fails where it is told to."""

    failure: ToolError | None = None

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        self.searches += 1
        if self.failure is not None:
            raise self.failure
        await asyncio.sleep(0)
        return (await super().search(query, limit=limit, timeout=timeout))[:limit]


def backend(name: str, failure: ToolError | None = None) -> Backend:
    made = Backend(small_web().pages, name=name)
    made.failure = failure
    return made


def play(stages: list[list[Any]], searches: int, script: Any = None) -> tuple[Result, ScriptedChat]:
    chat = ScriptedChat(script or good_script())
    result = run_agent(
        QUESTION, Budget(searches=searches, browses=4), model=chat, search=Several(stages), browse=small_web()
    )
    return result, chat


def searched(result: Result) -> list[tuple[str, str]]:
    return [(charge.what, charge.status) for charge in result.charges if charge.kind == "search"]


def test_two_that_are_asked_together_cost_two_searches_a_query() -> None:
    result, _ = play([[backend("one"), backend("two")]], 5)
    assert (result.status, result.spend.searches) == ("verified", 4)
    assert sorted(searched(result)) == [
        ("Alder Bridge", "settled"),
        ("Alder Bridge [two]", "settled"),
        ("Mara Finch", "settled"),
        ("Mara Finch [two]", "settled"),
    ]


def test_the_second_is_left_out_when_the_budget_does_not_cover_it() -> None:
    one, two = backend("one"), backend("two")
    result, _ = play([[one, two]], 3)
    assert (result.status, result.spend.searches) == ("verified", 3)
    assert one.searches + two.searches in (5, 6), "each counts its request, and what it is a part of"


def test_a_stand_in_is_asked_and_paid_only_when_the_first_failed() -> None:
    result, _ = play([[backend("one")], [backend("two")]], 5)
    assert result.spend.searches == 2
    result, _ = play([[backend("one", DOWN)], [backend("two")]], 5)
    assert (result.status, result.spend.searches) == ("verified", 4)
    result, _ = play([[backend("one", UNREACHED)], [backend("two")]], 5)
    assert (result.status, result.spend.searches) == ("verified", 2), "what never left this machine is free"


def test_a_stand_in_that_no_longer_fits_is_not_asked_and_the_model_is_told() -> None:
    two = backend("two")
    result, chat = play([[backend("one", DOWN)], [two]], 1, [[search("Alder Bridge")]])
    assert (result.spend.searches, two.searches) == (1, 0)
    told = "\n".join(str(message["content"]) for message in chat.prompts[1] if message["role"] == "tool")
    assert "429 Too Many Requests; two was not asked: no search is left" in told


def test_a_query_that_all_refuse_has_failed_once() -> None:
    result, chat = play(
        [[backend("one", DOWN)], [backend("two", DOWN)]],
        5,
        [[search("Alder Bridge")], [search("Alder Bridge")], [search("Alder Bridge")]],
    )
    assert result.spend.searches == 4, "made twice at two backends, and refused the third time"
    told = "\n".join(str(message["content"]) for message in chat.prompts[3] if message["role"] == "tool")
    assert "it failed 2 times; try another" in told
