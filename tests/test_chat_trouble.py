"""The chat without a terminal, where something goes wrong: refusals, bugs, Ctrl-C, other chats."""

import _thread
import json
import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chatting import BORN, BRIDGE, MAYOR, Talk, serving
from fake_openai import Answer, FakeOpenAI
from spadework.agent import Budget
from spadework.agent.chat.chat import Chat
from spadework.agent.chat.commands.registry import COMMANDS
from spadework.agent.chat.stored import list_saved
from spadework.agent.loop import start
from spadework.agent.money.amounts import Amounts
from spadework.agent.storage.book import Book
from spadework.agent.storage.retention import tidy
from spadework.agent.storage.store import looked_into
from talking import reply


@pytest.fixture
def server() -> Generator[FakeOpenAI]:
    with serving() as running:
        yield running


@pytest.fixture
def talk(server: FakeOpenAI, tmp_path: Path) -> Talk:
    return Talk(server, tmp_path)


def test_a_question_that_was_stopped_for_want_of_budget_says_that_only_more_helps_it_on(talk: Talk) -> None:
    told = talk.say("What is the riddle?", replies=("stop",))
    assert told.count("stopped: the budget ran out (searches)\n") == 2
    assert "/topup searches=5 goes on with it" in told
    told = talk.say("/topup searches=1", replies=("take",))
    assert "unverified · 4 searches" in told


def test_more_that_cannot_be_had_today_asks_again_and_what_there_is_can_be_taken(
    server: FakeOpenAI, tmp_path: Path
) -> None:
    talk = Talk(server, tmp_path)
    talk.chat.conversation.asked = replace(talk.chat.conversation.asked, daily="searches=3")
    told = talk.say("What is the riddle?", replies=("add", "take"))
    assert "error: today's purse has no searches left" in told
    assert "unverified · 3 searches" in told


@pytest.mark.parametrize("leave", ["quit", "/quit", "q"])
def test_who_says_quit_when_asked_for_more_leaves_and_the_question_waits(talk: Talk, leave: str) -> None:
    talk.say("What is the riddle?", "never said", replies=(leave,))
    assert talk.chat.leaving
    assert talk.chat.conversation.result is not None
    assert talk.chat.conversation.result.paused


def test_what_is_said_instead_of_an_amount_is_told_as_it_was_said(talk: Talk) -> None:
    told = talk.say("What is the riddle?", replies=("who are you", "take"))
    assert "error: add 'who are you': give a whole number of 0 or more (or say take," in told


def test_a_question_that_could_not_be_asked_is_what_retry_asks(talk: Talk, tmp_path: Path) -> None:
    talk.say(BRIDGE)
    asked = talk.chat.conversation.asked
    talk.chat.conversation.asked = replace(asked, search="nowhere")
    assert talk.say(BORN).startswith("error: unknown search backend")
    talk.chat.conversation.asked = asked
    assert "taken as: Where was Mara Finch born?" in talk.say("/retry")


def test_strategies_that_run_side_by_side_say_that_they_do_not_pause(talk: Talk) -> None:
    once = "each question stands by itself, and none is topped up: its runs share the budget out once"
    assert once in " ".join(talk.say("/strategy parallel-majority").split())
    told = " ".join(talk.say("/budget model_calls=3", "What is the riddle?", replies=("never said",)).split())
    result = talk.chat.conversation.result
    assert result is not None
    assert (result.stop_reason, result.paused) == ("budget", False)
    assert f"with parallel-majority {once}; ask it again, or take another /strategy" in told
    assert "/topup" not in told


def test_strategies_that_run_side_by_side_say_that_they_do_not_go_on_after_their_end(talk: Talk) -> None:
    told = talk.say("/strategy parallel-majority", BRIDGE, "/topup 3", "/strategy bats-early", BRIDGE)
    assert "error: parallel-majority shares its budget out once" in told
    assert "  Mara Finch\n" in told


def test_a_bug_in_a_command_is_told_in_one_line_and_the_chat_goes_on(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(chat: Chat, rest: str) -> None:
        raise ZeroDivisionError("oh\x1b[31m no")

    monkeypatch.setitem(COMMANDS, "why", replace(COMMANDS["why"], work=broken))
    told = " ".join(talk.say("/why", BRIDGE).split())
    assert told.startswith("error: ZeroDivisionError: oh[31m no (this is a bug; SPADEWORK_DEBUG=1 shows where")
    assert " Mara Finch [x]" in told
    monkeypatch.setenv("SPADEWORK_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        talk.say("/why")


def test_ctrl_c_stops_a_command_and_a_second_one_meanwhile_leaves(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def once(chat: Chat, rest: str) -> None:
        raise KeyboardInterrupt

    def twice(chat: Chat, rest: str) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            once(chat, rest)

    monkeypatch.setitem(COMMANDS, "why", replace(COMMANDS["why"], work=once))
    monkeypatch.setitem(COMMANDS, "plan", replace(COMMANDS["plan"], work=twice))
    assert talk.say("/why", "/spent").startswith("stopped\n")
    assert talk.say("/plan", "never said") == ""
    assert talk.chat.leaving


def test_a_conversation_that_is_being_answered_elsewhere_is_told_so(server: FakeOpenAI, tmp_path: Path) -> None:
    first, other = Talk(server, tmp_path), Talk(server, tmp_path)
    looked: list[str] = []

    def look(body: dict[str, Any]) -> Answer:
        if not looked:
            looked.append(other.say("/resume"))
        return reply(body)

    server.otherwise = look
    first.say(BRIDGE)
    assert "its last question is being answered now, in another chat" in looked[0]


def spent_by(talk: Talk) -> Amounts:
    """What a chat says that its conversation came to, but for the time, which goes on until the end is written."""
    return replace(talk.chat.conversation.spent(), ms=0)


def spent_in(place: Path, run: str) -> Amounts:
    """What the book says of it."""

    async def work() -> Amounts:
        async with looked_into(str(place)) as database:
            return await Book(database).spent(run, before=99)

    return replace(start(work()).result(), ms=0)


def test_a_conversation_that_is_open_twice_is_never_shown_as_less_than_it_is(
    server: FakeOpenAI, tmp_path: Path
) -> None:
    first, other = Talk(server, tmp_path, whole=Budget(searches=9)), Talk(server, tmp_path)
    run = first.chat.conversation.run
    first.say(BRIDGE)
    other.say("/resume")
    assert first.say("/spent") == other.say("/spent"), "it was only looked at"
    first.say(BORN)
    asked = len(server.requests)
    for line in ("/spent", "/budget", "/budget conversation", MAYOR, "/retry"):
        told = " ".join(other.say(line).split())
        assert f"error: another chat went on with this conversation: /resume {run} takes it up from there" in told
    assert len(server.requests) == asked, "nothing was paid for"
    assert "> And where was she born?" in other.say(f"/resume {run}")
    assert other.say("/spent") == first.say("/spent")
    assert "  Edda Sorrel\n" in other.say(MAYOR)
    assert spent_by(other) == spent_in(tmp_path / "runs.db", run)
    assert "another chat went on" in first.say("/spent")


def test_a_question_that_was_stopped_is_counted_once_and_never_lost(server: FakeOpenAI, tmp_path: Path) -> None:
    def stop(body: dict[str, Any]) -> Answer:
        if "quotes pages for each" in str(body["messages"][0]["content"]):
            server.otherwise = reply
            _thread.interrupt_main()
            time.sleep(0.3)
        return reply(body)

    place = tmp_path / "runs.db"
    first = Talk(server, tmp_path)
    server.otherwise = stop
    assert "stopped: cancelled" in first.say(BRIDGE)
    run = first.chat.conversation.run
    other, third = Talk(server, tmp_path), Talk(server, tmp_path)
    assert "cut short" in other.say(f"/resume {run}")
    assert spent_by(other) == spent_by(first) == spent_in(place, run)
    first.say(BRIDGE)
    assert spent_by(first) == spent_in(place, run), "the same words go on with the same question"
    assert [result.answer for result in first.chat.conversation.results] == ["Mara Finch"]
    server.otherwise = stop
    third.say(f"/resume {run}", BORN)
    other.say(f"/resume {run}", MAYOR)
    assert spent_by(other) == spent_in(place, run)
    document = tmp_path / "talk.md"
    other.say(f"/save {document}")
    text = document.read_text(encoding="utf-8")
    assert all(question in text for question in (BRIDGE, BORN, MAYOR)), "one that was cut short is kept, too"


def test_an_old_conversation_that_is_gone_on_with_is_not_tidied_away(server: FakeOpenAI, tmp_path: Path) -> None:
    place = str(tmp_path / "runs.db")
    first = Talk(server, tmp_path)
    first.say(BRIDGE)
    run = first.chat.conversation.run

    async def put_back() -> None:
        async with looked_into(place) as database:
            found = await Book(database).find(run)
            assert found is not None
            about = json.dumps({**found.about, "outcome": None})  # killed: no outcome was noted
            ago = "UPDATE spadework_runs SET updated = updated - ?, about = ?"
            await database.transact(lambda tx: tx.run(ago, 40 * 86_400.0, about))

    start(put_back()).result()
    other = Talk(server, tmp_path)
    assert "cut short" in other.say(f"/resume {run}")
    start(tidy(place)).result()
    assert [saved.run for saved in list_saved(place)] == [run]
    assert "  Mara Finch\n" in other.say("/retry")


@pytest.mark.parametrize("name", ["~nobody-of-that-name/x.md", "x" * 300])
def test_a_place_to_save_to_that_there_cannot_be_is_told(talk: Talk, name: str) -> None:
    assert "cannot be written" in talk.say(BRIDGE, f"/save {name}")


def test_nothing_to_resume_is_told_as_it_is(talk: Talk) -> None:
    assert talk.say("/resume") == "error: no conversation is kept yet\n"
    assert talk.say(BRIDGE, "/resume").endswith("error: no other conversation is kept\n")


def test_a_question_that_waits_goes_on_only_with_the_kind_of_strategy_it_was_begun_with(talk: Talk) -> None:
    talk.say("What is the riddle?")
    talk.chat.leaving, run = False, talk.chat.conversation.run
    told = " ".join(talk.say("/strategy parallel-majority", "/retry", "/retry").split())
    assert told.count("error: this question was begun with bats-early and cannot go on with parallel-majority") == 2
    assert talk.chat.conversation.run == run
    assert "unverified · 3 searches" in talk.say("/strategy bats-early", "/retry", replies=("take",))
