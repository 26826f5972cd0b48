"""Strategies are found by name, differ in what they use, and are otherwise one machine."""

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
    Messages,
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
from spadework.agent.nodes.prompting import rules
from spadework.agent.strategies import ABLATIONS, STRATEGIES, get_strategy, parts_of
from spadework.prompts import render
from spadework.tools.errors import ConfigError

BUDGET = Budget(searches=4, browses=4)
OURS_ALONE = ("[findings]", "[constraints]", "[plan]", "[warnings]", "`record`", "forecast")


def play(strategy: str, script: Script, budget: Budget = BUDGET) -> tuple[Result, ScriptedChat]:
    chat, web = ScriptedChat(script), small_web()
    return run_agent(QUESTION, budget, model=chat, search=web, browse=web, strategy=strategy), chat


def verdict(decision: str, **more: Any) -> str:
    details = {"failed": "no town", "useful": ["Mara Finch"], "next": [f"read {FINCH}"]}
    told = {"verification": [{"constraint": "spans the Orr", "verdict": "satisfied"}], "decision": decision}
    return json.dumps(told | {"justification": "so it is", "summary": "It began.", "details": details} | more)


def test_an_unknown_strategy_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="did you mean 'bats-early'"):
        get_strategy("bats-erly")
    with pytest.raises(ConfigError, match=f"known are {', '.join(STRATEGIES)}"):
        get_strategy("zzz")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bats-early:no-rekord", "has no part 'no-rekord' to leave out: known are :no-planner, :no-record"),
        ("react:no-record", "has no part 'no-record' to leave out"),
        ("bats-early:5", "has no part '5'"),
        ("parallel-majority:1", "give 2 to 32 runs"),
        ("parallel-majority:x", "a number of runs"),
    ],
)
def test_a_suffix_that_fits_no_part_is_refused_in_one_line(name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        get_strategy(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", STRATEGIES)
def test_each_part_of_a_strategy_is_one_switch(name: str) -> None:
    whole = get_strategy(name)
    for part in parts_of(whole):
        less = get_strategy(f"{name}:no-{part}")
        changed = {field for field in ABLATIONS[part] if getattr(less, field) != getattr(whole, field)}
        assert part in changed
        assert part not in parts_of(less)
        assert less.name == f"{name}:no-{part}"
    assert get_strategy("parallel-best:7").runs == 7


@pytest.mark.parametrize("part", parts_of(get_strategy("bats-early")))
def test_our_machine_still_answers_without_any_one_part(part: str) -> None:
    def script(messages: Messages) -> Any:
        """Play what the prompt offers, whichever prompt it is."""
        text, turn = str(messages), sum(message["role"] == "assistant" for message in messages)
        told = [finding("", name, quote) for name, quote in (("c0", (ALDER, BUILT)), ("c1", (ALDER, SPANS)))]
        if "tools" not in chat.options[-1] or chat.options[-1]["tools"] is None:
            stated = [{"text": item} for item in CONSTRAINTS]
            checks = [*told, finding("", "c2", (FINCH, BORN))]
            return json.dumps({"constraints": stated, "checks": checks, "decision": "SUCCESS"})
        if turn == 0:
            found = search("Alder", "Finch")
            return [record(constraints=CONSTRAINTS), found] if "`record`" in text else [found]
        return [browse(ALDER, FINCH)] if turn == 1 else [answer("Mara Finch")]

    chat, web = ScriptedChat(script), small_web()
    result = run_agent(QUESTION, 8, model=chat, search=web, browse=web, strategy=f"bats-early:no-{part}")
    assert result.answer == "Mara Finch"
    wanted = {"quotes": "supported", "verifier": "unverified"}.get(part, "verified")
    assert (result.status, result.stop_reason) == (wanted, "answered")
    searching = [
        str(prompt) for prompt, options in zip(chat.prompts, chat.options, strict=True) if options.get("tools")
    ]
    if part == "tracker":
        assert not any("searches: " in prompt for prompt in searching)
    if part == "record":
        assert not any("`record`" in prompt for prompt in searching)


@pytest.mark.parametrize("name", [name for name in STRATEGIES if not name.startswith("bats") or "paper" in name])
def test_the_paper_and_its_baselines_see_none_of_our_parts(name: str) -> None:

    def script(messages: Messages) -> Any:
        """The same search in every conversation, and the verdict where one is asked for."""
        turn = sum(message["role"] == "assistant" for message in messages)
        if not chat.options[-1].get("tools"):
            return verdict("SUCCESS", choice=1)
        return [[search(f"Alder {len(chat.prompts)}")], [browse(ALDER)]][turn] if turn < 2 else "ANSWER: Mara Finch"

    chat, web = ScriptedChat(script), small_web()
    result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, strategy=name)
    assert (result.answer, result.status) == ("Mara Finch", "unverified")
    assert [tool["function"]["name"] for tool in chat.options[0].get("tools") or []] == ["search", "browse"]
    text = str(chat.prompts)
    assert [part for part in OURS_ALONE if part in text] == []


def test_react_is_the_bare_loop() -> None:
    result, chat = play("react", [[search("Alder")], "ANSWER: Mara Finch"])
    assert (result.answer, result.status, result.stop_reason) == ("Mara Finch", "unverified", "answered")
    assert len(chat.prompts) == 2, "no planner, no verifier"
    assert "[budget]" not in str(chat.prompts)


@pytest.mark.parametrize(
    ("name", "has"),
    [
        ("react", ("latest",)),
        ("react-full", ()),
        ("react-planning", ("latest", "planning")),
        ("react-tracker", ("latest", "tracker")),
        ("bats-paper", ("latest", "planning", "tracker")),
        ("bats-paper:no-planning", ("latest", "tracker")),
    ],
)
def test_each_has_the_rules_of_its_parts(name: str, has: tuple[str, ...]) -> None:
    text = rules(get_strategy(name))
    assert [part for part in ("latest", "planning", "tracker") if render(part) in text] == list(has)


def test_react_has_the_same_hard_limits() -> None:
    def asks(_: Messages) -> Any:
        return [search(*(f"query {n} {len(chat.prompts)}" for n in range(5)))]

    chat, web = ScriptedChat(asks), small_web()
    result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, strategy="react")
    assert web.searches == result.spend.searches == 4
    assert result.status == "none"


def test_only_the_latest_results_stay_in_reacts_prompt_and_all_in_react_full() -> None:
    script: Script = [[search("Alder", "Finch")], [browse(ALDER)], [browse(FINCH)], "ANSWER: Mara Finch"]
    for name, kept in (("react", False), ("react-full", True)):
        _, chat = play(name, script)
        assert (BUILT in str(chat.prompts[3])) is kept
        assert BORN in str(chat.prompts[3])


def test_the_papers_tracker_shows_both_tools_and_nothing_else() -> None:
    _, chat = play("react-tracker", [[search("Alder", "Finch")], [browse(ALDER)], "ANSWER: Mara Finch"])
    assert "searches: 0 used, 4 left" in chat.prompts[0][-1]["content"]
    assert chat.prompts[1][-1]["content"] == (
        "[budget]\nsearches: 2 used, 2 left\npage reads: 0 used, 4 left\nregime: MEDIUM"
    )
    assert "page reads: 1 used, 3 left" in chat.prompts[2][-1]["content"]


def test_the_papers_verdict_is_obeyed_and_its_summary_goes_on() -> None:
    script: Script = [[search("Alder")], "ANSWER: Bo Larch", verdict("CONTINUE"), [browse(FINCH)], "ANSWER: Mara Finch"]
    result, chat = play("bats-paper-early", [*script, verdict("SUCCESS")])
    assert [entry["outcome"] for entry in result.decisions] == ["CONTINUE", "SUCCESS"]
    assert (result.answer, result.answers, result.status) == ("Mara Finch", ["Bo Larch", "Mara Finch"], "unverified")
    shown = str(chat.prompts[3])
    for told in ("fact: It began.", f"lead: read {FINCH}", "ANSWER: Bo Larch"):
        assert told in shown
    assert len(chat.prompts) == 6, "what a verdict accepted needs no judge"


@pytest.mark.parametrize("reply", ["nonsense", verdict("SUCCESS")[:90]])
def test_a_verdict_that_had_to_be_repaired_is_no_success(reply: str) -> None:
    result, _ = play("bats-paper-early", [[search("Alder")], "ANSWER: Bo Larch", reply, verdict("SUCCESS"), ""])
    assert result.decisions[0]["outcome"] == "PIVOT"


def test_the_paper_goes_on_after_a_success_until_a_tool_is_gone_and_then_selects() -> None:
    script: Script = [
        [search("Alder")],
        "ANSWER: Bo Larch",
        verdict("SUCCESS"),
        [search("Finch", "Orr", "Torve")],
        "ANSWER: Mara Finch",
        verdict("SUCCESS"),
        '{"choice": 1, "reason": "more is shown for it"}',
    ]
    result, chat = play("bats-paper", script)
    assert [(entry["outcome"], entry["lead"]) for entry in result.decisions] == [
        ("SUCCESS", "Bo Larch"),
        ("SUCCESS", "Mara Finch"),
    ]
    assert (result.answer, result.stop_reason) == ("Bo Larch", "answered")
    assert chat.options[-1].get("temperature") == 0.0


def test_the_paper_stops_when_either_tool_is_spent_with_one_turn_to_answer() -> None:
    calls: Script = [[search("Alder", "Finch", "Orr", "Torve")], [browse(ALDER)], '{"answer": "Ada"}']
    result, chat = play("bats-paper", calls)
    assert "refused: the budget is used up; give your answer now" in str(chat.prompts[-1])
    assert (result.spend.searches, result.spend.browses) == (4, 0)
    assert (result.answer, result.stop_reason, result.resource) == ("Ada", "budget", "searches")


def test_a_long_trace_is_replaced_by_its_summary_and_a_short_one_stays() -> None:
    budget = Budget(searches=40, browses=40)
    for turns, stays in ((3, True), (12, False)):
        script: Script = [*([search(f"Alder {n}")] for n in range(turns)), "ANSWER: Bo Larch", verdict("CONTINUE")]
        _, chat = play("bats-paper-early", [*script, "ANSWER: Mara Finch", verdict("SUCCESS")], budget)
        after = str(chat.prompts[turns + 2])
        assert "fact: It began." in after
        assert ("Alder 0" in after.replace("searched: ", "")) is stays or "searched: " in after
        assert any(message["role"] == "assistant" for message in chat.prompts[turns + 2]) is stays


def test_sequential_scaling_asks_to_look_further_until_five_refusals() -> None:
    script: Script = [[search("Alder", "Finch")], "ANSWER: Bo Larch", [browse(FINCH)], *["ANSWER: Mara Finch"] * 9]
    result, chat = play("sequential", script)
    assert result.answer == "Mara Finch"
    assert str(chat.prompts[2][-1]["content"]).startswith("There is budget left: 2 searches, 4 page reads.")
    assert len(chat.prompts) == 3 + 1 + 5, "the answer after looking further, and five that only repeat it"


def test_bats_goes_on_after_a_success_and_keeps_what_was_proven() -> None:
    script: Script = [*good_script(), [search("Orr Torve")], *[[answer("Mara Finch")]] * 5]
    result, chat = play("bats", script)
    assert (result.answer, result.status, result.stop_reason) == ("Mara Finch", "verified", "answered")
    assert result.decisions[0]["outcome"] == "SUCCESS"
    assert result.spend.searches == 3
    assert "[record] attempt 1: Mara Finch, accepted; what is left is for a better answer" in str(chat.prompts[4])


def test_what_bats_finds_against_an_accepted_answer_is_kept() -> None:
    against = finding("Mara Finch", "c2", (FINCH, "She studied in Torve."), verdict="contradicted")
    script: Script = [*good_script(), [search("Torve")], [record(against), search("Orr")], *[[answer("Ada")]] * 9]
    result, _ = play("bats", script)
    cell = next(item for item in result.findings if (item["candidate"], item["constraint"]) == ("Mara Finch", "c2"))
    assert cell["verdict"] == "disputed"
    assert result.status == "unverified"


def test_bats_early_shows_constraints_findings_and_the_budget_last() -> None:
    _, chat = play("bats-early", good_script())
    standing = str(chat.prompts[2][-1]["content"])
    places = [standing.index(mark) for mark in ("[constraints]", "[budget]")]
    assert places == sorted(places)
    assert "searches: 2 of 4 left" in standing
