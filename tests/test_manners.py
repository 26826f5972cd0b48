"""Not crowding a host, and leaving it alone when it asks for that, against a real server on loopback."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from loopback import Web, redirect, reply, sending, web_server
from spadework.tools.errors import ConfigError, ToolError
from spadework.tools.web import manners
from spadework.tools.web.addresses import AllowList
from spadework.tools.web.http import SafeClient
from spadework.tools.web.manners import Manners

PAGE = reply(b"a page")
BUSY = reply(status=429, retry_after="120")


class Clock:
    """A clock that moves only when somebody sleeps, or when it is set."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


@pytest.fixture
async def web() -> AsyncGenerator[Web, None]:
    async with web_server() as server:
        server.pages = {"/": PAGE, "/b": PAGE, "/busy": BUSY}
        yield server


@asynccontextmanager
async def polite(manners: Manners) -> AsyncGenerator[SafeClient, None]:
    client = SafeClient(allow_hosts=["127.0.0.1", "localhost"], manners=manners)
    yield client
    await client.aclose()


async def failure(client: SafeClient, url: str, *, timeout: float = 10.0) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await client.get(url, timeout=timeout)
    assert "\n" not in str(caught.value)
    return caught.value


async def test_requests_to_one_host_start_one_after_the_other(web: Web) -> None:
    begin = time.monotonic()
    async with polite(Manners(delay_s=0.2, per_host=4)) as client:
        pages = await asyncio.gather(*(client.get(web.url("/")) for _ in range(4)))
    assert time.monotonic() - begin >= 0.6
    assert {page.body for page in pages} == {b"a page"}


async def test_redirects_wait_for_their_turn_too(web: Web) -> None:
    web.pages["/moved"] = redirect("/b")
    clock = Clock()
    async with polite(Manners(robots=False, clock=clock, sleep=clock.sleep)) as client:
        await client.get(web.url("/moved"))
    assert clock.slept == [0, 0.25]


async def test_other_hosts_need_not_wait(web: Web) -> None:
    clock = Clock()
    async with polite(Manners(clock=clock, sleep=clock.sleep)) as client:
        for host in ("127.0.0.1", "localhost"):
            await client.get(web.url("/", host))
    assert sum(clock.slept) == 0


async def test_only_so_many_are_under_way_at_one_host(web: Web) -> None:
    now, most = 0, 0

    async def slow(writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.1)
        now -= 1
        writer.write(reply(b"a page", connection="close"))

    web.pages["/slow"] = slow
    async with polite(Manners(delay_s=0.001)) as client:
        await asyncio.gather(*(client.get(web.url("/slow")) for _ in range(6)))
    assert most == 2


async def test_who_gets_no_place_in_time_has_sent_nothing(web: Web) -> None:
    web.pages["/slow"] = sending(60.0)
    async with polite(Manners(delay_s=0.001)) as client:
        held = [asyncio.create_task(client.get(web.url("/slow"))) for _ in range(2)]
        while web.paths.count("/slow") < 2:
            await asyncio.sleep(0.01)
        error = await failure(client, web.url("/"), timeout=0.3)
        assert (error.kind, error.sent, error.attempts) == ("timeout", False, 0)
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        assert (await client.get(web.url("/"))).body == b"a page", "who is cancelled gives the place back"


async def test_a_cancelled_wait_leaves_the_host_usable(web: Web) -> None:
    async with polite(Manners(delay_s=0.3, per_host=1)) as client:
        waiting = [asyncio.create_task(client.get(web.url("/"))) for _ in range(4)]
        await asyncio.sleep(0.1)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert (await client.get(web.url("/b"))).body == b"a page"


@pytest.mark.parametrize(("asked", "kept"), [("4", 4.0), ("0.1", 0.25), ("600", 10.0)])
async def test_a_site_may_want_more_time_between_requests(web: Web, asked: str, kept: float) -> None:
    web.pages["/robots.txt"] = reply(f"User-agent: *\nCrawl-delay: {asked}".encode())
    clock = Clock()
    async with polite(Manners(clock=clock, sleep=clock.sleep)) as client:
        await client.get(web.url("/"), timeout=60)
        await client.get(web.url("/"), timeout=60)
    assert clock.slept == [0, kept]


async def test_a_turn_that_comes_too_late_fails_at_once(web: Web) -> None:
    web.pages["/robots.txt"] = reply(b"User-agent: *\nCrawl-delay: 10")
    begin = time.monotonic()
    async with polite(Manners()) as client:
        await client.get(web.url("/"))
        error = await failure(client, web.url("/b"), timeout=8.0)
    assert time.monotonic() - begin < 7
    assert (error.kind, error.sent, error.attempts) == ("timeout", False, 0)
    assert str(error) == f"{web.host} wants 10 s between requests, too long for this one; use another source"


async def test_a_host_that_asks_to_wait_is_left_alone_until_then(web: Web) -> None:
    clock = Clock()
    async with polite(Manners(clock=clock, sleep=clock.sleep)) as client:
        busy = await failure(client, web.url("/busy"))
        assert (busy.status, busy.sent, busy.attempts) == (429, True, 1)
        assert "asks to wait 120 s" in str(busy)
        clock.now += 20
        error = await failure(client, web.url("/b"))
        assert (error.kind, error.sent, error.attempts) == ("timeout", False, 0)
        assert str(error) == f"{web.host} wants no request for another 100 s; use another source"
        assert (await client.get(web.url("/b", "localhost"))).body == b"a page", "another host is another matter"
        clock.now += 95
        assert (await client.get(web.url("/b"))).body == b"a page"
        assert clock.slept[-2:] == [5.0, 0.0]


async def test_nobody_is_left_alone_for_more_than_an_hour(web: Web) -> None:
    web.pages["/busy"] = reply(status=503, retry_after="99999999")
    clock = Clock()
    async with polite(Manners(clock=clock, sleep=clock.sleep)) as client:
        await failure(client, web.url("/busy"))
        clock.now += 3_590
        assert (await client.get(web.url("/"))).body == b"a page"


async def test_those_already_waiting_hear_of_it(web: Web) -> None:
    web.pages["/busy"] = reply(status=429, retry_after="60")
    async with polite(Manners(delay_s=1.0)) as client:
        first = asyncio.create_task(failure(client, web.url("/busy")))
        await asyncio.sleep(0.05)
        error = await failure(client, web.url("/"))
        assert (await first).status == 429
    assert (error.kind, error.sent) == ("timeout", False)
    assert web.paths == ["/robots.txt", "/busy"]


async def test_a_robots_txt_may_ask_to_wait_as_well(web: Web) -> None:
    web.pages["/robots.txt"] = BUSY
    async with polite(Manners()) as client:
        error = await failure(client, web.url("/"))
    assert (error.kind, error.sent, web.paths) == ("timeout", False, ["/robots.txt"])
    assert "wants no request for another 120 s" in str(error)


async def test_a_short_wait_is_waited_for_and_the_page_comes(web: Web) -> None:
    web.pages["/soon"] = [reply(status=503, retry_after="1"), PAGE]
    async with polite(Manners(delay_s=0.001)) as client:
        assert (await client.get(web.url("/soon"))).attempts == 2


async def test_the_users_own_hosts_are_asked_as_the_user_likes(web: Web) -> None:
    clock = Clock()
    async with polite(Manners(AllowList.of([web.host]), per_host=1, clock=clock, sleep=clock.sleep)) as client:
        await failure(client, web.url("/busy"))
        await asyncio.gather(*(client.get(web.url("/")) for _ in range(5)))
    assert clock.slept == []
    assert "/robots.txt" not in web.paths


async def test_a_replay_waits_for_nothing(web: Web) -> None:
    web.pages["/robots.txt"] = reply(b"User-agent: *\nCrawl-delay: 5")
    clock = Clock()
    async with polite(Manners(delay_s=0, clock=clock, sleep=clock.sleep)) as client:
        await asyncio.gather(*(client.get(web.url("/")) for _ in range(3)))
        web.pages["/soon"] = reply(status=429, retry_after="11")
        await failure(client, web.url("/soon"))
        assert (await client.get(web.url("/"), timeout=20)).body == b"a page"
        assert (await failure(client, web.url("/"), timeout=8)).kind == "timeout", "it failed when it was recorded"
    assert clock.slept == []


async def test_an_api_client_has_no_manners(web: Web) -> None:
    client = SafeClient(allow_hosts=[web.host])
    await asyncio.gather(*(client.get(web.url("/")) for _ in range(5)))
    assert web.paths == ["/"] * 5
    await client.aclose()


async def test_what_is_known_of_hosts_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manners, "MOST_HOSTS", 3)
    clock = Clock()
    replies = {"/busy": httpx.Response(429, headers={"retry-after": "60"})}
    transport = httpx.MockTransport(lambda request: replies.get(request.url.path, httpx.Response(200)))
    client = SafeClient(transport=transport, manners=Manners(robots=False, clock=clock, sleep=clock.sleep))
    await failure(client, "http://a.test/busy")
    assert "wants no request" in str(await failure(client, "http://A.test./"))
    for host in ("b", "c", "d", "e"):
        await client.get(f"http://{host}.test/")
    await client.get("http://a.test/")


@pytest.mark.parametrize(("delay_s", "per_host"), [(-1.0, 2), (0.25, 0)])
def test_manners_that_cannot_be_kept_are_refused(delay_s: float, per_host: int) -> None:
    with pytest.raises(ConfigError, match="give 0 or more seconds"):
        Manners(delay_s=delay_s, per_host=per_host)
