"""Recording real httpx clients against a real loopback web."""

import asyncio
import base64
import gzip
import http.client
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from small_web import BINARY, PAGE, SmallWeb, chat_body, small_web
from spadework.evals.recording.cassettes import Cassette, load_cassette
from spadework.evals.recording.entries import body_bytes
from spadework.evals.recording.packing import decoded
from spadework.evals.recording.record import Recording, recording
from spadework.tools.errors import CassetteError, ToolError
from spadework.tools.web.transport import SafeTransport

META = {"question": "When did the salt mine open?", "budget": {"searches": 2}, "model": "small"}
KEY = "sk-live-0123456789abcdef"


def safe_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=SafeTransport(allow_hosts=["127.0.0.1"]))


async def record(
    path: Path, run: Callable[[SmallWeb, httpx.AsyncClient, Recording], Awaitable[object]], **meta: Any
) -> Cassette:
    """Record what `run` does with the guarded client and load the file again."""
    async with small_web() as web, safe_client() as client:
        async with recording(path, META | meta, model_url=f"{web.base}/v1") as tape:
            await run(web, client, tape)
        assert httpx.AsyncHTTPTransport.handle_async_request.__module__.startswith("httpx.")
    return load_cassette(path)


async def test_the_guarded_client_and_a_plain_one_are_both_recorded_in_the_order_of_sending(tmp_path: Path) -> None:
    async def run(web: SmallWeb, client: httpx.AsyncClient, tape: Recording) -> None:
        await client.get(f"{web.base}/search", params={"q": "salt"})
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {KEY}"}) as model:
            await model.post(f"{web.base}/v1/chat/completions", json=chat_body("hello"))
        await client.get(f"{web.base}/page")

    cassette = await record(tmp_path / "salt.json", run)
    assert [httpx.URL(event["request"]["uri"]).path for event in cassette.events()] == [
        "/search",
        "/v1/chat/completions",
        "/page",
    ]
    assert [event["order"] for event in cassette.events()] == [1, 2, 3]
    assert cassette.meta["budget"] == {"searches": 2}
    assert cassette.meta["created"]


async def test_bodies_are_kept_without_their_compression_and_binary_ones_as_base64(tmp_path: Path) -> None:
    async def run(web: SmallWeb, client: httpx.AsyncClient, tape: Recording) -> None:
        for path in ("page", "binary", "broken"):
            async with client.stream("GET", f"{web.base}/{path}") as response:
                async for _ in response.aiter_raw():
                    pass

    page, binary, broken = [event["response"] for event in (await record(tmp_path / "a.json", run)).events()]
    assert page["body"] == {"string": PAGE}
    assert binary["body"] == {"base64": base64.b64encode(BINARY).decode()}
    assert body_bytes(broken["body"]) == b"\x1f\x8bnot really gzip"
    assert broken["headers"]["content-encoding"] == ["gzip"]


async def test_no_secret_reaches_the_file(tmp_path: Path) -> None:
    async def run(web: SmallWeb, client: httpx.AsyncClient, tape: Recording) -> None:
        headers = {"authorization": f"Bearer {KEY}", "x-api-key": KEY, "cookie": "session=1234567890"}
        await client.post(f"{web.base}/v1/chat/completions", json=chat_body("hi"), headers=headers)
        place = web.base.replace("http://", "http://me:hunter2pass@")
        await client.get(f"{place}/page?api_key=abc123secret&page=2&access_token=t0k3n")
        await client.get(f"{web.base}/moved")

    cassette = await record(tmp_path / "a.json", run)
    text = (tmp_path / "a.json").read_text()
    for secret in (KEY, "hunter2pass", "abc123secret", "t0k3n", "1234567890", "abcdefgh12345", "hidden-org", "a=b"):
        assert secret not in text
    assert cassette.interactions[1]["request"]["uri"].endswith("/page?api_key=REDACTED&page=2&access_token=REDACTED")
    assert cassette.interactions[2]["response"]["headers"]["location"] == ["/page?token=REDACTED"]


async def test_a_reply_that_shows_the_key_stops_the_writing_and_names_the_place_only(tmp_path: Path) -> None:
    async def run(web: SmallWeb, client: httpx.AsyncClient, tape: Recording) -> None:
        await client.get(f"{web.base}/page")
        await client.get(f"{web.base}/echo", headers={"authorization": "Basic bWU6cGFzc3dvcmQxMjM0"})

    with pytest.raises(
        CassetteError, match=r"sent as authorization stands in interactions\[1\]\.response\.body"
    ) as info:
        await record(tmp_path / "a.json", run)
    assert "bWU6" not in str(info.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("the value was Zq7/plain+words", r"value of \$SALT_API_KEY"),
        ("and in a URL Zq7%2Fplain%2Bwords", r"value of \$SALT_API_KEY"),
        (f"use {KEY} here", "a key like sk-"),
        ("Authorization: Bearer abcdef1234567890.xyz", "a Bearer token"),
        ("id AKIA1234567890ABCDEF", "an AWS key"),
    ],
)
async def test_secrets_in_a_prompt_stop_the_writing(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALT_API_KEY", "Zq7/plain+words")

    async def run(web: SmallWeb, client: httpx.AsyncClient, tape: Recording) -> None:
        await client.post(f"{web.base}/v1/chat/completions", json=chat_body(text))

    with pytest.raises(CassetteError, match=told):
        await record(tmp_path / "a.json", run)
    assert list(tmp_path.iterdir()) == []


async def test_words_that_only_resemble_keys_are_written(tmp_path: Path) -> None:
    async def run(web: SmallWeb, client: httpx.AsyncClient, tape: Recording) -> None:
        text = "class sk-fading-circle-before-it; risk-assessment-2024-and-management; bearer of very-good-news-indeed"
        await client.post(f"{web.base}/v1/chat/completions", json=chat_body(text))

    assert len((await record(tmp_path / "a.json", run)).interactions) == 1


async def test_failures_are_recorded_with_their_kind_between_the_replies(tmp_path: Path) -> None:
    async def run(web: SmallWeb, client: httpx.AsyncClient, tape: Recording) -> None:
        with pytest.raises(httpx.ReadTimeout):
            await client.get(f"{web.base}/slow", timeout=0.1)
        await client.get(f"{web.base}/page")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{web.base}/hangup")
        with pytest.raises(httpx.ConnectError):
            await client.get("http://127.0.0.1:9/page")
        with pytest.raises(ToolError):
            await client.get("http://[::1]:9/inside")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await client.get(f"{web.base}/slow")

    cassette = await record(tmp_path / "a.json", run)
    assert [(failure["order"], failure["error"]["kind"]) for failure in cassette.failures] == [
        (1, "ReadTimeout"),
        (3, "RemoteProtocolError"),
        (4, "ConnectError"),
        (5, "ToolError"),
        (6, "Cancelled"),
    ]
    assert cassette.failures[0]["seconds"] >= 0.1
    assert [event["order"] for event in cassette.interactions] == [2]


async def test_the_clock_notes_what_it_showed(tmp_path: Path) -> None:
    shown: list[float] = []

    async def run(web: SmallWeb, client: httpx.AsyncClient, tape: Recording) -> None:
        shown.extend(tape.clock() for _ in range(3))

    assert (await record(tmp_path / "a.json", run)).clock == shown
    assert 0 <= shown[0] <= shown[2] < 5


async def test_a_second_recording_at_the_same_time_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    async def run(web: SmallWeb, client: httpx.AsyncClient, tape: Recording) -> None:
        with pytest.raises(CassetteError, match="another recording is under way"):
            async with recording(tmp_path / "b.json", META, model_url=web.base):
                pass
        await client.get(f"{web.base}/page")

    assert len((await record(tmp_path / "a.json", run)).interactions) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


async def test_a_run_that_breaks_leaves_the_older_file_and_nothing_patched(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("older")

    async def run(web: SmallWeb, client: httpx.AsyncClient, tape: Recording) -> None:
        await client.get(f"{web.base}/page")
        raise KeyError("broken run")

    patched = httpx.AsyncHTTPTransport.handle_async_request
    with pytest.raises(KeyError, match="broken run"):
        await record(tmp_path / "a.json", run)
    assert (tmp_path / "a.json").read_text() == "older"
    assert httpx.AsyncHTTPTransport.handle_async_request is patched


async def test_what_cannot_be_saved_is_refused_before_the_run_costs_anything(tmp_path: Path) -> None:
    for path, meta in ((tmp_path / "my run.json", META), (tmp_path / "a.json", {}), (tmp_path / "a.yaml", META)):
        with pytest.raises(CassetteError):
            async with recording(path, meta, model_url="http://127.0.0.1:9"):
                pytest.fail("the run was started")


async def test_requests_of_other_libraries_are_sent_and_not_recorded(tmp_path: Path) -> None:
    def trace(port: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/page")
        try:
            return connection.getresponse().status
        finally:
            connection.close()

    async def run(web: SmallWeb, client: httpx.AsyncClient, tape: Recording) -> None:
        assert await asyncio.to_thread(trace, httpx.URL(web.base).port or 0) == 200
        assert web.asked == ["/page"]

    assert (await record(tmp_path / "a.json", run)).interactions == []


def test_a_compression_bomb_stays_as_it_came() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert decoded(bomb, "gzip", "gzip") is None
    assert decoded(gzip.compress(b"one") + gzip.compress(b"two"), "gzip", "gzip") == b"onetwo"
    assert decoded(gzip.compress(b"one" * 100)[:-9], "gzip", "gzip") is None
    assert decoded(b"as it is", "", "") == b"as it is"


def test_other_compressions_are_undone_for_the_clients_that_ask_for_them() -> None:
    zstandard: Any = pytest.importorskip("zstandard")
    packed = zstandard.compress(PAGE.encode())
    assert decoded(packed, "zstd", "gzip, deflate, zstd") == PAGE.encode()
    assert decoded(packed, "zstd", "gzip, deflate") is None
    assert decoded(b"broken", "zstd", "zstd") is None
    assert decoded(zstandard.compress(bytes(50_000_000)), "zstd", "zstd") is None
