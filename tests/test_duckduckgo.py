"""DuckDuckGo through the package `ddgs`, of which a stand-in is played: the real one needs the network."""

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from threading import Event
from types import ModuleType

import pytest
from spadework.tools.backends.choice import default_backend, make_search
from spadework.tools.errors import ConfigError, ToolError
from spadework.tools.search import Hit
from spadework.tools.web.http import SafeClient

RESULTS = [
    {"title": "Demon Dice", "href": "https://dice.example/demon", "body": "A collectible\n dice game."},
    {"title": "No address", "href": "", "body": "..."},
    {"title": "Dragon Dice", "href": "https://games.example/dragon", "body": "By the same designer."},
]


class RatelimitException(Exception):
    """Named as in ddgs.exceptions."""


class TimeoutException(Exception):
    """Named as in ddgs.exceptions."""


class Panic(BaseException):
    """Named like nothing that ddgs promises, and no Exception."""


class StandIn:
    """What a test gives in place of the package: `answer` says what a search returns or raises."""

    def __init__(self) -> None:
        self.answer: Callable[[], object] = lambda: RESULTS
        self.asked: list[tuple[str, int, str, int]] = []

    def module(self) -> ModuleType:
        stand_in = self

        class DDGS:
            def __init__(self, *, timeout: int) -> None:
                self.timeout = timeout

            def text(self, query: str, *, max_results: int, backend: str) -> object:
                stand_in.asked.append((query, max_results, backend, self.timeout))
                return stand_in.answer()

        module = ModuleType("ddgs", "A stand-in for tests.")
        module.__spec__ = ModuleSpec("ddgs", None)
        vars(module)["DDGS"] = DDGS
        return module


@pytest.fixture
def ddgs(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    monkeypatch.setitem(sys.modules, "ddgs", stand_in.module())
    return stand_in


async def search(query: str = "demon dice", *, limit: int = 5, timeout: float = 4.5) -> list[Hit]:
    backend = make_search("duckduckgo", SafeClient())
    found = await backend.search(query, limit=limit, timeout=timeout)
    await backend.aclose()
    return found


async def failure(*, timeout: float = 4.5) -> ToolError:
    with pytest.raises(ToolError, match=r"^DuckDuckGo [^\n]+$") as caught:
        await search(timeout=timeout)
    return caught.value


def raising(error: BaseException) -> Callable[[], object]:
    def answer() -> object:
        raise error

    return answer


async def test_results_become_hits(ddgs: StandIn) -> None:
    first, second = await search()
    assert first == Hit("Demon Dice", "https://dice.example/demon", "A collectible dice game.", "duckduckgo", 1)
    assert (second.title, second.rank) == ("Dragon Dice", 2)
    assert ddgs.asked == [("demon dice", 5, "duckduckgo", 5)]


async def test_a_site_is_asked_for_and_held_to_and_dates_are_left_out(ddgs: StandIn) -> None:
    assert [hit.title for hit in await search("dice site:games.example after:2020")] == ["Dragon Dice"]
    assert ddgs.asked[0][0] == "dice site:games.example"


async def test_an_empty_query_asks_nobody(ddgs: StandIn) -> None:
    assert await search(" ") == []
    assert await search(limit=0) == []
    assert ddgs.asked == []


@pytest.mark.parametrize("answer", [[], None, {"a": 1}, [1, None, {}, {"href": 3}], "text"])
async def test_answers_of_an_unexpected_form_are_no_hits(ddgs: StandIn, answer: object) -> None:
    ddgs.answer = lambda: answer
    assert await search() == []


@pytest.mark.parametrize(
    ("error", "kind", "status", "said"),
    [
        (RatelimitException("202"), "status", 429, "limits the rate of searches"),
        (TimeoutException("x"), "timeout", None, "did not answer in time"),
        (TimeoutError("x"), "bad_reply", None, "failed: TimeoutError: x"),
        (RuntimeError("No results found."), "bad_reply", None, "found nothing, or turned the search away"),
        (ValueError("a\nb"), "bad_reply", None, "failed: ValueError: a b"),
        (Panic("rust"), "bad_reply", None, "failed: Panic: rust"),
        (StopIteration(), "bad_reply", None, "failed: StopIteration"),
    ],
)
async def test_what_the_package_raises_is_a_tool_error(
    ddgs: StandIn, error: BaseException, kind: str, status: int | None, said: str
) -> None:
    ddgs.answer = raising(error)
    failed = await failure()
    assert said in str(failed)
    assert (failed.kind, failed.status, failed.sent) == (kind, status, True)


async def test_a_search_that_hangs_is_given_up(ddgs: StandIn) -> None:
    release = Event()
    ddgs.answer = lambda: release.wait(10)
    failed = await failure(timeout=0.2)
    release.set()
    assert "did not answer within 0.2 s" in str(failed)
    assert (failed.kind, failed.sent) == ("timeout", True)


@pytest.mark.usefixtures("ddgs")
async def test_a_package_that_does_not_load_is_told_and_free() -> None:
    def missing(name: str) -> object:
        raise ImportError(f"no {name}")

    del vars(sys.modules["ddgs"])["DDGS"]
    vars(sys.modules["ddgs"])["__getattr__"] = missing
    failed = await failure()
    assert "ddgs does not load (no DDGS)" in str(failed)
    assert (failed.sent, failed.attempts) == (False, 0)


def test_without_the_package_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ddgs", None)
    with pytest.raises(ConfigError, match=r"pip install 'spadework\[ddg\]'"):
        make_search("duckduckgo", SafeClient())
    assert default_backend() == "wikipedia"


async def test_it_is_the_default_where_the_package_is(ddgs: StandIn) -> None:
    assert default_backend() == "duckduckgo"
    assert make_search(None, SafeClient()).name == "duckduckgo"
    assert ddgs.asked == []
