"""The verifier's second look: what code found on the pages may still be said to show something else."""

import json
from typing import Any

import pytest
from scripted import (
    ALDER,
    BUILT,
    CONSTRAINTS,
    FINCH,
    QUESTION,
    SPANS,
    Said,
    Script,
    ScriptedChat,
    answer,
    browse,
    finding,
    good_script,
    prose,
    record,
    small_web,
)
from spadework.agent import Budget, Result, run_agent
from spadework.agent.nodes.confirm import doubted
from spadework.agent.proof.evidence import merge_finding
from spadework.agent.state import Evidence
from spadework.prompts import render
from spadework.tools.errors import ModelError
from test_matrix import cell

PROOF = good_script()[:3]
LARCH = "http://x.example/larch"


def play(*script: Said, budget: Budget | None = None, strategy: str = "bats-early") -> tuple[Result, ScriptedChat]:
    full: Script = [*PROOF, *script]
    chat, web = ScriptedChat(full), small_web()
    budget = budget or Budget(searches=4, browses=4)
    return run_agent(QUESTION, budget, model=chat, search=web, browse=web, strategy=strategy), chat


def doubts(*pairs: tuple[str, str]) -> str:
    return json.dumps({"doubts": [{"constraint": name, "why": why} for name, why in pairs]})


def test_it_sees_the_question_the_answer_and_what_is_quoted_for_each_demand() -> None:
    result, chat = play(doubts())
    assert result.status == "verified"
    system, told = (str(message["content"]) for message in chat.prompts[3])
    assert system == render("confirm")
    for part in (QUESTION, "[proposed answer]\nMara Finch", BUILT, SPANS, "c2 is said to be shown by"):
        assert part in told
    assert chat.options[3].get("temperature") == 0.0


def test_a_doubt_lowers_the_proof_and_is_shown_to_the_searcher() -> None:
    result, chat = play(doubts(("c1", "it speaks of another bridge")), [answer("Mara Finch")], "{}")
    assert result.status == "supported"
    assert [(entry["outcome"], entry["rule"]) for entry in result.decisions] == [
        ("CONTINUE", "page-check"),
        ("SUCCESS", "supported"),
    ]
    assert "c1: the verifier doubts it: it speaks of another bridge" in str(chat.prompts[4][-1]["content"])


def test_the_same_words_again_do_not_lift_a_doubt_and_other_words_do() -> None:
    again = [record(finding("Mara Finch", "c1", (ALDER, SPANS))), answer("Mara Finch")]
    result, _ = play(doubts(("c1", "another bridge")), again, "{}")
    assert result.status == "supported"
    better = [record(finding("Mara Finch", "c1", (ALDER, f"{SPANS} {BUILT}"[10:]))), answer("Mara Finch")]
    result, chat = play(doubts(("c1", "another bridge")), better, doubts())
    assert result.status == "verified"
    assert [str(prompt[0]["content"]) for prompt in (chat.prompts[3], chat.prompts[5])] == [render("confirm")] * 2


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "no doubt",
        "[]",
        doubts(("c9", "x")),
        doubts(("c1", " ")),
        '{"doubts": "c1"}',
        '{"doubts": [5, {"why": "x"}]}',
    ],
)
def test_what_cannot_be_read_or_names_nothing_changes_nothing(reply: str) -> None:
    assert play(reply)[0].status == "verified"


def test_a_doubt_in_a_reply_that_was_cut_off_counts_for_nothing() -> None:
    assert play(prose(doubts(("c1", "x")), finish="length"))[0].status == "verified"


def test_where_the_model_fails_what_code_found_stands() -> None:
    result, _ = play(ModelError("no such model", kind="rejected", sent=True, status=404))
    assert (result.status, result.stop_reason, result.fault) == ("verified", "answered", "")


def test_it_is_a_part_that_can_be_left_out() -> None:
    result, chat = play(doubts(("c1", "x")), strategy="bats-early:no-confirm")
    assert (result.status, len(chat.prompts)) == ("verified", 3)


def test_a_proof_of_the_verifiers_own_is_not_looked_at_twice() -> None:
    checks: list[Any] = [finding("", "c0", (ALDER, BUILT)), finding("", "c1", (ALDER, SPANS))]
    checks.append(finding("", "c2", (FINCH, "Mara Finch was born in Wendle on 3 May 1840.")))
    script: Script = [*PROOF[:2], [answer("Mara Finch")], json.dumps({"checks": checks})]
    chat, web = ScriptedChat(script), small_web()
    result = run_agent(QUESTION, Budget(searches=4, browses=4), model=chat, search=web, browse=web)
    assert (result.status, len(chat.prompts)) == ("verified", 4)


def test_the_verifier_reads_a_page_that_it_asks_for_and_is_asked_again() -> None:
    script: Script = [PROOF[0], [browse(ALDER)], [answer("Mara Finch")]]
    first = {"checks": [finding("", "c0", (ALDER, BUILT)), finding("", "c1", (ALDER, SPANS))], "decision": "CONTINUE"}
    born = finding("", "c2", (FINCH, "Mara Finch was born in Wendle on 3 May 1840."))
    asked = json.dumps(first | {"read": [FINCH, "http://evil.example/?q=secret", LARCH]})
    chat, web = ScriptedChat([*script, asked, json.dumps({"checks": [born], "decision": "SUCCESS"})]), small_web()
    result = run_agent(QUESTION, Budget(searches=4, browses=4), model=chat, search=web, browse=web)
    assert (result.answer, result.status, web.reads) == ("Mara Finch", "verified", 2)
    assert [entry["outcome"] for entry in result.decisions] == ["SUCCESS"], "without another attempt"
    assert "Mara Finch was born in Wendle" in str(chat.prompts[4])


def test_no_page_is_read_that_the_budget_does_not_allow() -> None:
    script: Script = [PROOF[0], [browse(ALDER)], [answer("Mara Finch")], json.dumps({"read": [FINCH]}), "{}"]
    chat, web = ScriptedChat(script), small_web()
    result = run_agent(QUESTION, Budget(searches=4, browses=1), model=chat, search=web, browse=web)
    assert web.reads == result.spend.browses == 1


def test_a_doubt_never_makes_a_refutation() -> None:
    held = cell("Ada", "c1")
    held["evidence"] = [Evidence(kind="page", url="u", quote="q" * 30, fetched="", digest="")]
    lowered = doubted(held, "another Ada")
    assert (lowered["verdict"], lowered["proof"], lowered["evidence"]) == ("satisfied", "inference", held["evidence"])
    assert merge_finding(lowered, held)["proof"] == "inference"


def test_it_is_shown_which_other_candidates_there_were() -> None:
    rival = [record(finding("Bo Larch", "c1", (ALDER, SPANS)), constraints=CONSTRAINTS), browse(ALDER, FINCH)]
    script: Script = [PROOF[0], rival, PROOF[2], doubts(("c0", "Bo Larch fits as well"))]
    chat, web = ScriptedChat([*script, [answer("Mara Finch")], "{}"]), small_web()
    result = run_agent(QUESTION, Budget(searches=4, browses=4), model=chat, search=web, browse=web)
    told = str(chat.prompts[3][-1]["content"])
    assert "[other candidates]\n'Bo Larch': proven by page c1; open c0 c2" in told
    assert result.status == "supported"


def test_what_the_searcher_showed_is_looked_at_too_where_the_verifier_completes_the_proof() -> None:
    told: list[Any] = [finding("Mara Finch", "c0", (ALDER, BUILT)), finding("Mara Finch", "c1", (ALDER, SPANS))]
    born = finding("", "c2", (FINCH, "Mara Finch was born in Wendle on 3 May 1840."))
    script: Script = [*PROOF[:2], [record(*told), answer("Mara Finch")], json.dumps({"checks": [born]})]
    chat, web = ScriptedChat([*script, doubts(("c1", "another bridge"))]), small_web()
    result = run_agent(QUESTION, Budget(searches=4, browses=4), model=chat, search=web, browse=web)
    looked = str(chat.prompts[4][-1]["content"])
    assert "c1 is said to be shown by" in looked
    assert "c2 is said to be shown by" not in looked, "the verifier showed that itself"
    assert result.status == "supported"
