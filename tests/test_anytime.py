"""Whatever ends a run, and whenever: from the first candidate on there is a best answer, and always the reason."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alder import ANSWER, USAGE, replies, write_corpus
from alder import QUESTION as ALDER_QUESTION
from fake_openai import FakeOpenAI, calls, slow
from killing import charges_in
from scripted import (
    ALDER,
    BORN,
    BUILT,
    CONSTRAINTS,
    FINCH,
    QUESTION,
    SPANS,
    Messages,
    Said,
    ScriptedChat,
    answer,
    browse,
    finding,
    record,
    search,
    small_web,
)
from spadework.agent import Budget, Result, run_agent, stream_agent
from spadework.agent.events import AnswerEvent, BestEvent, Event
from spadework.agent.terminal.show import result_text
from spadework.tools.errors import ModelError

TURNS: list[Said] = [
    [record(constraints=CONSTRAINTS), search("Alder Bridge")],
    [browse(ALDER)],
    [record(finding("Mara Finch", "c0", (ALDER, BUILT))), search("Mara Finch")],
    [record(finding("Mara Finch", "c1", (ALDER, SPANS))), browse(FINCH)],
    [record(finding("Mara Finch", "c2", (FINCH, BORN))), answer("Mara Finch")],
]
"""The first candidate comes with the third reply."""
PROVEN: dict[int, tuple[str, ...] | None] = {
    0: None,
    1: None,
    2: None,
    3: ("c0",),
    4: ("c0", "c1"),
    5: ("c0", "c1", "c2"),
}
"""By how many replies came: what the best answer has proven, None while there is none."""
ENDLESS = Budget(searches=5, browses=5, model_calls=20)
HERE = Path(__file__).parent


def check(result: Result, replies_read: int, reason: str) -> None:
    proven = PROVEN[replies_read]
    if proven is None:
        assert (result.best, result.answer, result.status) == (None, "", "none")
    else:
        assert result.best is not None
        assert (result.best.answer, result.best.proven) == (result.answer, proven) == ("Mara Finch", proven)
        assert result.best.status == result.status == ("verified" if replies_read == 5 else "unverified")
    assert result.stop_reason == reason
    assert result.to_dict()["best"] == (None if result.best is None else result.best.to_dict())


@pytest.mark.parametrize("turn", range(5))
def test_an_error_of_the_model_in_mid_run(turn: int) -> None:
    web, refused = small_web(), ModelError("the key was revoked", kind="rejected", sent=True, status=401)
    chat = ScriptedChat([*TURNS[:turn], refused])
    result = run_agent(QUESTION, ENDLESS, model=chat, search=web, browse=web)
    check(result, turn, "error")
    assert result.fault == "the key was revoked"
    assert "stopped: something failed" in result_text(result)
    assert "last failure: the key was revoked" in result_text(result)


@pytest.mark.parametrize("turn", range(5))
def test_a_deadline_in_mid_run(turn: int) -> None:
    def late(_: Messages) -> Said:
        chat.slow = 30
        return TURNS[turn - 1]

    web = small_web()
    chat = ScriptedChat([*TURNS[: turn - 1], late] if turn else [], slow=0 if turn else 30)
    started = time.monotonic()
    result = run_agent(QUESTION, Budget(searches=5, browses=5, seconds=0.6), model=chat, search=web, browse=web)
    assert time.monotonic() - started < 2
    check(result, turn, "budget")
    assert result.resource == "seconds"
    assert "stopped: the budget ran out (seconds)" in result_text(result)


@pytest.mark.parametrize("limit", range(1, 5))
def test_a_limit_of_model_calls_in_mid_run(limit: int) -> None:
    web = small_web()
    result = run_agent(
        QUESTION, Budget(searches=5, browses=5, model_calls=limit), model=ScriptedChat(TURNS), search=web, browse=web
    )
    assert (result.stop_reason, result.resource) == ("budget", "model_calls")
    assert result.spend.model_calls <= limit
    assert (result.best.answer if result.best else "") == result.answer


def test_what_listens_is_told_of_each_better_answer_while_the_run_goes_on() -> None:
    told: list[tuple[int, BestEvent]] = []

    def listen(event: Event) -> None:
        if isinstance(event, BestEvent):
            told.append((len(chat.prompts), event))

    chat, web = ScriptedChat(TURNS), small_web()
    result = run_agent(QUESTION, ENDLESS, model=chat, search=web, browse=web, on_event=listen)
    check(result, 5, "answered")
    assert [(number, event.proven) for number, event in told] == [(n, PROVEN[n]) for n in (3, 4, 5)]
    assert {event.answer for _, event in told} == {"Mara Finch"}
    assert result.best is not None
    assert (told[-1][1].status, told[-1][1].open) == (result.best.status, result.best.open)


async def test_a_stream_that_is_left_early_has_told_the_best_so_far() -> None:
    chat, web = ScriptedChat(TURNS), small_web()
    seen: list[Event] = []
    stream = stream_agent(QUESTION, ENDLESS, model=chat, search=web, browse=web)
    async for event in stream:
        seen.append(event)
        if isinstance(event, BestEvent):
            break
    await stream.aclose()
    assert isinstance(seen[-1], BestEvent)
    assert seen[-1].answer == "Mara Finch"
    assert len(chat.prompts) < 5, "long before the end"
    assert not [event for event in seen if isinstance(event, AnswerEvent)]


SCRIPT = """
import asyncio, json, sys
from scripted import QUESTION, ScriptedChat, small_web
from spadework.agent import run_agent
from test_anytime import ENDLESS, TURNS

turn, store, stubborn = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])

class Hanging(ScriptedChat):
    async def complete(self, messages, **options):
        if len(self.prompts) == turn:
            self.prompts.append(messages)
            print("hangs", flush=True)
            try:
                await asyncio.sleep(30)
            finally:
                if stubborn:
                    await asyncio.sleep(stubborn)
        return await super().complete(messages, **options)

web = small_web()
result = run_agent(QUESTION, ENDLESS, model=Hanging(TURNS), search=web, browse=web, store=store, thread_id="one")
print(json.dumps(result.to_dict()))
"""


@contextmanager
def hanging(turn: int, store: Path, *, stubborn: float = 0) -> Generator["subprocess.Popen[str]"]:
    """A plain program that calls `run_agent`, once it waits for this reply."""
    line = [sys.executable, "-c", SCRIPT, str(turn), str(store), str(stubborn)]
    with subprocess.Popen(line, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "hangs\n", program.communicate()[1]
        yield program


@pytest.mark.parametrize("turn", [2, 4])
def test_ctrl_c_in_a_program_gives_it_the_best_so_far(turn: int, tmp_path: Path) -> None:
    with hanging(turn, tmp_path / "runs.db") as program:
        program.send_signal(signal.SIGINT)
        out, errors = program.communicate(timeout=10)
    result: dict[str, Any] = json.loads(out)
    assert program.returncode == 0
    assert "Traceback" not in errors
    assert (result["stop_reason"], result["answer"]) == ("cancelled", "" if turn == 2 else "Mara Finch")
    best: dict[str, Any] = result["best"] or {}
    assert best.get("proven") == (None if turn == 2 else ["c0", "c1"])
    assert result["spend"]["model_calls"] == turn + 1, "the call in flight counts"


def test_a_second_ctrl_c_does_not_wait_and_the_store_has_all_the_spend(tmp_path: Path) -> None:
    """Something that will not be cancelled keeps the first one waiting."""
    store = tmp_path / "runs.db"
    with hanging(3, store, stubborn=20) as program:
        program.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert program.poll() is None, "it waits for the call to be settled"
        program.send_signal(signal.SIGINT)
        started = time.monotonic()
        out, errors = program.communicate(timeout=10)
    assert time.monotonic() - started < 2
    assert (program.returncode, out) == (-signal.SIGINT, "")
    assert errors.endswith("KeyboardInterrupt\n")
    charges = charges_in(str(store), "one")
    paid = [charge.kind for charge in charges if charge.status != "released" and charge.kind != "clock"]
    assert {kind: paid.count(kind) for kind in set(paid)} == {"model": 4, "search": 2, "browse": 1}


def test_ctrl_c_at_the_command_line_prints_the_best_so_far_and_why(tmp_path: Path) -> None:
    first, second, *_ = replies("https://alder.example")
    quotes = [{"url": "https://alder.example/bridge", "quote": "It was built by Mara Finch in 1871"}]
    found = [{"candidate": ANSWER, "constraint": "c0", "verdict": "satisfied", "quotes": quotes}]
    third = calls(("record", {"findings": found}), ("search", {"queries": ["mara finch birthplace"]}), usage=USAGE)
    with FakeOpenAI(first, second, third, otherwise=slow(first, 20)) as model:
        line = [sys.executable, "-m", "spadework.agent", "ask", ALDER_QUESTION, "--budget", "4", "--model", "fake"]
        line += ["--base-url", model.base_url, "--search", f"corpus:{write_corpus(tmp_path)}"]
        program = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 20
        while len(model.requests) < 4 and time.monotonic() < end:
            time.sleep(0.02)
        program.send_signal(signal.SIGINT)
        out, errors = program.communicate(timeout=10)
    assert program.returncode == 0
    assert out.startswith(f"{ANSWER}\n\nunverified: the best answer so far")
    assert "stopped: cancelled after " in out
    assert errors.startswith("to go on: spadework resume ")
