"""Several backends in a run: every request is a search of its own, and is charged as one."""

import asyncio
from dataclasses import replace
from typing import Any

from scripted import QUESTION, ScriptedChat, SmallWeb, good_script, search, small_web
from spadework.agent import Budget, Result, run_agent
from spadework.agent.deps import Deps
from spadework.agent.money.charges import Charge, call_of
from spadework.agent.money.ledger import Ledger
from spadework.agent.nodes.act import act
from spadework.agent.nodes.material import unread_results
from spadework.agent.nodes.paying import cost_of
from spadework.agent.session import Session
from spadework.agent.strategies import STRATEGIES
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


async def test_which_search_was_the_fastest_does_not_show_in_what_later_prompts_are_made_of() -> None:
    """Or a replay, in which all are as fast, could not be like its recording."""

    class Uneven(SmallWeb):
        slow = ""

        async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
            await asyncio.sleep(0.05 if query == self.slow else 0)
            hits = await super().search(query, limit=limit, timeout=timeout)
            return [replace(hit, snippet=f"{hit.snippet} ({query})") for hit in hits]

    queries = ["bridge wendle", "mara finch"]
    seen: list[object] = []
    for slow in queries:
        web = Uneven({"http://c.example/": "Mara Finch of Wendle", "http://d.example/": "bridge Mara Finch"})
        web.slow = slow
        deps = Deps(chats={"default": ScriptedChat([])}, search=web, browse=web, strategy=STRATEGIES["react"])
        session = Session(deps, Ledger(Budget(searches=2), "run", clock=lambda: 0.0))
        calls = [call_of("search", "searcher", what=query, attempt=1) for query in queries]
        held = [session.ledger.hold(call, cost_of("search", query)) for call, query in zip(calls, queries, strict=True)]
        granted = [{"query": charge.what, "charge": charge.id} for charge in held if isinstance(charge, Charge)]
        call = {"id": "1", "name": "search", "arguments": {"queries": granted, "notes": []}}
        state: Any = {"calls": [call], "progress": {"failed_calls": 0, "failed_again": 0}}
        await act(state, session)
        urls = unread_results(session, "")
        seen.append((urls, [session.snippets(url) for url in urls], session.brought))
    assert seen[0] == seen[1]
