"""Going on with a run by code: nothing is paid for twice, an ended run is only looked at, mistakes are one line."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from scripted import ALDER, QUESTION, Script, ScriptedChat, SmallWeb, good_script, small_web
from spadework.agent import Budget, Result, aresume_agent, arun_agent, opened, resume_agent, run_agent
from spadework.agent.money.charges import Entry
from spadework.agent.opened import book_for
from spadework.agent.prepare import Options
from spadework.agent.storage.book import RunInUse
from spadework.agent.storage.purse import Purse
from spadework.agent.storage.store import open_store
from spadework.tools.errors import ConfigError
from spadework.tools.reading.extract import Page

BUDGET = Budget(searches=4, browses=4, model_calls=20)
PLACES = ("store", "sqlite", "memory")


class Killed(BaseException):
    """The process dies: nothing is caught or tidied."""


def die(_: Any) -> Any:
    raise Killed


class Fragile(SmallWeb):
    """A web in which the process dies while it reads one page, after the other one came."""

    lives = 0

    async def read(self, url: str, *, timeout: float) -> Page:
        if url != ALDER and not self.lives:
            self.lives = 1
            self.reads += 1
            await asyncio.sleep(0.05)
            raise Killed
        return await super().read(url, timeout=timeout)


@contextmanager
def place(kind: str, folder: Path) -> Generator[dict[str, Any]]:
    """Where a run is kept."""
    if kind == "store":
        yield {"store": folder / "runs.db"}
    elif kind == "memory":
        yield {"checkpointer": InMemorySaver()}
    else:
        with SqliteSaver.from_conn_string(str(folder / "runs.db")) as saver:
            yield {"checkpointer": saver}


async def begin(script: Script, web: SmallWeb, where: dict[str, Any], budget: Budget = BUDGET) -> Result:
    model = ScriptedChat(script)
    return await arun_agent(QUESTION, budget, model=model, search=web, browse=web, thread_id="one", **where)


async def go_on(script: Script, web: SmallWeb, where: dict[str, Any], **more: Any) -> Result:
    return await aresume_agent("one", model=ScriptedChat(script), search=web, browse=web, **where, **more)


async def entries(where: dict[str, Any]) -> list[Entry]:
    async with book_for(cast("Options", where)) as book:
        return await book.load("one", 1)


@pytest.mark.parametrize("kind", PLACES)
async def test_an_interrupted_run_goes_on_and_pays_for_nothing_twice(kind: str, tmp_path: Path) -> None:
    web, script = small_web(), good_script()
    with place(kind, tmp_path) as where:
        with pytest.raises(Killed):
            await begin([*script[:2], die], web, where)
        result = await go_on(script[2:], web, where)
    assert (result.question, result.answer, result.status) == (QUESTION, "Mara Finch", "verified")
    assert (web.searches, web.reads) == (result.spend.searches, result.spend.browses) == (2, 2)
    assert result.spend.model_calls == 5, "the call in flight stays charged, and is made once more"
    assert [charge.marks for charge in result.charges if charge.marks] == [("cancelled", "estimated")]


@pytest.mark.parametrize("kind", PLACES)
async def test_of_calls_made_at_once_only_the_one_in_flight_is_made_again(kind: str, tmp_path: Path) -> None:
    web, script = Fragile(small_web().pages), good_script()
    with place(kind, tmp_path) as where:
        with pytest.raises(Killed):
            await begin(script[:2], web, where)
        result = await go_on(script[2:], web, where)
    assert (result.status, web.reads) == ("verified", 3)
    assert result.spend.browses == web.reads
    assert result.spend.model_calls == 4


@pytest.mark.parametrize("kind", PLACES)
async def test_looking_again_at_an_ended_run_spends_nothing_and_writes_nothing(kind: str, tmp_path: Path) -> None:
    with place(kind, tmp_path) as where:
        first = await begin(good_script(), small_web(), where)
        written, known = await entries(where), await about(where)
        web = small_web()
        looks = [await go_on([], web, where) for _ in range(2)]
        assert await entries(where) == written
        assert await about(where) == known
    assert looks[0].to_dict() == looks[1].to_dict()
    assert looks[0].receipt(full=True) == looks[1].receipt(full=True)
    assert told(looks[0]) == told(first)
    assert looks[0].spend.seconds - first.spend.seconds < 0.5, "what it took to close the store, and no more"
    assert (web.searches, web.reads) == (0, 0)


def told(result: Result) -> dict[str, Any]:
    """All that a result says, but for how long the run took."""
    data = result.to_dict()
    calls = [charge for charge in data["charges"] if charge["kind"] != "clock"]
    return {**data, "charges": calls, "spend": {**data["spend"], "seconds": 0}, "receipt": data["receipt"]["by_node"]}


async def about(where: dict[str, Any]) -> dict[str, Any]:
    async with book_for(cast("Options", where)) as book:
        found = await book.find("one")
    assert found is not None
    return found.about


def test_without_async_it_is_the_same(tmp_path: Path) -> None:
    web = small_web()
    given: dict[str, Any] = {"search": web, "browse": web, "store": tmp_path / "runs.db"}
    first = run_agent(QUESTION, BUDGET, model=ScriptedChat(good_script()), thread_id="one", **given)
    again = resume_agent("one", model=ScriptedChat([]), **given)
    assert told(again) == told(first)
    assert (web.searches, web.reads) == (2, 2)


@pytest.mark.parametrize("kind", PLACES)
async def test_a_run_that_is_not_known_is_one_clear_line(kind: str, tmp_path: Path) -> None:
    with place(kind, tmp_path) as where, pytest.raises(ConfigError) as caught:
        await go_on(good_script(), small_web(), where)
    assert str(caught.value) == "there is no stored run 'one': `spadework runs` lists those that there are"


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ({}, "a run can only be resumed where it was stored: give its store, or its checkpointer"),
        ({"ledger": "x.db"}, "ledger= needs a checkpointer whose runs it belongs to; give store= to keep both"),
    ],
)
async def test_a_place_that_is_none_is_one_clear_line(where: dict[str, Any], line: str) -> None:
    web = small_web()
    with pytest.raises(ConfigError) as caught:
        await go_on(good_script(), web, where)
    assert str(caught.value) == line
    if "ledger" in where:
        with pytest.raises(ConfigError) as caught:
            await begin(good_script(), web, where)
        assert str(caught.value) == line
    assert web.searches == 0


@pytest.mark.parametrize("kind", PLACES)
async def test_a_run_that_is_running_is_not_resumed(kind: str, tmp_path: Path) -> None:
    chat, web = ScriptedChat(good_script(), slow=0.1), small_web()
    with place(kind, tmp_path) as where:
        first = asyncio.create_task(
            arun_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, thread_id="one", **where)
        )
        while not chat.prompts:
            await asyncio.sleep(0.01)
        with pytest.raises(RunInUse) as caught:
            await go_on(good_script(), web, where)
        assert (await first).status == "verified"
        assert (await go_on([], web, where)).status == "verified", "the one that was refused took nothing away"
    assert "is running now" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (len(chat.prompts), web.searches) == (4, 2)


async def test_the_time_of_a_call_that_never_ended_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill leaves no chance to write; what is written in mid-call is all that a resume can know."""
    monkeypatch.setattr(opened, "RENEW_S", 0.05)
    chat, web = ScriptedChat(good_script(), slow=30), small_web()
    running = asyncio.create_task(
        arun_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, thread_id="one", store=tmp_path / "runs.db")
    )
    while not chat.prompts:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    clocks = [item.charge for item in await entries({"store": tmp_path / "runs.db"}) if item.charge.kind == "clock"]
    assert [charge.amounts.ms >= 150 for charge in clocks] == [True]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_resumed_run_has_what_its_purse_had_given_it(tmp_path: Path) -> None:
    where: dict[str, Any] = {"store": tmp_path / "runs.db", "purse": Purse(Budget(searches=3, browses=9))}
    web, script = small_web(), good_script()
    with pytest.raises(Killed):
        await begin([*script[:1], die], web, where)
    purse = where["purse"]
    assert purse is not None
    assert (await purse.remaining()).left("searches") == 1, "the two that were made are gone, the third is back"
    result = await go_on(script[1:], web, where)
    assert result.status == "verified"
    assert result.budget["searches"] == 3
    left = await purse.remaining()
    assert (left.left("searches"), left.left("browses")) == (1, 7)
    await purse.aclose()


async def test_a_store_is_closed_whatever_happened(tmp_path: Path) -> None:
    web = small_web()
    with pytest.raises(Killed):
        await begin([die], web, {"store": tmp_path / "runs.db"})
    async with open_store(tmp_path / "runs.db") as store:
        (known,) = await store.book.runs()
    assert (known.run, known.in_use) == ("one", False)


async def test_where_the_state_is_lost_what_the_book_says_was_paid_is_not_paid_again(tmp_path: Path) -> None:
    """A saver in memory is gone with its process; the file of its ledger is not."""
    web, ledger = small_web(), tmp_path / "ledger.db"
    with pytest.raises(Killed):
        await begin([*good_script()[:2], die], web, {"checkpointer": InMemorySaver(), "ledger": ledger})
    result = await go_on(good_script()[2:], web, {"checkpointer": InMemorySaver(), "ledger": ledger})
    assert (result.answer, result.status) == ("Mara Finch", "verified")
    assert (web.searches, web.reads) == (result.spend.searches, result.spend.browses) == (2, 2)
    assert result.spend.model_calls == 5


async def test_where_the_state_is_lost_another_question_begins_afresh(tmp_path: Path) -> None:
    web, ledger = small_web(), tmp_path / "ledger.db"
    with pytest.raises(Killed):
        await begin([*good_script()[:2], die], web, {"checkpointer": InMemorySaver(), "ledger": ledger})
    again: dict[str, Any] = {"checkpointer": InMemorySaver(), "ledger": ledger, "thread_id": "one"}
    other = "Who built the Alder Bridge?"
    result = await arun_agent(other, 5, model=ScriptedChat(good_script()), search=web, browse=web, **again)
    assert result.answer == "Mara Finch"
    assert result.spend.searches == 2, "its own, not those of the other question"
    assert {charge.id.split("/")[1] for charge in result.charges} == {"2"}
