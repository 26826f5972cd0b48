"""What is told of calls to models: the prompt as it is sent, and the reply as it came."""

import pytest
from scripted import QUESTION, ScriptedChat, good_script, prose, search, small_web
from spadework.agent import Budget, run_agent
from spadework.agent.events import CallEvent, Event, PromptEvent, ReplyEvent
from spadework.agent.nodes import calls
from spadework.tools.errors import ModelError


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "BACKOFF_S", (0.0, 0.0))


def told(chat: ScriptedChat, strategy: str = "bats-early") -> list[Event]:
    events: list[Event] = []
    web = small_web()
    budget = Budget(searches=4, browses=4)
    run_agent(QUESTION, budget, model=chat, search=web, browse=web, strategy=strategy, on_event=events.append)
    return events


def test_each_prompt_is_told_as_it_is_sent_and_each_reply_as_it_came() -> None:
    chat = ScriptedChat(good_script())
    events = told(chat)
    prompts = [event for event in events if isinstance(event, PromptEvent)]
    replies = [event for event in events if isinstance(event, ReplyEvent)]
    assert len(prompts) == len(replies) == len(chat.prompts) > 3
    assert all(event.messages is sent for event, sent in zip(prompts, chat.prompts, strict=True)), "no copies"
    assert [event.max_tokens for event in prompts] == [options.get("max_tokens") for options in chat.options]
    assert [list(event.tools) for event in prompts] == [options.get("tools") or [] for options in chat.options]
    assert [event.charge for event in prompts] == [event.charge for event in replies]
    assert [event.node for event in prompts] == ["searcher"] * 3 + ["verifier"]
    assert {event.model for event in prompts} == {"scripted"}
    assert replies[0].message["tool_calls"]
    assert (replies[0].tokens_in, replies[0].tokens_out) == (500, 30)


def test_a_prompt_comes_between_the_start_of_its_call_and_the_end() -> None:
    order = [
        event.state if isinstance(event, CallEvent) else event.kind
        for event in told(ScriptedChat(good_script()))
        if isinstance(event, PromptEvent | ReplyEvent) or (isinstance(event, CallEvent) and event.tool == "model")
    ]
    assert order == ["started", "prompt", "reply", "done"] * (len(order) // 4)


def test_a_model_without_tool_calling_is_shown_its_tools_in_the_messages() -> None:
    said = '{"calls": [{"name": "search", "arguments": {"queries": ["Alder"]}}]}'
    events = told(ScriptedChat([prose(said)], takes_tools=False))
    prompt = next(event for event in events if isinstance(event, PromptEvent))
    reply = next(event for event in events if isinstance(event, ReplyEvent))
    assert prompt.tools == ()
    assert '"search"' in str(prompt.messages[0]["content"])
    assert reply.message["content"] == said, "its own words, not what was read out of them"


def test_a_call_that_fails_has_a_prompt_for_each_request_and_no_reply() -> None:
    chat = ScriptedChat(lambda _: ModelError("down", kind="status", sent=True, status=503))
    events = told(chat)
    prompts = [event.charge for event in events if isinstance(event, PromptEvent)]
    assert len(prompts) == len(set(prompts)) == len(chat.prompts) >= 3
    assert not any(isinstance(event, ReplyEvent) for event in events)


def test_runs_side_by_side_tell_their_prompts_too() -> None:
    events = told(ScriptedChat(lambda _: [search("Alder Bridge")]), strategy="parallel-majority:2")
    runs = {event.charge.split("/")[0].partition(".")[2] for event in events if isinstance(event, PromptEvent)}
    assert {"1", "2"} <= runs
