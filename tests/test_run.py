"""`run_agent`, `arun_agent` and `stream_agent` as callers use them: everywhere, often, and with mistakes."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import BaseModel
from scripted import (
    ALDER,
    BUILT,
    QUESTION,
    SPANS,
    Messages,
    Script,
    ScriptedChat,
    SmallWeb,
    answer,
    browse,
    finding,
    good_script,
    record,
    search,
    small_web,
)
from spadework.agent import Budget, Result, arun_agent, run_agent, stream_agent
from spadework.agent.events import AnswerEvent, CallEvent, DecisionEvent, Event, PageEvent, SpendEvent
from spadework.agent.llm.wire import Options, Reply
from spadework.agent.loop import start
from spadework.agent.nodes import calls
from spadework.agent.settings import Settings
from spadework.tools.errors import ConfigError, ModelError, ToolError
from typing_extensions import Unpack

BUDGET = Budget(searches=4, browses=4, model_calls=20)


def check_good(result: Result) -> None:
    assert (result.answer, result.status, result.stop_reason) == ("Mara Finch", "verified", "answered")
    assert (result.spend.searches, result.spend.browses, result.spend.model_calls) == (2, 2, 4)
    assert {source.kind for source in result.sources} == {"page"}
    assert result.fault == ""


def good_run() -> Result:
    web = small_web()
    return run_agent(QUESTION, BUDGET, model=ScriptedChat(good_script()), search=web, browse=web)


async def a_good_run() -> Result:
    web = small_web()
    return await arun_agent(QUESTION, BUDGET, model=ScriptedChat(good_script()), search=web, browse=web)


def test_ten_runs_in_a_row() -> None:
    for _ in range(10):
        check_good(good_run())


async def test_below_a_running_loop() -> None:
    check_good(good_run())


def test_in_many_threads_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        for running in [pool.submit(good_run) for _ in range(16)]:
            check_good(running.result())


async def test_fifty_runs_at_once() -> None:
    started = time.monotonic()
    for result in await asyncio.gather(*(a_good_run() for _ in range(50))):
        check_good(result)
    assert time.monotonic() - started < 15


def test_plain_functions_serve_as_search_and_browse() -> None:
    def find(query: str) -> list[dict[str, str]]:
        return [{"title": "alder", "url": ALDER, "snippet": query}]

    async def read(url: str) -> str:
        return "The Alder Bridge spans the river Orr. It was built by Mara Finch in 1871 from local stone."

    script = [[search("Alder Bridge")], [browse(ALDER)], [answer("Mara Finch")]]
    result = run_agent("Who built the Alder Bridge?", 2, model=ScriptedChat(script), search=find, browse=read)
    assert result.answer == "Mara Finch"
    assert (result.spend.searches, result.spend.browses) == (1, 1)


class Town(BaseModel):
    name: str
    year: int


@pytest.mark.parametrize(
    ("said", "wanted"),
    [('{"name": "Mara Finch", "year": 1871}', Town(name="Mara Finch", year=1871)), ("no", None), ('{"year": 1}', None)],
)
def test_the_answer_comes_in_the_form_asked_for_or_not_at_all(said: str, wanted: Town | None) -> None:
    web = small_web()
    chat = ScriptedChat([*good_script(), said])
    result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, output=Town)
    assert result.data == wanted
    assert result.answer == "Mara Finch"
    assert result.to_dict()["data"] == (wanted.model_dump() if wanted else None)


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"question": ""}, "question="),
    ({"question": None}, "question="),
    ({"question": "x" * 20_001}, "20,001 characters"),
    ({"budget": -1}, "-1"),
    ({"budget": {"serches": 1}}, "did you mean 'searches'"),
    ({"model": None}, "no model is set"),
    ({"model": 5}, "the model must be"),
    ({"model": {"chef": "openai:x"}}, "no role 'chef'"),
    ({"search": "gogle"}, "gogle"),
    ({"search": 5}, "5"),
    ({"browse": 5}, "browse is 5"),
    ({"strategy": "bats-erly"}, "did you mean 'bats-early'"),
    ({"strategy": 5}, "strategy"),
    ({"output": dict}, "pydantic model"),
    ({"output": 5}, "pydantic model"),
    ({"checkpointer": "file.db"}, "checkpointer="),
    ({"settings": "fast"}, "settings="),
    ({"thread_id": 5}, "thread_id="),
    ({"thread_id": ""}, "thread_id="),
    ({"modle": 5}, "there is no argument 'modle': did you mean model?"),
]


async def called(entry: Callable[..., Any], given: dict[str, Any]) -> None:
    found = entry(**given)
    await found


@pytest.mark.parametrize(("mistake", "words"), MISTAKES, ids=[str(next(iter(case[0]))) for case in MISTAKES])
async def test_a_mistake_is_one_clear_line_before_anything_is_spent(mistake: dict[str, Any], words: str) -> None:
    chat, web = ScriptedChat([]), small_web()
    given: dict[str, Any] = {"question": QUESTION, "budget": 5, "model": chat, "search": web, "browse": web} | mistake
    entries: list[Callable[..., Any]] = [run_agent, arun_agent]
    for entry in entries:
        with pytest.raises(ConfigError) as caught:
            await called(entry, given)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)
    assert (len(chat.prompts), web.searches, web.reads) == (0, 0, 0)


@pytest.mark.parametrize("kind", ["unreachable", "timeout", "status", "rejected", "bad_reply"])
def test_a_model_that_always_fails_gives_a_result_with_its_last_words(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "BACKOFF_S", (0.0, 0.0))
    failing = ScriptedChat(lambda _: ModelError(f"the server said {kind}", kind=kind, sent=kind != "unreachable"))
    web = small_web()
    result = run_agent(QUESTION, BUDGET, model=failing, search=web, browse=web)
    assert (result.stop_reason, result.status, result.answer) == ("error", "none", "")
    assert result.fault == f"the server said {kind}"
    assert len(failing.prompts) <= 3
    assert result.spend.model_calls == (0 if kind == "unreachable" else len(failing.prompts))


def test_a_model_that_recovers_leaves_no_trace_of_its_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "BACKOFF_S", (0.0, 0.0))
    bad = ModelError("busy", kind="status", sent=True, status=503)
    web = small_web()
    result = run_agent(QUESTION, BUDGET, model=ScriptedChat([bad, bad, *good_script()]), search=web, browse=web)
    assert (result.answer, result.stop_reason, result.fault) == ("Mara Finch", "answered", "")
    assert result.spend.model_calls == 6
    assert "failed: 2 calls" in result.receipt()


def test_tools_that_always_fail_end_the_run() -> None:
    class Broken(SmallWeb):
        async def search(self, query: str, **_: Any) -> Any:
            raise ToolError("the search is down", kind="unreachable", sent=False)

    chat = ScriptedChat(lambda _: [search(f"query {len(chat.prompts)}")])
    web = Broken({})
    result = run_agent(QUESTION, Budget(searches=3, browses=3), model=chat, search=web, browse=web)
    assert result.status == "none"
    assert result.spend.searches == 0
    assert len(chat.prompts) <= 4 * (3 + 3) + 12 + 1, "the turn cap, and the call that writes the answer"


def test_a_slow_model_is_given_no_more_time_than_is_left() -> None:
    class Patient(ScriptedChat):
        async def complete(self, messages: Any, **options: Any) -> Any:
            try:
                async with asyncio.timeout(options["timeout"]):
                    return await super().complete(messages, **options)
            except TimeoutError:
                raise ModelError("too slow", kind="timeout", sent=True) from None

    chat, web = Patient(good_script(), slow=30), small_web()
    started = time.monotonic()
    result = run_agent(QUESTION, Budget(searches=4, browses=4, seconds=0.5), model=chat, search=web, browse=web)
    assert time.monotonic() - started < 1.5
    assert result.status == "none"
    assert result.stop_reason in ("budget", "error")
    assert result.spend.seconds < 1.0
    assert chat.cancelled >= 1


async def test_cancelling_the_task_cancels_the_call_in_flight() -> None:
    chat, web = ScriptedChat(good_script(), slow=30), small_web()
    task = asyncio.create_task(arun_agent(QUESTION, BUDGET, model=chat, search=web, browse=web))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert chat.cancelled == 1


def stops(monkeypatch: pytest.MonkeyPatch, reached: threading.Event) -> None:
    """Press Ctrl-C as soon as that is reached."""

    class Interrupted:
        def __init__(self, future: Future[Any]) -> None:
            self.future = future

        def done(self) -> bool:
            return True

        def result(self) -> Any:
            assert reached.wait(5)
            time.sleep(0.05)
            raise KeyboardInterrupt

        def cancel(self) -> bool:
            return self.future.cancel()

    def starts(work: Coroutine[Any, Any, Any]) -> Interrupted:
        return Interrupted(start(work))

    monkeypatch.setattr("spadework.agent.run.start", starts)


class Hanging(ScriptedChat):
    """Does not come back from the call after its script."""

    def __init__(self, script: Script, reached: threading.Event) -> None:
        super().__init__(script)
        self.reached, self.last = reached, len(script)

    async def complete(self, messages: Messages, **options: Unpack[Options]) -> Reply:
        if len(self.prompts) == self.last:
            self.reached.set()
            await asyncio.sleep(30)
        return await super().complete(messages, **options)


def test_ctrl_c_gives_the_best_answer_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = threading.Event()
    stops(monkeypatch, reached)
    chat, web = Hanging([*good_script()[:2], [search("one more")]], reached), small_web()
    result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web)
    assert result.stop_reason == "cancelled"
    assert (result.spend.browses, result.spend.searches) == (2, 3)
    assert result.receipt()


def test_a_page_that_was_read_just_before_ctrl_c_proves_what_stands_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = threading.Event()
    stops(monkeypatch, reached)
    told = finding("Mara Finch", "c0", (ALDER, BUILT))
    script = [[("record", {"constraints": []}), search("Alder")], [record(told), answer("Mara Finch")]]
    chat = Hanging(script, reached)  # in the verifier, which reads the page of the result and then asks the model
    web = SmallWeb({ALDER: f"{SPANS} {BUILT}"}, snippets={ALDER: BUILT})
    result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web)
    assert (result.stop_reason, result.answer, result.spend.browses) == ("cancelled", "Mara Finch", 1)
    assert [source.kind for source in result.sources] == ["page"]
    assert [item["kind"] for item in result.findings[0]["evidence"]] == ["page"]


async def events_of(**options: Any) -> list[Event]:
    web = small_web()
    stream = stream_agent(QUESTION, BUDGET, model=ScriptedChat(good_script()), search=web, browse=web, **options)
    return [event async for event in stream]


async def test_a_stream_tells_what_happens_in_its_order_and_ends_with_the_answer() -> None:
    events = await events_of()
    kinds = [event.kind for event in events]
    assert kinds.count("answer") == 1
    assert isinstance(events[-1], AnswerEvent)
    assert events[-1].result["status"] == "verified"
    places = [kinds.index(kind) for kind in ("plan", "page", "finding", "decision", "answer")]
    assert places == sorted(places)
    calls_seen = [(event.tool, event.state) for event in events if isinstance(event, CallEvent)]
    for tool, number in (("model", 4), ("search", 2), ("browse", 2)):
        assert calls_seen.count((tool, "started")) == calls_seen.count((tool, "done")) == number
    assert len([event for event in events if isinstance(event, PageEvent)]) == 2
    spends = [event.gone["browses"] for event in events if isinstance(event, SpendEvent)]
    assert spends == sorted(spends)
    decisions = [event.decision["outcome"] for event in events if isinstance(event, DecisionEvent)]
    assert decisions == ["SUCCESS"]


async def test_a_listener_is_told_what_a_stream_tells() -> None:
    told: list[Event] = []
    events = await events_of(on_event=told.append)
    assert events[:-1] == told, "the last one is the stream's own: the result"


async def test_leaving_a_stream_early_cancels_the_run() -> None:
    chat, web = ScriptedChat(good_script(), slow=0.2), small_web()
    stream = stream_agent(QUESTION, BUDGET, model=chat, search=web, browse=web)
    async for _ in stream:
        break
    await stream.aclose()
    calls_made = len(chat.prompts)
    await asyncio.sleep(0.3)
    assert len(chat.prompts) == calls_made <= 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_mistake_in_a_stream_is_raised_when_it_starts() -> None:
    with pytest.raises(ConfigError):
        await anext(stream_agent("", 5, model=ScriptedChat([])))


def test_settings_reach_the_run() -> None:
    chat, web = ScriptedChat(good_script()), small_web()
    run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, settings=Settings(model_timeout=7))
    assert {options.get("timeout") for options in chat.options} == {7}
