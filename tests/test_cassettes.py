"""The file format: what is written, what is refused, what vcrpy makes of it, and how a cassette reads."""

import base64
import gzip
import json
import resource
from pathlib import Path
from typing import Any

import httpx
import pytest
from small_web import BINARY, PAGE, chat_body, small_web
from spadework.evals.recording.cassettes import (
    MAX_BYTES,
    Cassette,
    cassette_names,
    cassettes_in,
    check_name,
    load_cassette,
    open_bundled,
    save_cassette,
)
from spadework.evals.recording.entries import redact_url
from spadework.evals.recording.keyed import played_by_vcrpy
from spadework.evals.recording.listing import show
from spadework.evals.recording.record import recording
from spadework.tools.errors import CassetteError


def one_page(text: str = "Öl\n", **request: Any) -> Cassette:
    asked: dict[str, Any] = {"method": "GET", "uri": "http://web.test/page", "body": "", "headers": {}}
    reply = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"content-type": ["text/html"]},
        "body": {"string": text},
    }
    return Cassette({"question": "Why?"}, [{"order": 1, "request": asked | request, "response": reply}], [], [0.5])


def test_a_saved_cassette_loads_the_same_and_reads_as_sorted_lines(tmp_path: Path) -> None:
    path = tmp_path / "new" / "why.json"
    save_cassette(one_page(), path)
    loaded = load_cassette(path)
    assert (loaded.meta, loaded.interactions, loaded.clock) == (one_page().meta, one_page().interactions, [0.5])
    assert loaded.name == "why"
    lines = path.read_text().splitlines()
    assert lines[:4] == ["{", '  "clock": [', "    0.5", "  ],"]
    assert list(json.loads(path.read_text())) == ["clock", "failures", "interactions", "meta", "version"]


def test_a_compressed_cassette_is_the_same_one_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    plain, packed, again = (tmp_path / name for name in ("why.json", "why.json.gz", "again.json.gz"))
    for path in (plain, packed, again):
        save_cassette(one_page("<p>tea</p>" * 2_000), path)
    assert load_cassette(packed).interactions == load_cassette(plain).interactions
    assert (load_cassette(packed).name, packed.read_bytes()) == ("why", again.read_bytes())
    assert packed.stat().st_size * 10 < plain.stat().st_size
    assert [item.name for item in cassettes_in(tmp_path)] == ["again.json.gz", "why.json", "why.json.gz"]


def test_a_compressed_file_that_is_cut_broken_or_too_large_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "why.json.gz"
    save_cassette(one_page("<p>tea</p>" * 2_000), path)
    whole = path.read_bytes()
    for data in (whole[:-9], whole[:40], b"\x1f\x8b" + b"\x00" * 40, gzip.compress(bytes(MAX_BYTES + 2), 1)):
        path.write_bytes(data)
        with pytest.raises(CassetteError, match=r"why\.json\.gz can(not be|not)") as info:
            load_cassette(path)
        assert "\n" not in str(info.value)


def test_a_write_that_is_interrupted_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "why.json"
    save_cassette(one_page("older"), path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(CassetteError, match="was not written: File too large"):
            save_cassette(one_page("x" * 50_000), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert load_cassette(path).interactions == one_page("older").interactions
    assert [file.name for file in tmp_path.iterdir()] == ["why.json"]


def put(document: Any, place: str, value: object) -> None:
    *parents, last = place.split("/")
    for parent in parents:
        document = document[int(parent) if parent.isdigit() else parent]
    document[last] = value


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        ("version", 2, "it has version 2, this Spadework reads version 1"),
        ("version", None, "version None is not a number"),
        ("meta/question", 3, "meta.question is not text"),
        ("interactions", {}, "interactions is not a list"),
        ("failures", [3], r"failures\[0\] is not an object"),
        ("clock", [1, "2"], "clock is not a list of numbers"),
        ("interactions/0/order", "1", r"interactions\[0\]\.order is not a number"),
        ("interactions/0/request/uri", "http://[", r"request\.uri is not a URL"),
        ("interactions/0/request/body", 5, r"request\.body is neither text nor base64"),
        ("interactions/0/request/headers", {"a": "b"}, r"request\.headers is not"),
        ("interactions/0/response/status/code", 42, r"status\.code 42 is not an HTTP status"),
        ("interactions/0/response/body", {"base64": "?"}, r"response\.body is neither text nor base64"),
        ("interactions/0/response", None, "response is not an object with status and body"),
        ("failures", [{"error": {"kind": "Exit", "text": ""}}], r"failures\[0\]\.error\.kind 'Exit' is not known"),
        ("failures", [{"error": {"kind": "ToolError", "text": "", "failure": "odd"}}], "failure 'odd' is not known"),
    ],
)
def test_a_file_of_another_shape_is_refused_in_one_line_that_names_the_place(
    place: str, value: object, fault: str, tmp_path: Path
) -> None:
    path = tmp_path / "why.json"
    save_cassette(one_page(), path)
    document = json.loads(path.read_text())
    put(document, place, value)
    path.write_text(json.dumps(document))
    with pytest.raises(CassetteError, match=fault) as info:
        load_cassette(path)
    assert str(path) in str(info.value)
    assert "\n" not in str(info.value)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[]", "\x00", '{"version": NaN}'])
def test_a_file_that_is_no_cassette_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "why.json"
    path.write_text(text)
    with pytest.raises(CassetteError, match=r"why\.json cannot be used"):
        load_cassette(path)
    with pytest.raises(CassetteError, match=r"none\.json cannot be read: No such file"):
        load_cassette(tmp_path / "none.json")


def test_a_cassette_that_could_not_be_loaded_is_not_written(tmp_path: Path) -> None:
    for broken in (
        Cassette({"question": "q"}, [], [], [float("nan")]),
        Cassette({"question": "q", "x": {1}}, [], [], []),
    ):
        with pytest.raises(CassetteError, match="cannot be written"):
            save_cassette(broken, tmp_path / "why.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../secret", "a b", "a/b", "ä", "-x", "a.b", "a\n", "x" * 101])
def test_names_that_could_leave_the_folder_are_refused_with_a_better_one(name: str) -> None:
    with pytest.raises(CassetteError, match="letters, digits and dashes only, for example"):
        check_name(name)
    with pytest.raises(CassetteError):
        open_bundled(name)


def test_bundled_cassettes_all_load_and_an_unknown_one_is_told() -> None:
    for name in cassette_names():
        assert open_bundled(name).question
    with pytest.raises(CassetteError, match="no cassette is named 'no-such-run'; there are: "):
        open_bundled("no-such-run")


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("https://u:p@ss@h.test/a?b=1", "https://REDACTED@h.test/a?b=1"),
        ("//u@h.test/", "//REDACTED@h.test/"),
        ("https://h.test/@user?mail=a@b.c", "https://h.test/@user?mail=a@b.c"),
        ("https://h.test/?a=1&API_KEY=x&apikey=y#access_token=z", None),
        ("https://h.test/?key=x;token=y&X-Amz-Signature=z&client_secret=w&auth-token=v", None),
        (
            "https://h.test/?monkey=1&tokens=2&author=me&keyword=k",
            "https://h.test/?monkey=1&tokens=2&author=me&keyword=k",
        ),
    ],
)
def test_urls_lose_their_secrets_and_nothing_else(url: str, stored: str | None) -> None:
    if stored is None:
        stored = url
        for value in "zyxwv":
            stored = stored.replace(f"={value}", "=REDACTED")
    assert redact_url(url) == stored


class WithBase64:
    """A serializer for vcrpy that knows how a cassette keeps binary bodies."""

    @staticmethod
    def deserialize(text: str) -> dict[str, Any]:
        document = json.loads(text)
        for interaction in document["interactions"]:
            body = interaction["response"]["body"]
            if "base64" in body:
                body["string"] = base64.b64decode(body["base64"])
        return document


async def test_vcrpy_plays_the_file(tmp_path: Path) -> None:
    path = tmp_path / "why.json"
    async with (
        small_web() as web,
        httpx.AsyncClient() as client,
        recording(path, {"question": "q"}, model_url=web.base),
    ):
        for target in ("/page", "/binary"):
            await client.get(web.base + target)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{web.base}/hangup")
        said = await client.post(f"{web.base}/chat/completions", json=chat_body("hello"))
    vcr: Any = pytest.importorskip("vcr")
    player = vcr.VCR(record_mode="none", match_on=("method", "uri", "body"))
    player.register_serializer("base64", WithBase64)
    async with httpx.AsyncClient() as client:
        with player.use_cassette(str(path), serializer="json"):
            assert (await client.get(f"{web.base}/page")).text == PAGE
            assert (await client.post(f"{web.base}/chat/completions", json=chat_body("hello"))).content == said.content
        with player.use_cassette(str(path), serializer="base64") as tape:
            assert (await client.get(f"{web.base}/binary")).content == BINARY
            assert len(tape) == 3


async def test_vcrpy_plays_the_file_by_key_with_bodies_told_apart_and_repeats(tmp_path: Path) -> None:
    path = tmp_path / "why.json.gz"
    async with (
        small_web() as web,
        httpx.AsyncClient() as client,
        recording(path, {"question": "q"}, model_url=web.base),
    ):
        counted = [(await client.get(f"{web.base}/counter")).text for _ in range(2)]
        told = [
            (await client.post(f"{web.base}/chat/completions", json=chat_body(text))).content for text in ("one", "two")
        ]
    refused = pytest.importorskip("vcr.errors").CannotOverwriteExistingCassetteException
    with played_by_vcrpy(path), httpx.Client() as client:
        for text, said in [("two", told[1]), ("one", told[0])]:
            assert client.post(f"{web.base}/chat/completions", json=chat_body(text)).content == said
        again = [client.get(f"{web.base}/counter").text for _ in range(3)]
        assert again == [*counted, counted[-1]]
        with pytest.raises(refused, match="counter/none"):
            client.get(f"{web.base}/counter/none")


async def test_a_shown_cassette_reads_in_order_and_without_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "salt.json"
    meta = {"question": "When\x1b[31m did\nit open?", "budget": {"searches": 2}, "model": "small"}
    async with small_web() as web, httpx.AsyncClient() as client, recording(path, meta, model_url=web.base) as tape:
        tape.clock()
        await client.post(f"{web.base}/chat/completions", json=chat_body("hello"))
        await client.get(f"{web.base}/search", params={"q": "salt \x1b mine"})
        await client.get(f"{web.base}/page")
        with pytest.raises(httpx.ConnectError):
            await client.get("http://127.0.0.1:9/gone")
    lines = show(load_cassette(path)).splitlines()
    assert lines[:4] == ["cassette: salt", "question: When[31m did it open?", 'budget: {"searches":2}', "model: small"]
    assert lines[-5] == "3 replies, 1 failures, 1 clock readings"
    assert lines[-4] == '1 model turn, 1 messages to small -> search({"queries": ["salt mine"]}); reply to 1 messages'
    assert lines[-3].startswith("2 search 'salt mine' at 127.0.0.1 -> 200 application/json ")
    assert lines[-2] == f"3 page {web.base}/page -> 200 text/html {len(PAGE.encode())} bytes"
    assert lines[-1].startswith("4 page http://127.0.0.1:9/gone -> ConnectError: ")


def test_a_reply_that_is_no_chat_completion_is_shown_as_such() -> None:
    cassette = one_page("<oops>", method="POST", uri="http://model.test/v1/chat/completions", body="not json")
    assert show(cassette).splitlines()[-1].endswith("-> unreadable reply of 6 bytes")
