"""The budget tracker sees each model call coming: no limit is passed, and there is always room left for an answer."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_agent import FINAL, Play, Scripted, Tools, agent_with, ask, calls, playing, replying, results, searches

pytest.importorskip("langchain")

from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.messages import AIMessage, BaseMessage
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel
from spadework.agent import Budget
from spadework.agent.middleware import BudgetTracker, accounts
from spadework.tools.errors import ConfigError

PROSE = "The sources say that the capital of France has been Paris for most of its history. "
PRICES = '[model."play-1"]\ninput = 1\noutput = 5\n'


def always(number: int) -> Play:
    """Tools, as long as any may be called."""
    return lambda _, bound: AIMessage(FINAL) if bound.get("tool_choice") == "none" else searches(number)


@pytest.mark.parametrize(("limit", "use"), [(10_000, 0.65), (30_000, 0.8), (100_000, 0.9)])
@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
async def test_a_token_limit_is_used_well_and_never_passed(mode: str, limit: int, use: float) -> None:
    tracker, model = BudgetTracker(Budget(tokens=limit)), Scripted(plays=always(1))
    messages = await ask(agent_with(tracker, model, Tools(PROSE * 53)), mode)
    assert use * limit <= model.total[0] <= limit
    spend = tracker.spend()
    assert (spend.tokens_in + spend.tokens_out, messages[-1].text) == (model.total[0], FINAL)
    assert model.seen[-1][1]["tool_choice"] == "none"
    assert "the tokens left are not enough for another step" in model.seen[-1][0][-1].text


@settings(max_examples=40)
@given(
    limit=st.integers(300, 40_000),
    words=st.lists(st.integers(0, 40_000), min_size=1, max_size=4),
    number=st.integers(1, 4),
    said=st.integers(1, 3_000),
    turns=st.integers(1, 3),
)
def test_no_token_limit_is_ever_passed(limit: int, words: list[int], number: int, said: int, turns: int) -> None:
    tools = Tools()
    sizes = iter(words * 1_000)

    def plays(_: list[BaseMessage], bound: dict[str, Any]) -> AIMessage:
        tools.result = "x" * next(sizes)
        text = "y" * said
        return AIMessage(text, tool_calls=[] if bound.get("tool_choice") == "none" else searches(number).tool_calls)

    model = Scripted(plays=plays)
    agent = agent_with(BudgetTracker(Budget(tokens=limit)), model, tools, checkpointer=InMemorySaver())
    for _ in range(turns):
        messages = asyncio.run(ask(agent))
        assert isinstance(messages[-1], AIMessage)
        assert messages[-1].text
        assert model.total[0] <= limit


async def test_a_dollar_limit_is_used_well_and_never_passed(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(PRICES)
    tracker = BudgetTracker(Budget(usd="0.10"), prices=tmp_path / "prices.toml")
    messages = await ask(agent_with(tracker, always(1), Tools(PROSE * 53)))
    assert messages[-1].text == FINAL
    assert 0.08 <= float(tracker.spend().usd or 0) <= 0.10


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
async def test_a_dollar_limit_needs_a_price_before_anything_is_sent(mode: str) -> None:
    model = Scripted(plays=always(1))
    with pytest.raises(ConfigError, match="no price is known for model 'play-1'"):
        await ask(agent_with(BudgetTracker(Budget(usd=1)), model), mode)
    assert not model.seen


async def test_time_is_kept_for_the_answer_and_waiting_for_the_next_question_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(accounts, "monotonic", lambda: now[0])

    def slow(messages: list[BaseMessage], bound: dict[str, Any]) -> AIMessage:
        now[0] += 10
        return always(1)(messages, bound)

    tracker = BudgetTracker(Budget(seconds=60))
    agent = agent_with(tracker, slow, checkpointer=InMemorySaver())
    assert (await ask(agent))[-1].text == FINAL
    assert tracker.spend().seconds == 60
    now[0] += 3_600
    assert tracker.spend().seconds == 60
    assert (await ask(agent))[-1].text.endswith("the seconds left do not cover this call.")


async def test_a_model_that_takes_more_than_it_was_given_is_charged_in_full_and_stopped() -> None:
    said = AIMessage("", tool_calls=calls(f"web_search {'x' * 50_000}").tool_calls)
    tracker, model = BudgetTracker(Budget(tokens=9_000)), Scripted(plays=playing(said), obeys=False)
    messages = await ask(agent_with(tracker, model))
    spend = tracker.spend()
    assert spend.tokens_in + spend.tokens_out == model.total[0] > 9_000
    assert ("overrun: 1 call" in tracker.receipt(), len(model.seen)) == (True, 1)
    assert messages[-1].text.startswith("No answer was reached within the budget: 0 tokens left, ")


async def test_results_that_leave_no_room_for_an_answer_are_cut() -> None:
    model, tools = Scripted(plays=always(2)), Tools(PROSE * 500)
    messages = await ask(agent_with(BudgetTracker(Budget(tokens=8_000)), model, tools))
    assert messages[-1].text == FINAL
    assert model.total[0] <= 8_000
    shown = results(model.seen[-1][0])
    assert all(text.startswith(PROSE) and " [...]" in text for text in shown)
    assert [len(text) for text in results(messages)] == [len(tools.result)] * 2


async def test_where_not_even_an_answer_fits_the_agent_says_so_without_a_call() -> None:
    model = Scripted(plays=always(1))
    messages = await ask(agent_with(BudgetTracker(Budget(tokens=200)), model))
    assert not model.seen
    assert messages[-1].text.startswith("No answer was reached within the budget: 200 tokens left, ")


async def test_a_model_that_reports_no_usage_is_charged_by_an_estimate() -> None:
    tracker, model = BudgetTracker(Budget(tokens=20_000)), Scripted(plays=playing(searches(1)), counts=False)
    await ask(agent_with(tracker, model))
    spend = tracker.spend()
    assert "estimated: 2 calls" in tracker.receipt()
    assert 0.8 * model.total[0] < spend.tokens_in + spend.tokens_out < 3 * model.total[0]


async def test_another_process_bounds_a_prompt_by_what_the_last_reply_says() -> None:
    """By its bytes alone the long conversation would not fit any more."""
    saver, totals = InMemorySaver(), list[int]()
    for _ in range(3):
        tracker, model = BudgetTracker(Budget(tokens=30_000)), Scripted(plays=replying(searches(1)))
        assert (await ask(agent_with(tracker, model, Tools(PROSE * 53), checkpointer=saver)))[-1].text == FINAL
        totals.append(tracker.spend("t").tokens_in)
        assert len(model.seen) == 2
    assert totals[-1] > 10_000


class Refused(Exception):
    status_code = 429


class ConnectError(Exception):
    """Named as those of HTTP clients are."""


@pytest.mark.parametrize(
    ("error", "made", "tokens"), [(Refused(), 1, False), (ConnectError(), 0, False), (TimeoutError(), 1, True)]
)
@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
async def test_a_failed_call_costs_what_it_may_have_cost(mode: str, error: Exception, made: int, tokens: bool) -> None:
    def failing(_: list[BaseMessage], __: dict[str, Any]) -> AIMessage:
        raise error

    tracker = BudgetTracker(Budget(tokens=20_000))
    with pytest.raises(type(error)):
        await ask(agent_with(tracker, failing), mode)
    assert (tracker.spend().model_calls, tracker.spend().tokens_out > 0) == (made, tokens)


@pytest.mark.parametrize(
    ("package", "choice"),
    [("langchain_openai", "none"), ("langchain_anthropic", {"type": "none"}), ("langchain_aws", None)],
)
async def test_each_provider_is_told_in_its_own_way_to_call_no_tool(package: str, choice: Any) -> None:
    kind: type[Scripted] = type("Theirs", (Scripted,), {"__module__": f"{package}.chat_models"})
    model = kind(plays=replying(searches(1)))
    await ask(agent_with(BudgetTracker(Budget(model_calls=1)), model))
    assert model.seen[0][1]["tool_choice"] == choice


async def test_an_answer_that_was_cut_to_nothing_is_told() -> None:
    tracker = BudgetTracker(Budget(model_calls=1))
    messages = await ask(agent_with(tracker, replying(AIMessage(""))))
    assert messages[-1].text == "No answer was reached within the budget: the model did not give one."


class City(BaseModel):
    """A city."""

    name: str


async def test_the_form_of_an_answer_is_asked_for_with_the_last_call_too() -> None:
    def plays(_: list[BaseMessage], bound: dict[str, Any]) -> AIMessage:
        offered = [getattr(tool, "name", "") for tool in bound["tools"]]
        wanted = {"name": "City", "args": {"name": "Paris"}, "id": "c"}
        return searches(1) if "web_search" in offered else AIMessage("", tool_calls=[wanted])

    for form in (ToolStrategy(City), City):
        agent = agent_with(BudgetTracker(Budget(model_calls=2)), plays, response_format=form)
        done = await agent.ainvoke({"messages": [("user", "What is the capital of France?")]})
        assert done["structured_response"] == City(name="Paris")


async def test_a_form_that_the_provider_keeps_leaves_the_tools_described() -> None:
    model = Scripted(plays=replying(AIMessage('{"name": "Paris"}')))
    agent = agent_with(BudgetTracker(Budget(model_calls=1)), model, response_format=ProviderStrategy(City))
    done = await agent.ainvoke({"messages": [("user", "What is the capital of France?")]})
    assert done["structured_response"] == City(name="Paris")
    assert (model.seen[0][1]["tool_choice"], len(model.seen[0][1]["tools"])) == ("none", 3)


async def test_a_form_that_is_never_kept_does_not_go_on_for_ever() -> None:
    misshapen = AIMessage("", tool_calls=[{"name": "City", "args": {}, "id": "c"}])
    model = Scripted(plays=playing(searches(1), searches(1), *[misshapen] * 999))
    tracker = BudgetTracker(Budget(searches=0), searches="web_search")
    agent = agent_with(tracker, model, response_format=ToolStrategy(City))
    done = await agent.ainvoke({"messages": [("user", "What is the capital of France?")]})
    assert done["messages"][-1].text.startswith("No answer was reached within the budget: ")
    assert [len(bound["tools"]) for _, bound in model.seen] == [4, 4, 1, 1, 1]


async def test_a_form_without_a_name_is_asked_for_as_before() -> None:
    form = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    model = Scripted(plays=replying(searches(1)))
    done = await agent_with(BudgetTracker(Budget(model_calls=1)), model, response_format=form).ainvoke(
        {"messages": [("user", "What is the capital of France?")]}
    )
    assert len(model.seen[0][1]["tools"]) == 4
    assert done["messages"][-1].text == "No answer was reached within the budget: the model did not give one."
