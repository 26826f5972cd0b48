"""Replaying with the servers down and no sockets."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import pytest_socket
from small_web import SmallWeb, chat_body, small_web
from spadework.evals.recording.cassettes import Cassette, load_cassette
from spadework.evals.recording.entries import body_bytes
from spadework.evals.recording.record import recording
from spadework.evals.recording.replay import ReplayClock, ReplayTransport
from spadework.tools.errors import CassetteError, ToolError
from spadework.tools.web.http import SafeClient
from spadework.tools.web.transport import SafeTransport

QUESTION = 'When did "Wieliczka" open?'


@contextmanager
def no_sockets() -> Generator[None, None, None]:
    pytest_socket.disable_socket(allow_unix_socket=False)
    try:
        yield
    finally:
        pytest_socket.enable_socket()


class Recorded:
    """Collects what was seen, so that the same calls can be made twice and compared."""

    def __init__(self, client: httpx.AsyncClient, base: str) -> None:
        self.client = client
        self.base = base

    async def get(self, path: str, **options: Any) -> tuple[int, bytes]:
        response = await self.client.get(self.base + path, **options)
        return response.status_code, response.content

    async def turn(self, *contents: str) -> tuple[int, bytes]:
        response = await self.client.post(f"{self.base}/v1/chat/completions", json=chat_body(*contents))
        return response.status_code, response.content


async def visit(seen: Recorded) -> list[tuple[int, bytes]]:
    """A run: one after the other, at the same time, repeated, redirected, missing."""
    told = [await seen.get("/search", params={"q": "salt mine", "page": "1"}), await seen.turn("first")]
    told += await asyncio.gather(*(seen.get(path) for path in ("/page", "/binary", "/search?q=other", "/counter")))
    told += [await seen.get("/counter"), await seen.get("/moved", follow_redirects=True), await seen.get("/gone")]
    told += await asyncio.gather(seen.turn("first", "a"), seen.turn("first", "b", "c"))
    return told


@asynccontextmanager
async def taped(path: Path) -> AsyncGenerator[tuple[SmallWeb, Recorded], None]:
    transport = SafeTransport(allow_hosts=["127.0.0.1"])
    async with (
        small_web() as web,
        httpx.AsyncClient(transport=transport) as client,
        recording(path, {"question": QUESTION}, model_url=f"{web.base}/v1"),
    ):
        yield web, Recorded(client, web.base)


@asynccontextmanager
async def replayed(path: Path, base: str) -> AsyncGenerator[tuple[ReplayTransport, Recorded], None]:
    transport = ReplayTransport(load_cassette(path))
    with no_sockets():
        async with httpx.AsyncClient(transport=transport) as client:
            yield transport, Recorded(client, base)


async def test_a_run_replays_to_the_same_bytes_without_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "salt.json"
    async with taped(path) as (web, seen):
        live = await visit(seen)
    asked = len(web.asked)
    async with replayed(path, web.base) as (transport, again):
        assert await visit(again) == live
        with pytest.raises((pytest_socket.SocketBlockedError, UserWarning)):
            socket.socket()
    assert (transport.differences, transport.unused()) == ([], [])
    assert len(web.asked) == asked


async def test_repeated_requests_come_in_recorded_order_and_then_the_last_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "salt.json"
    async with taped(path) as (web, seen):
        await seen.get("/counter?b=2&a=1")
        await seen.get("/counter?a=1&b=2")
    async with replayed(path, web.base) as (_, again):
        told = [(await again.get("/counter?a=1&b=2"))[1] for _ in range(4)]
    assert told == [b"1", b"2", b"2", b"2"]


async def test_failures_are_raised_again_as_the_same_exception(tmp_path: Path) -> None:
    path = tmp_path / "salt.json"
    calls: list[tuple[str, dict[str, Any]]] = [("/hangup", {}), ("/slow", {"timeout": 0.05}), ("/page", {})]

    async def run(seen: Recorded) -> list[tuple[type[BaseException], str]]:
        told: list[tuple[type[BaseException], str]] = []
        for target, options in calls:
            try:
                await seen.get(target, **options)
            except httpx.TransportError as error:
                told.append((type(error), str(error)))
        for base in ("http://127.0.0.1:9", "http://[::1]:9"):
            with pytest.raises((httpx.ConnectError, ToolError)) as info:
                await Recorded(seen.client, base).get("/")
            told.append((info.type, str(info.value)))
        return told

    async with taped(path) as (web, seen):
        live = await run(seen)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await seen.get("/slow?2")
    async with replayed(path, web.base) as (_, again):
        assert await run(again) == live
        with pytest.raises(TimeoutError):
            await again.get("/slow?2")
        with pytest.raises(ToolError) as info:
            await again.client.get("http://[::1]:9/")
    assert [kind.__name__ for kind, _ in live] == ["RemoteProtocolError", "ReadTimeout", "ConnectError", "ToolError"]
    assert (info.value.kind, info.value.sent) == ("blocked", False)


async def test_the_safe_client_tells_the_same_on_replay_and_charges_the_same(tmp_path: Path) -> None:
    path = tmp_path / "salt.json"
    targets = ("/page", "/binary", "/broken", "/bomb", "/torn", "/gone", "/away", "/hangup", "/slow")

    async def run(client: SafeClient, base: str) -> list[tuple[object, ...]]:
        told: list[tuple[object, ...]] = []
        for url in [*(base + target for target in targets), "http://[::1]:9/inside"]:
            try:
                page = await client.get(url, timeout=0.2 if url.endswith("/slow") else 20)
                told.append((page.url, page.status, page.body, page.attempts))
            except ToolError as error:
                told.append((str(error), error.kind, error.sent, error.status, error.url, error.attempts))
        return told

    live_client = SafeClient(allow_hosts=["127.0.0.1"])
    async with small_web() as web, recording(path, {"question": QUESTION}, model_url=web.base):
        live = await run(live_client, web.base)
        await live_client.aclose()
    with no_sockets():
        assert await run(SafeClient(transport=ReplayTransport(load_cassette(path))), web.base) == live
    kinds = [page[1] for page in live]
    assert kinds == [
        200,
        200,
        "unreadable",
        "too_large",
        "unreadable",
        "status",
        200,
        "unreachable",
        "timeout",
        "blocked",
    ]
    assert path.stat().st_size < 200_000


async def test_a_certificate_that_did_not_hold_is_not_tried_again_on_replay() -> None:
    request: dict[str, Any] = {"method": "GET", "uri": "https://web.test/", "body": "", "headers": {}}
    error = {"kind": "ConnectError", "text": "self-signed", "certificate": True}
    transport = ReplayTransport(Cassette({"question": "q"}, [], [{"order": 1, "request": request, "error": error}], []))
    with pytest.raises(ToolError, match=r"the certificate of https://web\.test/ does not hold"):
        await SafeClient(transport=transport).get("https://web.test/")


async def test_a_retried_model_turn_fails_first_and_answers_then() -> None:
    turns = _two_turns()
    failure = {"order": 0, "request": turns[0]["request"], "error": {"kind": "ReadTimeout", "text": "too slow"}}
    transport = ReplayTransport(Cassette({"question": "q"}, turns, [failure], []))
    async with httpx.AsyncClient(transport=transport) as client:
        seen = Recorded(client, "http://model.test")
        with pytest.raises(httpx.ReadTimeout, match="too slow"):
            await seen.turn("one")
        assert (await seen.turn("one"))[0] == 200
    assert transport.differences == []


def _two_turns() -> list[dict[str, Any]]:
    def turn(order: int, *contents: str) -> dict[str, Any]:
        body = orjson.dumps(chat_body(*contents)).decode()
        reply = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": f"reply {order}"}}
        uri = "http://model.test/v1/chat/completions"
        return {
            "order": order,
            "request": {"method": "POST", "uri": uri, "body": body, "headers": {}},
            "response": reply,
        }

    return [turn(1, "one"), turn(2, "one", "two\nlines")]


@asynccontextmanager
async def two_turns(turn_timeout: float = 5) -> AsyncGenerator[tuple[ReplayTransport, Recorded], None]:
    transport = ReplayTransport(Cassette({"question": "a $5 question"}, _two_turns(), [], [], "salt.json"))
    async with httpx.AsyncClient(transport=transport, timeout=turn_timeout) as client:
        yield transport, Recorded(client, "http://model.test")


async def test_another_prompt_is_answered_all_the_same_and_reported_with_its_first_difference() -> None:
    async with two_turns() as (transport, seen):
        assert await seen.turn("one") == (200, b"reply 1")
        assert await seen.turn("one", "two\nwords") == (200, b"reply 2")
    assert transport.differences == [(2, "message 1:\n-lines\n+words")]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (chat_body("uno", "2"), "message 0:\n-one\n+uno"),
        (chat_body("one") | {"model": "big"}, 'model: "big", recorded "small"'),
        (chat_body("one", "more"), 'message 1: {"content":"more","role":"user"}, recorded none'),
        (chat_body(), 'message 0: missing, recorded {"content":"one","role":"user"}'),
        (chat_body("one") | {"temperature": 0.5}, "temperature: 0.5, recorded null"),
    ],
)
async def test_a_difference_is_told_in_a_line_or_two(asked: dict[str, object], told: str) -> None:
    async with two_turns() as (transport, seen):
        await seen.client.post("http://other.test/chat/completions", json=asked)
    assert [difference.text for difference in transport.differences] == [told]


async def test_key_order_and_timeouts_are_no_difference() -> None:
    async with two_turns(turn_timeout=0.5) as (transport, seen):
        asked = dict(reversed(chat_body("one").items())) | {"timeout": 9}
        await seen.client.post("http://model.test/v1/chat/completions", json=asked)
    assert transport.differences == []


async def test_one_model_turn_too_many_names_the_command_to_record() -> None:
    async with two_turns() as (transport, seen):
        await seen.turn("one")
        assert transport.unused() == ["POST http://model.test/v1/chat/completions"]
        await seen.turn("one", "two\nlines")
        with pytest.raises(CassetteError, match=r'holds 2 model turns.*spadework record salt "a \\\$5 question"$'):
            await seen.turn("three")


async def test_a_miss_names_the_request_the_nearest_one_and_the_command(tmp_path: Path) -> None:
    path = tmp_path / "salt.json"
    async with taped(path) as (web, seen):
        await seen.get("/search?q=salt")
        await seen.get("/page")
        await seen.client.post(f"{web.base}/form", content=b"one")
    async with replayed(path, web.base) as (transport, again):
        with pytest.raises(CassetteError) as info:
            await again.get("/search?q=salts&key=topsecret")
        with pytest.raises(CassetteError, match="with another body"):
            await again.client.post(f"{web.base}/form", content=b"two")
    assert str(info.value) == (
        f"cassette salt does not hold GET {web.base}/search?q=salts&key=REDACTED; the nearest it holds is "
        f"GET {web.base}/search?q=salt; to record it again: "
        'spadework record salt "When did \\"Wieliczka\\" open?"'
    )
    assert transport.unused() == [f"GET {web.base}/search?q=salt", f"GET {web.base}/page", f"POST {web.base}/form"]


async def test_a_thousand_requests_replay_in_well_under_a_millisecond_each() -> None:
    events: list[dict[str, Any]] = [
        {
            "order": number,
            "request": {"method": "GET", "uri": f"http://web.test/page?n={number}", "body": "", "headers": {}},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"content-type": ["text/html"]},
                "body": {"string": "x" * 20_000},
            },
        }
        for number in range(1000)
    ]
    transport = ReplayTransport(Cassette({"question": "q"}, events, [], []))
    begin = time.process_time()
    for number in range(1000):
        reply = await transport.handle_async_request(httpx.Request("GET", f"http://web.test/page?n={number}"))
        assert await reply.aread() == body_bytes(events[number]["response"]["body"])
    assert (time.process_time() - begin) / 1000 < 0.001


async def test_the_clock_gives_the_recorded_readings_and_says_when_they_ran_out() -> None:
    clock = ReplayClock(Cassette({"question": "q"}, [], [], [1.5, 2.25]))
    assert [clock(), clock(), clock.exhausted] == [1.5, 2.25, 0]
    assert [clock(), clock()] == pytest.approx([2.251, 2.252])
    assert clock.exhausted == 2
