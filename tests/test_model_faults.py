"""What goes wrong between us and a model: always a ModelError with one clear line, never a traceback."""

import asyncio
import gzip
import socket
import time
from typing import Any

import pytest
from fake_openai import Answer, FakeOpenAI, broken, calls, error, message, raw, slow, text
from pydantic import SecretStr
from spadework.agent.llm import endpoint
from spadework.agent.llm.model import OpenAICompatible
from spadework.agent.llm.wire import Usage
from spadework.tools.errors import ModelError

HELLO: list[dict[str, Any]] = [{"role": "user", "content": "hello"}]
KEY = "sk-very-secret"


async def failure(answer: Answer, *, timeout: float = 5.0) -> ModelError:
    """The error that one answer leads to. Only one request may have been made."""
    with FakeOpenAI(answer) as server:
        model = OpenAICompatible(model="m", base_url=server.base_url, api_key=SecretStr(KEY))
        with pytest.raises(ModelError) as caught:
            await model.complete(HELLO, timeout=timeout)
    assert len(server.requests) == 1
    assert str(caught.value).count("\n") == 0
    assert KEY not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("answer", "kind", "status"),
    [
        (error(429, "slow down"), "status", 429),
        (error(500, "oops"), "status", 500),
        (error(529, "overloaded"), "status", 529),
        (Answer(503, b"<html>\x1b[31m down\n</html>"), "status", 503),
        (Answer(302, b"", {"Location": "http://127.0.0.1:1/"}), "status", 302),
        (error(401, f"Incorrect API key provided: {KEY}"), "rejected", 401),
        (error(404, "no such model"), "rejected", 404),
        (error(400, "messages must not be empty"), "rejected", 400),
        (Answer(413, b""), "rejected", 413),
        (raw(b"<html>a captive portal</html>"), "bad_reply", 200),
        (raw(b""), "bad_reply", 200),
        (raw(b"[" * 100_000), "bad_reply", 200),
        (raw({"choices": []}), "bad_reply", None),
        (raw(["x"]), "bad_reply", None),
        (broken(text("hello")), "unreachable", None),
    ],
)
async def test_a_fault_is_one_error_that_says_what_happened(answer: Answer, kind: str, status: int | None) -> None:
    caught = await failure(answer)
    assert (caught.kind, caught.status, caught.sent) == (kind, status, True)
    assert "m at 127.0.0.1" in str(caught)
    assert "\x1b" not in str(caught)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2"}, 2.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After-Ms": "250", "Retry-After": "9"}, 0.25),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "inf"}, None),
        ({}, None),
    ],
)
async def test_the_wait_that_a_server_asks_for_is_read(headers: dict[str, str], seconds: float | None) -> None:
    caught = await failure(error(429, "slow down", headers=headers))
    assert caught.retry_after == seconds
    assert caught.retryable


async def test_a_date_to_wait_for_is_turned_into_seconds() -> None:
    when = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 60))
    wait = (await failure(error(429, "slow down", headers={"Retry-After": when}))).retry_after
    assert wait is not None
    assert 55 < wait <= 60


async def test_a_slow_server_is_given_up_at_the_deadline() -> None:
    started = time.monotonic()
    caught = await failure(slow(text("late"), 0.6), timeout=0.1)
    assert (caught.kind, caught.sent, caught.retryable) == ("timeout", True, True)
    assert time.monotonic() - started < 0.9
    assert "0.1 s" in str(caught)


async def test_a_server_that_drips_is_given_up_at_the_same_deadline() -> None:
    answer = Answer(events=tuple({"n": number} for number in range(40)), event_delay=0.02)
    assert (await failure(answer, timeout=0.2)).kind == "timeout"


async def test_a_server_that_is_not_there_costs_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        model = OpenAICompatible(model="m", base_url=f"http://127.0.0.1:{unused.getsockname()[1]}/v1")
        with pytest.raises(ModelError, match="cannot be reached") as caught:
            await model.complete(HELLO)
    assert (caught.value.kind, caught.value.sent) == ("unreachable", False)


async def test_cancelling_passes_through_and_the_model_still_works() -> None:
    with FakeOpenAI(slow(text("late"), 0.3), text("ok")) as server:
        model = OpenAICompatible(model="m", base_url=server.base_url)
        task = asyncio.create_task(model.complete(HELLO))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await model.complete(HELLO)).text == "ok"


async def test_the_callers_own_timeout_is_not_taken_for_ours() -> None:
    with FakeOpenAI(slow(text("late"), 0.3)) as server:
        model = OpenAICompatible(model="m", base_url=server.base_url)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await model.complete(HELLO)


async def test_a_reply_beyond_the_cap_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "MAX_BYTES", 10_000)
    assert "more than 10,000 bytes" in str(await failure(raw(b" " * 50_000)))


async def test_a_compressed_reply_is_read_and_a_bomb_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "MAX_BYTES", 10_000)
    packed = {"Content-Encoding": "gzip"}
    with FakeOpenAI(Answer(body=gzip.compress(text("ok").payload()), headers=packed)) as server:
        assert (await OpenAICompatible(model="m", base_url=server.base_url).complete(HELLO)).text == "ok"
    assert server.requests[0].headers["accept-encoding"] == "identity"
    bomb = Answer(body=gzip.compress(b" " * 1_000_000), headers=packed)
    assert "more than 10,000 bytes" in str(await failure(bomb))
    assert (await failure(Answer(body=b"junk", headers=packed))).kind == "bad_reply"
    assert "encoding br" in str(await failure(Answer(body=b"x", headers={"Content-Encoding": "br"})))


async def test_a_request_that_is_no_json_is_not_sent() -> None:
    model = OpenAICompatible(model="m", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(ModelError, match="cannot be written as JSON") as caught:
        await model.complete([{"role": "user", "content": object()}])
    assert not caught.value.sent


async def test_without_time_left_nothing_is_sent() -> None:
    with FakeOpenAI() as server:
        model = OpenAICompatible(model="m", base_url=server.base_url)
        with pytest.raises(ModelError, match="no time was left") as caught:
            await model.complete(HELLO, timeout=0)
    assert (caught.value.kind, caught.value.sent, server.requests) == ("timeout", False, [])


async def test_a_prompt_with_lone_surrogates_is_sent() -> None:
    with FakeOpenAI() as server:
        await OpenAICompatible(model="m", base_url=server.base_url).complete([{"role": "user", "content": "a\ud83d"}])
    assert server.bodies[0]["messages"][0]["content"] == "a?"


@pytest.mark.parametrize(
    ("answer", "text", "usage"),
    [
        (message(None), "", Usage(11, 7)),
        (message("x", usage=None), "x", None),
        (message("x", usage={"prompt_tokens": -4, "completion_tokens": 3}), "x", Usage(0, 3)),
        (message("x", usage="lots", finish=7), "x", None),
        (raw(b'{"choices":[{"message":{"content":"a\\ud83d"}}]}'), "a?", None),
    ],
)
async def test_a_strange_reply_is_read_as_far_as_it_goes(answer: Answer, text: str, usage: Usage | None) -> None:
    with FakeOpenAI(answer) as server:
        reply = await OpenAICompatible(model="m", base_url=server.base_url).complete(HELLO)
    assert (reply.text, reply.usage) == (text, usage)


async def test_a_call_that_was_cut_off_has_no_arguments_and_is_truncated() -> None:
    with FakeOpenAI(calls(("search", '{"queries": ["a'), finish="length")) as server:
        reply = await OpenAICompatible(model="m", base_url=server.base_url).complete(HELLO)
    assert reply.truncated
    assert (reply.calls[0].arguments, reply.calls[0].raw) == (None, '{"queries": ["a')
