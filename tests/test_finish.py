"""The end of a run: the best candidate with its honest status, and one held-back call where there is none."""

import json

import pytest
from scripted import (
    ALDER,
    BUILT,
    CONSTRAINTS,
    FINCH,
    QUESTION,
    SPANS,
    Messages,
    Said,
    Script,
    ScriptedChat,
    answer,
    browse,
    finding,
    good_script,
    record,
    search,
    small_web,
)
from spadework.agent import Budget, Result, run_agent

BUDGET = Budget(searches=2, browses=2)


def play(script: Script, budget: Budget = BUDGET, question: str = QUESTION) -> tuple[Result, ScriptedChat]:
    chat, web = ScriptedChat(script), small_web()
    return run_agent(question, budget, model=chat, search=web, browse=web), chat


def silent_until_the_end(last: str) -> Script:
    """A model that reads and never proposes anything; asked at the end, it says `last`."""
    turns: list[Said] = [[search("Alder Finch")], [browse(ALDER)]]

    def script(messages: Messages) -> Said:
        if "The search is over." in messages[0]["content"]:
            return last
        return turns.pop(0) if turns else ""

    return script


def test_with_no_candidate_one_call_writes_the_answer_from_what_was_read() -> None:
    told = json.dumps({"answer": "Mara Finch", "checks": [finding("", "c0", (ALDER, BUILT))]})
    result, chat = play(silent_until_the_end(told), question="Who built the Alder Bridge?")
    assert (result.answer, result.status) == ("Mara Finch", "verified"), "one constraint, and its quote was found"
    assert BUILT in str(chat.prompts[-1])


@pytest.mark.parametrize(
    ("last", "answer"),
    [
        ('{"answer": "Mara \\"Mo\\" Finch", "checks": [{"constraint": "c0", "verd', 'Mara "Mo" Finch'),
        ("I would say:\nANSWER: Mara Finch", "Mara Finch"),
        ('{"answer": "Mara Fin', ""),
    ],
)
def test_the_answer_of_a_last_word_that_cannot_be_read_as_a_whole_is_not_lost(last: str, answer: str) -> None:
    result, _ = play(silent_until_the_end(last), question="Who built the Alder Bridge?")
    assert (result.answer, result.status) == (answer, "unverified" if answer else "none")


def test_without_constraints_that_were_stated_nothing_is_verified() -> None:
    told = json.dumps({"answer": "Mara Finch", "checks": [finding("", "c0", (ALDER, BUILT))]})
    result, _ = play(silent_until_the_end(told))
    assert (result.answer, result.status) == ("Mara Finch", "unverified")


def test_an_empty_last_word_is_no_answer() -> None:
    for last in ("", "{}", '{"answer": ""}', '{"answer": ["x"]}', "Mara Finch, I think"):
        result, _ = play(silent_until_the_end(last))
        assert (result.answer, result.status) == ("", "none")
        assert result.stop_reason in ("no_leads", "budget")


def test_a_complete_candidate_is_chosen_and_no_model_asked() -> None:
    result, chat = play(good_script())
    assert result.status == "verified"
    assert len(chat.prompts) == len(good_script())


def test_a_refuted_candidate_gives_way_to_one_that_is_not() -> None:
    script: Script = [
        [record(constraints=CONSTRAINTS), search("Alder", "Finch")],
        [browse(ALDER, FINCH)],
        [
            record(
                finding("Bo Larch", "c0", (ALDER, BUILT), verdict="contradicted"),
                finding("Mara Finch", "c1", (ALDER, SPANS)),
            ),
            answer("Bo Larch"),
        ],
    ]
    result, _ = play(script)
    assert (result.answer, result.status) == ("Mara Finch", "unverified")


def test_a_run_that_may_do_nothing_says_which_limit_it_was() -> None:
    for budget, resource in (
        (Budget(tokens=0), "tokens"),
        (Budget(model_calls=0), "model_calls"),
        (Budget(seconds=0), "seconds"),
    ):
        result, chat = play(good_script(), budget)
        assert (result.answer, result.status, result.stop_reason) == ("", "none", "budget")
        assert result.resource == resource
        assert not chat.prompts


def test_without_any_tool_the_model_may_still_answer_and_is_not_believed() -> None:
    result, _ = play([[answer("Mara Finch")], "{}"], Budget(searches=0, browses=0))
    assert (result.answer, result.status) == ("Mara Finch", "unverified")
