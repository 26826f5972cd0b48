"""The wire's types and its JSON."""

import subprocess
import sys
from typing import Any, Unpack

import pytest
from spadework.agent.llm.wire import Adapted, Chat, Options, Reply, Usage, dump_json, load_json, prompt_was_cut


class Scripted:
    """The least that a Chat needs."""

    name = "scripted"
    context = None
    local = True
    takes_tools = True

    async def complete(self, messages: list[dict[str, Any]], **options: Unpack[Options]) -> Reply:
        return Reply({"role": "assistant", "content": "ok"}, "ok", (), None, "stop")


@pytest.mark.parametrize(
    ("chars", "tokens", "cut"),
    [(48_000, 4096, True), (48_000, 2048, True), (48_000, 5400, False), (3000, 5, False), (48_000, 0, False)],
)
def test_a_prompt_was_cut_when_the_server_counts_far_too_few_tokens(chars: int, tokens: int, cut: bool) -> None:
    assert prompt_was_cut(chars, Usage(tokens, 1)) is cut


def test_without_usage_nothing_is_said_about_a_cut() -> None:
    assert not prompt_was_cut(100_000, None)


@pytest.mark.parametrize("reason", ["length", "max_tokens", "MAX_TOKENS", "cut"])
def test_a_reply_is_truncated_whatever_the_provider_calls_it(reason: str) -> None:
    assert Reply({}, "", (), None, reason).truncated


@pytest.mark.parametrize("reason", ["stop", "tool_calls", ""])
def test_a_reply_that_ended_by_itself_is_not_truncated(reason: str) -> None:
    assert not Reply({}, "", (), None, reason).truncated


def test_a_plain_class_with_the_five_members_is_a_chat() -> None:
    chat: Chat = Scripted()
    assert isinstance(chat, Chat)


def test_an_adapted_error_is_a_refusal_that_was_sent() -> None:
    error = Adapted("no temperature", parameter="temperature", status=400)
    assert (error.kind, error.sent, error.status, error.parameter) == ("rejected", True, 400, "temperature")
    assert not error.retryable


def test_json_with_lone_surrogates_goes_both_ways() -> None:
    assert load_json(b'{"a": "x\\ud83d"}') == {"a": "x?"}
    assert load_json(dump_json({"a": "x\ud83d"})) == {"a": "x?"}


def test_json_with_huge_integers_can_be_sent() -> None:
    assert dump_json({"a": 2**70}) == b'{"a": 1180591620717411303424}'


@pytest.mark.parametrize("data", [b"", b"{", b"NaN", b"[" * 100_000, b"\xff\xfe", b"<html>"])
def test_what_is_not_json_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        load_json(data)


def test_importing_the_wire_and_the_models_does_not_import_langchain() -> None:
    script = (
        "import sys, spadework.agent.llm.wire, spadework.agent.llm.models; "
        "print([m for m in ('langchain_core', 'langchain', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
