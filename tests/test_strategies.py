"""Strategies are found by name, differ in what they use, and are otherwise one machine."""

import pytest
from scripted import QUESTION, ScriptedChat, answer, good_script, search, small_web
from spadework.agent import Budget, run_agent
from spadework.agent.strategies import STRATEGIES, get_strategy
from spadework.tools.errors import ConfigError

BUDGET = Budget(searches=4, browses=4)


def test_an_unknown_strategy_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="did you mean 'bats-early'"):
        get_strategy("bats-erly")
    with pytest.raises(ConfigError, match=f"known are {', '.join(STRATEGIES)}"):
        get_strategy("zzz")


def test_react_is_the_bare_loop() -> None:
    chat, web = ScriptedChat([[search("Alder")], "ANSWER: Mara Finch"]), small_web()
    result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, strategy="react")
    assert (result.answer, result.status, result.stop_reason) == ("Mara Finch", "unverified", "answered")
    assert len(chat.prompts) == 2, "no planner, no verifier"
    names = [tool["function"]["name"] for tool in chat.options[0].get("tools") or []]
    assert names == ["search", "browse"]
    text = str(chat.prompts)
    for absent in ("[budget]", "[findings]", "[constraints]", "`record`"):
        assert absent not in text


def test_react_has_the_same_hard_limits() -> None:
    chat, web = ScriptedChat(lambda _: [search(*(f"query {n} {len(chat.prompts)}" for n in range(5)))]), small_web()
    result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, strategy="react")
    assert web.searches == result.spend.searches == 4
    assert result.status == "none"


def test_bats_early_shows_constraints_findings_and_the_budget_last() -> None:
    chat, web = ScriptedChat(good_script()), small_web()
    run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, strategy="bats-early")
    standing = str(chat.prompts[-1][-1]["content"])
    places = [standing.index(mark) for mark in ("[constraints]", "[budget]")]
    assert places == sorted(places)
    assert "searches: 2 of 4 left" in standing
