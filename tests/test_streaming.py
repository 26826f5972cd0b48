"""A streamed run is the same run: its result, charges and decisions, and what is told of it on the way."""

import asyncio
import re
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from fake_openai import Answer, calls, text
from scripted import QUESTION, ScriptedChat, good_script, small_web
from slow_server import Habits, SlowServer
from spadework.agent import Budget, arun_agent, run_agent
from spadework.agent.events import CallEvent, DeltaEvent, Event
from spadework.agent.llm.model import OpenAICompatible
from spadework.agent.result import Result
from spadework.agent.settings import Settings
from spadework.tools.errors import ConfigError

BUDGET = Budget(searches=5, browses=5, tokens=100_000)
THOUGHTS = "Let me see what the page says."


def script() -> tuple[Answer, ...]:
    turns: list[Any] = good_script()
    return tuple(text(said) if isinstance(said, str) else calls(*said) for said in turns)


def ask(
    habits: Habits, *, stream: bool = True, on_event: Callable[[Event], None] | None = None, **settings: Any
) -> tuple[Result, SlowServer]:
    """One run against a server with these habits."""
    web = small_web()
    with SlowServer(*script(), habits=habits) as server:
        chat = OpenAICompatible(model=f"m{time.monotonic_ns()}", base_url=server.base_url)
        result = run_agent(
            QUESTION, BUDGET, model=chat, search=web, browse=web, stream=stream, on_event=on_event,
            settings=Settings(**settings), thread_id="r",
        )  # fmt: skip
    return result, server


def told(result: Result) -> dict[str, Any]:
    """What may be compared of two runs: everything but their times."""
    data = result.to_dict()
    data["charges"] = [{**charge, "amounts": {**charge["amounts"], "ms": 0}} for charge in data["charges"]]
    data |= {"receipt": "", "spend": ""}  # sums of the charges
    for finding in data["findings"]:
        finding["evidence"] = [{**item, "fetched": ""} for item in finding["evidence"]]
    data["decisions"] = [{**item, "budget": {**item["budget"], "ms": 0}} for item in data["decisions"]]
    return data


@pytest.mark.parametrize(
    "habits",
    [
        Habits(piece_chars=1),
        Habits(piece_chars=7, wire_bytes=5),
        Habits(thoughts=THOUGHTS),
        Habits(thoughts=THOUGHTS, thinks_in="content", piece_chars=3),
        Habits(thoughts=THOUGHTS, thinks_in="unopened"),
        Habits(streams="ignores"),
    ],
)
def test_a_streamed_run_is_the_same_run(habits: Habits) -> None:
    streamed, server = ask(habits)
    plain, _ = ask(habits, stream=False)
    assert (streamed.answer, streamed.status) == ("Mara Finch", "verified")
    assert told(streamed) == told(plain)
    assert all(body["stream"] and body["stream_options"] == {"include_usage": True} for body in server.bodies)
    assert not any("estimated" in charge.marks for charge in streamed.charges)


@pytest.mark.parametrize("habits", [Habits(streams="refuses"), Habits(usage="refuses")])
def test_a_server_that_refuses_to_stream_or_to_count_is_asked_without_from_then_on(habits: Habits) -> None:
    result, server = ask(habits)
    assert (result.answer, result.status) == ("Mara Finch", "verified")
    assert len(server.refused) == 1
    assert len(server.bodies) == 5
    assert result.spend.model_calls == 5, "the refused request was a real one"
    estimated = [charge for charge in result.charges if "estimated" in charge.marks]
    assert len(estimated) == (4 if habits.usage == "refuses" else 0)
    assert all(charge.amounts.tokens_out for charge in estimated), "missing usage is never nothing"


def test_words_thoughts_and_calls_are_told_apart() -> None:
    events: list[Event] = []
    ask(Habits(thoughts=THOUGHTS, thinks_in="content", piece_chars=2), on_event=events.append)
    first = events[: next(n for n, e in enumerate(events) if isinstance(e, CallEvent) and e.state == "done")]
    parts = {
        part: "".join(e.text for e in first if isinstance(e, DeltaEvent) and e.part == part)
        for part in ("thought", "text", "call")
    }
    assert parts["thought"] == THOUGHTS
    assert parts["text"] == ""
    assert parts["call"].startswith("record {")
    assert "\nsearch {" in parts["call"]
    assert {e.role for e in events if isinstance(e, DeltaEvent)} == {"searcher", "verifier"}


def test_a_fast_model_does_not_flood_and_its_last_piece_comes() -> None:
    events: list[Event] = []
    long = "stone " * 400
    web = small_web()
    started = time.monotonic()
    with SlowServer(text(f"{long}ANSWER: Mara Finch"), habits=Habits(piece_chars=1)) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url)
        run_agent(
            QUESTION, Budget(searches=1, model_calls=1), model=chat, search=web, browse=web, stream=True,
            on_event=events.append,
        )  # fmt: skip
    deltas = [event for event in events if isinstance(event, DeltaEvent)]
    assert len(deltas) <= 20 * (time.monotonic() - started) + 4
    assert "".join(event.text for event in deltas) == f"{long}ANSWER: Mara Finch"


def test_the_last_words_before_a_silence_are_told_at_once() -> None:
    times: list[float] = []

    def note(event: Event) -> None:
        if isinstance(event, DeltaEvent):
            times.append(time.monotonic())

    ask(Habits(piece_chars=60, hang_after=2, hang_s=0.6), on_event=note)
    assert any(later - earlier > 0.4 for earlier, later in pairwise(times))
    assert times[1] - times[0] < 0.3, "the second piece is not held back until the third one comes"


def test_nothing_is_told_and_nobody_asked_to_stream_unless_it_is_wanted() -> None:
    events: list[Event] = []
    _, server = ask(Habits(), stream=False, on_event=events.append)
    assert not any("stream" in body for body in server.bodies)
    assert not any(isinstance(event, DeltaEvent) for event in events)


def test_a_chat_that_knows_nothing_of_streams_works_as_before() -> None:
    chat, web = ScriptedChat(good_script()), small_web()
    result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, stream=True)
    assert result.status == "verified"
    assert not any("stream" in options for options in chat.options)


def test_what_a_model_writes_cannot_move_the_cursor() -> None:
    events: list[Event] = []
    web = small_web()
    with SlowServer(text("\x1b[2Jgone\u202e\r\nANSWER: x"), habits=Habits(piece_chars=1)) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url)
        run_agent(
            QUESTION, Budget(searches=1, model_calls=1), model=chat, search=web, browse=web, stream=True,
            on_event=events.append,
        )  # fmt: skip
    shown = "".join(event.text for event in events if isinstance(event, DeltaEvent))
    assert "gone" in shown
    assert not {"\x1b", "\u202e", "\r"} & set(shown)


def test_a_stream_that_breaks_off_proves_nothing() -> None:
    result, _ = ask(Habits(cut_after=4))
    assert result.status in ("none", "unverified")
    assert not any(item["outcome"] == "SUCCESS" for item in result.decisions)


def test_a_model_that_keeps_writing_is_not_given_up_and_the_seconds_of_the_budget_still_end_it() -> None:
    web = small_web()
    with SlowServer(text("ANSWER: " + "x" * 2_000), habits=Habits(piece_chars=1, piece_s=0.02)) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url)
        started = time.monotonic()
        result = run_agent(QUESTION, Budget(searches=1, seconds=2), model=chat, search=web, browse=web, stream=True)
    assert time.monotonic() - started < 4
    assert (result.stop_reason, result.resource) == ("budget", "seconds")


def test_a_timeout_that_the_user_set_is_obeyed_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spadework.agent.nodes.calls.BACKOFF_S", (0.0, 0.0))
    started = time.monotonic()
    result, _ = ask(Habits(piece_chars=1, piece_s=0.05), model_timeout=0.3)
    assert time.monotonic() - started < 10
    assert "0.3 s" in result.fault


def test_a_server_that_says_nothing_is_given_up_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spadework.agent.nodes.calls.BACKOFF_S", (0.0, 0.0))
    result, _ = ask(Habits(read_s=5), first_token_timeout=0.1)
    assert "did not begin to reply within 0.1 s" in result.fault
    assert "SPADEWORK_FIRST_TOKEN_TIMEOUT" in result.fault
    assert "\n" not in result.fault


def faults(habits: Habits, budget: Budget, *, stream: bool = True, **settings: Any) -> tuple[str, list[str]]:
    """The result's fault, and what was told of each call that failed, of a model that never gets done."""
    web, events = small_web(), list[Event]()
    with SlowServer(text("x" * 4_000), habits=habits) as server:
        chat = OpenAICompatible(model=f"m{time.monotonic_ns()}", base_url=server.base_url)
        result = run_agent(
            QUESTION, budget, model=chat, search=web, browse=web, stream=stream, on_event=events.append,
            settings=Settings(**settings),
        )  # fmt: skip
    failed = [event.detail for event in events if isinstance(event, CallEvent) and event.state == "failed"]
    assert failed
    return result.fault, failed


@pytest.mark.parametrize("stream", [True, False])
def test_where_the_seconds_of_the_budget_end_a_call_no_setting_is_blamed(stream: bool) -> None:
    fault, told = faults(Habits(read_s=9, piece_s=0.1), Budget(searches=1, seconds=1), stream=stream)
    assert {line.partition(" ")[2] for line in told} == {"had not replied in the seconds that the budget left for it"}
    assert "SPADEWORK" not in fault


@pytest.mark.parametrize(
    ("habits", "settings", "named"),
    [
        (Habits(piece_chars=1, piece_s=0.05), {"model_timeout": 0.2}, "SPADEWORK_MODEL_TIMEOUT"),
        (Habits(read_s=5), {"first_token_timeout": 0.1}, "SPADEWORK_FIRST_TOKEN_TIMEOUT"),
        (Habits(hang_after=2, hang_s=5), {}, ""),
    ],
)
def test_the_setting_that_ended_a_call_is_named_and_no_other(
    habits: Habits, settings: dict[str, Any], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spadework.agent.nodes.streaming.QUIET_S", 0.2)
    monkeypatch.setattr("spadework.agent.nodes.calls.BACKOFF_S", (0.0, 0.0))
    fault, told = faults(habits, Budget(searches=1, seconds=30), **settings)
    assert re.findall("SPADEWORK_[A-Z_]+", fault) == [named] * bool(named)
    assert set(told) == {fault}


def test_only_true_or_false_is_an_answer_to_whether_to_stream() -> None:
    options: Any = {"stream": "yes"}
    with pytest.raises(ConfigError, match="stream='yes'"):
        run_agent(QUESTION, BUDGET, model=ScriptedChat([]), **options)


async def test_cancelling_in_the_middle_of_a_stream_is_quick() -> None:
    web = small_web()
    with SlowServer(text("x" * 500), habits=Habits(piece_s=0.05, piece_chars=1)) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url)
        running = asyncio.ensure_future(arun_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, stream=True))
        await asyncio.sleep(0.3)
        running.cancel()
        started = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert time.monotonic() - started < 1
