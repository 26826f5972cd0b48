"""The verifier: its quotes are looked up, its nonsense changes nothing, and it leaves a record."""

import json
from typing import Any

import pytest
from scripted import (
    ALDER,
    BORN,
    BUILT,
    CONSTRAINTS,
    FINCH,
    QUESTION,
    SPANS,
    Said,
    Script,
    ScriptedChat,
    SmallWeb,
    answer,
    browse,
    finding,
    prose,
    record,
    search,
    small_web,
)
from spadework.agent import Budget, Result, run_agent
from spadework.prompts import render

START: list[Said] = [[record(constraints=CONSTRAINTS), search("Alder Bridge Finch")], [browse(ALDER, FINCH)]]
PROOF = {"c0": (ALDER, BUILT), "c1": (ALDER, SPANS), "c2": (FINCH, BORN)}


def checks(quotes: dict[str, tuple[str, str]], *, decision: str = "SUCCESS", verdict: str = "satisfied") -> str:
    told = [finding("", name, quote, verdict=verdict) for name, quote in quotes.items()]
    return json.dumps({"checks": told, "decision": decision, "facts": ["a fact"], "gaps": [], "leads": ["try Wendle"]})


def play(*script: Said, budget: Budget | None = None) -> tuple[Result, ScriptedChat]:
    full: Script = [*START, [answer("Mara Finch")], *script]
    chat, web = ScriptedChat(full), small_web()
    return run_agent(QUESTION, budget or Budget(searches=3, browses=3), model=chat, search=web, browse=web), chat


def test_checks_with_true_quotes_verify_the_answer() -> None:
    result, chat = play(checks(PROOF))
    assert (result.answer, result.status, result.stop_reason) == ("Mara Finch", "verified", "answered")
    assert {item["by"] for item in result.findings} == {"verifier"}
    assert len(chat.prompts) == 4
    assert chat.options[3].get("temperature") == 0.0
    assert chat.options[3].get("response_format") == {"type": "json_object"}


def test_the_verifier_sees_the_texts_that_were_read() -> None:
    _, chat = play(checks(PROOF))
    prompt = str(chat.prompts[3])
    for text in (BUILT, BORN, "[proposed answer]", "Mara Finch", *CONSTRAINTS):
        assert text in prompt


def test_the_verifier_sees_the_page_that_a_finding_rests_on_however_much_was_read_since() -> None:
    others = [f"http://x.example/other-{number}" for number in range(8)]
    web = SmallWeb({**small_web().pages, **{url: f"Page {url} on the river Orr." for url in others}})
    read: list[Said] = [[record(finding("Mara Finch", "c0", PROOF["c0"])), browse(*others[:4])], [browse(*others[4:])]]
    # A budget of this size has a planner, which says nothing here.
    script: Script = ["", *START, [search("Orr")], *read, [answer("Mara Finch")], checks(PROOF)]
    chat = ScriptedChat(script)
    result = run_agent(QUESTION, Budget(searches=3, browses=12), model=chat, search=web, browse=web)
    assert result.status == "verified"
    assert SPANS in str(chat.prompts[-1]), "it stands beside what was quoted"
    assert others[-1] in str(chat.prompts[-1])


@pytest.mark.parametrize(
    "reply",
    [
        checks(PROOF | {"c0": (ALDER, "It was built by Mara Finch in 1999")}),
        checks({"c0": PROOF["c0"], "c1": PROOF["c1"]}),
        checks(PROOF | {"c0": PROOF["c1"]}),
        checks({"c2": (FINCH, "Mara Finch was born in Torve, not in Wendle")}, verdict="contradicted"),
        '{"decision": "SUCCESS"}',
        '{"checks": [{"constraint": "c0", "verdict": "satisfied"}], "decision": "SUCCESS"}',
        '{"checks": "all fine", "decision": ["SUCCESS"], "facts": 5, "leads": {"a": 1}, "reason": []}',
    ],
)
def test_a_success_that_code_cannot_check_is_no_success(reply: str) -> None:
    result, _ = play(reply)
    assert result.answer == "Mara Finch"
    assert result.status in ("unverified", "supported")
    assert not [row for row in result.findings if row["verdict"] == "contradicted"]


def test_a_reply_that_was_cut_off_is_sent_back_once_and_then_proves_nothing() -> None:
    result, chat = play(prose(checks(PROOF), finish="length"), checks(PROOF), *["{}"] * 9)
    assert "cut off before its end" in str(chat.prompts[4][-1]["content"])
    assert result.status == "unverified"


def test_a_repaired_reply_may_still_refute() -> None:
    result, _ = play("nonsense", checks({"c2": (FINCH, BORN)}, verdict="contradicted", decision="PIVOT"), *["{}"] * 9)
    assert [item["verdict"] for item in result.findings] == ["contradicted"]
    assert result.decisions[0]["outcome"] == "PIVOT"
    assert result.decisions[0]["proposed"] == "", "a repaired reply proposes nothing"


def test_nonsense_twice_changes_no_verdict() -> None:
    result, _ = play("nonsense", "more nonsense", *["{}"] * 9)
    assert result.findings == []
    assert (result.answer, result.status) == ("Mara Finch", "unverified")


def test_the_record_of_an_attempt_goes_on_to_the_next() -> None:
    result, chat = play(checks({"c2": (FINCH, BORN)}, verdict="contradicted", decision="PIVOT"), "")
    first = result.attempts[0]
    assert (first["attempt"], first["answer"]) == (1, "Mara Finch")
    assert first["facts"] == ["a fact"]
    assert "try Wendle" in first["leads"]
    assert set(first["sources"]) == {ALDER, FINCH}
    assert first["outcome"].startswith("given up: 'Mara Finch' is contradicted on c2")
    told = str(chat.prompts[4])
    assert "[record] attempt 1: Mara Finch, given up" in told
    assert "lead: try Wendle" in told


def test_what_is_proven_gets_a_second_look_and_no_full_check() -> None:
    proof: list[Any] = [finding("Mara Finch", name, quote) for name, quote in PROOF.items()]
    chat, web = ScriptedChat([*START, [record(*proof), answer("Mara Finch")]]), small_web()
    result = run_agent(QUESTION, Budget(searches=3, browses=3), model=chat, search=web, browse=web)
    assert result.status == "verified"
    assert [str(prompt[0]["content"]) for prompt in chat.prompts[3:]] == [render("confirm")]


def test_constraints_that_nobody_stated_are_stated_by_the_verifier() -> None:
    stated = json.loads(checks(PROOF)) | {"constraints": [{"text": text} for text in CONSTRAINTS]}
    script: Script = [[search("Alder Finch")], [browse(ALDER, FINCH)], [answer("Mara Finch")], json.dumps(stated)]
    chat, web = ScriptedChat(script), small_web()
    result = run_agent(QUESTION, Budget(searches=3, browses=3), model=chat, search=web, browse=web)
    assert [item["text"] for item in result.constraints[1:]] == list(CONSTRAINTS)
    assert result.status == "verified"
