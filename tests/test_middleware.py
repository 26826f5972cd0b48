"""The budget tracker holds an agent to its limits however its tools run, and the agent always ends with a text."""

import asyncio
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from scripted_agent import FINAL, Scripted, Tools, agent_with, agents, ask, calls, playing, replying, results, searches

pytest.importorskip("langchain")

from langchain.agents.middleware import HumanInTheLoopMiddleware, ToolRetryMiddleware
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt
from spadework.agent import Budget
from spadework.agent.middleware import BudgetTracker, accounts
from spadework.tools.errors import ConfigError

MODES = ("invoke", "ainvoke", "stream", "astream")
NONE_LEFT = "refused: 0 searches left, 1 asked"


def tracked(budget: Any, **options: Any) -> BudgetTracker:
    return BudgetTracker(budget, searches="web_search", browses=["fetch"], **options)


@pytest.mark.parametrize("mode", MODES)
async def test_of_seven_parallel_calls_with_three_allowed_three_are_made(mode: str) -> None:
    tracker, tools = tracked(Budget(searches=3)), Tools()
    messages = await ask(agent_with(tracker, playing(searches(7)), tools), mode)
    assert sorted(tools.ran) == ["found q0", "found q1", "found q2"]
    assert results(messages) == ["found q0", "found q1", "found q2", *[NONE_LEFT] * 4]
    assert messages[-1].text == FINAL
    assert (tracker.spend().searches, tracker.spend().model_calls) == (3, 2)


@pytest.mark.parametrize("mode", MODES)
async def test_of_seven_calls_in_two_rounds_three_are_made(mode: str) -> None:
    tracker, tools = tracked(Budget(searches=3)), Tools()
    messages = await ask(agent_with(tracker, playing(searches(2), searches(5)), tools), mode)
    assert results(messages) == ["found q0", "found q1", "found q0", *[NONE_LEFT] * 4]
    assert (len(tools.ran), messages[-1].text) == (3, FINAL)


async def test_every_tool_has_a_limit_of_its_own_and_results_stay_in_their_order() -> None:
    tracker = tracked(Budget(searches=1, browses=1, tools={"translate": 1}))
    wanted = calls("translate a", "web_search b", "fetch c", "web_search d", "translate e", "fetch f")
    messages = await ask(agent_with(tracker, playing(wanted)))
    assert results(messages) == [
        "translated a",
        "found b",
        "read c",
        NONE_LEFT,
        "refused: 0 translate calls left, 1 asked",
        "refused: 0 page reads left, 1 asked",
    ]
    assert [m.status for m in messages if isinstance(m, ToolMessage)] == ["success"] * 3 + ["error"] * 3
    assert "translate calls: 1 of 1" in tracker.receipt()


@pytest.mark.parametrize("mode", MODES)
async def test_a_limit_of_zero_allows_nothing(mode: str) -> None:
    tracker, tools = tracked(Budget(searches=0)), Tools()
    messages = await ask(agent_with(tracker, playing(searches(2)), tools), mode)
    assert (tools.ran, results(messages), messages[-1].text) == ([], [NONE_LEFT] * 2, FINAL)


@pytest.mark.parametrize(("limit", "made", "ran"), [(0, 0, 0), (1, 1, 0), (2, 2, 1), (3, 3, 2)])
async def test_the_last_model_call_is_kept_for_the_answer(limit: int, made: int, ran: int) -> None:
    tracker, tools = tracked(Budget(model_calls=limit)), Tools()
    messages = await ask(agent_with(tracker, playing(*[searches(1)] * 9), tools))
    assert (tracker.spend().model_calls, len(tools.ran)) == (made, ran)
    none = "No answer was reached within the budget: 0 model calls left, 1 asked."
    assert messages[-1].text == (FINAL if limit else none)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", ["perhaps Paris", ""])
async def test_a_model_that_calls_tools_where_it_may_not_is_stopped(mode: str, text: str) -> None:
    def greedy(messages: list[BaseMessage], bound: dict[str, Any]) -> AIMessage:
        return AIMessage(text, tool_calls=searches(2).tool_calls)

    tracker, tools = tracked(Budget(model_calls=3)), Tools()
    messages = await ask(agent_with(tracker, greedy, tools), mode)
    assert (tracker.spend().model_calls, len(tools.ran)) == (3, 4)
    assert messages[-1].text == (text or "No answer was reached within the budget: the model did not give one.")
    assert results(messages)[-2:] == ["refused: the budget is used up, no further call is made"] * 2


async def test_a_model_that_asks_for_nothing_but_refused_calls_must_answer() -> None:
    model = Scripted(plays=playing(*[searches(1)] * 99))
    messages = await ask(agent_with(tracked(Budget(searches=1)), model))
    assert (len(model.seen), messages[-1].text) == (4, FINAL)
    assert "the searches left are not enough" in model.seen[-1][0][-1].text


async def test_the_model_sees_the_ledgers_numbers_once_a_round_and_its_prompt_only_grows() -> None:
    model = Scripted(plays=playing(searches(2), searches(3)))
    messages = await ask(agent_with(tracked(Budget(searches=4, model_calls=9)), model, system_prompt="Be brief."))
    prompts = [[message.text for message in seen] for seen, _ in model.seen]
    for number, (prompt, left) in enumerate(zip(prompts, (4, 2, 0), strict=True)):
        assert sum("[budget]" in text for text in prompt) == number + 1
        assert f"[budget]\nsearches: {left} of 4 left\nmodel calls: {9 - number} of 9 left\n" in prompt[-1]
        assert not any(text.startswith("found") and "[budget]" in text for text in prompt[-3:-1])
    assert all(later[: len(prompt)] == prompt for prompt, later in pairwise(prompts))
    assert not any("[budget]" in message.text for message in messages)


async def test_without_any_limit_the_model_is_told_nothing() -> None:
    tracker, model = tracked(Budget()), Scripted(plays=playing(searches(2)))
    await ask(agent_with(tracker, model))
    assert not any("[budget]" in message.text for seen, _ in model.seen for message in seen)
    assert tracker.spend().searches == 2


async def test_a_tool_that_raises_is_charged_and_its_error_stays_the_agents_matter() -> None:
    tracker, tools = tracked(Budget(searches=3)), Tools()
    for mode in MODES:
        with pytest.raises(RuntimeError, match="down"):
            await ask(agent_with(tracker, playing(calls("web_search bad", "web_search good")), tools), mode)
        assert (tracker.spend().searches, "failed: 1 call" in tracker.receipt()) == (2, True)


@pytest.mark.parametrize(("limit", "bad"), [(2, 1), (3, 2), (9, 3)])
async def test_what_another_middleware_sends_again_is_charged_and_limited(limit: int, bad: int) -> None:
    tracker, tools = tracked(Budget(searches=limit)), Tools()
    retry = ToolRetryMiddleware(max_retries=2, initial_delay=0)
    agent = agent_with(tracker, playing(calls("web_search bad", "web_search good")), tools, retry)
    messages = await ask(agent, "ainvoke")
    assert sorted(tools.ran) == ["found bad"] * bad + ["found good"]
    assert tracker.spend().searches == bad + 1
    assert (results(messages)[0] == NONE_LEFT, results(messages)[1]) == (limit < 4, "found good")


async def test_a_tool_that_does_not_exist_costs_nothing() -> None:
    tracker = tracked(Budget(searches=1))
    messages = await ask(agent_with(tracker, playing(calls("find x", "web_search y"))))
    assert "not a valid tool" in results(messages)[0]
    assert (tracker.spend().searches, tracker.spend().tools) == (1, {})


async def test_threads_have_budgets_of_their_own_which_go_on_in_the_next_turn() -> None:
    tracker, tools = tracked(Budget(searches=3)), Tools()
    agent = agent_with(tracker, replying(searches(2)), tools, checkpointer=InMemorySaver())
    for left in (2, 1, 0):
        done = await asyncio.gather(*(ask(agent, mode, mode) for mode in MODES))
        assert len(tools.ran) == 4 * left
        assert all(messages[-1].text == FINAL for messages in done)
        tools.ran.clear()
    assert [tracker.spend(mode).searches for mode in MODES] == [3] * 4
    assert "\nbudget         3" in tracker.receipt("invoke")
    with pytest.raises(ConfigError, match="no spend is known of thread 'other'"):
        tracker.receipt("other")


async def test_a_budget_for_each_turn_starts_anew() -> None:
    tracker, tools = tracked(Budget(searches=3), per="turn"), Tools()
    agent = agent_with(
        tracker, playing(searches(5), AIMessage(FINAL), searches(5)), tools, checkpointer=InMemorySaver()
    )
    for made in (3, 6):
        await ask(agent)
        assert (len(tools.ran), tracker.spend("t").searches) == (made, 3)


async def test_without_a_checkpointer_every_run_has_the_whole_budget() -> None:
    tracker, tools = tracked(Budget(searches=2)), Tools()
    for made in (2, 4):
        await ask(agent_with(tracker, playing(searches(3)), tools))
        assert len(tools.ran) == made


async def test_another_process_goes_on_with_the_spend_in_the_state() -> None:
    saver, spent = InMemorySaver(), 0
    for made in (2, 1, 0):
        tracker, tools = tracked(Budget(searches=3, model_calls=20)), Tools()
        await ask(agent_with(tracker, playing(searches(2)), tools, checkpointer=saver))
        spent += 2
        assert (len(tools.ran), tracker.spend("t").model_calls) == (made, spent)


async def test_a_thread_that_left_memory_comes_back_from_its_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "MAX_THREADS", 1)
    tracker, tools = tracked(Budget(searches=3)), Tools()
    agent = agent_with(tracker, replying(searches(2)), tools, checkpointer=InMemorySaver())
    for thread in ("a", "b", "a", "b"):
        await ask(agent, thread=thread)
    assert len(tools.ran) == 6
    with pytest.raises(ConfigError, match="'a'"):
        tracker.spend("a")


@pytest.mark.parametrize("tracker_first", [False, True])
@pytest.mark.parametrize("same_process", [False, True])
@pytest.mark.parametrize("decision", ["approve", "reject"])
async def test_a_call_that_waits_for_approval_counts_once(
    decision: str, same_process: bool, tracker_first: bool
) -> None:
    saver, tools = InMemorySaver(), Tools()
    approval = HumanInTheLoopMiddleware(interrupt_on={"web_search": True})

    def make() -> tuple[BudgetTracker, Any]:
        tracker = tracked(Budget(searches=1))
        order = [tracker, approval] if tracker_first else [approval, tracker]
        model = Scripted(plays=replying(searches(1)))
        return tracker, agents.create_agent(model, tools.all(), middleware=order, checkpointer=saver)

    tracker, agent = make()
    await ask(agent)
    tracker, agent = (tracker, agent) if same_process else make()
    agent.invoke(Command(resume={"decisions": [{"type": decision}]}), {"configurable": {"thread_id": "t"}})
    assert tools.ran == (["found q0"] if decision == "approve" else [])
    assert tracker.spend("t").model_calls == 2
    if decision == "approve":
        assert (tracker.spend("t").searches, "interrupted" in tracker.receipt("t")) == (1, False)


async def test_a_call_that_a_person_makes_another_tools_counts_as_that_one() -> None:
    tracker, tools = tracked(Budget(searches=1, browses=1)), Tools()
    approval = HumanInTheLoopMiddleware(interrupt_on={"web_search": True})
    agent = agent_with(tracker, replying(searches(1)), tools, approval, checkpointer=InMemorySaver())
    await ask(agent)
    edited = {"type": "edit", "edited_action": {"name": "fetch", "args": {"url": "u"}}}
    agent.invoke(Command(resume={"decisions": [edited]}), {"configurable": {"thread_id": "t"}})
    assert (tools.ran, tracker.spend().searches, tracker.spend().browses) == (["read u"], 0, 1)


@pytest.mark.parametrize("same_process", [False, True])
async def test_a_tool_that_asks_a_person_counts_once(same_process: bool) -> None:
    saver = InMemorySaver()

    @tool
    def web_search(query: str) -> str:
        """Search the web."""
        return f"{query}: {interrupt('may I?')}"

    def make() -> tuple[BudgetTracker, Any]:
        tracker = tracked(Budget(searches=1, browses=1))
        model = Scripted(plays=replying(searches(1)))
        return tracker, agents.create_agent(model, [web_search], middleware=[tracker], checkpointer=saver)

    tracker, agent = make()
    await ask(agent)
    assert "not settled" in tracker.receipt("t")
    tracker, agent = (tracker, agent) if same_process else make()
    done = agent.invoke(Command(resume="yes"), {"configurable": {"thread_id": "t"}})
    assert (results(done["messages"]), tracker.spend("t").searches) == (["q0: yes"], 1)


def test_what_cannot_be_kept_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the budget limits searches: name the tools"):
        BudgetTracker(Budget(searches=3))
    with pytest.raises(ConfigError, match="'web_search' is counted as something else"):
        BudgetTracker(Budget(tools={"web_search": 3}), searches=("web_search",))
    with pytest.raises(ConfigError, match="per='day'"):
        tracked(Budget(), per="day")
    with pytest.raises(ConfigError, match="name a readable TOML file"):
        tracked(Budget(), prices=tmp_path / "none.toml")


async def test_a_limit_on_a_tool_that_is_not_there_is_told(caplog: pytest.LogCaptureFixture) -> None:
    await ask(agent_with(BudgetTracker(Budget(searches=3), searches="google"), playing()))
    assert "no tool named google is offered to the model" in caplog.text


def test_langchain_is_only_needed_for_the_tracker() -> None:
    code = """if True:
        import sys, spadework.agent
        assert not any(name.split(".")[0] == "langchain" for name in sys.modules)
        sys.modules["langchain"] = None
        import spadework.agent.middleware
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith(
        "the budget tracker needs langchain: pip install 'spadework[langchain]'"
    )
