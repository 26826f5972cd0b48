"""Runs in threads: any saver stores them whole, an interrupted one goes on, and the next question starts clean."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from scripted import ALDER, QUESTION, ScriptedChat, answer, browse, call, good_script, search, small_web
from spadework.agent import Budget, Result, arun_agent, run_agent
from spadework.agent.money.charges import Charge
from spadework.agent.prepare import prepare
from spadework.agent.result import spend_of
from spadework.agent.storage.savers import Saver, as_async

BUDGET = Budget(searches=4, browses=4, model_calls=20)
SAVERS = ("memory", "sqlite", "async sqlite")


@asynccontextmanager
async def saver_of(kind: str, folder: Path) -> AsyncGenerator[Saver, None]:
    if kind == "memory":
        yield InMemorySaver()
    elif kind == "sqlite":
        with SqliteSaver.from_conn_string(str(folder / "runs.db")) as saver:
            yield saver
    else:
        async with AsyncSqliteSaver.from_conn_string(str(folder / "runs.db")) as saver:
            yield saver


async def stored(saver: Saver, thread: str) -> dict[str, Any]:
    """The state as the checkpoints hold it, read by a graph of its own."""
    options: Any = {"model": ScriptedChat([]), "checkpointer": saver, "thread_id": thread}
    prepared = prepare(QUESTION, BUDGET, options)
    built: Any = prepared.built
    found = await built.compile(checkpointer=as_async(saver)).aget_state({"configurable": {"thread_id": thread}})
    await prepared.aclose()
    return found.values


async def run(saver: Saver, chat: ScriptedChat, question: str = QUESTION, budget: Budget = BUDGET) -> Result:
    web = small_web()
    return await arun_agent(
        question, budget, model=chat, search=web, browse=web, checkpointer=saver, thread_id="thread 1/a"
    )


@pytest.mark.parametrize("kind", SAVERS)
async def test_the_stored_state_shows_the_same_spend_and_findings(kind: str, tmp_path: Path) -> None:
    async with saver_of(kind, tmp_path) as saver:
        result = await run(saver, ScriptedChat(good_script()))
        state = await stored(saver, "thread 1/a")
    assert result.status == state["status"] == "verified"
    assert list(state["findings"].values()) == result.findings
    spend = spend_of(Charge.from_dict(data) for data in state["charges"].values())
    for name in ("searches", "browses", "model_calls", "tokens_in", "tokens_out", "usd"):
        assert getattr(spend, name) == getattr(result.spend, name)
    assert state["decisions"] == result.decisions
    assert state["records"] == result.attempts
    assert state["constraints"] == result.constraints


@pytest.mark.parametrize("kind", SAVERS)
async def test_a_second_question_starts_clean_and_counts_its_own_spend(kind: str, tmp_path: Path) -> None:
    async with saver_of(kind, tmp_path) as saver:
        first = await run(saver, ScriptedChat(good_script()))
        chat = ScriptedChat([[search("river Orr")], [browse(ALDER)], [answer("the Orr")]])
        second = await run(saver, chat, "Which river does the Alder Bridge span?", Budget(searches=1, browses=1))
        state = await stored(saver, "thread 1/a")
    assert first.answer == "Mara Finch"
    assert second.answer == "the Orr"
    assert (second.spend.searches, second.spend.browses, second.spend.model_calls) == (1, 1, len(chat.prompts))
    assert "Mara Finch" not in str(chat.prompts[0]), "nothing of the first question leaks into the second"
    assert len(second.constraints) == 1
    assert {key.split("/")[-4] for key in state["charges"]} == {"1", "2"}, "the charges of both are kept"


class Killed(BaseException):
    """The process dies: nothing is caught or tidied."""


@pytest.mark.parametrize("kind", SAVERS)
@pytest.mark.parametrize("turn", [0, 1, 2])
async def test_an_interrupted_thread_goes_on_and_forgets_no_spend(kind: str, turn: int, tmp_path: Path) -> None:
    def die(_: Any) -> Any:
        raise Killed

    script = good_script()
    async with saver_of(kind, tmp_path) as saver:
        first = ScriptedChat([*script[:turn], die])
        with pytest.raises(Killed):
            await run(saver, first)
        before = spend_of(Charge.from_dict(data) for data in (await stored(saver, "thread 1/a"))["charges"].values())
        second = ScriptedChat(script[turn:])
        result = await run(saver, second)
    assert (result.answer, result.status) == ("Mara Finch", "verified")
    assert len(second.prompts) == 4 - turn, "what was done is not done again"
    assert before.model_calls == turn
    assert result.spend.model_calls == 5, "the call that was in flight stays charged, and is made once more"
    assert (result.spend.searches, result.spend.browses) == (2, 2), "no search and no page is paid for twice"
    ids = [charge.id for charge in result.charges]
    assert len(ids) == len(set(ids))


async def test_after_a_resume_addresses_that_were_found_before_may_still_be_opened() -> None:
    def die(_: Any) -> Any:
        raise Killed

    saver = InMemorySaver()
    script = good_script()
    with pytest.raises(Killed):
        await run(saver, ScriptedChat([script[0], die]))
    result = await run(saver, ScriptedChat(script[1:]))
    assert result.spend.browses == 2


async def test_a_killed_process_resumes_from_its_file(tmp_path: Path) -> None:
    """The file is opened anew, as a new process would."""

    def die(_: Any) -> Any:
        raise Killed

    async with saver_of("sqlite", tmp_path) as saver:
        with pytest.raises(Killed):
            await run(saver, ScriptedChat([*good_script()[:2], die]))
    async with saver_of("async sqlite", tmp_path) as saver:
        result = await run(saver, ScriptedChat(good_script()[2:]))
    assert (result.answer, result.status) == ("Mara Finch", "verified")
    assert (result.spend.model_calls, result.spend.browses) == (5, 2)


def test_a_sync_saver_serves_the_sync_front() -> None:
    with SqliteSaver.from_conn_string(":memory:") as saver:
        web = small_web()
        chat = ScriptedChat(good_script())
        result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, checkpointer=saver, thread_id="t")
    assert result.status == "verified"


async def test_strange_text_from_a_model_is_stored_and_read_again() -> None:
    odd = [call("search", queries=["\ud800 Alder \x00", "雪"]), call("search", queries="\ud83d")]
    saver = InMemorySaver()
    result = await run(saver, ScriptedChat([odd, *good_script()]))
    assert (result.stop_reason, result.fault) == ("answered", "")
    assert (await stored(saver, "thread 1/a"))["answer"] == "Mara Finch"


async def test_threads_at_once_in_one_saver_do_not_mix(tmp_path: Path) -> None:
    async def one(saver: Saver, number: int) -> Result:
        web = small_web()
        return await arun_agent(QUESTION, BUDGET, model=ScriptedChat(good_script()), search=web, browse=web,
                                checkpointer=saver, thread_id=f"t{number}")  # fmt: skip

    async with saver_of("async sqlite", tmp_path) as saver:
        for result in await asyncio.gather(*(one(saver, number) for number in range(8))):
            assert result.spend.model_calls == 4
            assert {charge.id.split("/")[0] for charge in result.charges} == {result.run}


async def test_what_a_saver_writes_is_written_to_its_end_when_it_is_cancelled() -> None:
    class Slow(InMemorySaver):
        done = False

        async def aput_writes(self, *arguments: Any, **options: Any) -> None:
            await asyncio.sleep(0.02)
            self.done = True

    saver = Slow()
    config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "1"}}
    writing = asyncio.ensure_future(as_async(saver).aput_writes(config, [("a", 1)], "task"))
    await asyncio.sleep(0.005)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert saver.done
