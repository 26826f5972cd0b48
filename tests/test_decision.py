"""The decisions of whole runs: dig deeper or pivot, by which rule, and with the budget that was seen."""

import json

import pytest
from scripted import (
    ALDER,
    BORN,
    BUILT,
    CONSTRAINTS,
    FINCH,
    QUESTION,
    SPANS,
    Script,
    ScriptedChat,
    SmallWeb,
    answer,
    browse,
    finding,
    good_script,
    record,
    search,
    small_web,
)
from spadework.agent import Budget, Result, run_agent
from spadework.agent.nodes import calls
from spadework.tools.errors import ModelError

TORVE = "http://x.example/torve"
PAGES = {
    ALDER: f"{SPANS} {BUILT}",
    FINCH: f"{BORN} She studied in Torve.",
    TORVE: "Bo Larch of Torve did not build the Alder Bridge, he was born in Torve and died there.",
}


def play(script: Script, budget: Budget | None = None) -> tuple[Result, ScriptedChat]:
    chat, web = ScriptedChat(script), SmallWeb(PAGES)
    budget = budget or Budget(searches=5, browses=5)
    return run_agent(QUESTION, budget, model=chat, search=web, browse=web), chat


def outcomes(result: Result) -> list[tuple[str, str]]:
    return [(decision["outcome"], decision["rule"]) for decision in result.decisions]


def test_a_contradicted_lead_is_left_for_another_and_the_first_stays_on_record() -> None:
    refuted = finding("Bo Larch", "c2", (TORVE, "he was born in Torve and died there"), verdict="contradicted")
    script: Script = [
        [record(constraints=CONSTRAINTS), search("Alder Torve")],
        [browse(TORVE)],
        [record(refuted), answer("Bo Larch")],
        '{"checks": [], "decision": "PIVOT"}',
        [search("Finch")],
        *good_script()[1:],
    ]
    result, _ = play(script)
    assert (result.answer, result.status) == ("Mara Finch", "verified")
    assert outcomes(result) == [("PIVOT", "stuck"), ("SUCCESS", "proven")]
    assert result.decisions[0]["lead"] == "Bo Larch"
    assert result.decisions[0]["reason"] == "'Bo Larch' is contradicted on c2"
    assert [item["attempt"] for item in result.attempts] == [1, 2]
    assert {item["candidate"] for item in result.findings} == {"Bo Larch", "Mara Finch"}


def test_an_answer_with_open_constraints_is_dug_into() -> None:
    checks = json.dumps({"checks": [finding("", "c0", (ALDER, BUILT)), finding("", "c1", (ALDER, SPANS))]})
    script: Script = [
        [record(constraints=CONSTRAINTS), search("Alder Finch")],
        [browse(ALDER)],
        [answer("Mara Finch")],
        checks,
        [browse(FINCH)],
        [record(finding("Mara Finch", "c2", (FINCH, BORN)))],
    ]
    result, chat = play(script)
    assert outcomes(result) == [("CONTINUE", "open"), ("SUCCESS", "proven")]
    assert "open: c2" in result.decisions[0]["reason"]
    assert result.status == "verified"
    assert "proven by page c0 c1; open c2" in str(chat.prompts[4])


def test_what_rests_on_a_snippet_is_checked_on_its_page_or_called_supported() -> None:
    snippets = [finding("Mara Finch", "c0", (ALDER, SPANS + " It was built by Mara Finch"))]
    snippets += [finding("Mara Finch", name, (ALDER, SPANS)) for name in ("c1", "c2")]
    start = [record(constraints=CONSTRAINTS), search("Alder Bridge")]
    found, _ = play([start, [record(*snippets), answer("Mara Finch")], "{}"], Budget(searches=5, browses=0))
    assert (found.answer, found.status, found.stop_reason) == ("Mara Finch", "supported", "answered")
    assert {source.kind for source in found.sources} == {"snippet"}
    result, chat = play([start, [record(*snippets), answer("Mara Finch")]])
    assert (result.status, outcomes(result)) == ("verified", [("SUCCESS", "proven")])
    assert (result.spend.browses, len(chat.prompts)) == (1, 3), "the page is read without asking the searcher again"
    assert next(charge.node for charge in result.charges if charge.kind == "browse") == "verifier"


def test_what_its_page_does_not_say_is_dug_into_once_and_then_called_supported() -> None:
    web = SmallWeb({ALDER: BUILT, FINCH: BORN}, snippets={ALDER: f"{SPANS} {BUILT}"})
    told = [finding("Mara Finch", name, (ALDER, f"{SPANS} {BUILT}")) for name in ("c0", "c1", "c2")]
    start = [record(constraints=CONSTRAINTS), search("Alder built")]
    chat = ScriptedChat([start, [record(*told), answer("Mara Finch")], "{}", [answer("Mara Finch")], *["{}"] * 3])
    result = run_agent(QUESTION, Budget(searches=5, browses=5), model=chat, search=web, browse=web)
    assert outcomes(result) == [("CONTINUE", "page-check"), ("SUCCESS", "supported")]
    assert (result.status, web.reads) == ("supported", 1)


def test_each_decision_shows_the_budget_that_was_seen() -> None:
    result, _ = play(good_script(), Budget(searches=5, browses=5, tokens=60_000, model_calls=9))
    assert result.decisions[-1]["budget"] == {
        "searches": 3,
        "browses": 3,
        "tokens": 60_000 - 4 * 530,
        "model_calls": 5,
    }


def test_a_decision_leaves_no_limit_out_further_tools_included() -> None:
    def dig(where: str) -> str:
        """Dig somewhere."""
        return where

    budget = Budget(searches=5, browses=5, tokens=60_000, usd="0.5", seconds=60, model_calls=9, tools={"dig": 2})
    dug: Script = [[("dig", {"where": "here"})], *good_script()]
    chat, web = ScriptedChat(dug), small_web()
    result = run_agent(QUESTION, budget, model=chat, search=web, browse=web, tools=[dig])
    seen = result.decisions[-1]["budget"]
    assert seen.keys() == budget.limits().keys()
    assert (seen["tools.dig"], seen["picousd"]) == (1, 5 * 10**11)


def test_when_the_budget_ends_it_the_resource_is_named() -> None:
    result, _ = play(lambda _: [search("Alder"), search("Finch"), search("Orr")], Budget(searches=3, browses=0))
    assert result.stop_reason == "budget"
    assert result.resource == "searches"
    assert result.decisions[-1]["outcome"] == "EXHAUSTED"


def test_a_failure_that_passed_does_not_end_the_run_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verifier failed; the searcher then worked."""
    monkeypatch.setattr(calls, "BACKOFF_S", (0.0, 0.0))
    bad = ModelError("no such route", kind="status", sent=True, status=404)
    script = [*good_script()[:2], [answer("Mara Finch")], bad, *good_script()[2:]]
    chat, web = ScriptedChat(script), small_web()
    result = run_agent(QUESTION, Budget(searches=5, browses=5), model=chat, search=web, browse=web)
    assert (result.answer, result.stop_reason, result.fault) == ("Mara Finch", "answered", "")


def test_reading_the_page_of_a_quoted_snippet_proves_it_without_another_turn() -> None:
    quoted = [finding("Mara Finch", name, (ALDER, SPANS)) for name in ("c1", "c2")]
    built = finding("Mara Finch", "c0", (ALDER, SPANS + " It was built by Mara Finch"))
    script: Script = [
        [record(constraints=CONSTRAINTS), search("Alder Bridge")],
        [record(built, *quoted), browse(ALDER)],
        [search("never reached")],
    ]
    result, chat = play(script)
    assert (result.answer, result.status) == ("Mara Finch", "verified")
    assert len(chat.prompts) == 3, "the verifier's second look"
    assert outcomes(result) == [("SUCCESS", "proven")]


def test_the_same_contradicted_answer_again_ends_the_run() -> None:
    refuted = finding("Bo Larch", "c2", (TORVE, "he was born in Torve and died there"), verdict="contradicted")
    script: Script = [
        [record(constraints=CONSTRAINTS), search("Alder Torve")],
        [browse(TORVE)],
        [record(refuted), answer("Bo Larch")],
        '{"checks": [], "decision": "PIVOT"}',
        [search("Finch")],
        [answer("Bo Larch")],
    ]
    result, chat = play(script)
    assert outcomes(result) == [("PIVOT", "stuck"), ("EXHAUSTED", "stuck")]
    assert (result.answer, result.status, result.stop_reason) == ("Bo Larch", "unverified", "no_leads")
    assert len(chat.prompts) == len(script), "nothing new was read, so the answer is not checked a second time"


def test_a_refuted_lead_is_decided_on_when_the_model_has_nothing_else_to_try() -> None:
    refuted = finding("Bo Larch", "c2", (TORVE, "he was born in Torve and died there"), verdict="contradicted")
    script: Script = [
        [record(constraints=CONSTRAINTS), search("Alder Torve")],
        [browse(TORVE)],
        [record(refuted)],
        [search("Finch")],
        *good_script()[1:],
    ]
    result, chat = play(script)
    assert outcomes(result)[0] == ("PIVOT", "stuck")
    assert "searched: Alder Torve" in str(chat.prompts[3])
    assert (result.answer, result.status) == ("Mara Finch", "verified")
