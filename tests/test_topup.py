"""Going on with a question that had ended: more of what ran out, or another try after a failure; nothing is lost."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import (
    ALDER,
    BORN,
    BUILT,
    CONSTRAINTS,
    FINCH,
    QUESTION,
    SPANS,
    Said,
    Script,
    ScriptedChat,
    SmallWeb,
    answer,
    browse,
    finding,
    record,
    search,
)
from spadework.agent import Budget, Result, resume_agent, run_agent
from spadework.agent.nodes import calls
from spadework.agent.storage.book import Book
from spadework.agent.storage.database import Database
from spadework.tools.errors import ConfigError, ModelError

SHORT = Budget(searches=1, browses=3, model_calls=20, usd=1)
FOUND: list[Said] = [
    [record(constraints=CONSTRAINTS), search("Alder Bridge")],
    [browse(ALDER)],
    [record(finding("Mara Finch", "c0", (ALDER, BUILT)), finding("Mara Finch", "c1", (ALDER, SPANS)))],
    [search("Mara Finch")],
    [answer("Mara Finch")],
]
"""Two of three constraints are proven; for the third one more search would be needed."""
REST: list[Said] = [
    [search("Mara Finch")],
    [browse(FINCH)],
    [record(finding("Mara Finch", "c2", (FINCH, BORN))), answer("Mara Finch")],
]


class Web(SmallWeb):
    """The pages about the bridge: a search for it finds one of them, a search for its builder the other."""

    async def search(self, query: str, *, limit: int, timeout: float) -> Any:
        found = await super().search(query, limit=limit, timeout=timeout)
        return [hit for hit in found if ("Alder" in query) == (hit.url == ALDER)]


@pytest.fixture
def web() -> SmallWeb:
    return Web({ALDER: f"{SPANS} {BUILT}", FINCH: BORN})


def begin(script: Script, web: SmallWeb, store: Path, budget: Budget = SHORT) -> Result:
    model = ScriptedChat(script)
    return run_agent(QUESTION, budget, model=model, search=web, browse=web, store=store, thread_id="one")


def go_on(script: Script, web: SmallWeb, store: Path, top_up: Any = None) -> tuple[Result, ScriptedChat]:
    model = ScriptedChat(script)
    return resume_agent("one", top_up=top_up, model=model, search=web, browse=web, store=store), model


def found_in(result: Result) -> set[tuple[str, str]]:
    return {(item["candidate"], item["constraint"]) for item in result.findings if item["proof"] == "page"}


def test_a_run_that_lacked_searches_goes_on_from_what_it_had_found(web: SmallWeb, tmp_path: Path) -> None:
    first = begin(FOUND, web, tmp_path / "runs.db")
    assert (first.answer, first.status, web.searches) == ("Mara Finch", "unverified", 1)
    result, chat = go_on(REST, web, tmp_path / "runs.db", {"searches": 3})
    assert (result.answer, result.status, result.stop_reason) == ("Mara Finch", "verified", "answered")
    assert found_in(result) > found_in(first) == {("Mara Finch", "c0"), ("Mara Finch", "c1")}
    assert result.budget == {**first.budget, "searches": 4}
    assert (result.spend.searches, result.spend.browses) == (web.searches, web.reads) == (2, 2)
    assert result.spend.model_calls == first.spend.model_calls + len(chat.prompts)
    assert BUILT in str(chat.prompts[0]), "the model is shown what was found before"
    assert "searches: 3 of 4 left" in str(chat.prompts[0])
    told = [entry for entry in result.decisions if entry["rule"] == "resumed"]
    assert [(entry["reason"], entry["lead"]) for entry in told] == [("the budget was topped up", "Mara Finch")]
    assert result.attempts[: len(first.attempts) - 1] == first.attempts[:-1]


def greedy(chat_number: int) -> Script:
    """A model that asks for new searches in every turn."""
    return lambda messages: [search(*(f"Alder {chat_number} {len(str(messages))} {number}" for number in range(5)))]


def test_top_ups_add_up_and_more_than_the_limits_is_never_spent(web: SmallWeb, tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    begin(greedy(0), web, store, Budget(searches=1, browses=0, model_calls=30))
    result = None
    for number, (more, limit) in enumerate([(2, 3), ({"searches": 1, "model_calls": 2}, 4), (Budget(searches=3), 7)]):
        result, _ = go_on(greedy(number + 1), web, store, more)
        assert result.budget["searches"] == limit
        assert result.spend.searches == web.searches <= limit
    assert result is not None
    assert (result.budget["browses"], result.budget["model_calls"]) == (2, 32)
    assert result.spend.model_calls <= 32
    assert web.searches > 4, "what was added was there to be spent"


@pytest.mark.parametrize("nothing", [0, {}, {"searches": 0}, Budget(), Budget(searches=0, usd=0)])
def test_a_top_up_of_nothing_is_refused(nothing: Any, web: SmallWeb, tmp_path: Path) -> None:
    begin(FOUND, web, tmp_path / "runs.db")
    with pytest.raises(ConfigError) as caught:
        go_on(REST, web, tmp_path / "runs.db", nothing)
    assert str(caught.value) == f"top_up={nothing!r} adds nothing: give at least one limit above 0, such as searches=5"


def test_a_top_up_of_what_has_no_limit_is_refused(web: SmallWeb, tmp_path: Path) -> None:
    begin(FOUND, web, tmp_path / "runs.db", Budget(searches=1, seconds=60))
    told = "adds nothing: the run has no limit on that, only on searches, seconds"
    with pytest.raises(ConfigError, match=told):
        go_on(REST, web, tmp_path / "runs.db", {"usd": 1})


def test_a_top_up_that_is_none_is_refused_before_anything_is_written(web: SmallWeb, tmp_path: Path) -> None:
    begin(FOUND, web, tmp_path / "runs.db")
    with pytest.raises(ConfigError, match="did you mean 'searches'"):
        go_on(REST, web, tmp_path / "runs.db", {"serches": 3})
    with pytest.raises(ConfigError, match="searches=-3"):
        go_on(REST, web, tmp_path / "runs.db", {"searches": -3})
    again, chat = go_on(REST, web, tmp_path / "runs.db")
    assert (again.budget["searches"], chat.prompts) == (1, [])


def test_a_run_that_an_error_ended_is_tried_again_with_what_is_left(
    web: SmallWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "BACKOFF_S", (0.0, 0.0))
    broken = ModelError("the server said no", kind="rejected", sent=True, status=400)
    budget = Budget(searches=2, browses=2, model_calls=20)
    first = begin([*FOUND[:3], broken], web, tmp_path / "runs.db", budget)
    assert (first.stop_reason, first.fault, first.answer) == ("error", "the server said no", "Mara Finch")
    result, chat = go_on(REST, web, tmp_path / "runs.db")
    assert (result.answer, result.status, result.stop_reason, result.fault) == (
        "Mara Finch",
        "verified",
        "answered",
        "",
    )
    assert result.budget == first.budget
    assert (result.spend.searches, result.spend.browses) == (web.searches, web.reads) == (2, 2)
    assert result.spend.model_calls == first.spend.model_calls + len(chat.prompts)
    assert [entry["reason"] for entry in result.decisions if entry["rule"] == "resumed"] == [
        "tried again after a failure"
    ]
    again, chat = go_on([], web, tmp_path / "runs.db")
    assert (again.status, chat.prompts) == ("verified", []), "now that it ended well it is only looked at"


class Killed(BaseException):
    """The process dies: nothing is caught or tidied."""


def die(_: Any) -> Any:
    raise Killed


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_an_interrupted_run_that_is_topped_up_keeps_it_when_it_is_interrupted_again(
    turn: int, web: SmallWeb, tmp_path: Path
) -> None:
    store = tmp_path / "runs.db"
    with pytest.raises(Killed):
        begin([*FOUND[:turn], die], web, store)
    with pytest.raises(Killed):
        go_on([die], web, store, {"searches": 3, "usd": "0.50"})
    result, chat = go_on([*FOUND[turn:3], *REST], web, store)
    assert result.budget == {**SHORT.to_dict(), "searches": 4, "usd": "1.5"}
    assert (result.status, web.searches) == ("verified", 2)
    assert "of 4 left" in str(chat.prompts[0])


async def test_a_run_that_was_killed_before_it_began_can_be_topped_up(web: SmallWeb, tmp_path: Path) -> None:
    """It is in the book from its claim on; a state it has only with its first step."""
    database = Database(str(tmp_path / "runs.db"))
    known = {"question": QUESTION, "budget": SHORT.to_dict(), "strategy": "bats-early"}
    await (await Book(database).claim("one", known)).release()
    await database.aclose()
    result, _ = go_on([*FOUND[:3], *REST], web, tmp_path / "runs.db", {"searches": 3})
    assert result.budget == {**SHORT.to_dict(), "searches": 4}
    assert result.status == "verified"


LIMIT = st.none() | st.integers(0, 10**9)
BUDGETS = st.builds(
    Budget,
    searches=LIMIT,
    browses=LIMIT,
    tokens=LIMIT,
    usd=st.none() | st.decimals(0, 1000, places=6),
    seconds=LIMIT,
    model_calls=LIMIT,
    tools=st.dictionaries(st.sampled_from(["dig", "translate"]), st.integers(0, 99)),
)


@given(BUDGETS, BUDGETS)
def test_each_limit_grows_by_what_is_added_and_what_has_none_gets_none(own: Budget, more: Budget) -> None:
    grown, before, added = own.plus(more).limits(), own.limits(), more.limits()
    assert grown == {name: limit + added.get(name, 0) for name, limit in before.items()}
    if own.usd is not None and more.usd is not None:
        assert Decimal(str(own.plus(more).usd)) == Decimal(str(own.usd)) + Decimal(str(more.usd))
