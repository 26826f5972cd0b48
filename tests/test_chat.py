"""The chat without a terminal: what commands do, what is asked and told, and what a pipe gets."""

import io
import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_openai import Answer, FakeOpenAI
from rich.console import Console
from spadework.agent import Budget
from spadework.agent.chat.chat import Chat, told_below
from spadework.agent.chat.commands.every import ORDER
from spadework.agent.chat.commands.registry import COMMANDS, is_command
from spadework.agent.chat.conversation import Conversation
from spadework.agent.chat.reading import completions
from spadework.agent.chat.stored import list_saved
from spadework.agent.llm.connections import close_connections
from spadework.agent.loop import start
from spadework.agent.terminal.ask import Asked
from talking import reply, write_corpus

BRIDGE, BORN, MAYOR = "Who built the Alder Bridge?", "And where was she born?", "Who was the mayor there then?"


class Lines:
    """Somebody at the terminal who says these lines, and these replies when asked; `None` is Ctrl-C."""

    interactive = True

    def __init__(self, *lines: str | None, replies: tuple[str | None, ...] = ()) -> None:
        self.lines, self.replies, self.asked = [*lines], [*replies], 0

    def line(self) -> str:
        return _next(self.lines)

    def reply(self, prompt: str) -> str:
        self.asked += 1
        return _next(self.replies)


def _next(lines: list[str | None]) -> str:
    if not lines:
        raise EOFError
    line = lines.pop(0)
    if line is None:
        raise KeyboardInterrupt
    return line


class Talk:
    """A chat with the model by rules on its three pages; `said` is what was printed since it was asked last."""

    def __init__(self, server: FakeOpenAI, folder: Path, **more: Any) -> None:
        self.server = server
        self.screen = io.StringIO()
        asked = Asked(model="rules", base_url=server.base_url, search=f"corpus:{write_corpus(folder)}")
        budget = more.pop("budget", Budget(searches=3, browses=3))
        whole, store = more.pop("whole", Budget()), more.pop("store", str(folder / "runs.db"))
        talk = Conversation(asked=asked, budget=budget, whole=whole, store=store, **more)
        self.chat = Chat(talk, Console(file=self.screen, width=81, highlight=False, force_terminal=False))

    def say(self, *lines: str | None, replies: tuple[str | None, ...] = ()) -> str:
        self.screen.seek(0)
        self.screen.truncate()
        self.chat.reader = Lines(*lines, replies=replies)
        self.chat.run()
        return self.screen.getvalue()


@pytest.fixture
def server() -> Generator[FakeOpenAI]:
    with FakeOpenAI(otherwise=reply) as running:
        yield running
        start(close_connections()).result()


@pytest.fixture
def talk(server: FakeOpenAI, tmp_path: Path) -> Talk:
    return Talk(server, tmp_path)


def test_questions_follow_one_another_and_each_has_its_answer_proof_and_receipt(talk: Talk) -> None:
    told = talk.say(BRIDGE)
    assert "  Mara Finch\n" in told
    assert '"It was built by Mara Finch in 1871"' in told
    assert "[1] Alder Bridge  https://alder.example/bridge" in told
    assert "verified · 1 search · 1 page · " in told
    told = talk.say(BORN)
    assert "  Wick\n" in told
    assert "taken as: Where was Mara Finch born?" in told
    told = talk.say(MAYOR)
    assert "  Edda Sorrel\n" in told


def test_small_talk_is_one_call_and_is_shown_with_its_line_breaks(talk: Talk, server: FakeOpenAI) -> None:
    told = talk.say("hello there")
    assert "  You said: hello there\n  Ask me about bridges.\n" in told
    assert "not looked up · 1 model call" in told
    assert len(server.requests) == 1


def test_a_question_whose_budget_is_gone_is_topped_up_until_it_is_taken_or_stopped(talk: Talk) -> None:
    reader = Lines("What is the riddle?", replies=("nonsense", "/spent", "add", "searches=1", "2", ""))
    talk.chat.reader = reader
    talk.chat.run()
    told = talk.screen.getvalue()
    assert reader.asked == 6
    assert "error: add 'nonsense'" in told
    result = talk.chat.conversation.result
    assert result is not None
    assert (result.budget["searches"], result.spend.searches, result.paused) == (3 + 5 + 1 + 2, 11, False)
    assert result.stop_reason == "budget"


@pytest.mark.parametrize(("said", "ended"), [("stop", "budget"), (None, "budget"), ("take", "budget")])
def test_who_is_asked_for_more_can_stop_with_a_word_or_with_ctrl_c(talk: Talk, said: str | None, ended: str) -> None:
    talk.say("What is the riddle?", replies=(said,))
    result = talk.chat.conversation.result
    assert result is not None
    assert (result.stop_reason, result.spend.searches) == (ended, 3)


def test_who_leaves_while_asked_for_more_finds_the_question_waiting(server: FakeOpenAI, tmp_path: Path) -> None:
    first = Talk(server, tmp_path)
    first.say("What is the riddle?")
    run = first.chat.conversation.run
    assert [saved.state for saved in list_saved(str(tmp_path / "runs.db"))] == ["waiting"]
    again = Talk(server, tmp_path)
    again.chat.reader = Lines(replies=("take",))
    again.chat.resume_named(run)
    told = again.screen.getvalue()
    assert "> What is the riddle?" in told
    assert again.chat.conversation.result is not None
    assert again.chat.conversation.result.stop_reason == "budget"


def test_limits_of_questions_and_of_the_conversation_are_shown_and_set(talk: Talk) -> None:
    assert "each question: 3 searches, 3 page reads\nthis conversation: no limit" in talk.say("/budget")
    assert "each question: 2 searches, 2 page reads, 60 seconds" in talk.say("/budget 2", "/budget seconds=60")
    assert "5 of 5 searches left" in talk.say("/budget conversation searches=5")
    talk.say(BRIDGE)
    assert "4 of 5 searches left" in talk.say("/budget")
    assert "each question: no limit" in talk.say("/budget none")
    for wrong in ("/budget lots", "/budget serches=3", "/budget searches=-1", "/budget conversation usd=much"):
        assert talk.say(wrong).startswith("error: /budget")


def test_the_conversation_has_a_budget_that_no_number_of_questions_passes(server: FakeOpenAI, tmp_path: Path) -> None:
    talk = Talk(server, tmp_path, whole=Budget(searches=4), asks=False)
    for number in range(3):
        talk.say(f"What is riddle {number}?")
    assert talk.chat.conversation.spent().searches == 4
    assert "left of the conversation: 0 searches" in told_below(talk.chat)


def test_what_is_added_by_hand_raises_the_budget_of_the_conversation_where_that_is_in_the_way(
    server: FakeOpenAI, tmp_path: Path
) -> None:
    talk = Talk(server, tmp_path, whole=Budget(searches=4))
    told = talk.say("What is the riddle?", replies=("searches=3", "stop"))
    assert "the budget of the conversation was raised" in told
    assert talk.chat.conversation.whole.searches == 6
    assert talk.chat.conversation.spent().searches == 6


def test_the_answer_can_be_looked_at_closer(talk: Talk) -> None:
    assert talk.say("/why") == "error: /why: nothing was asked yet\n"
    talk.say(BRIDGE)
    told = talk.say("/sources")
    assert "[1] Alder Bridge\n    https://alder.example/bridge\n" in told
    assert '"It was built by Mara Finch in 1871"' in told
    assert "1. SUCCESS after attempt 1, by the rule proven" in talk.say("/why")
    assert "c0 the answer to the question itself" in talk.say("/plan")
    assert "searcher" in talk.say("/receipt")
    assert "corpus" in talk.say("/receipt full") or "browse" in talk.say("/receipt full")
    assert "https://alder.example/bridge" in talk.say("/open 1")
    assert talk.say("/open 7").startswith("error: /open 7: give a number from 1 to 1")
    assert "page reads 1 1" in " ".join(talk.say("/spent").split())


def test_model_search_and_strategy_change_from_the_next_question_on(talk: Talk) -> None:
    assert talk.say("/model") == "model: rules\n"
    assert "model: other" in talk.say("/model other")
    assert talk.chat.conversation.asked.model == "other"
    assert "strategy: react" in talk.say("/strategy react")
    assert talk.say("/strategy reakt").startswith("error: no strategy is named 'reakt': did you mean 'react'?")
    assert talk.say("/search nowhere").startswith("error: unknown search backend 'nowhere'")
    assert talk.chat.conversation.asked.search != "nowhere"
    talk.say(BRIDGE)
    assert [json.loads(json.dumps(request.body))["model"] for request in talk.server.requests][-1] == "other"


def test_a_conversation_is_saved_as_markdown_and_as_json_and_no_file_is_written_over(
    talk: Talk, tmp_path: Path
) -> None:
    talk.say(BRIDGE, BORN)
    document, data = tmp_path / "talk.md", tmp_path / "talk.json"
    assert talk.say(f"/save {document}").startswith("saved to")
    text = document.read_text(encoding="utf-8")
    assert "## Who built the Alder Bridge?\n\nMara Finch\n" in text
    assert text.count("\n# ") == 0, "one heading for the whole"
    assert document.stat().st_mode & 0o077 == 0
    assert "https://alder.example/finch" in text
    talk.say(f"/save {data}")
    saved = json.loads(data.read_text(encoding="utf-8"))
    assert [result["answer"] for result in saved["results"]] == ["Mara Finch", "Wick"]
    assert "there already: give another name" in talk.say(f"/save {document}")
    assert document.read_text(encoding="utf-8") == text
    assert "cannot be written" in talk.say(f"/save {tmp_path / 'no' / 'folder.md'}")


def test_conversations_are_listed_resumed_and_deleted(server: FakeOpenAI, tmp_path: Path) -> None:
    first = Talk(server, tmp_path)
    first.say(BRIDGE)
    run = first.chat.conversation.run
    other = Talk(server, tmp_path)
    assert "no conversation is kept yet" not in other.say("/sessions")
    other.say("/resume")
    assert other.chat.conversation.run == run
    told = other.say("/sources")
    assert "https://alder.example/bridge" in told, "its last answer can be looked at"
    spent = other.chat.conversation.spent()
    assert (spent.searches, spent.model_calls) == (1, 4)
    told = other.say(BORN)
    assert "  Wick\n" in told
    assert "taken as: Where was Mara Finch born?" in told
    assert "2 questions" in other.say("/sessions")
    assert other.say(f"/sessions delete {run}").startswith("error: /sessions delete: that is this conversation")
    other.say("/clear")
    assert other.say(f"/sessions delete {run[:6]}").startswith(f"deleted {run}")
    assert "no conversation is kept yet" in other.say("/sessions")


def test_retry_asks_again_and_clear_forgets(talk: Talk) -> None:
    assert talk.say("/retry").startswith("error: /retry: nothing was asked yet")
    talk.say(BRIDGE)
    told = talk.say("/retry")
    assert "  Mara Finch\n" in told
    assert talk.chat.conversation.questions == 2
    talk.say("/clear")
    assert talk.chat.conversation.questions == 0
    told = talk.say(BORN, replies=("stop",))
    assert "Wick" in told, "the rules know what is meant"
    assert "Found earlier" not in str(talk.server.requests[-2].body)


def test_slips_are_told_with_the_nearest_command_and_paths_are_questions(talk: Talk) -> None:
    assert talk.say("/budgte") == "error: there is no command /budgte: did you mean /budget?\n"
    assert talk.say("/s").startswith("error: /s may be /spent or /sources or /search or /strategy or /save or")
    assert "/budget [LIMITS]" in talk.say("/he")
    assert talk.say("/help why").startswith("/why")
    assert not is_command("/etc/hosts is what?")
    assert talk.say("/").startswith("error:")


def test_every_command_is_listed_in_help_within_the_width(talk: Talk) -> None:
    told = talk.say("/help")
    for name in ORDER:
        assert f"/{name}" in told
    assert set(ORDER) == set(COMMANDS)
    assert max(map(len, told.splitlines())) <= 80


def test_tab_completes_commands_and_what_follows_them(talk: Talk) -> None:
    assert [word for word, _ in completions(talk.chat, "/so")] == ["/sources "]
    assert ("searches=", "sea") in completions(talk.chat, "/budget sea")
    assert ("usd=", "u") in completions(talk.chat, "/budget searches=5,u")
    assert ("react", "rea") in completions(talk.chat, "/strategy rea")
    assert completions(talk.chat, "/nothing x") == []


def test_ctrl_c_twice_leaves_and_once_only_warns(talk: Talk) -> None:
    assert "press Ctrl-C once more" in talk.say(None, "hello", None, None, "never said")
    assert len(talk.server.requests) == 1


def test_what_cannot_be_asked_is_told_and_the_chat_goes_on(server: FakeOpenAI, tmp_path: Path) -> None:
    talk = Talk(server, tmp_path, budget=Budget(searches=2, browses=2, usd="0.01"))
    talk.chat.conversation.asked = Asked(model="unknown-model", base_url="https://models.example/v1")
    told = talk.say(BRIDGE)
    assert told.startswith("error: ")
    assert "SPADEWORK_PRICES" in told
    assert talk.chat.conversation.questions == 0
    assert list_saved(str(tmp_path / "runs.db")) == []


def test_without_a_store_a_conversation_lives_as_long_as_the_chat(server: FakeOpenAI, tmp_path: Path) -> None:
    talk = Talk(server, tmp_path, store=None)
    assert "  Mara Finch\n" in talk.say(BRIDGE)
    assert "  Wick\n" in talk.say(BORN)
    assert "this chat keeps nothing" in talk.say("/sessions")
    assert "this chat keeps nothing" in talk.say("/resume")


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
