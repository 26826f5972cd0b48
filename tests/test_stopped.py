"""Ctrl-C in a program: the best answer so far, with all that was read and paid for until then."""

import asyncio
import threading
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from typing import Any

import pytest
from scripted import (
    ALDER,
    BUILT,
    QUESTION,
    SPANS,
    Messages,
    Said,
    ScriptedChat,
    SmallWeb,
    answer,
    finding,
    good_script,
    record,
    search,
    small_web,
)
from spadework.agent import Budget, run_agent
from spadework.agent.llm.wire import Options, Reply
from spadework.agent.loop import start
from typing_extensions import Unpack

BUDGET = Budget(searches=4, browses=4, model_calls=20)


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

    def __init__(self, script: Sequence[Said], reached: threading.Event) -> None:
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
    script: list[Said] = [[("record", {"constraints": []}), search("Alder")], [record(told), answer("Mara Finch")]]
    chat = Hanging(script, reached)  # in the verifier, which reads the page of the result and then asks the model
    web = SmallWeb({ALDER: f"{SPANS} {BUILT}"}, snippets={ALDER: BUILT})
    result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web)
    assert (result.stop_reason, result.answer, result.spend.browses) == ("cancelled", "Mara Finch", 1)
    assert [source.kind for source in result.sources] == ["page"]
    assert [item["kind"] for item in result.findings[0]["evidence"]] == ["page"]
