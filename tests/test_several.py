"""Several backends as one: together, or one in place of the other."""

import asyncio
from pathlib import Path

import pytest
from alder import write_corpus
from spadework.tools.backends.choice import make_search, read_stages
from spadework.tools.backends.several import Several
from spadework.tools.browse import make_browse
from spadework.tools.errors import ConfigError, ToolError
from spadework.tools.search import Hit
from spadework.tools.web.http import SafeClient


class Backend:
    """Answers with results for these addresses, or fails."""

    def __init__(self, name: str, *urls: str, error: ToolError | None = None, wait: float = 0.0) -> None:
        self.name = name
        self.asked: list[str] = []
        self.closed = False
        self._urls, self._error, self._wait = urls, error, wait

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        self.asked.append(query)
        await asyncio.sleep(self._wait)
        if self._error is not None:
            raise self._error
        return [Hit(f"{self.name} {url}", url, "", self.name, rank) for rank, url in enumerate(self._urls, 1)]

    async def aclose(self) -> None:
        self.closed = True


def down(name: str) -> Backend:
    return Backend(name, error=ToolError(f"{name} answered 429", kind="status", sent=True, status=429, attempts=3))


async def test_one_stands_in_for_the_other_only_when_that_failed() -> None:
    first, second = Backend("brave", "https://a.example/"), Backend("wikipedia", "https://b.example/")
    hits = await Several([[first], [second]]).search("alder", limit=10, timeout=5)
    assert [hit.url for hit in hits] == ["https://a.example/"]
    assert not second.asked
    hits = await Several([[down("brave")], [second]]).search("alder", limit=10, timeout=5)
    assert [hit.backend for hit in hits] == ["wikipedia"]


async def test_finding_nothing_is_no_failure() -> None:
    second = Backend("wikipedia", "https://b.example/")
    assert await Several([[Backend("brave")], [second]]).search("alder", limit=10, timeout=5) == []
    assert not second.asked


async def test_together_they_give_one_ranking_in_which_what_both_found_comes_first() -> None:
    one = Backend("brave", "https://a.example/", "https://both.example/")
    two = Backend("serper", "https://c.example/", "https://both.example/#x", "https://d.example/")
    hits = await Several([[one, two]]).search("alder", limit=3, timeout=5)
    assert hits[0].url.startswith("https://both.example/")
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert len({hit.url for hit in hits}) == 3


async def test_one_of_two_that_fails_leaves_the_other() -> None:
    hits = await Several([[down("brave"), Backend("serper", "https://c.example/")]]).search("x", limit=3, timeout=5)
    assert [hit.url for hit in hits] == ["https://c.example/"]


async def test_when_all_fail_each_is_named() -> None:
    with pytest.raises(ToolError, match=r"brave answered 429; serper answered 429; searxng answered 429") as caught:
        await Several([[down("brave"), down("serper")], [down("searxng")]]).search("x", limit=3, timeout=5)
    assert (caught.value.sent, caught.value.status, caught.value.attempts) == (True, 429, 9)


async def test_a_mistake_in_a_backend_is_not_hidden() -> None:
    class Broken(Backend):
        async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
            raise RuntimeError("a mistake")

    with pytest.raises(RuntimeError, match="a mistake"):
        await Several([[Broken("mine")]]).search("x", limit=3, timeout=5)


async def test_all_are_closed() -> None:
    parts = [Backend("brave"), Backend("serper")]
    several = Several([[parts[0]], [parts[1]]])
    assert several.name == "brave,serper"
    await several.aclose()
    assert all(part.closed for part in parts)


@pytest.mark.parametrize(
    ("spec", "stages"),
    [
        ("brave", [["brave"]]),
        ("brave,wikipedia", [["brave"], ["wikipedia"]]),
        (" brave + serper , wikipedia ", [["brave", "serper"], ["wikipedia"]]),
        ("corpus:a,b+c.jsonl", [["corpus:a,b+c.jsonl"]]),
        ("brave,corpus:a,b.jsonl", [["brave"], ["corpus:a,b.jsonl"]]),
        ("brave+corpus:c++.jsonl", [["brave", "corpus:c++.jsonl"]]),
    ],
)
def test_names_with_commas_and_plus_signs(spec: str, stages: list[list[str]]) -> None:
    assert read_stages(spec) == stages


@pytest.mark.parametrize("spec", ["brave,", ",brave", "a++b", "brave,brave", "brave corpus:x.jsonl", "+"])
def test_a_list_that_cannot_be_meant(spec: str) -> None:
    with pytest.raises(ConfigError, match="search ") as caught:
        read_stages(spec)
    assert spec in str(caught.value)


def test_the_parts_are_made_by_their_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPADEWORK_SEARCH", f"wikipedia,corpus:{write_corpus(tmp_path)}")
    search = make_search(None, SafeClient())
    assert isinstance(search, Several)
    assert search.name == "wikipedia,corpus"
    with pytest.raises(ConfigError, match=r"unknown search backend 'wikpedia'.*did you mean wikipedia"):
        make_search("wikipedia,wikpedia", SafeClient())


async def test_pages_of_a_corpus_beside_the_web_are_read_from_it(tmp_path: Path) -> None:
    search = make_search(f"wikipedia+corpus:{write_corpus(tmp_path)}", SafeClient())
    browse = make_browse(None, SafeClient(), search)
    assert "built by Mara Finch" in (await browse.read("https://alder.example/bridge", timeout=5)).text
    with pytest.raises(ToolError, match="loopback"):
        await browse.read("http://127.0.0.1/elsewhere", timeout=5)
