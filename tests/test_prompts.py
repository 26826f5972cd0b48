"""Prompts are files: each renders with exactly its variables, and mentions no tool that its strategy lacks."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from scripted import QUESTION, Messages, ScriptedChat, good_script, small_web
from spadework.agent import Budget, arun_agent
from spadework.agent.nodes.prompting import rules
from spadework.agent.settings import Settings
from spadework.agent.strategies import STRATEGIES
from spadework.prompts import render, template_names, tool_specs

FILES = [path.name for path in files("spadework.prompts").iterdir()]
NAMES = sorted(name.removesuffix(".md") for name in FILES if name.endswith(".md"))
SNAPSHOT = Path(__file__).parent / "snapshots" / "searcher.txt"


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_renders_with_exactly_its_variables(name: str) -> None:
    values = {variable: f"<{variable}>" for variable in template_names(name)}
    text = render(name, **values)
    assert text
    assert "${" not in text
    assert all(value in text for value in values.values())
    with pytest.raises(ValueError, match="colour"):
        render(name, **values, colour="red")
    for variable in values:
        with pytest.raises(ValueError, match=variable):
            render(name, **{other: value for other, value in values.items() if other != variable})


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=[*STRATEGIES])
def test_a_prompt_mentions_only_tools_that_its_strategy_has(strategy: Any) -> None:
    texts = [rules(strategy), render("nudge"), *(str(tool) for tool in tool_specs(*strategy.tools))]
    named = {word for text in texts for word in re.findall(r"`(search|browse|record|answer)`", text)}
    assert named <= set(strategy.tools)
    assert strategy.tools == tuple(tool["function"]["name"] for tool in tool_specs(*strategy.tools))
    for tool in tool_specs(*strategy.tools):
        assert tool["function"]["parameters"]["type"] == "object"
        assert tool["function"]["description"].endswith(".")


def readable(messages: Messages) -> str:
    parts: list[str] = []
    for message in messages:
        functions = [call["function"] for call in message.get("tool_calls", ())]
        calls = [f"{function['name']} {function['arguments']}" for function in functions]
        parts.append("\n".join([f"--- {message['role']}", str(message["content"]), *calls]))
    return "\n".join(parts) + "\n"


async def test_the_searchers_prompt_is_the_one_that_was_read_last() -> None:
    """A changed prompt shows as a diff in a text file; delete the file, run this test and read what it wrote."""
    chat, web = ScriptedChat(good_script()), small_web()
    settings = Settings(clock=lambda: 1.0)
    budget = Budget(searches=4, browses=4, tokens=60_000, seconds=60)
    await arun_agent(QUESTION, budget, model=chat, search=web, browse=web, settings=settings)
    text = readable(chat.prompts[2])
    if not SNAPSHOT.exists():
        SNAPSHOT.write_text(text, encoding="utf-8")
        pytest.fail(f"{SNAPSHOT.name} was written anew: read it, then run this test again")
    assert text == SNAPSHOT.read_text(encoding="utf-8")
