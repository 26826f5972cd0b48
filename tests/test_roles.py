"""A model for each role, temperatures as in the paper, and a cheaper model from a regime on."""

import json
from pathlib import Path
from typing import Any

import pytest
from scripted import ALDER, FINCH, QUESTION, Script, ScriptedChat, answer, browse, good_script, search, small_web
from spadework.agent import Budget, Result, resume_agent, run_agent
from spadework.agent.settings import Settings
from spadework.agent.terminal.ask import Asked
from spadework.tools.errors import ConfigError


def play(model: Any, budget: Budget | None = None, **options: Any) -> Result:
    web = small_web()
    return run_agent(QUESTION, budget or Budget(searches=8, browses=8), model=model, search=web, browse=web, **options)


def test_each_role_asks_its_own_model() -> None:
    chats = {role: ScriptedChat([]) for role in ("planner", "verifier", "judge")}
    chats["searcher"] = ScriptedChat(good_script())
    result = play(chats)
    assert result.answer == "Mara Finch"
    assert [len(chats[role].prompts) for role in ("planner", "searcher", "verifier", "judge")] == [1, 3, 1, 0]


def test_temperatures_are_the_papers_unless_others_are_given() -> None:
    def asked(**options: Any) -> dict[str, set[Any]]:
        chats = {role: ScriptedChat([]) for role in ("planner", "verifier", "judge")}
        chats["searcher"] = ScriptedChat(good_script())
        play(chats, **options)
        return {role: {options.get("temperature") for options in chat.options} for role, chat in chats.items()}

    assert asked() == {"planner": {None}, "searcher": {None}, "verifier": {0.0}, "judge": set()}
    assert asked(temperature=0.3)["verifier"] == asked(temperature=0.3)["searcher"] == {0.3}
    assert asked(temperature={"searcher": 1})["searcher"] == {1}
    assert asked(temperature={"searcher": 1})["verifier"] == {0.0}


@pytest.mark.parametrize("given", [-0.1, 2.5, "hot", True, {"searcher": None}, {"cook": 1}])
def test_a_temperature_that_cannot_be_is_refused_in_one_line(given: Any) -> None:
    with pytest.raises(ConfigError, match="temperature") as caught:
        play(ScriptedChat([]), temperature=given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("regime", "cheap_calls"), [("MEDIUM", 3), ("LOW", 2), ("CRITICAL", 1)])
def test_from_a_regime_on_another_model_takes_over_every_role(regime: str, cheap_calls: int) -> None:
    """Four searches: 4 of 4 left is HIGH, 2 of 4 MEDIUM, 1 of 4 LOW, none CRITICAL."""
    turns: Script = [[search("Alder", "Finch")], [search("Orr")], [search("Torve")], [answer("Mara Finch")]]
    good, cheap = ScriptedChat(lambda _: next(said)), ScriptedChat(lambda _: next(said))
    said = iter([*turns, *["{}"] * 9])
    play({"default": good, regime: cheap}, Budget(searches=4), strategy="bats-early:no-verifier:no-planner")
    assert (len(good.prompts), len(cheap.prompts)) == (4 - cheap_calls, cheap_calls)


def test_the_cheaper_model_is_paid_at_its_own_price(tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text('[model."dear"]\ninput = 100\noutput = 100\n[model."cheap"]\ninput = 1\noutput = 1\n')
    dear = ScriptedChat(good_script(), name="dear", local=False)
    cheap = ScriptedChat(good_script()[1:], name="cheap", local=False)
    result = play(
        {"default": dear, "MEDIUM": cheap}, Budget(searches=2, browses=4), settings=Settings(prices=str(prices))
    )
    assert result.status == "verified"
    usd = [charge.amounts.picousd for charge in result.charges if charge.kind == "model"]
    assert usd == [53_000_000_000, *[530_000_000] * 3]


def test_a_role_or_regime_that_is_none_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="known are planner, searcher, verifier, judge, default, MEDIUM, LOW, CRITICAL"
    ):
        play({"default": ScriptedChat([]), "HIGH": ScriptedChat([])})


def test_roles_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPADEWORK_MODEL", "openai:usual")
    asked = Asked(roles=("verifier=openai:big", "low = ollama:small"), temperatures=("0.5", "judge=0"))
    assert asked.models() == {"verifier": "openai:big", "LOW": "ollama:small", "default": "openai:usual"}
    assert asked.temperature() == {"planner": 0.5, "searcher": 0.5, "verifier": 0.5, "judge": 0.0}
    assert Asked(model="a").models() == "a"
    assert Asked().temperature() is None
    for wrong in (Asked(roles=("verifier",)), Asked(roles=("=x",))):
        with pytest.raises(ConfigError, match="give ROLE=NAME"):
            wrong.models()
    with pytest.raises(ConfigError, match="give a number from 0 to 2"):
        Asked(temperatures=("judge=cold",)).temperature()


def test_a_stored_run_goes_on_with_its_temperatures(tmp_path: Path) -> None:
    chat = ScriptedChat([*good_script()[:1], *[""] * 3], local=True)
    store = str(tmp_path / "runs.db")
    first = play(chat, Budget(searches=2, browses=2, model_calls=4), temperature={"searcher": 0.4}, store=store)
    rest, web = ScriptedChat([[browse(ALDER, FINCH)], *good_script()[2:]]), small_web()
    more = resume_agent(first.run, top_up={"model_calls": 9}, store=store, model=rest, search=web, browse=web)
    assert more.answer == "Mara Finch"
    assert rest.options[0].get("temperature") == 0.4
    assert json.dumps(more.to_dict())
