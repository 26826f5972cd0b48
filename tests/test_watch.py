"""The runner counts for itself: what really was called and served speaks against a result, whatever the ledger says."""

from dataclasses import replace
from decimal import Decimal

import pytest
from scripted import ALDER, BUILT, FINCH, QUESTION, ScriptedChat, good_script, prose, small_web
from spadework.agent import Budget, run_agent
from spadework.agent.llm.wire import Usage
from spadework.agent.money.prices import Prices, Rate
from spadework.agent.result import Result
from spadework.agent.state import Finding
from spadework.evals.runs.watch import Watch, WatchedBrowse, WatchedChat, WatchedSearch
from spadework.tools.errors import ModelError, ToolError
from spadework.tools.search import Hit


async def test_each_call_is_counted_against_its_limit() -> None:
    watch = Watch()
    search, browse = WatchedSearch(small_web(), watch), WatchedBrowse(small_web(), watch)
    prices = Prices({"paid": Rate(Decimal(1), Decimal(10), Decimal(1), Decimal(1))})
    chat = WatchedChat(ScriptedChat([prose("so", usage=Usage(900, 200))], name="paid", local=False), watch, prices)
    for _ in range(3):
        await search.search("alder", limit=3, timeout=1)
        await browse.read(ALDER, timeout=1)
    await chat.complete([])
    within = Budget(searches=3, browses=3, tokens=1_100, model_calls=1, usd="0.01", seconds=9)
    assert watch.passed(within, seconds=9) == []
    without = Budget(searches=2, browses=2, tokens=1_099, model_calls=0, usd="0.001", seconds=5)
    assert watch.passed(without, seconds=9) == [
        "searches: 3 of 2",
        "page reads: 3 of 2",
        "tokens: 1,100 of 1,099",
        "dollars: $0.0029 of $0.0010",
        "seconds: 9 of 5",
        "model calls: 1 of 0",
    ]


@pytest.mark.parametrize(("sent", "counted"), [(True, 1), (False, 0)])
async def test_a_call_that_never_left_this_machine_is_none(sent: bool, counted: int) -> None:
    class Broken:
        name = "broken"

        async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
            raise ToolError("no", kind="unreachable", sent=sent)

        async def aclose(self) -> None:
            """Nothing is open."""

    watch = Watch()
    with pytest.raises(ToolError):
        await WatchedSearch(Broken(), watch).search("q", limit=3, timeout=1)
    failing = ModelError("no", kind="bad_reply", sent=sent, usage=(70, 7, 0))
    with pytest.raises(ModelError):
        await WatchedChat(ScriptedChat([failing]), watch, Prices()).complete([])
    assert (watch.counts["searches"], watch.counts["model_calls"]) == (counted, counted)
    assert watch.counts["tokens"] == 77


def watched() -> tuple[Result, Watch]:
    """A run that proves its answer, and what was counted beside it."""
    watch, web = Watch(), small_web()
    chat = WatchedChat(ScriptedChat(good_script()), watch, Prices())
    search, browse = WatchedSearch(web, watch), WatchedBrowse(web, watch)
    return run_agent(QUESTION, Budget(searches=4, browses=4), model=chat, search=search, browse=browse), watch


def test_an_honest_run_has_nothing_against_it() -> None:
    result, watch = watched()
    assert result.status == "verified"
    assert watch.unproven(result) == []
    counted = {name: watch.counts[name] for name in ("searches", "browses", "model_calls", "tokens_in", "tokens_out")}
    assert counted == {name: getattr(result.spend, name) for name in counted}


def test_a_verified_answer_needs_a_quote_on_a_page_that_was_served_for_each_constraint() -> None:
    result, watch = watched()
    no_such_page = Watch()
    told = "verified, but no page that was read shows "
    assert no_such_page.unproven(result) == [f"{told}c0", f"{told}c1", f"{told}c2"]
    assert no_such_page.unproven(replace(result, status="supported")) == []
    assert watch.unproven(replace(result, answer="Ada Finch")) == [f"{told}c0", f"{told}c1", f"{told}c2"]
    invented: list[Finding] = [
        {
            **finding,
            "evidence": [{**item, "quote": item["quote"].replace("1871", "1872")} for item in finding["evidence"]],
        }
        for finding in result.findings
    ]
    assert watch.unproven(replace(result, findings=invented)) == [f"{told}c0"]
    snippets: list[Finding] = [
        {**finding, "evidence": [{**item, "kind": "snippet"} for item in finding["evidence"]]}
        for finding in result.findings
    ]
    assert len(watch.unproven(replace(result, findings=snippets))) == 3
    unstated = [*result.constraints, {"id": "c3", "text": "it is old", "kind": "verification"}]
    assert watch.unproven(replace(result, constraints=unstated)) == [f"{told}c3"]
    unstated[-1]["dropped"] = "a misreading"
    assert watch.unproven(replace(result, constraints=unstated)) == []


def test_a_quote_of_another_page_does_not_count() -> None:
    result, watch = watched()
    moved: list[Finding] = [
        {**finding, "evidence": [{**item, "url": FINCH} for item in finding["evidence"] if item["quote"] == BUILT]}
        for finding in result.findings
    ]
    assert any("c0" in line for line in watch.unproven(replace(result, findings=moved)))
