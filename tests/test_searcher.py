"""One turn of the searcher: calls granted one by one, refusals that a model can read, and what counts as an answer."""

import json
from typing import Any

import pytest
from scripted import (
    ALDER,
    BUILT,
    FINCH,
    QUESTION,
    Script,
    ScriptedChat,
    SmallWeb,
    answer,
    browse,
    call,
    calling,
    finding,
    good_script,
    prose,
    proven,
    record,
    search,
    small_web,
)
from spadework.agent import Budget, Result, run_agent

Played = tuple[Result, ScriptedChat, SmallWeb]


def play(script: Script, budget: Budget | None = None, question: str = QUESTION) -> Played:
    chat, web = ScriptedChat(script), small_web()
    budget = budget or Budget(searches=4, browses=4)
    return run_agent(question, budget, model=chat, search=web, browse=web), chat, web


def told(chat: ScriptedChat, turn: int = 1) -> list[str]:
    """The tool results that the model saw last in that turn, in their order."""
    return [str(message["content"]) for message in chat.prompts[turn] if message["role"] == "tool"]


def test_calls_are_granted_in_order_and_the_rest_is_refused_in_words() -> None:
    _, chat, web = play([[search("Alder a", "Alder b"), search("Alder c")]], Budget(searches=2, browses=1))
    assert web.searches == 2
    first, second = told(chat)
    assert "Alder Bridge spans" in first
    assert second == "'Alder c' refused: 0 searches left, 1 asked"


def test_fifty_calls_at_once_get_fifty_answers_in_their_order() -> None:
    calls = [search(f"Alder {number}") for number in range(50)]
    _, chat, web = play([calling(*calls)], Budget(searches=5, browses=1))
    assert web.searches == 5
    results = [message for message in chat.prompts[1] if message["role"] == "tool"]
    assert [message["tool_call_id"] for message in results] == [f"call_{number}" for number in range(50)]


def test_a_query_is_paid_once() -> None:
    _, chat, web = play([[search("Alder", " ALDER ")], [search("alder"), search("Finch")]])
    assert web.searches == 2
    assert "was searched before, free: 1 results" in told(chat, 2)[-2]


def test_a_page_is_paid_once_even_when_it_is_asked_for_twice_at_once() -> None:
    result, _, web = play([[search("Alder Finch")], [browse(ALDER, ALDER), browse(ALDER + "#top")], [browse(ALDER)]])
    assert web.reads == result.spend.browses == 1


def test_only_addresses_that_were_seen_may_be_opened() -> None:
    result, chat, web = play([[browse("http://evil.example/?q=secret"), browse(ALDER)]])
    assert web.reads == result.spend.browses == 0
    assert all("refused: not an address from the question, a search result or a page" in text for text in told(chat))
    _, _, web = play([[browse(ALDER)]], question=f"Who built the bridge of {ALDER}, and when?")
    assert web.reads == 1


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (call("shell", command="ls"), "there is no tool 'shell'; use search, browse, record, answer"),
        (("search", "{"), "no JSON object; send the call again"),
        (("record", "["), "not recorded"),
        (("answer", "5"), "send it again"),
        (call("search"), "search needs queries"),
        (call("browse", goal="x"), "browse needs urls"),
        (call("answer", answer=""), "answer needs answer"),
        (record(finding("Ada", "c9", (ALDER, BUILT))), "there is no constraint 'c9'; known are c0"),
        (record(finding("Ada", "c0", (ALDER, "short"))), "is too short"),
    ],
)
def test_a_mistake_is_answered_in_one_line_that_says_what_to_do(made: Any, words: str) -> None:
    result, chat, _ = play([[made], *good_script()])
    assert words in told(chat)[0]
    assert result.answer == "Mara Finch"


def test_repeated_and_missing_ids_lose_no_call() -> None:
    for ids in (["same"] * 3, ["", "", ""]):
        _, chat, web = play([calling(record(constraints=["one"]), search("Alder"), search("Finch"), ids=ids)])
        assert web.searches == 2
        assert len(told(chat)) == 3


def test_an_answer_beside_searches_waits_for_them() -> None:
    _, chat, web = play([[search("Alder"), answer("too early")], [answer("Mara Finch")]])
    assert web.searches == 1
    assert any("the other calls of this turn come first" in text for text in told(chat))


def test_a_complete_proof_ends_the_search_without_an_answer_call() -> None:
    script = good_script()
    result, chat, _ = play([script[0], script[1], [("record", proven())]])
    assert (result.answer, result.status) == ("Mara Finch", "verified")
    assert len(chat.prompts) == 4, "what code has proven needs a second look only"


def test_a_record_that_was_cut_off_proves_nothing() -> None:
    script = good_script()
    cut = calling(("record", proven()), finish="length")
    result, chat, _ = play([script[0], script[1], cut])
    assert "cut off" in told(chat, 3)[-1]
    assert result.status != "verified"


def test_prose_is_nudged_once_and_then_counts() -> None:
    result, chat, _ = play(["I think it was Mara Finch.", "Mara Finch", "{}"])
    assert "ANSWER:" in str(chat.prompts[1][-2]["content"]) + str(chat.prompts[1][-1]["content"])
    assert result.answer == "Mara Finch"


def test_prose_with_the_answer_mark_counts_at_once_unless_it_was_cut_off() -> None:
    result, _, _ = play(["I am sure.\nANSWER: Mara Finch", "{}"])
    assert (result.answer, result.status) == ("Mara Finch", "unverified")
    result, chat, _ = play([prose("ANSWER: Mara Fin", finish="length")])
    assert "ANSWER:" in str(chat.prompts[1][-2:]), "it is asked again"
    assert result.answer == ""


def test_a_question_that_needs_no_search_is_answered_at_once() -> None:
    result, chat, web = play([[call("answer", answer="4", no_search=True)]], question="What is 2 plus 2?")
    assert (result.answer, result.status, result.stop_reason) == ("4", "unverified", "no_search_needed")
    assert (len(chat.prompts), web.searches) == (1, 0)


def test_after_a_search_no_search_needed_is_not_believed() -> None:
    script: Script = [[search("Alder")], [call("answer", answer="4", no_search=True)], "{}"]
    assert play(script, question="What is 2 plus 2?")[0].stop_reason != "no_search_needed"


def test_what_a_page_says_is_marked_as_coming_from_outside() -> None:
    _, chat, _ = play(good_script())
    page = next(text for text in told(chat, 2) if FINCH in text and text.startswith("<<<page"))
    first, last = page.splitlines()[0], page.splitlines()[-1]
    assert first.startswith("<<<page ")
    assert last.endswith(">>>")


def test_the_transcript_goes_back_to_the_model_as_it_came() -> None:
    reply = calling(search("Alder"))
    reply.message["reasoning_content"] = "kept for the provider"
    _, chat, _ = play([reply])
    assert reply.message in chat.prompts[1]
    json.dumps(chat.prompts)
