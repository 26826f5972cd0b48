"""The chat without a terminal: what commands do, what is asked and told, and what a pipe gets."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest
from chatting import BORN, BRIDGE, MAYOR, Lines, Talk, serving
from fake_openai import FakeOpenAI
from spadework.agent import Budget
from spadework.agent.chat.commands.every import GROUPS
from spadework.agent.chat.commands.registry import COMMANDS, is_command
from spadework.agent.chat.footer import told_below
from spadework.agent.chat.reading import completions
from spadework.agent.chat.stored import list_saved
from spadework.agent.terminal.ask import Asked


@pytest.fixture
def server() -> Generator[FakeOpenAI]:
    with serving() as running:
        yield running


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
    told = talk.say("/proof")
    assert "sources" in told
    assert "searcher" in told, "with the receipt by node"
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
    told = "".join(talk.say(f"/save {document}").split())
    assert "istherealready" in told
    assert told.endswith(f"/save{document}--force"), "how it can be done is said"
    assert document.read_text(encoding="utf-8") == text
    talk.say(MAYOR)
    assert talk.say(f"/save {document} --force").startswith("saved to")
    assert "Edda Sorrel" in document.read_text(encoding="utf-8")
    assert not document.with_name(f"{document.name} --force").exists()
    assert talk.say("/save --force").startswith("error: /save: name a file")
    assert "cannot be written: not a regular file" in talk.say(f"/save {tmp_path} --force")
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


def test_a_conversation_that_is_gone_on_with_shows_each_answer_with_the_mark_that_it_had(
    server: FakeOpenAI, tmp_path: Path
) -> None:
    first = Talk(server, tmp_path)
    asked = ("hello there", BRIDGE, BORN, "What is the riddle?")
    first.say(*asked, replies=("take",))
    again = Talk(server, tmp_path)
    again.say(f"/resume {first.chat.conversation.run}")
    told = again.screen.getvalue()
    assert [line for line in told.splitlines() if line.startswith("> ")] == [f"> {line}" for line in asked]
    assert "  You said: hello there\n  Ask me about bridges. (not looked up)\n" in told
    assert "  Mara Finch (verified)\n" in told
    assert "taken as: Where was Mara Finch born?\n  Wick (verified)\n" in told
    assert "  nobody knows (unverified)\n" in told, "an answer for which nothing was found"
    document = tmp_path / "talk.md"
    again.say(f"/save {document}")
    assert "Ask me about bridges. (not looked up)" in document.read_text(encoding="utf-8")


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
    assert talk.say("/s").startswith("error: /s may be /search or /strategy or /spent or /sources or /save or")
    assert "/budget [LIMITS]" in talk.say("/he")
    assert talk.say("/help why").startswith("/why")
    assert not is_command("/etc/hosts is what?")
    assert talk.say("/").startswith("error:")


def test_help_lists_every_command_by_group_on_one_screen(talk: Talk) -> None:
    told = talk.say("/help").splitlines()
    named = [name for names in GROUPS.values() for name in names]
    assert {*named, "help"} == set(COMMANDS)
    assert len(named) == len({*named})
    for name in named:
        assert len([line for line in told if f"/{name} " in line]) == 1, f"/{name}, on one line"
    assert [line.split()[0] for line in told if not line.startswith((" ", "/"))] == [*GROUPS]
    assert max(map(len, told)) < 80
    assert len(told) <= 24 - 5, "the prompt takes five lines, with room for completions"


def test_help_of_one_command_has_an_example_where_it_takes_anything(talk: Talk) -> None:
    assert "/budget conversation usd=1" in talk.say("/help budget")
    assert "--force" in talk.say("/help save")
    for name in COMMANDS:
        told = talk.say(f"/help {name}")
        assert told.startswith(f"/{name}")
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
