"""One model call: fitted to what is left, held by an upper bound, sent, and settled whatever comes back."""

from typing import Any

import pytest
from scripted import QUESTION, Messages, Script, ScriptedChat, calling, good_script, prose, search, small_web
from spadework.agent import Budget, Result, run_agent
from spadework.agent.llm.wire import Adapted, Usage
from spadework.agent.nodes import calls
from spadework.tools.errors import ModelError


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "BACKOFF_S", (0.0, 0.0))


def play(script: Script, budget: Budget | None = None, **chat: Any) -> tuple[Result, ScriptedChat]:
    model, web = ScriptedChat(script, **chat), small_web()
    return run_agent(QUESTION, budget or Budget(searches=4, browses=4), model=model, search=web, browse=web), model


def model_charges(result: Result) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(item.status, item.amounts.tokens, item.marks) for item in result.charges if item.kind == "model"]


def test_what_the_server_counts_is_what_is_charged() -> None:
    result, _ = play([calling(*turn, usage=Usage(700, 40, 300)) for turn in good_script() if isinstance(turn, list)])
    assert (result.spend.tokens_in, result.spend.tokens_out, result.spend.tokens_cached) == (2_600, 150, 900)
    assert model_charges(result) == [("settled", 740, ())] * 3 + [("settled", 530, ())]


@pytest.mark.parametrize("usage", [None, Usage(0, 0, 0), Usage(-5, -5, -5)])
def test_usage_that_is_missing_or_nothing_is_estimated_and_marked(usage: Usage | None) -> None:
    result, _ = play([calling(search("Alder"), usage=usage)], Budget(searches=1, browses=0, model_calls=1))
    [(status, tokens, marks)] = model_charges(result)
    assert (status, marks) == ("settled", ("estimated",))
    assert 300 < tokens < 4_000, "about what the prompt really holds"
    assert "estimated: 1 call" in result.receipt()


@pytest.mark.parametrize(
    ("failure", "charged", "marks"),
    [
        (ModelError("no", kind="unreachable", sent=False), 0, ()),
        (ModelError("no", kind="status", sent=True, status=401), 0, ("failed",)),
        (ModelError("no", kind="rejected", sent=True, status=400), 0, ("failed",)),
        (ModelError("no", kind="bad_reply", sent=True, usage=(600, 50, 0)), 650, ("failed",)),
        (ModelError("no", kind="bad_reply", sent=True), None, ("estimated", "failed")),
        (ModelError("no", kind="timeout", sent=True), None, ("estimated", "failed")),
    ],
)
def test_a_failed_request_is_charged_by_what_is_known_of_it(
    failure: ModelError, charged: int | None, marks: tuple[str, ...]
) -> None:
    result, chat = play(lambda _: failure)
    status, tokens, seen = model_charges(result)[0]
    assert status == ("settled" if failure.sent else "released")
    assert seen == marks
    if charged is not None:
        assert tokens == charged
    else:
        assert tokens > (chat.options[0].get("max_tokens") or 0) > 0, "the whole hold, since it may have been billed"


def test_sending_again_is_a_charge_of_its_own() -> None:
    busy = ModelError("busy", kind="status", sent=True, status=429, retry_after=0.0)
    refused = Adapted("no temperature", parameter="temperature", status=400)
    result, chat = play([busy, refused, *good_script()])
    assert len(chat.prompts) == result.spend.model_calls == 6
    ids = [item.id.split("/")[-2:] for item in result.charges if item.kind == "model"]
    assert ids == [["0", "1"], ["0", "2"], ["0", "3"], ["1", "1"], ["2", "1"], ["0", "1"]]


def test_three_requests_are_the_most_for_one_call_and_some_failures_are_final() -> None:
    _, chat = play(lambda _: ModelError("busy", kind="status", sent=True, status=503))
    assert len(chat.prompts) == 3
    _, chat = play(lambda _: ModelError("no key", kind="status", sent=True, status=401))
    assert len(chat.prompts) == 1


def test_retries_stop_at_the_limit_of_model_calls() -> None:
    def busy(_: Messages) -> ModelError:
        return ModelError("busy", kind="status", sent=True, status=503)

    result, chat = play(busy, Budget(model_calls=2))
    assert len(chat.prompts) == result.spend.model_calls <= 2


@pytest.mark.parametrize("tokens", [0, 200, 1_000, 3_000])
def test_where_no_model_call_fits_none_is_made(tokens: int) -> None:
    result, chat = play(lambda _: prose(""), Budget(tokens=tokens))
    if not chat.prompts:
        assert (result.status, result.stop_reason, result.resource) == ("none", "budget", "tokens")
    assert result.spend.tokens_in + result.spend.tokens_out <= tokens or tokens >= 1_000


@pytest.mark.parametrize("limit", [8_000, 12_000, 20_000, 40_000])
def test_output_is_capped_by_what_is_left_of_the_tokens(limit: int) -> None:
    result, chat = play(lambda messages: calling(search("x"), usage=used(messages)), Budget(tokens=limit, searches=90))
    assert result.spend.tokens_in + result.spend.tokens_out <= limit
    left = limit
    for messages, options in zip(chat.prompts, chat.options, strict=True):
        assert (options.get("max_tokens") or 0) + 400 <= left
        left -= used(messages).tokens_in + used(messages).tokens_out


def used(messages: Messages) -> Usage:
    return Usage(sum(len(str(message)) for message in messages) // 4 + 400, 50, 0)


def test_the_same_message_twice_is_held_twice() -> None:
    """A nudge that is repeated is one more message each time, and must not be taken as known."""
    result, chat = play(lambda messages: prose("", usage=used(messages)), Budget(tokens=60_000))
    assert len(chat.prompts) >= 3
    assert not [item for item in result.charges if "overrun" in item.marks]


def test_after_an_overrun_nothing_more_is_paid_for() -> None:
    script = [calling(search("Alder"), usage=Usage(500_000, 10, 0)), *good_script()]
    result, chat = play(script, Budget(tokens=60_000, searches=5))
    assert len(chat.prompts) == 1
    assert result.spend.searches == 0
    assert (result.stop_reason, result.resource) == ("budget", "tokens")
    assert "overrun: 1 call" in result.receipt()


def test_a_role_can_have_a_model_of_its_own() -> None:
    searcher, other, web = ScriptedChat(good_script()), ScriptedChat([]), small_web()
    result = run_agent(
        QUESTION,
        Budget(searches=9, browses=9),
        model={"searcher": searcher, "default": other},
        search=web,
        browse=web,
    )
    assert result.answer == "Mara Finch"
    assert len(searcher.prompts) == 3
    assert len(other.prompts) == 2, "the planner and the verifier"
