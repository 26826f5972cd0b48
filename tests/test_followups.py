"""Follow-ups: what they start with, and answers that stand already, which are checked and not searched for."""

import json

import pytest
from conversing import ANSWERED, FIRST, FOLLOWED, NEXT, TAKEN, Talk
from scripted import ALDER, BORN, BUILT, FINCH, SPANS, Said, SmallWeb, answer, browse


def test_a_follow_up_starts_with_what_was_looked_up_and_found_and_not_with_small_talk() -> None:
    talk = Talk()
    wick = "http://x.example/wick"
    talk.web = SmallWeb({ALDER: f"{SPANS} {BUILT}", FINCH: BORN, wick: "Mara Finch was buried in Wick."})
    talk.options |= {"search": talk.web, "browse": talk.web}
    talk.say(FIRST, ANSWERED)
    talk.say("Many thanks!", ['{"talk": "You are welcome."}'])
    question = "Where was Mara Finch buried?"
    talk.say(question, [f'{{"question": "{question}"}}', [browse(wick)], [answer("Wick")]])
    assert "Many thanks!" in talk.prompt(0)
    shown = talk.prompt(1)
    assert "Many thanks!" not in shown
    assert f"found, and not opened yet (one page read each):\nwick {wick}" in shown
    assert f"pages read (free to open again):\nalder {ALDER}" in shown
    assert talk.web.searches == 1, "what was found needs no second search"


def test_an_answer_that_stands_already_is_checked_and_not_searched_for() -> None:
    talk = Talk()
    talk.say(FIRST, ANSWERED)
    again = [{"url": ALDER, "quote": BUILT}]
    said = {"question": "Who was the builder of it?", "answer": "Mara Finch", "quotes": again}
    result = talk.say("Remind me: who was it?", [json.dumps(said), '{"doubts": []}'])
    assert (result.answer, result.status, result.stop_reason) == ("Mara Finch", "verified", "answered")
    assert (result.spend.searches, result.spend.browses, result.spend.model_calls) == (0, 0, 2)
    assert [item["quote"] for item in result.findings[0]["evidence"]] == [BUILT]
    assert result.sources[0].url == ALDER


@pytest.mark.parametrize(
    "quotes",
    [
        [{"url": ALDER, "quote": "It was built by Mara Finch in 1871 from imported stone."}],
        [{"url": "http://x.example/nowhere", "quote": BUILT}],
        [],
        "none",
    ],
)
def test_an_answer_whose_words_stand_nowhere_is_searched_for(quotes: object) -> None:
    talk = Talk()
    talk.say(FIRST, ANSWERED)
    said = {"question": FIRST, "answer": "Mara Finch", "quotes": quotes}
    result = talk.say("Who was it again?", [json.dumps(said), *FOLLOWED[1:]])
    assert talk.prompt(1).startswith("You find the answer"), "the searcher is asked"
    assert result.status != "verified" or result.answer == "Wendle"


def test_an_answer_is_doubted_by_the_verifier_like_any_other() -> None:
    talk = Talk()
    talk.say(FIRST, ANSWERED)
    said = {"question": "Who paid for it?", "answer": "Mara Finch", "quotes": [{"url": ALDER, "quote": BUILT}]}
    doubts = '{"doubts": [{"constraint": "c0", "why": "she built it; who paid is not said"}]}'
    result = talk.say("Who paid for it?", [json.dumps(said), doubts])
    assert result.status != "verified"


STEPS = [{"url": ALDER, "quote": SPANS}, {"url": ALDER, "quote": BUILT}, {"url": FINCH, "quote": BORN}]
"""A quote for each step from the bridge to where its builder was born."""


def test_whoever_checks_an_answer_that_stands_already_sees_all_its_steps_and_the_pages_they_are_from() -> None:
    talk = Talk()
    talk.web = SmallWeb({ALDER: f"{SPANS} {BUILT}", FINCH: BORN, "http://x.example/mill": "Mara Finch sold the mill."})
    talk.options |= {"search": talk.web, "browse": talk.web}
    talk.say(FIRST, ANSWERED)
    far = f"{TAKEN} And of whom is that said?"  # not simple, so that the verifier is asked
    said = {"question": far, "answer": "Wendle", "quotes": STEPS}
    talk.say(NEXT, [json.dumps(said), '{"constraints": [], "checks": [], "decision": "SUCCESS"}', '{"doubts": []}'])
    shown = talk.prompt(1)
    assert "You check" in shown
    for step in STEPS:
        assert f'"{step["quote"]}"' in shown.partition("[proposed answer]")[0], "words that nobody sees convince nobody"
        assert shown.count(step["quote"]) > 1, "and the page around them"
    assert ALDER in shown
    assert "search results" not in shown.partition("[proposed answer]")[2], "those of another question"


def test_every_attempt_at_a_follow_up_starts_with_what_was_found_before() -> None:
    talk = Talk()
    talk.say(FIRST, ANSWERED)
    doubt = '{"checks": [{"constraint": "c0", "verdict": "unverifiable"}], "decision": "CONTINUE", "constraints": []}'
    proposed: list[Said] = [[answer("Wick")], doubt]
    talk.say(NEXT, [FOLLOWED[0], *proposed, *FOLLOWED[1:]])
    searching = [number for number in range(len(talk.chat.prompts)) if talk.prompt(number).startswith("You find")]
    assert len(searching) > 1
    for number in searching:
        assert "Found earlier in this conversation" in talk.prompt(number)
        assert BORN in talk.prompt(number)
