"""`--explain`: the plan with what each step used, and each decision with the rule, findings and budget behind it."""

import json
from pathlib import Path

from alder import replies, write_corpus
from fake_openai import FakeOpenAI
from scripted import (
    ALDER,
    BORN,
    BUILT,
    CONSTRAINTS,
    FINCH,
    QUESTION,
    SPANS,
    ScriptedChat,
    SmallWeb,
    answer,
    browse,
    finding,
    record,
    search,
)
from spadework.agent import Budget, run_agent
from spadework.agent.terminal.explain import explanation
from spadework.agent.terminal.show import result_text
from test_planner import PLAN
from test_resume_cli import arguments, command

PAGES = {ALDER: f"{SPANS} {BUILT}", FINCH: f"{BORN} She studied in Torve."}


def test_every_decision_shows_its_rule_its_findings_and_its_budget() -> None:
    chat = ScriptedChat(
        [
            PLAN,
            [record(constraints=CONSTRAINTS), search("Alder", "Finch")],
            [browse(ALDER)],
            [answer("Mara Finch")],
            json.dumps({"checks": [finding("", "c0", (ALDER, BUILT))], "decision": "PIVOT", "reason": "no idea"}),
            json.dumps({"drop": [{"id": "c1", "why": "the question does not say so"}]}),
            [browse(FINCH)],
            [record(finding("Mara Finch", "c2", (FINCH, BORN)))],
        ]
    )
    web = SmallWeb(PAGES)
    result = run_agent(QUESTION, Budget(searches=8, browses=8, tokens=90_000), model=chat, search=web, browse=web)
    shown = explanation(result, 100)
    assert shown.splitlines()[:3] == ["plan", "[ ] 1. find the builder (took 4 calls)", "[ ] 2. find the town"]
    for line in (
        "dropped c1 (the bridge spans the river Orr): the question does not say so",
        "1. CONTINUE after attempt 1, by the rule open: open: c1, c2; checking fits",
        "   the verifier had proposed PIVOT",
        "   lead: Mara Finch (proven by page c0; open c1 c2)",
        "2. SUCCESS after attempt 2, by the rule",
    ):
        assert line in shown
    assert "left: searches 6, page reads 7, tokens" in " ".join(shown.split())
    assert "regime HIGH" in shown
    assert shown in result_text(result, explain=True)
    assert "by the rule" not in result_text(result)
    assert max(map(len, explanation(result, 60).splitlines())) <= 60


def test_a_run_without_a_decision_says_so() -> None:
    result = run_agent(QUESTION, 2, model=ScriptedChat([]), search=SmallWeb({}), strategy="parallel-majority")
    assert "none: the run ended before there was anything to decide" in explanation(result, 80)


def test_the_command_line_prints_it_and_refuses_it_beside_json(tmp_path: Path) -> None:
    with FakeOpenAI(*replies("https://alder.example")) as model:
        given = [item for item in arguments(model, write_corpus(tmp_path)) if item != "--json"]
        told = command(*given, "--explain")
    assert "decisions\n1. SUCCESS after attempt 1, by the rule proven" in told.stdout
    refused = command("ask", QUESTION, "--explain", "--json")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "give one of them" in refused.stderr
