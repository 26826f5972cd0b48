"""What the safe client can ask besides a plain page: with a body, and whether something changed."""

import json
from collections.abc import AsyncGenerator

import pytest
from loopback import Web, redirect, reply, sending, web_server
from spadework.tools.errors import ToolError
from spadework.tools.web.http import SafeClient

ASKED = {"query": "Öl & Salz", "limit": 5}


@pytest.fixture
async def web() -> AsyncGenerator[Web, None]:
    async with web_server() as server:
        yield server


@pytest.fixture
async def client() -> AsyncGenerator[SafeClient, None]:
    safe = SafeClient(allow_hosts=["127.0.0.1", "localhost"])
    yield safe
    await safe.aclose()


async def test_a_body_is_posted_as_json(web: Web, client: SafeClient) -> None:
    web.pages = {"/": reply(b'{"results": []}', content_type="application/json")}
    response = await client.post(web.url("/"), json=ASKED, headers={"X-Key": "k"})
    assert (response.status, response.attempts, response.text) == (200, 1, '{"results": []}')
    assert [json.loads(body) for body in web.bodies] == [ASKED]
    _, headers = web.asked[0]
    assert (headers["content-type"], headers["x-key"]) == ("application/json", "k")
    assert headers["user-agent"].startswith("Spadework/")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_posted_key_follows_no_redirect(web: Web, client: SafeClient, status: int) -> None:
    web.pages = {"/": redirect(web.url("/other", "localhost"), status), "/other": reply(b"{}")}
    with pytest.raises(ToolError, match="a redirect that is not followed") as caught:
        await client.post(web.url("/"), json=ASKED, headers={"Authorization": "Bearer k"})
    assert (caught.value.kind, caught.value.status, web.paths) == ("status", status, ["/"])


@pytest.mark.parametrize("status", [429, 503])
async def test_a_post_is_tried_again_where_the_server_says_later(web: Web, client: SafeClient, status: int) -> None:
    web.pages = {"/": [reply(status=status, retry_after="0"), reply(b"{}")]}
    assert (await client.post(web.url("/"), json=ASKED)).attempts == 2
    assert [json.loads(body) for body in web.bodies] == [ASKED, ASKED]


@pytest.mark.parametrize("status", [400, 401, 500])
async def test_a_post_that_failed_for_good_is_not_tried_again(web: Web, client: SafeClient, status: int) -> None:
    web.pages = {"/": reply(status=status)}
    with pytest.raises(ToolError) as caught:
        await client.post(web.url("/"), json=ASKED)
    assert (caught.value.status, caught.value.sent, caught.value.attempts) == (status, True, 1)


@pytest.mark.parametrize("reset", [False, True])
async def test_a_post_whose_connection_broke_is_not_made_twice(web: Web, client: SafeClient, reset: bool) -> None:
    """A paid API may have counted it."""
    web.pages = {"/": sending(reset=reset)}
    with pytest.raises(ToolError) as caught:
        await client.post(web.url("/"), json=ASKED)
    assert (caught.value.kind, caught.value.sent, web.paths) == ("unreachable", True, ["/"])


@pytest.mark.parametrize(
    "condition", [{"if-none-match": '"v1"'}, {"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}]
)
async def test_nothing_changed_is_an_answer_where_that_was_asked(
    web: Web, client: SafeClient, condition: dict[str, str]
) -> None:
    web.pages = {"/": reply(status=304, etag='"v1"', cache_control="max-age=60", content_length="9999999")}
    response = await client.get(web.url("/"), headers=condition)
    assert (response.status, response.body, response.attempts) == (304, b"", 1)
    assert (response.headers["etag"], response.headers["cache-control"]) == ('"v1"', "max-age=60")
    assert (await client.get(web.url("/"), headers=condition)).status == 304, "the connection is still in order"
    assert web.connections == 1
    name, value = next(iter(condition.items()))
    assert web.asked[0][1][name.lower()] == value


async def test_nothing_changed_is_an_answer_after_a_redirect_of_the_same_site_only(
    web: Web, client: SafeClient
) -> None:
    unchanged = reply(status=304)
    web.pages = {"/": redirect("/same"), "/same": unchanged, "/away": redirect(web.url("/other", "localhost"))}
    web.pages["/other"] = unchanged
    condition = {"if-none-match": '"v1"'}
    assert (await client.get(web.url("/"), headers=condition)).url == web.url("/same")
    with pytest.raises(ToolError, match="304"):
        await client.get(web.url("/away"), headers=condition)
    assert "if-none-match" not in web.asked[-1][1]


async def test_nothing_changed_is_an_error_where_nobody_asked(web: Web, client: SafeClient) -> None:
    web.pages = {"/": reply(status=304)}
    with pytest.raises(ToolError) as caught:
        await client.get(web.url("/"))
    assert (caught.value.kind, caught.value.status) == ("status", 304)
