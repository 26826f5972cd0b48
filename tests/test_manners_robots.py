"""Keeping robots.txt while pages are read from a real server on loopback."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from loopback import Page, Web, redirect, reply, sending, web_server
from spadework.tools.errors import CassetteError, ToolError
from spadework.tools.web import robots
from spadework.tools.web.addresses import AllowList
from spadework.tools.web.http import SafeClient
from spadework.tools.web.manners import Manners

NOTHING = reply(b"User-agent: *\nDisallow: /")
PRIVATE = reply(b"User-agent: *\nDisallow: /private")
PAGE = reply(b"a page")


@pytest.fixture
async def web() -> AsyncGenerator[Web, None]:
    async with web_server() as server:
        server.pages = {"/": PAGE, "/b": PAGE, "/private": PAGE}
        yield server


@pytest.fixture
async def client() -> AsyncGenerator[SafeClient, None]:
    async with polite(Manners(delay_s=0.001)) as polite_one:
        yield polite_one


@asynccontextmanager
async def polite(manners: Manners) -> AsyncGenerator[SafeClient, None]:
    client = SafeClient(allow_hosts=["127.0.0.1", "localhost"], manners=manners)
    yield client
    await client.aclose()


async def no_sleep(seconds: float) -> None:
    """Time stands still."""


async def failure(client: SafeClient, url: str, *, timeout: float = 10.0) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await client.get(url, timeout=timeout)
    assert "\n" not in str(caught.value)
    return caught.value


async def test_a_forbidden_page_is_not_asked_for_and_free(web: Web, client: SafeClient) -> None:
    web.pages["/robots.txt"] = PRIVATE
    error = await failure(client, web.url("/private?key=secret"))
    assert (error.kind, error.sent, error.attempts, error.url) == ("blocked", False, 0, web.url("/private?key=secret"))
    told = f"robots.txt of {web.host} does not let programs read {web.url('/private')}; use another source"
    assert str(error) == told
    assert (await client.get(web.url("/"))).attempts == 1
    assert web.paths == ["/robots.txt", "/"]
    assert web.asked[0][1]["user-agent"].startswith("Spadework/")


async def test_robots_txt_is_asked_for_once_also_by_many_at_once(web: Web, client: SafeClient) -> None:
    await asyncio.gather(*(client.get(web.url("/")) for _ in range(5)))
    await client.get(web.url("/b"))
    assert web.paths.count("/robots.txt") == 1


async def test_after_a_day_it_is_asked_for_again(web: Web) -> None:
    now = [0.0]
    async with polite(Manners(delay_s=0.001, clock=lambda: now[0], sleep=no_sleep)) as client:
        for hours, asked in ((0, 1), (23, 1), (25, 2)):
            now[0] = hours * 3600.0
            await client.get(web.url("/"))
            assert web.paths.count("/robots.txt") == asked


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429])
async def test_where_there_is_none_all_may_be_read(web: Web, client: SafeClient, status: int) -> None:
    web.pages["/robots.txt"] = reply(b"User-agent: *\nDisallow: /", status=status)
    assert (await client.get(web.url("/"))).body == b"a page"


@pytest.mark.parametrize("status", [500, 501, 599])
async def test_where_it_is_in_trouble_nothing_is_read(web: Web, client: SafeClient, status: int) -> None:
    web.pages["/robots.txt"] = reply(status=status)
    for _ in range(2):
        error = await failure(client, web.url("/"))
        assert (error.kind, error.sent, error.attempts) == ("blocked", False, 0)
        assert f"robots.txt of {web.host} answered {status}, so its pages are not read now" in str(error)
    assert web.paths == ["/robots.txt"], "for a minute that is remembered"


@pytest.mark.parametrize("first", [reply(status=503, retry_after="0"), sending(), sending(reset=True)])
async def test_passing_trouble_is_passed(web: Web, client: SafeClient, first: Page) -> None:
    web.pages["/robots.txt"] = [first, PRIVATE]
    assert (await client.get(web.url("/"))).attempts == 1
    assert web.paths == ["/robots.txt", "/robots.txt", "/"]


async def test_passing_trouble_that_stays_ends_the_read(web: Web, client: SafeClient) -> None:
    web.pages["/robots.txt"] = reply(status=503)
    error = await failure(client, web.url("/"))
    assert (error.kind, error.sent, web.paths) == ("blocked", False, ["/robots.txt"] * 3)
    assert "answered 503" in str(error)


async def test_one_that_does_not_come_holds_up_nobody_for_long(
    web: Web, client: SafeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(robots, "TIMEOUT_S", 0.3)
    web.pages["/robots.txt"] = sending(b"HTTP/1.1 200 OK\r\n\r\nUser-", 60.0)
    errors = await asyncio.gather(*(failure(client, web.url("/")) for _ in range(3)))
    assert {(error.kind, error.sent) for error in errors} == {("blocked", False)}
    assert "could not be read in 0.3 s" in str(errors[0])
    assert web.paths == ["/robots.txt"]


async def test_a_caller_with_little_time_does_not_decide_for_the_others(web: Web, client: SafeClient) -> None:
    web.pages["/robots.txt"] = sending(0.8, PRIVATE)
    hasty = asyncio.create_task(failure(client, web.url("/"), timeout=0.2))
    await asyncio.sleep(0.05)
    assert (await client.get(web.url("/"))).body == b"a page"
    error = await hasty
    assert (error.kind, error.sent) == ("timeout", False)
    assert "nothing could be sent to" in str(error)


async def test_a_cancelled_first_visit_leaves_the_rest_to_the_next(web: Web, client: SafeClient) -> None:
    web.pages["/robots.txt"] = [sending(60.0), PRIVATE]
    first = asyncio.create_task(client.get(web.url("/")))
    while not web.paths:
        await asyncio.sleep(0.01)
    second = asyncio.create_task(client.get(web.url("/")))
    await asyncio.sleep(0.05)
    first.cancel()
    assert (await second).body == b"a page"


async def test_one_that_is_too_long_counts_as_far_as_it_is_read(web: Web, client: SafeClient) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nUser-agent: *\nDisallow: /private\n")
        for _ in range(2_000):
            writer.write(b"# nothing\n" * 1_000)
            await writer.drain()

    web.pages["/robots.txt"] = endless
    assert (await failure(client, web.url("/private"))).kind == "blocked"
    assert (await client.get(web.url("/"))).body == b"a page"


async def test_it_may_have_moved(web: Web, client: SafeClient) -> None:
    moves = {f"/{n}": redirect(f"/{n + 1}") for n in range(1, 5)}
    web.pages |= {"/robots.txt": redirect("/1"), **moves, "/5": NOTHING}
    assert (await failure(client, web.url("/"))).kind == "blocked"


async def test_one_that_moves_on_and_on_counts_as_none(web: Web, client: SafeClient) -> None:
    web.pages["/robots.txt"] = redirect("/robots.txt")
    assert (await client.get(web.url("/"))).body == b"a page"
    assert web.paths.count("/robots.txt") == 6


async def test_each_redirect_keeps_the_rules_of_where_it_leads(web: Web, client: SafeClient) -> None:
    async with web_server() as other:
        other.pages = {"/robots.txt": PRIVATE, "/private": PAGE}
        web.pages["/"] = redirect(other.url("/private"))
        error = await failure(client, web.url("/"))
    assert (error.kind, error.sent, error.attempts) == ("blocked", True, 1)
    assert f"robots.txt of {other.host}" in str(error)
    assert (web.paths, other.paths) == (["/robots.txt", "/"], ["/robots.txt"])


async def test_a_host_that_cannot_be_reached_is_told_as_ever() -> None:
    async with web_server() as gone:
        url = gone.url("/")
    async with polite(Manners(delay_s=0.001)) as client:
        error = await failure(client, url)
        assert (error.kind, error.sent, error.attempts) == ("unreachable", False, 0)
        assert str(error).startswith(f"no connection to {url} (")
    guarded = SafeClient(manners=Manners())
    error = await failure(guarded, url)
    assert (error.kind, error.sent) == ("blocked", False)
    assert "not a public address (loopback)" in str(error)


async def test_the_users_own_hosts_and_switched_off_rules_ask_for_nothing(web: Web) -> None:
    web.pages["/robots.txt"] = NOTHING
    for manners in (Manners(AllowList.of([web.host])), Manners(delay_s=0.001, robots=False)):
        async with polite(manners) as client:
            assert (await client.get(web.url("/"))).body == b"a page"
    assert web.paths == ["/", "/"]


async def test_a_recording_without_robots_txt_allows_what_it_holds() -> None:
    def replay(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            raise CassetteError("not recorded")
        return httpx.Response(200, text="recorded")

    client = SafeClient(transport=httpx.MockTransport(replay), manners=Manners(delay_s=0, sleep=no_sleep))
    pages = [await client.get("http://site.test/") for _ in range(3)]
    assert {page.text for page in pages} == {"recorded"}


async def test_of_many_sites_the_rules_of_the_last_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots, "MOST_ORIGINS", 2)
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host + request.url.path)
        return httpx.Response(200, text="")

    client = SafeClient(transport=httpx.MockTransport(answer), manners=Manners(delay_s=0))
    for host in ("a.test", "b.test", "a.test", "c.test", "a.test", "b.test"):
        await client.get(f"http://{host}/")
    assert [path for path in asked if path.endswith("robots.txt")] == [
        f"{host}.test/robots.txt" for host in ("a", "b", "c", "b")
    ]
