"""What was found by trying to break the promises: each of these once hung, forgot spend, or lost a run."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel
from scripted import (
    QUESTION,
    Messages,
    Said,
    ScriptedChat,
    answer,
    call,
    calling,
    good_script,
    prose,
    record,
    search,
    small_web,
)
from spadework.agent import Budget, Purse, Result, aresume_agent, arun_agent, resume_agent, run_agent
from spadework.agent.llm.wire import Usage
from spadework.tools.errors import ConfigError

BUDGET = Budget(searches=5, browses=5, model_calls=9)
FURTHER = "Where did Mara Finch study?"


class Town(BaseModel):
    town: str


def study(messages: Messages) -> Said:
    """What a model says to the second question of a chat, wherever it is."""
    if "caller asked for" in messages[0]["content"]:
        return '{"town": "Torve"}'
    asked = any(message["role"] == "assistant" for message in messages)
    return [answer("Torve")] if asked else [record(constraints=("the place",)), search("Torve studied")]


class Dying(InMemorySaver):
    """Stores no step from the one numbered `last` on, as if its process were killed before that."""

    steps, last = 0, sys.maxsize

    async def aput(self, *arguments: Any, **options: Any) -> Any:
        self.steps += 1
        if self.steps > self.last:
            raise OSError("killed")
        return await super().aput(*arguments, **options)


@pytest.mark.parametrize("step", range(12))
def test_a_run_whose_writes_are_stored_and_whose_step_is_not_goes_on(step: int) -> None:
    saver, chat, web = Dying(), ScriptedChat(good_script()), small_web()
    saver.last = step
    options: dict[str, Any] = {"search": web, "browse": web, "checkpointer": saver}
    first = run_agent(QUESTION, BUDGET, model=chat, thread_id="run", **options)
    saver.last = sys.maxsize
    rest = ScriptedChat(good_script()[len(chat.prompts) :])
    result = resume_agent("run", model=rest, **options)
    assert (result.answer, result.status, result.stop_reason) == ("Mara Finch", "verified", "answered")
    assert first.spend.model_calls == len(chat.prompts)
    assert result.spend.model_calls == len(chat.prompts) + len(rest.prompts) == 4
    assert (result.spend.searches, result.spend.browses) == (web.searches, web.reads) == (2, 2)


@pytest.mark.parametrize("step", range(12))
def test_a_second_question_that_is_killed_is_the_one_that_goes_on(step: int, tmp_path: Path) -> None:
    saver, web = Dying(), small_web()
    purse = Purse(Budget(searches=50, browses=50, model_calls=50))
    options: dict[str, Any] = {"search": web, "browse": web, "checkpointer": saver, "purse": purse, "output": Town}
    told = [*good_script(), '{"town": "Wendle"}']
    before = run_agent(QUESTION, BUDGET, model=ScriptedChat(told), thread_id="run", **options)
    assert before.data == Town(town="Wendle")
    chat = ScriptedChat(study)
    saver.last = saver.steps + step
    run_agent(FURTHER, BUDGET, model=chat, thread_id="run", **options)
    saver.last = sys.maxsize
    rest = ScriptedChat(study)
    result = resume_agent("run", model=rest, **options)
    assert (result.question, result.answer, result.data) == (FURTHER, "Torve", Town(town="Torve"))
    assert result.spend.model_calls == len(chat.prompts) + len(rest.prompts)
    gone = asyncio.run(purse.remaining()).gone
    assert gone["model_calls"] == before.spend.model_calls + result.spend.model_calls


async def test_cancelling_while_a_step_is_being_stored_leaves_no_lock_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = aiosqlite.Connection.commit
    commits = 0

    async def commit(self: aiosqlite.Connection) -> None:
        nonlocal commits
        commits += 1
        if commits == number:
            running.cancel()
            await asyncio.sleep(0.01)
        await really(self)

    monkeypatch.setattr(aiosqlite.Connection, "commit", commit)
    for number in range(5, 20, 3):
        commits, chat, web = 0, ScriptedChat(good_script()), small_web()
        options: dict[str, Any] = {"search": web, "browse": web, "store": tmp_path / f"{number}.db"}
        running = asyncio.ensure_future(arun_agent(QUESTION, BUDGET, model=chat, thread_id="run", **options))
        started = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert time.monotonic() - started < 5, "the book waited for the saver's lock"
        rest = ScriptedChat(good_script()[len(chat.prompts) :])
        result = await aresume_agent("run", model=rest, **options)
        assert result.answer == "Mara Finch"
        assert result.spend.model_calls == len(chat.prompts) + len(rest.prompts)


async def test_a_run_that_is_cancelled_again_and_again_is_free_at_once(tmp_path: Path) -> None:
    for number in range(20):
        chat, web = ScriptedChat(good_script(), slow=0.02), small_web()
        options: dict[str, Any] = {
            "search": web,
            "browse": web,
            "store": tmp_path / "runs.db",
            "thread_id": f"{number}",
        }
        running = asyncio.ensure_future(arun_agent(QUESTION, BUDGET, model=chat, **options))
        await asyncio.sleep(0.005 * number)
        while not running.done():
            running.cancel()
            await asyncio.sleep(0.0005)
        rest = ScriptedChat(good_script()[max(0, len(chat.prompts) - 1) :])
        result = await arun_agent(QUESTION, BUDGET, model=rest, **options)
        assert result.spend.model_calls >= len(rest.prompts)
        assert result.stop_reason != "error"


def ends_by_itself(work: Callable[[], Result]) -> Result:
    found: list[Result] = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    thread.join(10)
    assert found, "it hung"
    return found[0]


def leaving(number: int) -> str:
    """Leaves the program, as the parser of a command line does with what it cannot read."""
    sys.exit(number)


async def cancelled(number: int) -> str:
    """Is cancelled by nobody but itself."""
    raise asyncio.CancelledError


@pytest.mark.parametrize("tool", [leaving, cancelled])
def test_a_tool_that_exits_or_cancels_itself_is_a_tool_that_failed(tool: Callable[..., Any]) -> None:
    web = small_web()
    chat = ScriptedChat([[call(tool.__name__, number=1)], *good_script()])
    result = ends_by_itself(lambda: run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, tools=[tool]))
    assert (result.answer, result.spend.tools) == ("Mara Finch", {tool.__name__: 1})
    assert f"{tool.__name__} failed" in str(chat.prompts[1])


def test_a_listener_that_exits_takes_no_other_run_with_it() -> None:
    def listen(_: Any) -> None:
        sys.exit(3)

    web = small_web()
    with pytest.raises(SystemExit):
        run_agent(QUESTION, BUDGET, model=ScriptedChat(good_script()), search=web, browse=web, on_event=listen)
    assert ends_by_itself(
        lambda: run_agent(QUESTION, BUDGET, model=ScriptedChat(good_script()), search=web, browse=web)
    ).answer


def test_a_run_on_the_thread_of_another_run_is_refused_instead_of_waiting_for_itself() -> None:
    faults: list[str] = []

    def listen(_: Any) -> None:
        with pytest.raises(ConfigError) as refused:
            run_agent(QUESTION, BUDGET, model=ScriptedChat([]), search=web, browse=web)
        faults.append(str(refused.value))

    web = small_web()
    result = ends_by_itself(
        lambda: run_agent(QUESTION, BUDGET, model=ScriptedChat(good_script()), search=web, browse=web, on_event=listen)
    )
    assert result.answer == "Mara Finch"
    assert "arun_agent" in faults[0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_runs_and_shares_the_purse(tmp_path: Path) -> None:
    web = small_web()
    purse = Purse(Budget(searches=50, browses=50, model_calls=18), name="all", store=tmp_path / "runs.db")
    options: dict[str, Any] = {"search": web, "browse": web, "purse": purse, "store": tmp_path / "runs.db"}
    assert run_agent(QUESTION, BUDGET, model=ScriptedChat(good_script()), **options).answer
    child = os.fork()
    if not child:
        threading.Timer(10, lambda: os._exit(1)).start()
        result = run_agent(QUESTION, BUDGET, model=ScriptedChat(good_script()), **options)
        asyncio.run(purse.aclose())
        os._exit(0 if result.answer else 2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "1: it hung"
    assert asyncio.run(purse.remaining()).gone["model_calls"] == 8


@pytest.mark.parametrize("usage", [Usage(10**30, 5), Usage(5, 10**30), Usage(10**19, 1)])
def test_absurd_usage_ends_the_budget_and_not_the_run(usage: Usage, tmp_path: Path) -> None:
    web = small_web()
    script = [calling(*turn, usage=usage) for turn in good_script() if isinstance(turn, list)]
    options: dict[str, Any] = {"search": web, "browse": web, "store": tmp_path / "runs.db"}
    result = run_agent(QUESTION, {"tokens": 90_000}, model=ScriptedChat(script), thread_id="run", **options)
    assert (result.stop_reason, result.resource) == ("budget", "tokens")
    assert max(result.spend.tokens_in, result.spend.tokens_out) > 10**8
    assert "overrun: 1 call" in result.receipt()
    assert resume_agent("run", model=ScriptedChat([]), **options).spend.tokens_in == result.spend.tokens_in


@pytest.mark.parametrize("counted", [0, -30])
def test_output_that_is_not_counted_is_estimated(counted: int) -> None:
    web = small_web()
    chat = ScriptedChat([prose("answer: Mara Finch " * 50, usage=Usage(500, counted))] * 9)
    result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web)
    assert result.spend.tokens_in == 500 * len(chat.prompts)
    assert result.spend.tokens_out > 100 * len(chat.prompts)
    assert "estimated" in result.receipt()
