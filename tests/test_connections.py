"""Connections to a model's server: used again, one for each request under way, and not kept for ever."""

import asyncio

import httpx
import pytest
from fake_openai import FakeOpenAI, slow, text
from spadework.agent.llm import connections
from spadework.agent.llm.model import OpenAICompatible


async def ask_at_once(chat: OpenAICompatible, times: int) -> None:
    await asyncio.gather(*(chat.complete([{"role": "user", "content": "hi"}]) for _ in range(times)))


async def test_requests_at_once_have_a_connection_each_and_the_next_ones_use_them_again() -> None:
    with FakeOpenAI(otherwise=slow(text("ok"), 0.05)) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url)
        await ask_at_once(chat, 10)
        assert server.connections == 10
        await ask_at_once(chat, 10)
        assert server.connections == 10
        await connections.close_connections()


async def test_connections_that_stay_idle_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.IDLE_SECONDS, "http", 0.05)
    closed: list[httpx.AsyncHTTPTransport] = []
    aclose = httpx.AsyncHTTPTransport.aclose

    async def noted(self: httpx.AsyncHTTPTransport) -> None:
        closed.append(self)
        await aclose(self)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "aclose", noted)
    with FakeOpenAI(otherwise=slow(text("ok"), 0.02)) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url)
        await ask_at_once(chat, 5)
        await asyncio.sleep(0.1)
        await ask_at_once(chat, 1)
        assert len(closed) == 5
        await connections.close_connections()
        assert len(closed) == 6


async def test_a_cancelled_request_does_not_lose_its_place() -> None:
    with FakeOpenAI(slow(text("late"), 5), otherwise=text("ok")) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url)
        asking = asyncio.ensure_future(ask_at_once(chat, 1))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        reply = await chat.complete([{"role": "user", "content": "hi"}])
        assert reply.text == "ok"
        await connections.close_connections()
