"""What earlier runs fetched: kept, used again, grown old, asked for anew, and never in the way."""

import logging
import sqlite3
import stat
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from loopback import Web, reply, web_server
from spadework.tools.browse import WebBrowse
from spadework.tools.cache import Cache
from spadework.tools.errors import ConfigError
from spadework.tools.reading.extract import Page
from spadework.tools.search import Hit
from spadework.tools.web.http import SafeClient

HOUR = 3_600.0
PAGE = Page(
    "https://a.example/x",
    "Alder",
    "The bridge was built in 1871.",
    (("more", "https://a.example/y"),),
    None,
    "a.example",
)
HITS = [
    Hit("Alder", "https://a.example/x", "built in 1871", "brave", 1),
    Hit("Elm", "https://b.example/", "", "brave", 2),
]


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path, clock: Clock) -> Cache:
    return Cache(tmp_path / "web.db", hours=24, clock=clock)


def fresh(cache: Cache, url: str) -> Page | None:
    kept = cache.page(url)
    return kept.page if kept is not None and kept.fresh else None


def test_a_page_is_found_under_the_address_asked_for_and_its_own(cache: Cache) -> None:
    cache.keep_page("http://a.example/short", PAGE, {})
    assert fresh(cache, "http://a.example/short") == PAGE
    assert fresh(cache, "https://A.example/x#part") == PAGE
    assert fresh(cache, "https://a.example/other") is None


def test_it_is_there_for_the_next_process_and_grows_old(tmp_path: Path, clock: Clock) -> None:
    Cache(tmp_path / "web.db", clock=clock).keep_page(PAGE.url, PAGE, {})
    again = Cache(tmp_path / "web.db", clock=clock)
    assert fresh(again, PAGE.url) == PAGE
    clock.now += 25 * HOUR
    assert fresh(again, PAGE.url) is None


def test_headers_shorten_the_time_and_forbid_keeping(cache: Cache, clock: Clock) -> None:
    cache.keep_page("https://a.example/1", PAGE, {"cache-control": "max-age=60"})
    cache.keep_page("https://a.example/2", PAGE, {"cache-control": "no-store"})
    assert fresh(cache, "https://a.example/1") == PAGE
    assert cache.page("https://a.example/2") is None
    clock.now += 61
    assert fresh(cache, "https://a.example/1") is None


def test_results_are_kept_by_backend_and_query(cache: Cache, clock: Clock) -> None:
    cache.keep_hits("brave", "Alder  Bridge", 10, HITS)
    assert cache.hits("brave", "alder bridge", 10) == HITS
    assert cache.hits("brave", "alder bridge", 1) == HITS[:1]
    assert cache.hits("brave", "alder bridge", 20) is None
    assert cache.hits("serper", "alder bridge", 10) is None
    clock.now += 25 * HOUR
    assert cache.hits("brave", "alder bridge", 10) is None


def test_finding_nothing_is_not_kept(cache: Cache) -> None:
    cache.keep_hits("brave", "alder bridge", 10, [])
    assert cache.hits("brave", "alder bridge", 10) is None


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    Cache(tmp_path / "new" / "web.db")
    assert stat.S_IMODE((tmp_path / "new" / "web.db").stat().st_mode) == 0o600


def test_another_file_is_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("my notes, which are long enough to be looked at as a database header", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"notes\.txt is no cache of ours"):
        Cache(text)
    assert text.read_text(encoding="utf-8").startswith("my notes")
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE mine (x)")
    database.close()
    with pytest.raises(ConfigError, match=r"other\.db is a database of something else"):
        Cache(other)


@pytest.mark.parametrize("hours", [0, -1, 721, float("nan")])
def test_hours_that_make_no_sense(tmp_path: Path, hours: float) -> None:
    with pytest.raises(ConfigError, match="cache hours"):
        Cache(tmp_path / "web.db", hours=hours)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be opened"):
        Cache(tmp_path)


def test_a_cache_that_breaks_is_as_good_as_none(cache: Cache, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache.keep_page(PAGE.url, PAGE, {})
    with sqlite3.connect(tmp_path / "web.db") as database:
        database.execute("UPDATE spadework_cache SET data = x'00'")
    database.close()
    with caplog.at_level(logging.WARNING):
        assert cache.page(PAGE.url) is None
        assert cache.page(PAGE.url) is None
    assert [record.message for record in caplog.records if "going on without it" in record.message] == [
        record.message for record in caplog.records
    ]
    assert len(caplog.records) == 1


def test_old_rows_go_when_it_is_opened(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Cache(tmp_path / "web.db", clock=clock)
    old.keep_page("https://a.example/old", PAGE, {"etag": "x"})
    clock.now += 31 * 24 * HOUR
    old.keep_page("https://a.example/new", PAGE, {})
    again = Cache(tmp_path / "web.db", clock=clock)
    assert again.page("https://a.example/old") is None
    assert fresh(again, "https://a.example/new") == PAGE
    monkeypatch.setattr("spadework.tools.cache.MOST_BYTES", 0)
    assert Cache(tmp_path / "web.db", clock=clock).page("https://a.example/new") is None


@pytest.fixture
async def web() -> AsyncGenerator[Web]:
    async with web_server() as server:
        yield server


async def test_a_stale_page_is_asked_for_with_its_tag_and_kept_when_it_still_holds(
    web: Web, cache: Cache, clock: Clock
) -> None:
    first = reply(b"<p>Built in 1871.", content_type="text/html", etag='"a"', cache_control="max-age=60")
    second = reply(b"<p>Built in 1872.", content_type="text/html", etag='"b"')
    web.pages = {"/p": [first, reply(status=304, etag='"a"', cache_control="max-age=60"), second]}
    client = SafeClient(allow_hosts=[web.host])
    browse = WebBrowse(client, live=False, cache=cache)
    url = web.url("/p")
    assert (await browse.read(url, timeout=5)).text == "Built in 1871."
    assert browse.known(url) is not None
    clock.now += 61
    assert browse.known(url) is None
    assert (await browse.read(url, timeout=5)).text == "Built in 1871."
    assert web.asked[1][1]["if-none-match"] == '"a"'
    assert browse.known(url) is not None
    clock.now += 61
    assert (await browse.read(url, timeout=5)).text == "Built in 1872."
    known = browse.known(url)
    assert known is not None
    assert known.text == "Built in 1872."
    await client.aclose()
