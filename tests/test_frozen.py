"""A frozen web, searched and read: `--search frozen:FILE`."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from freezing import BRIDGE, frozen_web
from freezing import HOST as A
from hypothesis import given, settings
from hypothesis import strategies as st
from spadework.agent.outside import Outside
from spadework.agent.settings import Settings
from spadework.tools.backends.choice import make_search, read_stages
from spadework.tools.backends.frozen import FrozenWeb, load_frozen
from spadework.tools.backends.frozen_index import matching
from spadework.tools.browse import make_browse
from spadework.tools.errors import ConfigError, ToolError
from spadework.tools.search import Hit
from spadework.tools.web.http import SafeClient


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return frozen_web(tmp_path_factory.mktemp("frozen"))


@pytest.fixture
def web(file: Path) -> FrozenWeb:
    return load_frozen(str(file))


async def search(web: FrozenWeb, query: str, limit: int = 5) -> list[Hit]:
    return await web.search(query, limit=limit, timeout=1)


async def fails(web: FrozenWeb, url: str) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await web.read(url, timeout=1)
    return caught.value


async def test_a_page_is_found_by_a_query_nobody_recorded_and_read_as_it_was(web: FrozenWeb) -> None:
    first = (await search(web, "Who built the Alder Bridge?"))[0]
    assert (first.title, first.rank, first.backend) == ("Alder Bridge", 1, "frozen")
    assert "built by Mara Finch in 1871" in first.snippet
    read = await web.read(first.url, timeout=1)
    assert (read.title, read.text, read.site) == ("Alder Bridge", f"{BRIDGE} Mara Finch", "a.example")
    assert read.links == (("Mara Finch", f"{A}/finch"),)
    assert (await web.read("https://A.EXAMPLE:443/bridge/#top", timeout=1)) == read


async def test_the_snippet_is_the_passage_with_the_words(web: FrozenWeb) -> None:
    snippet = (await search(web, "zeppelin over Wick"))[0].snippet
    assert "A zeppelin passed over Wick at noon." in snippet
    assert len(snippet) <= 400


async def test_an_address_that_led_elsewhere_serves_that_page(web: FrozenWeb) -> None:
    read = await web.read(f"{A}/old", timeout=1)
    assert (read.url, read.title) == (f"{A}/weather", "Weather diary")


async def test_what_was_only_shown_is_found_but_cannot_be_read(web: FrozenWeb) -> None:
    hit = (await search(web, "when did the ferry sink"))[0]
    assert (hit.url, hit.title, hit.snippet) == (f"{A}/shown", "Thurle ferry", "The ferry sank in 1899.")
    error = await fails(web, hit.url)
    assert (error.kind, error.sent) == ("not_found", False)
    assert str(error).startswith("not in the frozen web")


@pytest.mark.parametrize(
    ("url", "near"),
    [
        (f"{A}/bridges", f"{A}/bridge?utm_source=x"),
        ("http://www.a.example/weathers", f"{A}/weather"),
        (f"{A}/something/else", ""),
        ("https://a.example.org/bridge", ""),
        ("https://a.example:8443/bridge", ""),
        (f"{A}/show", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
async def test_an_unknown_address_says_so_and_names_one_that_is_truly_near(web: FrozenWeb, url: str, near: str) -> None:
    error = await fails(web, url)
    assert (error.kind, error.sent) == ("not_found", False)
    assert str(error) == f"not in the frozen web: {url}" + (f"; near it is {near}" if near else "")


async def test_recorded_failures_stay_failures(web: FrozenWeb) -> None:
    gone = await fails(web, f"{A}/gone")
    assert (gone.kind, gone.status, gone.sent, str(gone)) == ("status", 404, True, f"{A}/gone answered 404 Not Found")
    down = await fails(web, "https://down.example")
    assert (down.kind, down.sent) == ("unreachable", False)
    assert (await fails(web, f"{A}/wall")).kind == "unreadable"


async def test_the_operators_leave_pages_out_and_not_what_they_would_have_filled(web: FrozenWeb) -> None:
    assert {hit.url for hit in await search(web, "ice site:b.example")} == {
        "https://b.example/ice1",
        "https://s.b.example/ice2",
    }
    assert [hit.url for hit in await search(web, "ice after:2021", limit=1)] == ["https://s.b.example/ice2"]
    assert [hit.date for hit in await search(web, "ice before:2021")] == ["2020-05-01"]
    assert await search(web, "ice site:a.example") == []


async def test_words_match_without_accents_case_and_plural_and_without_spaces(web: FrozenWeb) -> None:
    assert (await search(web, "ALDER BRIDGÉS"))[0].title == "Alder Bridge"
    assert (await search(web, "日本の首都"))[0].title == "東京"


async def test_a_name_of_stop_words_is_found(web: FrozenWeb) -> None:
    assert (await search(web, "The Who"))[0].title == "The Who"


async def test_the_limit_holds_and_nothing_found_is_an_empty_list(web: FrozenWeb) -> None:
    assert len(await search(web, "ice lake bridge", limit=2)) == 2
    for query in ("", "?!", "xylophone", "\x00", '""'):
        assert await search(web, query) == []
    assert await search(web, "ice", limit=0) == []


def test_names_weigh_twice_and_pairs_count_and_common_words_are_left_out() -> None:
    assert matching("Alder bridges", {}) == '"alder" OR "bridge" OR "alder" OR "alder bridge"'
    assert matching("ship ale", {"ship": 9_000, "ale": 10}) == '"ale" OR "ship ale"'
    assert matching("ship town", {"ship": 9_000, "town": 9_500}) == '"ship" OR "ship town"'


@settings(max_examples=150)
@given(st.text(max_size=80) | st.lists(st.sampled_from(['"', "*", "NEAR(", "AND", "x", "_", "²", "ice"])).map(" ".join))
async def test_no_query_is_a_syntax_error(query: str) -> None:
    web = load_frozen(str(_SHARED[0]))
    assert len(await search(web, query)) <= 5


_SHARED: list[Path] = []


@pytest.fixture(autouse=True)
def shared(file: Path) -> None:
    """Hypothesis takes no fixture that changes."""
    _SHARED[:] = [file]


async def test_a_query_of_countless_words_is_searched_by_its_first_ones(web: FrozenWeb) -> None:
    hits = await search(web, "Zeppelin " + " ".join(f"Word{i}" for i in range(100_000)))
    assert hits[0].title == "Weather diary"


def test_threads_share_one_web_and_nothing_is_written_beside_it(file: Path, web: FrozenWeb) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in file.parent.iterdir()}

    def ask(_: int) -> str:
        return asyncio.run(search(web, "alder bridge"))[0].title

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(ask, range(40))) == {"Alder Bridge"}
    assert load_frozen(os.path.relpath(file)) is web
    assert {path.name: path.stat().st_mtime_ns for path in file.parent.iterdir()} == before


@pytest.mark.parametrize(
    ("spec", "stages"),
    [
        ("frozen:a,b+c.db", [["frozen:a,b+c.db"]]),
        ("brave+wikipedia,frozen:my, web.db", [["brave", "wikipedia"], ["frozen:my, web.db"]]),
        ("brave+corpus:frozen:x", [["brave", "corpus:frozen:x"]]),
    ],
)
def test_its_file_may_be_called_anything(spec: str, stages: list[list[str]]) -> None:
    assert read_stages(spec) == stages
    with pytest.raises(ConfigError, match="NAME,frozen:FILE"):
        read_stages("brave frozen:x.db")


async def test_it_is_the_browse_too_even_where_a_cache_is_set(file: Path, tmp_path: Path) -> None:
    client = SafeClient()
    beside = make_browse(None, client, make_search(f"wikipedia+frozen:{file}", client))
    assert (await beside.read(f"{A}/old", timeout=1)).title == "Weather diary"
    outside = Outside(Settings(cache=str(tmp_path / "cache.db")))
    found = outside.search(f"frozen:{file}")
    assert outside.browse(None, found) is found
    await outside.aclose()
